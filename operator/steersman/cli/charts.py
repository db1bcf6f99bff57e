"""Opening charts: folders (with `.helmignore`) and archives, on disk or just pulled.

Called by the commands that take a chart, with what `sources.locate` found. Reading is here; what the files mean is
`core.chart`'s, and what an earlier command made of them comes from `cache`. Links in a folder are followed, with a line
in the log, as Helm does.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

from steersman.cli.cache import CompiledCharts, digest_of_archive, digest_of_files
from steersman.core.chart.archive import MAX_CHART_BYTES, Budget, NotGzip, strip_bom
from steersman.core.chart.chartfile import ChartApi
from steersman.core.chart.errors import ChartError
from steersman.core.chart.ignore import IGNORE_FILE, IgnoreRules, parse_ignore
from steersman.core.chart.loader import chart_api, load_archive, load_files
from steersman.core.chart.model import Chart
from steersman.core.manifest.log import Warn, log_line
from steersman.core.render.compiled import CompiledChart
from steersman.core.template.environment import Environment

_YAML = (".yml", ".yaml")


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
        api, files = _list_folder(absolute, warn)
        return _opened(digest_of_files(files), lambda: load_files(files, api), environment, cache)
    return _open_archive(str(absolute), read_bytes(absolute), environment, cache)


def _open_archive(name: str, data: bytes, environment: Environment, cache: CompiledCharts) -> OpenedChart:
    return _opened(digest_of_archive(data), lambda: _load_archive(name, data), environment, cache)


def _opened(digest: str, load: Callable[[], Chart], environment: Environment, cache: CompiledCharts) -> OpenedChart:
    known = cache.get(digest, environment)
    if known is not None and known.chart is not None:
        return OpenedChart(known.chart, known, digest)
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


def _load_archive(name: str, data: bytes) -> Chart:
    try:
        return load_archive(data)
    except NotGzip as error:
        if name.endswith(_YAML):
            raise ChartError(f"file '{name}' seems to be a YAML file, but expected a gzipped archive") from error
        raise ChartError(
            f"file '{name}' does not appear to be a gzipped archive; got 'application/octet-stream'"
        ) from error


def _list_folder(folder: Path, warn: Warn) -> tuple[ChartApi, dict[str, bytes]]:
    """The files of a chart folder, and by which rules to read them."""
    chart_file = folder / "Chart.yaml"
    try:
        api = chart_api(chart_file.read_bytes())
    except OSError as error:
        raise ChartError(f"unable to detect chart at {chart_file}: {os_error(chart_file, error)}") from error
    return api, folder_files(folder, warn)


def folder_files(folder: Path, warn: Warn) -> dict[str, bytes]:
    """The files of a chart folder that `.helmignore` leaves: path in the chart → content. Raises ChartError."""
    ignore_file = folder / IGNORE_FILE
    text = read_bytes(ignore_file).decode("utf-8", "replace") if ignore_file.exists() else ""
    return _Listing(folder, parse_ignore(text), warn).files()


class _Listing:
    """One walk through a chart folder, in the order of names."""

    def __init__(self, folder: Path, rules: IgnoreRules, warn: Warn) -> None:
        self._folder = folder
        self._rules = rules
        self._warn = warn
        self._budget = Budget(MAX_CHART_BYTES)

    def files(self) -> dict[str, bytes]:
        """The chart's files: path in the chart → content."""
        return {name: self._read(name, path) for name, path in self._walk(self._folder, "", (self._folder.resolve(),))}

    def _walk(self, folder: Path, prefix: str, parents: tuple[Path, ...]) -> Iterator[tuple[str, Path]]:
        for entry in sorted(os.listdir(folder)):  # noqa: PTH208 - names, sorted as Go sorts them
            path, name = folder / entry, prefix + entry
            if path.is_symlink():
                self._warn_of_link(path)
            is_folder = path.is_dir()
            if self._rules.ignores(name, is_folder=is_folder):
                continue
            if not is_folder:
                yield name, path
                continue
            resolved = path.resolve()
            if resolved in parents:
                raise ChartError(f"error evaluating symlink {path}: it leads back to {resolved}")
            yield from self._walk(path, f"{name}/", (*parents, resolved))

    def _warn_of_link(self, path: Path) -> None:
        try:
            resolved = path.resolve(strict=True)
        except (OSError, RuntimeError) as error:
            raise ChartError(f"error evaluating symlink {path}: {error}") from error
        message = "found symbolic link in path. Contents of linked file included and used"
        self._warn(log_line("INFO", message, path=str(path), resolved=str(resolved)))

    def _read(self, name: str, path: Path) -> bytes:
        info = path.stat()
        if not stat.S_ISREG(info.st_mode):
            raise ChartError(f"cannot load irregular file {path} as it has file mode type bits set")
        self._budget.spend(info.st_size)
        try:
            return strip_bom(path.read_bytes())
        except OSError as error:
            raise ChartError(f"error reading {name}: {os_error(path, error)}") from error
