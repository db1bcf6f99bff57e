"""The files of a chart folder: `.helmignore` at work, links followed with a line in the log, all as Helm does.

Called by `charts` for a chart that is rendered, and by `chart_folders` for one that is linted.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from pathlib import Path

from steersman.cli.charts import os_error, read_bytes
from steersman.core.chart.archive import MAX_CHART_BYTES, Budget, strip_bom
from steersman.core.chart.chartfile import ChartApi
from steersman.core.chart.errors import ChartError
from steersman.core.chart.ignore import IGNORE_FILE, IgnoreRules, parse_ignore
from steersman.core.chart.loader import chart_api
from steersman.core.manifest.log import Warn, log_line


def list_folder(folder: Path, warn: Warn) -> tuple[ChartApi, dict[str, bytes]]:
    """The files of a chart folder, and by which rules to read them. Raises ChartError."""
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
        except OSError as error:
            raise ChartError(f"error evaluating symlink {path}: {os_error(error.filename, error, 'lstat')}") from error
        except RuntimeError as error:
            raise ChartError(f"error evaluating symlink {path}: EvalSymlinks: too many links") from error
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
