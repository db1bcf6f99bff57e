"""The `--set` family: `path=value` texts written into a map of values, in place.

Called by the CLI for its flags and by the controller for `valuesFrom[].targetPath`. The grammar and its odd corners are
Helm's: `a.b`, `a[0]`, `\\` before a character that means itself, `{x,y}` lists, several assignments joined by commas.
Where the text ends in the middle of a path, Helm drops that assignment without a word; so does this.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from steersman.core.chart.documents import merge_maps
from steersman.core.golang.kinds import type_name
from steersman.core.golang.numbers import NumberRangeError, NumberSyntaxError, parse_int
from steersman.core.golang.quote import quote, quote_rune
from steersman.core.golang.types import Int64
from steersman.core.values.errors import ValuesError
from steersman.core.values.json_text import decode_json_object, decode_json_prefix

MAX_INDEX = 65536
MAX_DEPTH = 30
MAX_LISTS = 100
"""How many lists may lie in each other. Helm has no such bound, but what reads them here recurses."""

Convert = Callable[[str], Any]
"""Turns the text of one value into the value."""


def set_values(values: dict[str, Any], text: str) -> None:
    """`--set`: true, false, null and integers get their types, all else is a string. Raises ValuesError."""
    _Parser(text, _PlainValues(typed_value)).parse_into(values)


def set_strings(values: dict[str, Any], text: str) -> None:
    """`--set-string`: every value is a string. Raises ValuesError."""
    _Parser(text, _PlainValues(str)).parse_into(values)


def set_files(values: dict[str, Any], text: str, read: Convert) -> None:
    """`--set-file`: every value is what `read` gives for its text. Raises ValuesError, and what `read` raises."""
    _Parser(text, _PlainValues(read)).parse_into(values)


def set_json(values: dict[str, Any], text: str) -> dict[str, Any]:
    """`--set-json`: JSON after each path, or one whole object merged over the values. Returns the values. Raises
    ValuesError."""
    whole = text.strip()
    if not whole.startswith("{"):
        _Parser(text, _JSONValues()).parse_into(values)
        return values
    return merge_maps(values, decode_json_object(whole))


def set_literal(values: dict[str, Any], text: str) -> None:
    """`--set-literal`: everything after the first `=` is the value; nothing is escaped. Raises ValuesError."""
    _Parser(text, _LiteralValues(), key_stops="=[.", escapes=False).parse_into(values)


def typed_value(text: str) -> Any:
    """The value that `--set` reads from a text."""
    word = text.casefold()
    if word in _WORDS:
        return _WORDS[word]
    if text == "0":
        return Int64(0)
    if text.startswith("0"):
        return text
    try:
        return Int64(parse_int(text))
    except (NumberSyntaxError, NumberRangeError):
        return text


_WORDS = {"true": True, "false": False, "null": None}


class _Parser:
    """One text and where reading stands in it. Methods that may meet the end of the text return whether they did."""

    def __init__(self, text: str, values: _Values, *, key_stops: str = "=[,.", escapes: bool = True) -> None:
        self.text = text
        self.at = 0
        self._values = values
        self._key_stops = key_stops
        self._escapes = escapes
        self._lists = 0

    def parse_into(self, values: dict[str, Any]) -> None:
        while not self._key(values, 0):
            pass

    def until(self, stops: str) -> tuple[str, str]:
        """Characters up to one of `stops`, and that stop ("" at the end of the text)."""
        taken: list[str] = []
        while self.at < len(self.text):
            char = self.text[self.at]
            self.at += 1
            if char in stops:
                return "".join(taken), char
            if char == "\\" and self._escapes:
                char = self.text[self.at : self.at + 1]
                self.at += 1
            taken.append(char)
        return "".join(taken), ""

    def _key(self, values: dict[str, Any], depth: int) -> bool:
        key, stop = self.until(self._key_stops)
        if stop == "=":
            value, ended = self._values.read(self)
            _set(values, key, value)
            return ended
        if stop == ".":
            return self._nested(values, key, depth + 1)
        if stop == "[":
            return self._indexed(values, key, depth)
        if stop == ",":
            raise ValuesError(f"key {quote(key)} has no value (cannot end with ,)")
        if key:
            raise ValuesError(f"key {quote(key)} has no value")
        return True

    def _nested(self, values: dict[str, Any], key: str, depth: int) -> bool:
        if depth > MAX_DEPTH:
            raise ValuesError(f"value name nested level is greater than maximum supported nested level of {MAX_DEPTH}")
        inner = values.get(key, {})
        _require(inner, dict, "map[string]interface {}")
        ended = self._key(inner, depth)
        if not ended and not inner:
            raise ValuesError(f"key map {quote(key)} has no value")
        if inner:
            _set(values, key, inner)
        return ended

    def _indexed(self, values: dict[str, Any], key: str, depth: int) -> bool:
        index = self._index()
        if index is None:
            return True
        items = values.get(key, [])
        _require(items, list, "[]interface {}")
        ended = self._item(items, index, depth)
        _set(values, key, items)
        return ended

    def _index(self) -> int | None:
        """The number before `]`, None when the text ends first."""
        text, stop = self.until("]")
        if not stop:
            return None
        try:
            return parse_int(text)
        except NumberSyntaxError as error:
            raise _bad_index(text, "invalid syntax") from error
        except NumberRangeError as error:
            raise _bad_index(text, "value out of range") from error

    def _item(self, items: list[Any], index: int, depth: int) -> bool:
        """Set one item of a list, in place."""
        self._lists += 1
        if self._lists > MAX_LISTS:
            raise ValuesError(f"lists are nested more than {MAX_LISTS} levels deep")
        ended = self._item_inside(items, index, depth)
        self._lists -= 1
        return ended

    def _item_inside(self, items: list[Any], index: int, depth: int) -> bool:
        if index < 0:
            raise ValuesError(f"negative {index} index not allowed")
        extra, stop = self.until("[.=")
        if extra:
            raise ValuesError(f"unexpected data at end of array index: [{' '.join(map(quote_rune, extra))}]")
        if not stop:
            return True
        if stop == "=":
            _set_index(items, index, self._values.read(self)[0])
            return False
        return self._item_of_list(items, index, depth) if stop == "[" else self._item_of_map(items, index, depth)

    def _item_of_list(self, items: list[Any], index: int, depth: int) -> bool:
        inner_index = self._index()
        if inner_index is None:
            return True
        existing = items[index] if index < len(items) else None
        inner = [] if existing is None else existing
        _require(inner, list, "[]interface {}")
        if self._item(inner, inner_index, depth):
            return True
        _set_index(items, index, inner)
        return False

    def _item_of_map(self, items: list[Any], index: int, depth: int) -> bool:
        inner: dict[str, Any] = {}
        if index < len(items):
            if isinstance(items[index], dict):
                inner = items[index]
            else:
                items[index] = inner
        if self._key(inner, depth):
            return True
        _set_index(items, index, inner)
        return False


class _Values:
    """How one kind of `--set` reads what follows a `=`."""

    def read(self, parser: _Parser) -> tuple[Any, bool]:
        """The value, and whether the text ended before there was any."""
        raise NotImplementedError


class _PlainValues(_Values):
    """Text up to a comma, or a list in braces."""

    def __init__(self, convert: Convert) -> None:
        self._convert = convert

    def read(self, parser: _Parser) -> tuple[Any, bool]:
        if parser.at >= len(parser.text):
            return "", True
        if parser.text[parser.at] != "{":
            return self._convert(parser.until(",")[0]), False
        parser.at += 1
        return self._items(parser), False

    def _items(self, parser: _Parser) -> list[Any]:
        items: list[Any] = []
        while True:
            text, stop = parser.until(",}")
            if not stop:
                raise ValuesError("list must terminate with '}'")
            items.append(self._convert(text))
            if stop == "}":
                parser.at += parser.text.startswith(",", parser.at)
                return items


class _JSONValues(_Values):
    """One JSON value; blanks and a comma after it are skipped. Nothing at all is null."""

    def read(self, parser: _Parser) -> tuple[Any, bool]:
        if _skip_blanks(parser):
            return None, False
        value, parser.at = decode_json_prefix(parser.text, parser.at)
        _skip_blanks(parser)
        return value, False


class _LiteralValues(_Values):
    """All the rest of the text."""

    def read(self, parser: _Parser) -> tuple[Any, bool]:
        return parser.until("")[0], False


def _skip_blanks(parser: _Parser) -> bool:
    """Skip blanks and one comma; whether a comma or the end of the text was reached."""
    rest = parser.text[parser.at :].lstrip()
    parser.at = len(parser.text) - len(rest) + rest.startswith(",")
    return not rest or rest.startswith(",")


def _bad_index(text: str, what: str) -> ValuesError:
    return ValuesError(f"error parsing index: strconv.Atoi: parsing {quote(text)}: {what}")


def _set(values: dict[str, Any], key: str, value: Any) -> None:
    if key:
        values[key] = value


def _set_index(items: list[Any], index: int, value: Any) -> None:
    if index > MAX_INDEX:
        raise ValuesError(f"index of {index} is greater than maximum supported index of {MAX_INDEX}")
    items.extend([None] * (index + 1 - len(items)))
    items[index] = value


def _require(value: Any, kind: type, go_type: str) -> None:
    if not isinstance(value, kind):
        found = "nil" if value is None else type_name(value)
        raise ValuesError(f"unable to parse key: interface conversion: interface {{}} is {found}, not {go_type}")
