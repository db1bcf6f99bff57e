"""`steersman dependency list`: what Chart.yaml lists and what `charts/` has of it, as `helm dependency list`.

Next stop: `core.chart.dependency_status`.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence

from steersman.cli.charts import load_archive_file, os_error, read_bytes
from steersman.cli.dependency_folder import DependencyFolder, load_folder
from steersman.cli.output import write
from steersman.cli.table import table
from steersman.core.chart.dependency_status import dependency_status
from steersman.core.chart.errors import ChartError
from steersman.core.chart.metadata import Dependency
from steersman.core.chart.model import Chart
from steersman.core.golang.quote import quote

_HEADER = ("NAME", "VERSION", "REPOSITORY", "STATUS")
_ARCHIVE = ".tgz"


def list_dependencies(path: str, max_width: int) -> None:
    """Print the table and what else lies in `charts/`. Raises ChartError."""
    chart = _load(path)
    folder = DependencyFolder(path)
    wanted = chart.metadata.dependencies
    if wanted is None:
        write(f"WARNING: no dependencies at {folder.charts}\n")
        return
    names = folder.names()
    rows = [_row(entry, chart, folder, names) for entry in wanted]
    lines = [table([_HEADER, *rows], max_width), "", *_strangers(folder, names, wanted)]
    write("".join(f"{line}\n" for line in lines))


def _load(path: str) -> Chart:
    try:
        os.stat(path)  # noqa: PTH116 - its error is the message
    except OSError as error:
        raise ChartError(os_error(path, error, "stat")) from error
    return load_folder(path) if os.path.isdir(path) else load_archive_file(path, read_bytes(path))  # noqa: PTH112


def _row(entry: Dependency, chart: Chart, folder: DependencyFolder, names: Sequence[str]) -> tuple[str, ...]:
    status = dependency_status(entry, names, chart.subcharts, folder.load_inner)
    return entry.name, entry.version, entry.repository, status


def _strangers(folder: DependencyFolder, names: Sequence[str], wanted: Sequence[Dependency]) -> Iterator[str]:
    """Charts that Chart.yaml does not list, and what is no chart."""
    listed = {entry.name for entry in wanted}
    for name in names:
        if not (folder.is_folder(name) or name.endswith(_ARCHIVE)):
            continue
        path = os.path.normpath(f"{folder.charts}/{name}")
        try:
            if folder.load_inner(name).name not in listed:
                yield f"WARNING: {quote(path)} is not in Chart.yaml."
        except ChartError:
            yield f"WARNING: {quote(path)} is not a chart."
