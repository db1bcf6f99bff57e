"""Which tag a version or range means. Pure decisions over tag names; `source` asks the registry.

The rules are Helm's: a complete version is a tag as it is (with `_` for `+`), everything else is a range over the tags
that are versions, and the highest one that satisfies it wins. Helm knows complete versions only; tags like `v1.4.0` or
`1.4` are taken here where none of those fits. `versionFilter` is Flux's semverFilter: a regular expression (RE2) that a
tag must match somewhere before its version is looked at.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

import re2

from steersman.core.semver import Constraint, SemverError, Version, is_strict_version, is_version
from steersman.errors import InvalidInput
from steersman.registry.errors import NoMatchingVersion
from steersman.registry.reference import version_of_tag

_SHOWN = 5


class InvalidVersion(InvalidInput):
    """`chart.version` is no version and no range, or `chart.versionFilter` no regular expression of RE2."""

    def __init__(self, field: str, text: str, problem: str) -> None:
        hints = {
            "spec.chart.version": "write a version like 1.2.3 or a range like >=1.2.0 <2.0.0",
            "spec.chart.versionFilter": "the syntax is RE2's: no look-around and no back-references",
        }
        super().__init__(f"{field} {text} cannot be used: {problem}", hint=hints[field])
        self.field = field
        self.text = text
        self.problem = problem


def is_complete(version: str) -> bool:
    """Whether this is one version (`1.2.3`, `v1.2.3-rc.1+x`) and no range."""
    return is_strict_version(version.removeprefix("v"))


def may_be_tag(version: str) -> bool:
    """Whether Helm would ask for this as a tag: incomplete versions (`1.2`) are also ranges."""
    return is_version(version)


def choose_tag(tags: Iterable[str], version: str, version_filter: str, place: str) -> str:
    """The tag of the highest version within the range ("" means any stable one)."""
    constraint = _constraint(version or "*")
    passes = _compile(version_filter)
    known = sorted(((parsed, tag) for tag in tags if (parsed := _version(tag)) is not None), reverse=True)
    fitting = [tag for parsed, tag in known if passes(tag) and constraint.check(parsed)]
    if fitting:
        return next((tag for tag in fitting if is_strict_version(version_of_tag(tag))), fitting[0])
    raise NoMatchingVersion(place, version, version_filter, tuple(tag for _, tag in known[:_SHOWN]))


def _constraint(version: str) -> Constraint:
    try:
        return Constraint.parse(version)
    except SemverError as error:
        raise InvalidVersion("spec.chart.version", version, error.message) from error


def _version(tag: str) -> Version | None:
    try:
        return Version.parse(version_of_tag(tag))
    except SemverError:
        return None


def _compile(version_filter: str) -> Callable[[str], bool]:
    if not version_filter:
        return lambda _: True
    options = re2.Options()
    options.log_errors = False
    try:
        pattern = re2.compile(version_filter, options)
    except re2.error as error:
        raise InvalidVersion("spec.chart.versionFilter", version_filter, str(error)) from error
    return lambda tag: pattern.search(tag) is not None
