"""Which of several versions is meant by a version, range and filter, where the choice is pure.

Called by `chart.index` for HTTP repositories and by `registry.versions` for tags. Ranges are Masterminds' (`semver`);
`versionFilter` is Flux's semverFilter: a regular expression (RE2) that must match somewhere in a version's text before
the range is looked at.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import re2

from steersman.core.semver import Constraint, SemverError, Version
from steersman.errors import InvalidInput

_RANGE_MARKS: Final = frozenset("^~<>=!*")


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


def parse_range(version: str) -> Constraint:
    """The range that a text stands for; "" is any stable version. Raises InvalidVersion."""
    try:
        return Constraint.parse(version or "*")
    except SemverError as error:
        raise InvalidVersion("spec.chart.version", version, error.message) from error


def parse_filter(version_filter: str) -> Callable[[str], bool]:
    """Whether a version's text passes the filter ("" lets all pass). Raises InvalidVersion."""
    if not version_filter:
        return lambda _: True
    options = re2.Options()
    options.log_errors = False
    try:
        pattern = re2.compile(version_filter, options)
    except re2.error as error:
        raise InvalidVersion("spec.chart.versionFilter", version_filter, str(error)) from error
    return lambda text: pattern.search(text) is not None


def parsed_version(text: str) -> Version | None:
    """The version, None where the text is none."""
    try:
        return Version.parse(text)
    except SemverError:
        return None


def is_range(version: str) -> bool:
    """Whether Helm takes a text for a range rather than for one version, however short."""
    if not _RANGE_MARKS.isdisjoint(version) or "||" in version or " - " in version:
        return True
    core = version.partition("-")[0].partition("+")[0]
    return "x" in core or "X" in core
