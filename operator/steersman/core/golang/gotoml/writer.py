"""Values → TOML text: keys in the order of their bytes, plain ones before tables, tables two blanks deeper each."""

from __future__ import annotations

import math
from collections.abc import Iterable
from enum import Enum, auto
from typing import Any, Final

from steersman.core.golang.format import sorted_items
from steersman.core.golang.gotime import GoTime
from steersman.core.golang.gotoml.errors import TOMLError
from steersman.core.golang.gotoml.keys import key_part, key_text, quoted
from steersman.core.golang.kinds import type_name
from steersman.core.golang.numbers import format_float
from steersman.core.golang.types import Duration, GoStruct, GoValue, NilList, NilMap, NilStringList, NilStringMap

_NIL_TYPES: Final = (NilList, NilMap, NilStringList, NilStringMap)
_INDENT: Final = "  "
_RFC3339: Final = "2006-01-02T15:04:05.999999999Z07:00"
_LOCAL_LAYOUTS: Final = {
    "datetime-local": "2006-01-02T15:04:05.999999999",
    "date-local": "2006-01-02",
    "time-local": "15:04:05.999999999",
}

_Key = tuple[str, ...]


class _Kind(Enum):
    NIL = auto()
    SCALAR = auto()
    ARRAY = auto()
    TABLE = auto()
    TABLES = auto()
    """A list of nothing but tables."""


def dump_toml(value: GoValue) -> str:
    """A document, or where it is no table just the value. Raises TOMLError."""
    writer = _Writer()
    if isinstance(value, complex):
        raise TOMLError(f"unsupported type for key '': {type_name(value)}")
    try:
        writer.entry((), value)
    except RecursionError as error:
        raise TOMLError("toml: cannot encode a value that contains itself") from error
    return "".join(writer.out)


def _kind(value: GoValue) -> _Kind:
    if _is_nil(value):
        return _Kind.NIL
    if isinstance(value, dict):
        return _Kind.TABLE
    if isinstance(value, GoStruct):
        return _Kind.SCALAR if hasattr(value, "json_text") else _Kind.TABLE
    if isinstance(value, list):
        return _list_kind(value)
    if isinstance(value, complex):
        raise TOMLError(f"unsupported type: {type_name(value)}")
    return _Kind.ARRAY if isinstance(value, bytes) else _Kind.SCALAR


def _list_kind(items: list[GoValue]) -> _Kind:
    kinds = []
    for item in items:
        kinds.append(_kind(item))
        if kinds[-1] is _Kind.NIL:
            raise TOMLError("toml: cannot encode array with nil element")
    return _Kind.TABLES if kinds and all(kind is _Kind.TABLE for kind in kinds) else _Kind.ARRAY


def _is_nil(value: GoValue) -> bool:
    return value is None or type(value) in _NIL_TYPES


def _entries(table: GoValue) -> list[tuple[str, Any]]:
    if isinstance(table, dict):
        return sorted_items(table)
    return [(name, getattr(table, name)) for name in table.go_fields]


class _Writer:
    def __init__(self) -> None:
        self.out: list[str] = []

    def line_break(self) -> None:
        """A newline, except at the start of the document."""
        if self.out:
            self.out.append("\n")

    def entry(self, key: _Key, value: GoValue) -> None:
        kind = _kind(value)
        if kind is _Kind.TABLE:
            self.table(key, value)
        elif kind is _Kind.TABLES:
            self.tables(key, value)
        elif isinstance(value, NilMap):
            return
        else:
            self.assignment(key, value)

    def assignment(self, key: _Key, value: GoValue) -> None:
        if not key:
            self.out.append(_element(value))
            return
        self.out.append(f"{_INDENT * (len(key) - 1)}{key_part(key[-1])} = {_element(value)}")
        self.line_break()

    def table(self, key: _Key, value: GoValue) -> None:
        if len(key) == 1:
            self.line_break()
        if key:
            self.out.append(f"{_INDENT * (len(key) - 1)}[{key_text(key)}]")
            self.line_break()
        self.entries(key, value)

    def tables(self, key: _Key, values: list[GoValue]) -> None:
        if not key:
            raise TOMLError("toml: top-level values must be Go maps or structs")
        for value in values:
            self.line_break()
            self.out.append(f"{_INDENT * (len(key) - 1)}[[{key_text(key)}]]")
            self.line_break()
            self.entries(key, value)

    def entries(self, key: _Key, table: GoValue) -> None:
        for name, value in _plain_first(table):
            if not _is_nil(value):
                self.entry((*key, name), value)


def _plain_first(table: GoValue) -> Iterable[tuple[str, GoValue]]:
    """Plain values before tables: whatever follows a table's head belongs to that table."""
    plain: list[tuple[str, GoValue]] = []
    tables: list[tuple[str, GoValue]] = []
    for name, value in _entries(table):
        (tables if _kind(value) in (_Kind.TABLE, _Kind.TABLES) else plain).append((name, value))
    return plain + tables


def _element(value: GoValue) -> str:
    if isinstance(value, str):
        return quoted(value)
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, Duration):
        return quoted(value.text())
    if isinstance(value, int):
        return str(int(value))
    if isinstance(value, float):
        return _float(value)
    if isinstance(value, GoTime):
        return value.format(_LOCAL_LAYOUTS.get(value.location.name, _RFC3339))
    if isinstance(value, list | bytes):
        return f"[{', '.join([_element(item) for item in value])}]"
    json_text = getattr(value, "json_text", None)
    return _inline_table(value) if json_text is None else quoted(json_text())


def _float(value: float) -> str:
    if math.isnan(value):
        return "-nan" if math.copysign(1.0, value) < 0 else "nan"
    if math.isinf(value):
        return "inf" if value > 0 else "-inf"
    text = format_float(value)
    return text if "." in text or "e" in text else f"{text}.0"


def _inline_table(table: GoValue) -> str:
    entries = list(_plain_first(table))
    last = len(entries) - 1
    # A nil at the end leaves the comma before it standing. In a struct, fields are counted as declared, unexported ones
    # too, against the number of those that are written.
    names = table.printed_fields() if isinstance(table, GoStruct) else dict(entries)
    places = {name: place for place, name in enumerate(names)}
    return (
        "{"
        + "".join(
            f"{key_part(name)} = {_element(value)}{', ' if places[name] != last else ''}"
            for name, value in entries
            if not _is_nil(value)
        )
        + "}"
    )
