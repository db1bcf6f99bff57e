"""What `dependency list` says of each dependency: is it there, packed or unpacked, in a version that fits?

Words and order of the checks are Helm's. The archives in `charts/` come in by name, with a function that
loads one.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Final, TypeAlias

from steersman.core.chart.errors import ChartError, PatternError
from steersman.core.chart.metadata import Dependency
from steersman.core.chart.model import Chart
from steersman.core.chart.patterns import compile_match
from steersman.core.semver import Constraint, SemverError, Version, is_strict_version

_ARCHIVE: Final = ".tgz"

Load: TypeAlias = Callable[[str], Chart]
"""Loads the archive of this name in `charts/`. Raises ChartError."""


def dependency_status(wanted: Dependency, archives: Sequence[str], subcharts: Iterable[Chart], load: Load) -> str:
    """The status of one entry of Chart.yaml. `archives` are names of files in `charts/`, sorted; `subcharts` is what
    the chart was loaded with."""
    try:
        matches = compile_match(f"{wanted.name}-*{_ARCHIVE}").fullmatch
    except PatternError:
        return "bad pattern"
    found = [name for name in archives if matches(name)]
    if len(found) > 1:
        found = [name for name in found if _names_version(name, wanted.name)]
        if len(found) > 1:
            return "too many matches"
    if found:
        return _archive_status(found[0], wanted, load)
    named = [chart for chart in subcharts if chart.name == wanted.name]
    return _version_problem(named[-1], wanted) or "unpacked" if named else "missing"


def _names_version(archive: str, name: str) -> bool:
    return is_strict_version(archive.removesuffix(_ARCHIVE).removeprefix(f"{name}-"))


def _archive_status(archive: str, wanted: Dependency, load: Load) -> str:
    try:
        chart = load(archive)
    except ChartError:
        return "corrupt"
    if chart.name != wanted.name:
        return "misnamed"
    return _version_problem(chart, wanted) or "ok"


def _version_problem(chart: Chart, wanted: Dependency) -> str:
    if chart.metadata.version == wanted.version:
        return ""
    try:
        fits = Constraint.parse(wanted.version).check(Version.parse(chart.metadata.version))
    except SemverError:
        return "invalid version"
    return "" if fits else "wrong version"
