"""Opening charts: folders (listed by `folder_listing`) and archives, on disk or just pulled.

Called by the commands that take a chart, with what `sources.locate` found. What the files mean is `core.chart`'s, which
is imported only where the `cache` does not know what an earlier command made of them; so is the engine, for commands
that only need what is here to find charts.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from steersman.core.chart.errors import ChartError

if TYPE_CHECKING:
    from steersman.cli.cache import CompiledCharts
    from steersman.core.chart.model import Chart
    from steersman.core.manifest.log import Warn
    from steersman.core.render.compiled import CompiledChart
    from steersman.core.template.environment import Environment

_YAML = (".yml", ".yaml")
NO_RELEASE = "a file of objects must hold a HelmRelease of steersman.dev, which names the chart"


class LocatedChart(NamedTuple):
    """A chart that was found: its path, or the place it was pulled from and the archive."""

    place: str
    archive: bytes | None = None


class OpenedChart(NamedTuple):
    """A chart that is loaded, with what is compiled of it."""

    chart: Chart
    compiled: CompiledChart
    digest: str

    def remember(self, cache: CompiledCharts) -> None:
        """Keep what a render compiled for the next command."""
        if self.compiled.grown:
            cache.put(self.digest, self.compiled)


def open_chart(chart: LocatedChart, environment: Environment, cache: CompiledCharts, warn: Warn) -> OpenedChart:
    """Load a chart that was located, from the cache where it can be. Raises ChartError."""
    if chart.archive is not None:
        return _open_archive(chart.place, chart.archive, environment, cache)
    absolute = Path(os.path.abspath(chart.place))  # noqa: PTH100 - Path.absolute keeps `..`, messages show it cleaned
    if absolute.is_dir():
        from steersman.cli.cache import digest_of_files
        from steersman.cli.folder_listing import list_folder
        from steersman.core.chart.loader import load_files

        api, files = list_folder(absolute, warn)
        return _opened(digest_of_files(files), lambda: load_files(files, api), environment, cache)
    return _open_archive(str(absolute), read_bytes(absolute), environment, cache)


def _open_archive(name: str, data: bytes, environment: Environment, cache: CompiledCharts) -> OpenedChart:
    from steersman.cli.cache import digest_of_archive

    return _opened(digest_of_archive(data), lambda: load_archive_file(name, data), environment, cache)


def _opened(digest: str, load: Callable[[], Chart], environment: Environment, cache: CompiledCharts) -> OpenedChart:
    known = cache.get(digest, environment)
    if known is not None and known.chart is not None:
        return OpenedChart(known.chart, known, digest)
    from steersman.core.render.compiled import CompiledChart

    chart = load()
    return OpenedChart(chart, CompiledChart(environment, chart=chart), digest)


def read_bytes(path: str | Path) -> bytes:
    """The content of a file. Raises ChartError in the words of the operating system."""
    try:
        return Path(path).read_bytes()
    except OSError as error:
        raise ChartError(os_error(path, error)) from error


def os_error(path: str | Path, error: OSError, action: str = "open") -> str:
    """What the operating system says, as Go puts it."""
    if isinstance(error, IsADirectoryError):
        action = "read"
    return f"{action} {path}: {(error.strerror or str(error)).lower()}"


def load_archive_file(name: str, data: bytes) -> Chart:
    """The chart in an archive of this name. Raises ChartError."""
    from steersman.core.chart.gunzip import NotGzip
    from steersman.core.chart.loader import load_archive

    try:
        return load_archive(data)
    except NotGzip as error:
        if name.endswith(_YAML):
            raise ChartError(
                f"file '{name}' seems to be a YAML file, but expected a gzipped archive", hint=NO_RELEASE
            ) from error
        raise ChartError(
            f"file '{name}' does not appear to be a gzipped archive; got 'application/octet-stream'"
        ) from error
