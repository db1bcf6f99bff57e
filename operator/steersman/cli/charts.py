"""Charts on disk: folders (with `.helmignore`) and archives.

Called by the commands that take a chart. Reading is here; what the files mean is `core.chart`'s, and what an earlier
command made of them comes from `cache`. Links in a folder are followed, with a line in the log, as Helm does.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

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

_REMOTE = ("oci://", "http://", "https://")


@dataclass(frozen=True, slots=True)
class OpenedChart:
    """A chart from disk, with what is compiled of it."""

    chart: Chart
    compiled: CompiledChart
    digest: str

    def remember(self, cache: CompiledCharts) -> None:
        """Keep what a render compiled for the next command."""
        if self.compiled.grown:
            cache.put(self.digest, self.compiled)


def open_chart(path: str, environment: Environment, cache: CompiledCharts, warn: Warn) -> OpenedChart:
    """Load the chart at a path that `locate` gave. Raises ChartError."""
    absolute = Path(os.path.abspath(path))  # noqa: PTH100 - Path.absolute keeps `..`, messages show it cleaned
    if absolute.is_dir():
        api, files = _list_folder(absolute, warn)
        return _opened(digest_of_files(files), lambda: load_files(files, api), environment, cache)
    data = read_bytes(absolute)
    return _opened(digest_of_archive(data), lambda: _load_archive(absolute, data), environment, cache)


def _opened(digest: str, load: Callable[[], Chart], environment: Environment, cache: CompiledCharts) -> OpenedChart:
    known = cache.get(digest, environment)
    if known is not None and known.chart is not None:
        return OpenedChart(known.chart, known, digest)
    chart = load()
    return OpenedChart(chart, CompiledChart(environment, chart=chart), digest)


def locate(reference: str) -> str:
    """The path that a chart argument means. Raises ChartError where there is nothing."""
    reference = reference.strip()
    if Path(reference).exists():
        return reference
    if reference.startswith(("/", ".")):
        raise ChartError(f'path "{reference}" not found')
    if reference.startswith(_REMOTE):
        raise ChartError(f"{reference} is not on this machine", hint="pull the chart first and pass the archive's path")
    if "/" not in reference:
        raise ChartError(f"non-absolute URLs should be in form of repo_name/path_to_chart, got: {reference}")
    raise ChartError(f"repo {reference.partition('/')[0]} not found")


def read_bytes(path: str | Path) -> bytes:
    """The content of a file. Raises ChartError in the words of the operating system."""
    try:
        return Path(path).read_bytes()
    except OSError as error:
        raise ChartError(_os_error(path, error)) from error


def _os_error(path: str | Path, error: OSError) -> str:
    action = "read" if isinstance(error, IsADirectoryError) else "open"
    return f"{action} {path}: {(error.strerror or str(error)).lower()}"


def _load_archive(path: Path, data: bytes) -> Chart:
    try:
        return load_archive(data)
    except NotGzip as error:
        if path.suffix in (".yml", ".yaml"):
            raise ChartError(f"file '{path}' seems to be a YAML file, but expected a gzipped archive") from error
        raise ChartError(
            f"file '{path}' does not appear to be a gzipped archive; got 'application/octet-stream'"
        ) from error


def _list_folder(folder: Path, warn: Warn) -> tuple[ChartApi, dict[str, bytes]]:
    """The files of a chart folder, and by which rules to read them."""
    chart_file = folder / "Chart.yaml"
    try:
        api = chart_api(chart_file.read_bytes())
    except OSError as error:
        raise ChartError(f"unable to detect chart at {chart_file}: {_os_error(chart_file, error)}") from error
    ignore_file = folder / IGNORE_FILE
    text = read_bytes(ignore_file).decode("utf-8", "replace") if ignore_file.exists() else ""
    return api, _Listing(folder, parse_ignore(text), warn).files()


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
            raise ChartError(f"error reading {name}: {_os_error(path, error)}") from error
