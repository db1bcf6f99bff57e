"""Values → YAML text, byte for byte as Helm's `toYaml` and `toYamlPretty` write it.

`dump` goes as sigs.k8s.io/yaml's Marshal does: to JSON first (so that its rules for numbers and text apply), then
through go-yaml v2. `dump_pretty` is go-yaml v3 with indent 2, on the values themselves. Both write blocks only, keys in
natural order. Called by templates, `.Files.AsConfig`, and whatever shows values to people.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Iterable
from functools import lru_cache
from math import isfinite
from typing import Any, ClassVar, Final

from steersman.core.golang.numbers import MAX_UINT64, MIN_INT64
from steersman.core.golang.runes import scrub
from steersman.core.golang.types import Duration, GoPanic, GoStruct, GoValue, NilList, NilMap, NilStringList, to_bytes
from steersman.core.yaml.errors import MARSHALING, YAMLError
from steersman.core.yaml.numbers import float_text, written_integer
from steersman.core.yaml.order import sorted_keys, sorted_keys_pretty
from steersman.core.yaml.style import NO_BREAK, WIDTH, simple_key, string

_INDENT: Final = "  "
_PLAIN_TYPES: Final = frozenset({str, int, float, bool, type(None), dict, list})
_NO_WIDTH: Final = 2**31 - 1
_WIDEST_PAD: Final = 2000
"""Of a map within a thousand others: where Go starts to look for one that holds itself, the only thing so deep."""
_LONGEST_JSON_KEY: Final = 1022  # without its quotes: a longer one is no key for YAML
_BASE64_LINE: Final = 70
_BINARY: Final = "!!binary "
_TIME: Final = "time.Time"
_RFC3339_NANO: Final = "2006-01-02T15:04:05.999999999Z07:00"
_NEXT_LINES = re.compile(r"(?<! ) *\x85[ \x85]*").sub
_UNREADABLE = re.compile(r"[\x7f-\x84\x86-\x9f\ufffe\uffff]").search


def dump(value: GoValue) -> str:
    """`toYaml`, with the final newline. Raises YAMLError for what JSON cannot hold or YAML cannot read back."""
    return _Writer().document(value)


def dump_pretty(value: GoValue) -> str:
    """`toYamlPretty`, with the final newline: lists indented below their keys, lines never folded. Raises GoPanic for a
    complex number."""
    return _PrettyWriter().document(value)


class _Writer:
    """Builds one document, for go-yaml v2 behind JSON.

    In all methods `pad` is the indentation of the lines of a collection, `lead` what its first line starts with: `pad`
    itself, or as many characters that end in `- ` or `: ` where it continues a line.
    """

    width: ClassVar[int] = WIDTH
    tabs_in_blocks: ClassVar[bool] = False
    list_pad: ClassVar[str] = ""

    def __init__(self) -> None:
        self._lines: list[str] = []

    def document(self, value: GoValue) -> str:
        try:
            self._node(value, "", "")
        except RecursionError as error:
            raise _cycle() from error
        self._lines.append("")
        return "\n".join(self._lines).replace(f"{NO_BREAK}\n", "")

    def _node(self, value: GoValue, lead: str, pad: str) -> None:
        """A root, a list item or the value of a long key: it starts right after `lead`."""
        if type(value) not in _PLAIN_TYPES:
            value = self._plain(value)
        if isinstance(value, dict) and value:
            self._mapping(value, lead, pad)
        elif type(value) is list and value:
            self._sequence(value, lead, pad)
        else:
            self._lines.append(lead + self._scalar(value, len(lead), pad or _INDENT))

    def _mapping(self, mapping: dict[str, Any], lead: str, pad: str) -> None:
        if len(pad) > _WIDEST_PAD:
            raise _cycle()
        inner = pad + _INDENT
        for name in self._sorted(mapping):
            key = self._simple_key(name)
            if key is not None:
                self._entry(f"{lead}{key}:", mapping[name], pad, inner)
            else:
                self._lines.append(f"{lead}? {self._string(name, len(lead) + 2, inner)}")
                self._node(mapping[name], pad + ": ", inner)
            lead = pad

    def _entry(self, start: str, value: GoValue, pad: str, inner: str) -> None:
        if type(value) not in _PLAIN_TYPES:
            value = self._plain(value)
        if isinstance(value, dict) and value:
            self._lines.append(start)
            self._mapping(value, inner, inner)
        elif type(value) is list and value:
            self._lines.append(start)
            items = pad + self.list_pad
            self._sequence(value, items, items)
        else:
            self._lines.append(f"{start} {self._scalar(value, len(start) + 1, inner)}")

    def _sequence(self, items: list[Any], lead: str, pad: str) -> None:
        inner = pad + _INDENT
        for item in items:
            self._node(item, lead + "- ", inner)
            lead = pad

    def _scalar(self, value: GoValue, column: int, pad: str) -> str:
        """What fits behind a key or a dash: scalars and empty collections, of plain types."""
        kind = type(value)
        if kind is str:
            return self._string(value, column, pad)
        if value is None:
            return "null"
        if kind is bool:
            return "true" if value else "false"
        if kind is int:
            return str(value)
        if kind is float:
            return self._float(value)
        return "{}" if kind is dict else "[]"

    def _string(self, text: str, column: int, pad: str) -> str:
        return string(_through_json(text), column, pad, width=self.width, tabs_in_blocks=self.tabs_in_blocks)

    def _sorted(self, mapping: dict[str, Any]) -> Iterable[str]:
        return sorted_keys(mapping) if len(mapping) > 1 else mapping

    def _simple_key(self, key: str) -> str | None:
        return _simple_json_key(key)

    def _float(self, value: float) -> str:
        """JSON writes no exponent below 1e21, and go-yaml reads that as an integer where 64 bits hold it."""
        if not isfinite(value):
            name = "NaN" if value != value else "+Inf" if value > 0 else "-Inf"
            raise YAMLError(f"{MARSHALING}json: unsupported value: {name}")
        if value.is_integer():
            written = written_integer(value)
            if MIN_INT64 <= written <= MAX_UINT64:
                return str(written)
        return float_text(value)

    def _plain(self, value: GoValue) -> GoValue:
        """A value of a type of its own, as JSON has it."""
        if type(value) is complex:
            raise YAMLError(f"{MARSHALING}json: unsupported type: complex128")
        if isinstance(value, bytes):
            return base64.b64encode(value).decode()
        if isinstance(value, NilList | NilStringList | NilMap):
            return None
        return _plain(value)


class _Timestamp(str):
    """A time as YAML has it, which needs no quotes."""

    __slots__ = ()


def _cycle() -> YAMLError:
    return YAMLError(f"{MARSHALING}json: unsupported value: encountered a cycle via map[string]interface {{}}")


class _Fields(dict[str, Any]):
    """A struct's fields under the names v3 gives them, in their own order."""


class _PrettyWriter(_Writer):
    """For go-yaml v3, without JSON before it."""

    width = _NO_WIDTH
    tabs_in_blocks = True
    list_pad = _INDENT

    def _string(self, text: str, column: int, pad: str) -> str:
        if scrub(text) != text:
            text = _base64_lines(to_bytes(text))
            if "\n" not in text:
                return _BINARY + text  # a tag spares it the quotes, even where it is a word of YAML
            return _BINARY + string(text, column + len(_BINARY), pad, width=self.width, tabs_in_blocks=True)
        return string(text, column, pad, width=self.width, tabs_in_blocks=True)

    def _sorted(self, mapping: dict[str, Any]) -> Iterable[str]:
        return mapping if type(mapping) is _Fields else sorted_keys_pretty(mapping)

    def _simple_key(self, key: str) -> str | None:
        if scrub(key) == key:
            return simple_key(key)
        encoded = _base64_lines(to_bytes(key))
        return None if "\n" in encoded else _BINARY + encoded

    def _float(self, value: float) -> str:
        return float_text(value)

    def _plain(self, value: GoValue) -> GoValue:
        if isinstance(value, bytes):
            return list(value)
        if isinstance(value, Duration):
            return value.text()
        if getattr(value, "go_type", "") == _TIME:
            return _Timestamp(value.format(_RFC3339_NANO))
        if isinstance(value, GoStruct) and not hasattr(value, "json_text"):
            return _Fields((name.lower(), getattr(value, name)) for name in value.go_fields)
        if type(value) is complex:
            raise GoPanic("cannot marshal type: complex128")
        return _plain(value)

    def _scalar(self, value: GoValue, column: int, pad: str) -> str:
        return value if type(value) is _Timestamp else super()._scalar(value, column, pad)


def _plain(value: GoValue) -> GoValue:
    """The Python type below one of Go's named and sized types; a struct as its JSON text or as a map of its fields."""
    if isinstance(value, dict):
        return dict(value)
    if isinstance(value, list):
        return list(value)
    if isinstance(value, int):
        return int(value)
    json_text = getattr(value, "json_text", None)
    return value.json_fields() if json_text is None else json_text()


@lru_cache(maxsize=4096)
def _simple_json_key(key: str) -> str | None:
    """As `style.simple_key`, for a key that went through JSON; keys repeat here too."""
    if len(key) > _LONGEST_JSON_KEY:
        raise YAMLError("yaml: did not find expected ',' or '}'")
    if "\x85" in key:
        raise YAMLError("yaml: line 1: did not find expected ',' or '}'")
    return simple_key(_through_json(key))


def _through_json(text: str) -> str:
    """What is left of a text that is written as JSON and read back as YAML."""
    if text.isascii() and "\x7f" not in text:
        return text
    text = scrub(text)
    if _UNREADABLE(text):
        raise YAMLError("yaml: control characters are not allowed")
    if "\x85" in text:  # a line break for YAML, and folded as such
        text = _NEXT_LINES(lambda match: "\n" * (match[0].count("\x85") - 1) or " ", text)
    return text


def _base64_lines(data: bytes) -> str:
    """As go-yaml wraps binary data: short ones on one line, others with a break after every line."""
    text = base64.b64encode(data).decode()
    if len(text) < _BASE64_LINE:
        return text
    return "".join(f"{text[at : at + _BASE64_LINE]}\n" for at in range(0, len(text), _BASE64_LINE))
