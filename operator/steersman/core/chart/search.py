"""What a search finds in the indexes of repositories, as `helm search repo` finds it.

A keyword is looked for in a chart's name, its name with the repository's, its description and its keywords; where it
was found is the score, which orders the results. Pure; called by the CLI's `search`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from functools import cmp_to_key
from typing import Final, NamedTuple

import re2

from steersman.core.chart.index import ChartVersion, Index
from steersman.core.chart.versions import parsed_version
from steersman.core.semver import Constraint, SemverError
from steersman.errors import InvalidInput

_PARTS: Final = "\v"
_STABLE: Final = ">0.0.0"
_DEVELOPMENT: Final = ">0.0.0-0"


class SearchError(InvalidInput):
    """A range or a pattern that cannot be read."""


class Query(NamedTuple):
    """What is looked for: a keyword or, where it `is_pattern`, a regular expression (RE2); the range of versions, and
    whether all of them are wanted or the newest only."""

    keyword: str = ""
    is_pattern: bool = False
    version: str = ""
    devel: bool = False
    all_versions: bool = False


class Result(NamedTuple):
    """A version of a chart. `name` is what it is called on a command line: `repository/chart`."""

    name: str
    chart: ChartVersion
    score: int = 0


def search(repositories: Iterable[tuple[str, Index]], query: Query) -> list[Result]:
    """What there is in the repositories, each with the name that it has here ("" for none). Raises SearchError."""
    constraint = _constraint(query.version or (_DEVELOPMENT if query.devel else _STABLE))
    place = _finder(query)
    results: list[Result] = []
    for repository, index in repositories:
        for name in index:
            found = _matching(repository, name, index, place)
            fitting = (result for result in found if _fits(result.chart, constraint))
            results += _unique(fitting) if query.all_versions else _best(fitting)
    return sorted(results, key=cmp_to_key(_order))


def _matching(repository: str, name: str, index: Index, place: Callable[[str], int]) -> Iterator[Result]:
    called = "/".join(part for part in (repository, name) if part)
    for chart in index.versions(name):
        line = _PARTS.join((chart.name, f"{repository}/{chart.name}", chart.description, " ".join(chart.keywords)))
        at = place(line)
        if at >= 0:
            yield Result(called, chart, line.count(_PARTS, 0, at))


def _best(results: Iterable[Result]) -> list[Result]:
    """Of one chart the version that Helm shows: the first by score, then the newest."""
    return sorted(results, key=cmp_to_key(_order))[:1]


def _unique(results: Iterable[Result]) -> list[Result]:
    """Of versions that are written alike, the last."""
    return list({result.chart.version: result for result in results}.values())


def _order(first: Result, second: Result) -> int:
    if first.score != second.score:
        return first.score - second.score
    if first.name != second.name:
        return -1 if first.name < second.name else 1
    newer, older = parsed_version(first.chart.version), parsed_version(second.chart.version)
    return 0 if newer is None or older is None else older.compare(newer)


def _fits(chart: ChartVersion, constraint: Constraint) -> bool:
    version = parsed_version(chart.version)
    return version is not None and constraint.check(version)


def _constraint(version: str) -> Constraint:
    try:
        return Constraint.parse(version)
    except SemverError as error:
        raise SearchError(f"an invalid version/constraint format: {error.message}") from error


def _finder(query: Query) -> Callable[[str], int]:
    """Where in a line the keyword is, -1 for nowhere."""
    if query.is_pattern:
        options = re2.Options()
        options.log_errors = False
        try:
            pattern = re2.compile(query.keyword, options)
        except re2.error as error:
            raise SearchError(f"error parsing regexp: {error}") from error

        def find(line: str) -> int:
            match = pattern.search(line)
            return -1 if match is None else int(match.start())

        return find
    keyword = query.keyword.lower()
    return lambda line: line.lower().find(keyword)
