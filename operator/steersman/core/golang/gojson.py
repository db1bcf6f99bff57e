"""Go's encoding/json: values to text (`encode`) and text to values (`decode`), error texts included.

Called by the JSON functions of templates. What differs from Python's `json`: keys are sorted bytewise, `<`, `>` and `&`
are escaped unless told otherwise, floats print as `1`, `1e+21` or `1e-7`, every number read is a float64. A struct that
has its own JSON text (a time, a version) gives it by `json_text()`.
"""

from __future__ import annotations

import base64
import json
import math
from json.encoder import encode_basestring
from typing import Any, Final

from steersman.core.golang.calendar import TimeRangeError
from steersman.core.golang.format import sorted_items
from steersman.core.golang.gojson_syntax import syntax_error
from steersman.core.golang.kinds import type_name
from steersman.core.golang.numbers import format_float, format_float_verb
from steersman.core.golang.runes import scrub
from steersman.core.golang.types import GoStruct, GoValue, NilList, NilMap, NilStringList, NilStringMap

_NIL_TYPES: Final = (NilList, NilMap, NilStringList, NilStringMap)
_PLAIN_INTEGERS: Final = 1e15
_SMALLEST_POSITIONAL: Final = 1e-6
_LARGEST_POSITIONAL: Final = 1e21


class JSONError(ValueError):
    """A value that JSON cannot hold or a text that is no JSON; the message is Go's."""


def encode(value: GoValue, *, escape_html: bool = True, pretty: bool = False) -> str:
    """json.Marshal; with `pretty` json.MarshalIndent with two blanks. Raises JSONError."""
    encoder = _PrettyEncoder(escape_html) if pretty else _Encoder(escape_html)
    try:
        return encoder.value(value)
    except RecursionError as error:
        raise JSONError(f"json: unsupported value: encountered a cycle via {type_name(value)}") from error


def decode(text: str) -> GoValue:
    """json.Unmarshal into an interface {}; raises JSONError."""
    value, error = decode_lenient(text)
    if error is not None:
        raise error
    return value


def decode_lenient(text: str) -> tuple[GoValue, JSONError | None]:
    """As `decode`, with what Go leaves in the target beside the error: numbers out of range as nil."""
    reader = _Reader()
    try:
        value = json.loads(scrub(text), parse_int=reader.number, parse_float=reader.number, parse_constant=_refused)
    except (ValueError, RecursionError):
        return None, JSONError(syntax_error(text))
    if value is None and reader.error is not None:
        value = 0.0  # it was a lone number, not null
    if "\\u" in text:
        value = _without_surrogates(value)
    return value, reader.error


class _Reader:
    """Reads numbers and keeps the first that is out of range."""

    def __init__(self) -> None:
        self.error: JSONError | None = None

    def number(self, text: str) -> float | None:
        value = float(text)
        if not math.isinf(value):
            return value
        if self.error is None:
            self.error = JSONError(f"json: cannot unmarshal number {text} into Go value of type float64")
        return None


def _refused(name: str) -> Any:
    raise ValueError(name)


def _without_surrogates(value: Any) -> Any:
    """Halves of surrogate pairs written as escapes become U+FFFD."""
    if isinstance(value, str):
        return scrub(value)
    if isinstance(value, dict):
        return {scrub(key): _without_surrogates(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_without_surrogates(item) for item in value]
    return value


class _Encoder:
    """Writes on one line."""

    def __init__(self, escape_html: bool) -> None:
        self.escape_html = escape_html

    def value(self, value: GoValue) -> str:
        kind = type(value)
        if kind is str:
            return self.text(value)
        if value is None or kind in _NIL_TYPES:
            return "null"
        if kind is bool:
            return "true" if value else "false"
        if kind is float:
            return float_text(value)
        if isinstance(value, int):
            return str(int(value))
        if isinstance(value, dict):
            return self.object(sorted_items(value))
        if isinstance(value, list):
            return self.array(value)
        if isinstance(value, bytes):
            return f'"{base64.b64encode(value).decode()}"'
        if isinstance(value, GoStruct):
            return self.struct(value)
        raise JSONError(f"json: unsupported type: {type_name(value)}")

    def object(self, items: list[tuple[str, GoValue]]) -> str:
        return "{" + ",".join([f"{self.text(key)}:{self.value(value)}" for key, value in items]) + "}"

    def array(self, items: list[GoValue]) -> str:
        return "[" + ",".join([self.value(item) for item in items]) + "]"

    def struct(self, value: GoStruct) -> str:
        own = getattr(value, "json_text", None)
        if own is None:
            return self.object(list(value.json_fields().items()))
        try:
            return self.text(own())
        except TimeRangeError as error:
            raise JSONError(f"json: error calling MarshalJSON for type {value.go_type}: {error}") from error

    def text(self, text: str) -> str:
        quoted = encode_basestring(text)
        if self.escape_html:
            quoted = quoted.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026")
        if quoted.isascii():
            return quoted
        quoted = quoted.replace("\u2028", "\\u2028").replace("\u2029", "\\u2029")
        return "".join("\\ufffd" if "\ud800" <= char <= "\udfff" else char for char in quoted)


class _PrettyEncoder(_Encoder):
    """Writes a line for each item, two blanks deeper than what holds it."""

    def __init__(self, escape_html: bool) -> None:
        super().__init__(escape_html)
        self.break_ = "\n"

    def object(self, items: list[tuple[str, GoValue]]) -> str:
        if not items:
            return "{}"
        outer, self.break_ = self.break_, self.break_ + "  "
        lines = ("," + self.break_).join([f"{self.text(key)}: {self.value(value)}" for key, value in items])
        inner, self.break_ = self.break_, outer
        return f"{{{inner}{lines}{outer}}}"

    def array(self, items: list[GoValue]) -> str:
        if not items:
            return "[]"
        outer, self.break_ = self.break_, self.break_ + "  "
        lines = ("," + self.break_).join([self.value(item) for item in items])
        inner, self.break_ = self.break_, outer
        return f"[{inner}{lines}{outer}]"


def float_text(value: float) -> str:
    """A float64 as JSON has it. Raises JSONError for infinities and NaN."""
    size = abs(value)
    if size < _PLAIN_INTEGERS and value == int(value) and (value or math.copysign(1.0, value) > 0):
        return str(int(value))
    if not math.isfinite(value):
        raise JSONError(f"json: unsupported value: {format_float(value)}")
    if value == 0 or _SMALLEST_POSITIONAL <= size < _LARGEST_POSITIONAL:
        return format_float_verb(value, "f", None)
    return format_float_verb(value, "e", None).replace("e-0", "e-")
