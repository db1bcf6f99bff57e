"""Go's types as Python carries them. Every template value is one of these; nothing else may enter a template.

| Go                        | Python                                                                                 |
|---------------------------|----------------------------------------------------------------------------------------|
| nil                       | None                                                                                   |
| bool                      | bool (never treated as a number)                                                       |
| int                       | int (exactly `type(x) is int`)                                                         |
| int64, uint8              | Int64, Uint8 (int subclasses)                                                          |
| float64                   | float                                                                                  |
| string                    | str; bytes that are not UTF-8 travel as surrogate escapes (`to_bytes`, `from_bytes`)   |
| []byte                    | bytes                                                                                  |
| []interface {}            | list (exactly)                                                                         |
| []string, []int, [][]interface {} | StringList, IntList, NestedList (list subclasses)                              |
| map[string]interface {}   | dict (exactly)                                                                         |
| map[string]string         | StringMap (dict subclass)                                                              |
| common.Values             | Values (dict subclass)                                                                 |
| time.Duration             | Duration (Int64 subclass, nanoseconds)                                                 |
| structs (time.Time, *semver.Version, *common.Capabilities…) | subclasses of GoStruct                               |

Rule of thumb: never use Python truthiness, `==`, `str`, `repr`, `sorted` or `isinstance(x, int)` on mixed template
values directly; `golang` has Go's own rules for each.
"""

from __future__ import annotations

from typing import Any, ClassVar, TypeAlias

GoValue: TypeAlias = Any
"""One of the types of the table above. An alias for reading: the union is too wide to be checked usefully."""


class Int64(int):
    """Go's int64, apart from int because templates and error texts tell them apart."""

    __slots__ = ()
    go_type: ClassVar[str] = "int64"


class Uint8(int):
    """Go's uint8 (`index "abc" 0`)."""

    __slots__ = ()
    go_type: ClassVar[str] = "uint8"


class Duration(Int64):
    """Go's time.Duration: nanoseconds."""

    __slots__ = ()
    go_type: ClassVar[str] = "time.Duration"


class StringList(list[str]):
    """Go's []string (splitList, keys, sortAlpha, regexFindAll, Files.Lines)."""

    __slots__ = ()
    go_type: ClassVar[str] = "[]string"


class IntList(list[int]):
    """Go's []int (until, untilStep)."""

    __slots__ = ()
    go_type: ClassVar[str] = "[]int"


class NestedList(list[list[Any]]):
    """Go's [][]interface {} (chunk)."""

    __slots__ = ()
    go_type: ClassVar[str] = "[][]interface {}"


class StringMap(dict[str, str]):
    """Go's map[string]string (split, .Chart.Annotations)."""

    __slots__ = ()
    go_type: ClassVar[str] = "map[string]string"


class Values(dict[str, Any]):
    """Helm's common.Values: the type of `.` and of `.Values`."""

    __slots__ = ()
    go_type: ClassVar[str] = "common.Values"


class GoStruct:
    """A Go struct (or pointer to one) in a template: fields and methods are looked up by name in `go_fields`.

    `go_type` is what `%T` prints; `go_fields` are the exported fields, in declaration order; `go_methods` maps a method
    name to the Python method that implements it (called with the template's arguments).
    """

    go_type: ClassVar[str] = ""
    go_fields: ClassVar[tuple[str, ...]] = ()
    go_methods: ClassVar[dict[str, str]] = {}


def to_bytes(text: str) -> bytes:
    """The bytes of a Go string."""
    return text.encode("utf-8", "surrogateescape")


def from_bytes(data: bytes) -> str:
    """A Go string of these bytes; bytes that are not UTF-8 are kept as surrogate escapes."""
    return data.decode("utf-8", "surrogateescape")


def byte_length(text: str) -> int:
    """Go's len(string): bytes, not characters."""
    return len(text) if text.isascii() else len(to_bytes(text))
