"""Dependencies: are those in Chart.yaml and those in charts/ the same? Helm's rules and words.

And one check of ours: are their versions pinned?
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final

from steersman.core.chart.errors import ChartError
from steersman.core.chart.metadata import Dependency
from steersman.core.chart.model import Chart
from steersman.core.lint.model import ChartFolder, Finding, Severity
from steersman.core.semver import is_strict_version
from steersman.core.values.dependencies import chart_of, missing_dependencies

UNLOCKED: Final = "unlocked-dependency"
_LOCAL: Final = "file://"


def check_dependencies(folder: ChartFolder) -> Iterator[Finding]:
    """Helm's rules for dependencies."""
    chart = folder.chart
    if isinstance(chart, ChartError):
        yield Finding(Severity.ERROR, "", f"unable to load chart\n\t{chart.message}")
        return
    listed = {dependency.name for dependency in chart.metadata.dependencies or ()}
    unlisted = [subchart.name for subchart in chart.subcharts if subchart.name not in listed]
    if unlisted:
        yield _missing(Severity.ERROR, folder.path, "chart metadata", unlisted)
    absent = missing_dependencies(chart)
    if absent:
        yield _missing(Severity.WARNING, folder.path, "chart directory", absent)


def check_locked(chart: Chart) -> Iterator[Finding]:
    """A version range without a Chart.lock: what gets packaged depends on the day. What comes from a folder beside the
    chart, or was put into charts/ by hand, has the version that lies there."""
    if chart.lock is not None:
        return
    for entry in chart.metadata.dependencies or ():
        if entry.repository and not entry.repository.startswith(_LOCAL) and not _is_pinned(entry):
            yield Finding(Severity.WARNING, "Chart.yaml", _unlocked(entry, chart), UNLOCKED)


def _missing(severity: Severity, path: str, where: str, names: Iterable[str]) -> Finding:
    return Finding(severity, path, f"{where} is missing these dependencies: {','.join(names)}")


def _unlocked(entry: Dependency, chart: Chart) -> str:
    found = chart_of(entry, chart.subcharts)
    now = f" (in charts/ now: {found.metadata.version})" if found else ""
    wanted = f'the range "{entry.version}"' if entry.version else "any version"
    return f"dependency {entry.name} takes {wanted}{now} and there is no Chart.lock: run `helm dependency update`"


def _is_pinned(entry: Dependency) -> bool:
    """Whether the entry takes one version only."""
    return is_strict_version(entry.version.removeprefix("v"))
