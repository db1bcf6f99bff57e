"""Go's types as Python carries them. Every template value is one of these; nothing else may enter a template.

| Go                        | Python                                                                                 |
|---------------------------|----------------------------------------------------------------------------------------|
| nil                       | None                                                                                   |
| bool                      | bool (never treated as a number)                                                       |
| int                       | int (exactly `type(x) is int`)                                                         |
| int64, uint8, uint64      | Int64, Uint8, Uint64 (int subclasses)                                                  |
| float64, complex128       | float, complex                                                                         |
| string                    | str; bytes that are not UTF-8 travel as surrogate escapes (`to_bytes`, `from_bytes`)   |
| []byte                    | bytes                                                                                  |
| []interface {}            | list (exactly)                                                                         |
| []string, []int, [][]interface {} | StringList, IntList, NestedList (list subclasses)                              |
| []map[string]interface {} | MapList (list subclass)                                                                |
| nil []interface {}, nil []string  | NilList, NilStringList: they print `[]`, JSON has `null`                       |
| nil map[string]interface {}       | NilMap: prints `map[]`, JSON has `null`, `set` panics                          |
| nil map[string]string     | NilStringMap, a NilMap that reads as ""                                                |
| map[string]interface {}   | dict (exactly)                                                                         |
| map[string]string         | StringMap (dict subclass)                                                              |
| common.Values             | Values (dict subclass); SubchartValues where it is also a plain map of the parent      |
| other named maps, with methods or an element type of their own (engine.files) | subclasses of NamedMap     |
| other named slices, with methods (common.VersionSet)      | subclasses of NamedList                                |
| time.Duration             | Duration (Int64 subclass, nanoseconds)                                                 |
| structs (time.Time, *semver.Version, *common.Capabilities…) | subclasses of GoStruct                               |

Methods: a class names them in `go_methods` (Go name → Python method). The static types of a method's parameters are
read from its annotations (`str`, `int`, `float`, `bool`; anything else takes any value).

Truth is the one rule Python shares: for each type above `bool(x)` is what Go's text/template calls true. Do not use
`==`, `str`, `repr`, `sorted` or `isinstance(x, int)` on mixed template values: the package has Go's own rules for each.
"""

from __future__ import annotations

import re
from typing import Any, ClassVar, Final, Self, TypeAlias, final

from steersman.core.golang import durations
from steersman.errors import SteersmanError

_BROKEN_BYTE: Final = re.compile("[\udc80-\udcff]").search
_CUT_CHARACTER: Final = re.compile("[\udcc2-\udcf4][\udc80-\udcbf]").search

GoValue: TypeAlias = Any
"""One of the types of the table above. An alias for reading: the union is too wide to be checked usefully."""


class GoPanic(SteersmanError):
    """A Go library panics here; in a template that is the error of the call."""


class Int64(int):
    """Go's int64, apart from int because templates and error texts tell them apart."""

    __slots__ = ()
    go_type: ClassVar[str] = "int64"


class Uint8(int):
    """Go's uint8 (`index "abc" 0`)."""

    __slots__ = ()
    go_type: ClassVar[str] = "uint8"


class Uint64(int):
    """Go's uint64 (`(semver "1.2.3").Major`)."""

    __slots__ = ()
    go_type: ClassVar[str] = "uint64"


class Duration(Int64):
    """Go's time.Duration: nanoseconds."""

    __slots__ = ()
    go_type: ClassVar[str] = "time.Duration"
    go_methods: ClassVar[dict[str, str]] = {
        "Abs": "absolute",
        "Hours": "hours",
        "Minutes": "minutes",
        "Seconds": "seconds",
        "Milliseconds": "milliseconds",
        "Microseconds": "microseconds",
        "Nanoseconds": "nanoseconds",
        "Round": "round_to",
        "String": "text",
        "Truncate": "truncate",
    }

    def hours(self) -> float:
        return _fraction(self, 3_600_000_000_000)

    def minutes(self) -> float:
        return _fraction(self, 60_000_000_000)

    def seconds(self) -> float:
        return _fraction(self, 1_000_000_000)

    def absolute(self) -> Duration:
        return Duration(min(abs(self), durations.MAX))

    def round_to(self, multiple: Duration) -> Duration:
        return Duration(durations.round_to(self, multiple))

    def truncate(self, multiple: Duration) -> Duration:
        return Duration(durations.truncate(self, multiple))

    def milliseconds(self) -> Int64:
        return Int64(_toward_zero(self, 1_000_000))

    def microseconds(self) -> Int64:
        return Int64(_toward_zero(self, 1_000))

    def nanoseconds(self) -> Int64:
        return Int64(self)

    def text(self) -> str:
        """`1h30m0s`, `1.5s`, `10ms`: what Go prints."""
        total = abs(int(self))
        sign = "-" if self < 0 else ""
        if total < 1_000_000_000:
            return sign + _below_a_second(total)
        minutes, nanoseconds = divmod(total, 60_000_000_000)
        hours, minutes = divmod(minutes, 60)
        seconds = _decimal(nanoseconds, 9) + "s"
        if hours:
            return f"{sign}{hours}h{minutes}m{seconds}"
        return f"{sign}{minutes}m{seconds}" if minutes else sign + seconds


def _fraction(value: int, unit: int) -> float:
    """Whole and rest are divided apart, as in Go: dividing a large count at once rounds differently."""
    whole, rest = divmod(abs(value), unit)
    fraction = whole + rest / unit
    return fraction if value >= 0 else -fraction


def _toward_zero(value: int, divisor: int) -> int:
    quotient = abs(value) // divisor
    return quotient if value >= 0 else -quotient


def _below_a_second(nanoseconds: int) -> str:
    if nanoseconds == 0:
        return "0s"
    for unit, digits in (("ns", 0), ("µs", 3), ("ms", 6)):
        if nanoseconds < 10 ** (digits + 3):
            return _decimal(nanoseconds, digits) + unit
    raise AssertionError("below a second there are three units")


def _decimal(value: int, digits: int) -> str:
    """`value` shifted right by `digits` decimal places, without trailing zeros."""
    whole, rest = divmod(value, 10**digits)
    fraction = f"{rest:0{digits}d}".rstrip("0") if digits else ""
    return f"{whole}.{fraction}" if fraction else str(whole)


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


class MapList(list[dict[str, Any]]):
    """Go's []map[string]interface {} (an array of tables read by fromToml)."""

    __slots__ = ()
    go_type: ClassVar[str] = "[]map[string]interface {}"


class NilList(list[Any]):
    """A nil []interface {} (`rest` of an empty list): prints `[]`, but JSON writes null and `eq` takes it for nil."""

    __slots__ = ()
    go_type: ClassVar[str] = "[]interface {}"


class NilStringList(StringList):
    """A nil []string (`regexFindAll` without a match)."""

    __slots__ = ()


class NamedList(list[Any]):
    """Base of Go's named slice types (common.VersionSet): `go_type` and, where there are some, methods."""

    __slots__ = ()
    go_type: ClassVar[str] = ""
    go_element: ClassVar[str] = "interface {}"
    go_methods: ClassVar[dict[str, str]] = {}


class StringMap(dict[str, str]):
    """Go's map[string]string (split, .Chart.Annotations). A key that is not there reads as ""."""

    __slots__ = ()
    go_type: ClassVar[str] = "map[string]string"

    def get(self, key: str, default: str = "") -> str:  # type: ignore[override]
        return dict.get(self, key, default)


class NilMap(dict[str, Any]):
    """A nil map[string]interface {} (`fromJson "null"`): reads as empty, `set` panics."""

    __slots__ = ()
    go_type: ClassVar[str] = "map[string]interface {}"


class NilStringMap(NilMap):
    """A nil map[string]string (`.Chart.Annotations` of a chart without): reads as ""."""

    __slots__ = ()
    go_type: ClassVar[str] = "map[string]string"

    def get(self, key: str, default: str = "") -> str:  # type: ignore[override]  # noqa: ARG002 - it holds nothing
        return default


class Values(dict[str, Any]):
    """Helm's common.Values: the type of `.` and of `.Values`.

    Its methods (AsMap, Table…) are in `template.reflect`, which can write YAML and fail as functions do.
    """

    __slots__ = ()
    go_type: ClassVar[str] = "common.Values"


class SubchartValues(Values):
    """A subchart's section of its parent's values, which is the subchart's `.Values` as well.

    One map in Go, known to the parent as a plain map and to the subchart as common.Values. Here it is a plain map by
    name, with the methods."""

    __slots__ = ()
    go_type: ClassVar[str] = "map[string]interface {}"


class NamedMap(dict[str, Any]):
    """Base of Go's named map types with methods or a typed element (engine.files).

    `go_zero` is what a missing key reads as. Generated code reads fields with `get`, hence methods come first there.
    """

    __slots__ = ()
    go_type: ClassVar[str] = ""
    go_element: ClassVar[str] = "interface {}"
    go_zero: ClassVar[Any] = None
    go_methods: ClassVar[dict[str, str]] = {}

    @final
    def get(self, key: str, default: Any = None) -> Any:
        method = self.go_methods.get(key)
        if method is not None:
            return getattr(self, method)()
        return dict.get(self, key, self.go_zero if default is None else default)


class GoStruct:
    """A Go struct (or pointer to one) in a template: fields and methods are looked up by name.

    `go_type` is what `%T` prints (`*semver.Version` for a pointer); `go_fields` are the exported fields in declaration
    order, each an attribute of the same name; `go_methods` maps a method name to the Python method that implements it
    (called with the template's arguments). A method `String` makes the struct print itself. Where Go declares it on
    the pointer and hands templates the value (common.KubeVersion), `go_string_by_address` is True: then `{{ . }}`
    prints by it, functions (`print`, `toString`…) do not. Only for error texts are `go_hidden`, the names of unexported
    fields, and `go_uncallable`, methods whose results text/template does not take, with what it says.
    """

    go_type: ClassVar[str] = ""
    go_fields: ClassVar[tuple[str, ...]] = ()
    go_methods: ClassVar[dict[str, str]] = {}
    go_string_by_address: ClassVar[bool] = False
    go_hidden: ClassVar[frozenset[str]] = frozenset()
    go_uncallable: ClassVar[dict[str, str]] = {}

    def printed_fields(self) -> dict[str, Any]:
        """All fields in order, by name, as a struct without a String prints them."""
        return {name: getattr(self, name) for name in self.go_fields}

    def json_fields(self) -> dict[str, Any]:
        """The fields that encoders write, under the names of their JSON tags where there are some."""
        return {name: getattr(self, name) for name in self.go_fields}

    def deep_copy(self) -> Self:
        """What sprig's deepCopy makes of it: fields that are not exported are lost."""
        return self

    @final
    def __getitem__(self, name: str) -> Any:
        """The field or the result of the method without arguments: what generated code reads with `x["name"]`."""
        method = self.go_methods.get(name)
        if method is not None:
            return getattr(self, method)()
        if name in self.go_fields:
            return getattr(self, name)
        raise KeyError(name)

    @final
    def get(self, name: str) -> Any:
        """The last name of a field chain, which generated code reads with `get`."""
        return self[name]


def to_bytes(text: str) -> bytes:
    """The bytes of a Go string."""
    return text.encode("utf-8", "surrogateescape")


def from_bytes(data: bytes) -> str:
    """A Go string of these bytes; bytes that are not UTF-8 are kept as surrogate escapes."""
    return data.decode("utf-8", "surrogateescape")


def has_broken_bytes(text: str) -> bool:
    """Whether the text holds bytes that are not UTF-8."""
    return not text.isascii() and _BROKEN_BYTE(text) is not None


def joined(text: str) -> str:
    """A text put together from parts, as one that was read whole: the halves of a cut character make it up again."""
    if text.isascii() or _CUT_CHARACTER(text) is None:
        return text
    return from_bytes(to_bytes(text))


def byte_length(text: str) -> int:
    """Go's len(string): bytes, not characters."""
    return len(text) if text.isascii() else len(to_bytes(text))
