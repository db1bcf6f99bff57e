"""Semantic versions and version ranges by the rules of Masterminds/semver 3.5, the library Helm decides with.

Called for chart versions, dependency ranges, `kubeVersion` and the template functions `semver` and `semverCompare`.
Error texts are the library's, since `semver` hands them to users. What differs from semver.org: a leading `v` and
missing parts are fine in versions (`v1.2`), partial versions in constraints are ranges (`=1.2` is `1.2.x`), and a
prerelease matches only when its own group of the constraint names a prerelease.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cached_property, lru_cache, total_ordering
from typing import Final

import re2

from steersman.core.golang.quote import quote
from steersman.core.golang.runes import scrub
from steersman.core.golang.types import byte_length
from steersman.errors import InvalidInput

_MAX_VERSION_BYTES: Final = 256
_MAX_CONSTRAINT_BYTES: Final = 512
_MAX_GROUPS: Final = 32
_MAX_SEGMENT: Final = 2**64 - 1
_IDENTIFIER: Final = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ-0123456789")

_SUFFIX = r"(-([0-9A-Za-z\-]+(\.[0-9A-Za-z\-]+)*))?(\+([0-9A-Za-z\-]+(\.[0-9A-Za-z\-]+)*))?"
_LOOSE = re2.compile(rf"^v?([0-9]+)(\.[0-9]+)?(\.[0-9]+)?{_SUFFIX}$")

# `|` inside the classes is Masterminds' own: such a text passes here and fails as "constraint parser error".
_RANGED = rf"v?([0-9|x|X|\*]+)(\.[0-9|x|X|\*]+)?(\.[0-9|x|X|\*]+)?{_SUFFIX}"
_OPERATORS = r"=||!=|>|<|>=|=>|<=|=<|~|~>|\^"
_CONSTRAINT = re2.compile(rf"^\s*({_OPERATORS})\s*({_RANGED})\s*$")
_HYPHEN_RANGE = re2.compile(rf"\s*({_RANGED})\s+-\s+({_RANGED})\s*")
_EACH = re2.compile(rf"(?:{_OPERATORS})\s*(?:{_RANGED})")
_GROUP = re2.compile(rf"^(\s*({_OPERATORS})\s*({_RANGED})\s*)((?:\s+|,\s*)({_OPERATORS})\s*({_RANGED})\s*)*$")
_WILDCARDS: Final = ("x", "X", "*")


class SemverError(InvalidInput):
    """A text that is no version or no constraint."""


@total_ordering
@dataclass(frozen=True, eq=False)
class Version:
    """One version. Ordering and equality follow precedence: build metadata and the written form do not count."""

    major: int
    minor: int = 0
    patch: int = 0
    prerelease: str = ""
    metadata: str = ""
    original: str = ""

    @staticmethod
    def parse(text: str) -> Version:
        """Read a version loosely: `v1.2` is 1.2.0."""
        return _parse_loose(text)

    @staticmethod
    def parse_strict(text: str) -> Version:
        """Read a version as semver.org writes them: three parts, no `v`, no leading zeros."""
        if not text:
            raise SemverError("version string empty")
        _refuse_long_version(text)
        parts = text.split(".", 2)
        if len(parts) != 3:
            raise SemverError("invalid semantic version")
        rest, plus, metadata = parts[2].partition("+")
        if plus:
            _check_metadata(metadata)
        patch, dash, prerelease = rest.partition("-")
        if dash:
            _check_prerelease(prerelease)
        major, minor, patch_number = (_strict_segment(segment) for segment in (parts[0], parts[1], patch))
        return Version(major, minor, patch_number, prerelease, metadata, text)

    @cached_property
    def precedence(self) -> tuple[int, int, int, tuple[object, ...]]:
        """What versions are ordered by, for sorting thousands of them."""
        if not self.prerelease:
            return self.major, self.minor, self.patch, (1,)
        return self.major, self.minor, self.patch, (0, *map(_prerelease_rank, self.prerelease.split(".")))

    def compare(self, other: Version) -> int:
        """-1, 0 or 1."""
        mine, theirs = self.precedence, other.precedence
        return (mine > theirs) - (mine < theirs)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Version) and self.precedence == other.precedence

    def __lt__(self, other: Version) -> bool:
        return self.precedence < other.precedence

    def __hash__(self) -> int:
        return hash(self.precedence)

    def __str__(self) -> str:
        text = f"{self.major}.{self.minor}.{self.patch}"
        if self.prerelease:
            text += f"-{self.prerelease}"
        return f"{text}+{self.metadata}" if self.metadata else text

    def next_patch(self) -> Version:
        """The next patch version; of a prerelease, the release it leads to. Raises SemverError when there is none."""
        return self._release(self.major, self.minor, self.patch if self.prerelease else _next(self.patch, "patch"))

    def next_minor(self) -> Version:
        """The next minor version. Raises SemverError when there is none."""
        return self._release(self.major, _next(self.minor, "minor"), 0)

    def next_major(self) -> Version:
        """The next major version. Raises SemverError when there is none."""
        return self._release(_next(self.major, "major"), 0, 0)

    def with_prerelease(self, prerelease: str) -> Version:
        """This version with another prerelease part."""
        if prerelease:
            _check_prerelease(prerelease)
        return self._renamed(replace(self, prerelease=prerelease))

    def with_metadata(self, metadata: str) -> Version:
        """This version with other build metadata."""
        if metadata:
            _check_metadata(metadata)
        return self._renamed(replace(self, metadata=metadata))

    def _release(self, major: int, minor: int, patch: int) -> Version:
        return self._renamed(Version(major, minor, patch))

    def _renamed(self, version: Version) -> Version:
        prefix = "v" if self.original.startswith("v") else ""
        return replace(version, original=f"{prefix}{version}")


def is_version(text: str) -> bool:
    """Whether `Version.parse` reads the text."""
    return _is_read(Version.parse, text)


def is_strict_version(text: str) -> bool:
    """Whether `Version.parse_strict` reads the text."""
    return _is_read(Version.parse_strict, text)


def _is_read(parse: Callable[[str], Version], text: str) -> bool:
    try:
        parse(text)
    except SemverError:
        return False
    return True


@dataclass(frozen=True)
class _Term:
    """One comparison of a constraint: `>=1.2`, and which of its parts were left open."""

    operator: str
    version: Version
    open_minor: bool = False
    open_patch: bool = False
    open_any: bool = False

    def check(self, version: Version, prereleases: bool) -> bool:
        if version.prerelease and not prereleases:
            return False
        return _CHECKS[self.operator](version, self)


@dataclass(frozen=True)
class Constraint:
    """A version range: groups joined by `||`, each a list of terms that must all hold."""

    text: str
    groups: tuple[tuple[_Term, ...], ...]

    @staticmethod
    def parse(text: str) -> Constraint:
        """Read a constraint such as `>=1.2, <3 || ^4.1-0`."""
        return _parse_constraint(text)

    def check(self, version: Version) -> bool:
        """True when the version lies in this range."""
        return any(_group_holds(group, version) for group in self.groups)


def _group_holds(group: tuple[_Term, ...], version: Version) -> bool:
    prereleases = any(term.version.prerelease for term in group)
    return all(term.check(version, prereleases) for term in group)


# Charts ask the same few questions of the same few versions, hence the two caches; both are bounded since texts come
# from charts.


@lru_cache(maxsize=1024)
def _parse_loose(text: str) -> Version:
    _refuse_long_version(text)
    match = _LOOSE.match(scrub(text))
    if match is None:
        raise SemverError("invalid semantic version")
    major, minor, patch = (_loose_segment(match.group(index)) for index in (1, 2, 3))
    prerelease, metadata = match.group(5) or "", match.group(8) or ""
    if prerelease:
        _check_prerelease(prerelease)
    return Version(major, minor, patch, prerelease, metadata, text)


@lru_cache(maxsize=1024)
def _parse_constraint(text: str) -> Constraint:
    if byte_length(text) > _MAX_CONSTRAINT_BYTES:
        raise SemverError(f"constraint string is too long (max {_MAX_CONSTRAINT_BYTES} bytes)")
    groups = _rewrite_hyphens(text).split("||")
    if len(groups) > _MAX_GROUPS:
        raise SemverError(f"too many constraint groups (max {_MAX_GROUPS})")
    return Constraint(text, tuple(_parse_group(group) for group in groups))


def _parse_group(text: str) -> tuple[_Term, ...]:
    if _GROUP.match(scrub(text)) is None:
        raise SemverError(f"improper constraint: {quote(text)}")
    return tuple(_parse_term(match.group()) for match in _EACH.finditer(text))


def _parse_term(text: str) -> _Term:
    match = _CONSTRAINT.match(text)
    if match is None:
        raise SemverError(f"improper constraint: {quote(text)}")
    operator = match.group(1)
    major, minor, patch, suffix = (match.group(index) or "" for index in (3, 4, 5, 6))
    if _is_open(major):
        return _Term(operator, _term_version(f"0.0.0{suffix}"), open_any=True)
    if _is_open(minor):
        return _Term(operator, _term_version(f"{major}.0.0{suffix}"), open_minor=True, open_any=True)
    if _is_open(patch):
        return _Term(operator, _term_version(f"{major}{minor}.0{suffix}"), open_patch=True, open_any=True)
    return _Term(operator, _term_version(match.group(2)))


def _term_version(text: str) -> Version:
    try:
        return Version.parse(text)
    except SemverError as error:
        raise SemverError("constraint parser error") from error


def _is_open(segment: str) -> bool:
    return not segment or segment.removeprefix(".") in _WILDCARDS


def _rewrite_hyphens(text: str) -> str:
    rewritten = text
    for match in _HYPHEN_RANGE.finditer(scrub(text)):
        rewritten = rewritten.replace(match.group(), f">= {match.group(1)}, <= {match.group(11)} ", 1)
    return rewritten


def _equal(version: Version, term: _Term) -> bool:
    return _tilde(version, term) if term.open_any else version == term.version


def _not_equal(version: Version, term: _Term) -> bool:
    wanted = term.version
    if not term.open_any:
        return version != wanted
    if version.major != wanted.major:
        return True
    if term.open_minor:
        return False
    if version.minor != wanted.minor:
        return True
    if term.open_patch:
        return version.prerelease != wanted.prerelease
    return version != wanted


def _greater(version: Version, term: _Term) -> bool:
    wanted = term.version
    if term.open_any and version.major != wanted.major:
        return version.major > wanted.major
    if term.open_minor:
        return False
    if term.open_patch:
        return version.minor > wanted.minor
    return version > wanted


def _at_most(version: Version, term: _Term) -> bool:
    wanted = term.version
    if not term.open_any:
        return version <= wanted
    if version.major > wanted.major:
        return False
    return not (version.major == wanted.major and version.minor > wanted.minor and not term.open_minor)


def _tilde(version: Version, term: _Term) -> bool:
    wanted = term.version
    if version < wanted:
        return False
    is_zero = not (wanted.major or wanted.minor or wanted.patch)
    if is_zero and not term.open_minor and not term.open_patch:
        return True
    return version.major == wanted.major and (term.open_minor or version.minor == wanted.minor)


def _caret(version: Version, term: _Term) -> bool:
    wanted = term.version
    if version < wanted:
        return False
    if wanted.major or term.open_minor:
        return version.major == wanted.major
    if version.major:
        return False
    if wanted.minor or term.open_patch:
        return version.minor == wanted.minor
    return version.minor == 0 and version.patch == wanted.patch


_CHECKS: Final[dict[str, Callable[[Version, _Term], bool]]] = {
    "": _equal,
    "=": _equal,
    "!=": _not_equal,
    ">": _greater,
    "<": lambda version, term: version < term.version,
    ">=": lambda version, term: version >= term.version,
    "=>": lambda version, term: version >= term.version,
    "<=": _at_most,
    "=<": _at_most,
    "~": _tilde,
    "~>": _tilde,
    "^": _caret,
}


def _prerelease_rank(part: str) -> tuple[int, int, str]:
    """Numbers come before words; a number too large for Go's uint64 is a word."""
    if part.isdigit() and int(part) <= _MAX_SEGMENT:
        return 0, int(part), ""
    return 1, 0, part


def _next(segment: int, name: str) -> int:
    if segment == _MAX_SEGMENT:
        raise SemverError(f"{name} version increment would overflow uint64")
    return segment + 1


def _loose_segment(text: str | None) -> int:
    if not text:
        return 0
    digits = text.removeprefix(".")
    number = int(digits)
    if number > _MAX_SEGMENT:
        raise SemverError(f"error parsing version segment: {_out_of_range(digits)}")
    return number


def _strict_segment(text: str) -> int:
    if text.strip("0123456789"):
        raise SemverError("invalid characters in version")
    if len(text) > 1 and text[0] == "0":
        raise SemverError("version segment starts with 0")
    if not text:
        raise SemverError('strconv.ParseUint: parsing "": invalid syntax')
    if int(text) > _MAX_SEGMENT:
        raise SemverError(_out_of_range(text))
    return int(text)


def _out_of_range(digits: str) -> str:
    return f'strconv.ParseUint: parsing "{digits}": value out of range'


def _check_prerelease(text: str) -> None:
    for part in text.split("."):
        if not part or not _IDENTIFIER.issuperset(part):
            raise SemverError("invalid prerelease string")
        if len(part) > 1 and part[0] == "0" and part.isdigit():
            raise SemverError("version segment starts with 0")


def _check_metadata(text: str) -> None:
    for part in text.split("."):
        if not part or not _IDENTIFIER.issuperset(part):
            raise SemverError("invalid metadata string")


def _refuse_long_version(text: str) -> None:
    if byte_length(text) > _MAX_VERSION_BYTES:
        raise SemverError(f"version string is too long (max {_MAX_VERSION_BYTES} bytes)")
