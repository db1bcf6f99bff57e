"""`semver` and `semverCompare`, and what a version is to a template."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import ClassVar, Final, Self, TypeVar

from steersman.core.golang.types import GoStruct, Uint64, to_bytes
from steersman.core.semver import Constraint, SemverError, Version
from steersman.core.template.funcs.registry import BOOL, STRING, FunctionError, FunctionTable

TABLE = FunctionTable()

_POINTER = "*semver.Version"
_VALUE_METHODS: Final = {
    "IncMajor": "next_major",
    "IncMinor": "next_minor",
    "IncPatch": "next_patch",
    "Major": "major",
    "MarshalJSON": "marshal_json",
    "MarshalText": "marshal_text",
    "Metadata": "metadata",
    "Minor": "minor",
    "Patch": "patch",
    "Prerelease": "prerelease",
    "SetMetadata": "with_metadata",
    "SetPrerelease": "with_prerelease",
    "String": "text",
    "Value": "text",
}
_Given = TypeVar("_Given")
_Made = TypeVar("_Made")


class SemverObject(GoStruct):
    """A *semver.Version: the library's methods over our `Version`."""

    go_type: ClassVar[str] = _POINTER
    go_hidden: ClassVar[frozenset[str]] = frozenset({"major", "minor", "patch", "pre", "metadata", "original"})
    go_methods: ClassVar[dict[str, str]] = {
        **_VALUE_METHODS,
        "Compare": "compare",
        "Equal": "equal",
        "GreaterThan": "greater_than",
        "GreaterThanEqual": "greater_than_or_equal",
        "LessThan": "less_than",
        "LessThanEqual": "less_than_or_equal",
        "Original": "original",
    }

    def __init__(self, version: Version) -> None:
        self.version = version

    def printed_fields(self) -> dict[str, Uint64 | str]:
        """What `%d` and `%#v` show, which do not ask for the text."""
        return {
            "major": self.major(),
            "minor": self.minor(),
            "patch": self.patch(),
            "pre": self.prerelease(),
            "metadata": self.metadata(),
            "original": self.original(),
        }

    def deep_copy(self) -> Self:
        """Nothing is left: no field is exported."""
        return type(self)(Version(0))

    def __eq__(self, other: object) -> bool:
        """As reflect.DeepEqual: every field counts, the written form too."""
        return type(self) is type(other) and isinstance(other, SemverObject) and self._fields() == other._fields()

    def __hash__(self) -> int:
        return hash(self._fields())

    def _fields(self) -> tuple[str, str]:
        return str(self.version), self.version.original

    def text(self) -> str:
        """`1.2.3-beta+build`, without a leading v."""
        return str(self.version)

    def json_text(self) -> str:
        """JSON and TOML have the text."""
        return str(self.version)

    def marshal_json(self) -> bytes:
        """The text in quotes."""
        return b'"' + self.marshal_text() + b'"'

    def marshal_text(self) -> bytes:
        """The text."""
        return to_bytes(self.text())

    def major(self) -> Uint64:
        """The first number."""
        return Uint64(self.version.major)

    def minor(self) -> Uint64:
        """The second number."""
        return Uint64(self.version.minor)

    def patch(self) -> Uint64:
        """The third number."""
        return Uint64(self.version.patch)

    def prerelease(self) -> str:
        """What follows the hyphen."""
        return self.version.prerelease

    def metadata(self) -> str:
        """What follows the plus."""
        return self.version.metadata

    def original(self) -> str:
        """The text it was read from."""
        return self.version.original

    def compare(self, other: SemverObject | None) -> int:
        """-1, 0 or 1."""
        return self.version.compare(_pointee(other))

    def equal(self, other: SemverObject | None) -> bool:
        """Same precedence."""
        return self.version == _pointee(other)

    def less_than(self, other: SemverObject | None) -> bool:
        """Lower precedence."""
        return self.version < _pointee(other)

    def less_than_or_equal(self, other: SemverObject | None) -> bool:
        """Lower or same precedence."""
        return self.version <= _pointee(other)

    def greater_than(self, other: SemverObject | None) -> bool:
        """Higher precedence."""
        return self.version > _pointee(other)

    def greater_than_or_equal(self, other: SemverObject | None) -> bool:
        """Higher or same precedence."""
        return self.version >= _pointee(other)

    def next_major(self) -> SemverValue:
        """The next major version."""
        return SemverValue(_checked(Version.next_major, self.version))

    def next_minor(self) -> SemverValue:
        """The next minor version."""
        return SemverValue(_checked(Version.next_minor, self.version))

    def next_patch(self) -> SemverValue:
        """The next patch version."""
        return SemverValue(_checked(Version.next_patch, self.version))

    def with_prerelease(self, text: str) -> SemverValue:
        """With another prerelease part."""
        return SemverValue(_checked(self.version.with_prerelease, text))

    def with_metadata(self, text: str) -> SemverValue:
        """With other build metadata."""
        return SemverValue(_checked(self.version.with_metadata, text))


def _pointee(pointer: SemverObject | None) -> Version:
    if pointer is None:
        raise FunctionError("runtime error: invalid memory address or nil pointer dereference")
    return pointer.version


class SemverValue(SemverObject):
    """A semver.Version that is no pointer: what the Inc and Set methods give. Go lets it call fewer methods."""

    go_type: ClassVar[str] = "semver.Version"
    go_methods: ClassVar[dict[str, str]] = _VALUE_METHODS


@TABLE.function("semver", params=(STRING,), result=_POINTER)
def semver(text: str) -> SemverObject:
    """A text as a version."""
    return SemverObject(_checked(Version.parse, text))


@TABLE.function("semverCompare", params=(STRING, STRING), result=BOOL)
def semver_compare(constraint: str, version: str) -> bool:
    """Whether the version lies in the range."""
    return _lies_in(constraint, version)


@lru_cache(maxsize=1024)
def _lies_in(constraint: str, version: str) -> bool:
    """Charts ask the same of the cluster's version in every template."""
    return _checked(Constraint.parse, constraint).check(_checked(Version.parse, version))


def _checked(make: Callable[[_Given], _Made], given: _Given) -> _Made:
    try:
        return make(given)
    except SemverError as error:
        raise FunctionError(error.message) from error
