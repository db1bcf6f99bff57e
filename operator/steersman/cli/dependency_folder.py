"""A chart folder whose `charts/` and lock file are looked at and replaced, all or nothing.

Called by `dependency_build` and `dependency_list`. New archives are complete and checked before the first one moves to
`charts/`; each arrives there by a rename, then those that are not wanted any more leave. Folders in `charts/` stay, as
with Helm.
"""

from __future__ import annotations

import errno
import os
import shutil
import tempfile
import time
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path

from steersman.cli.charts import load_archive_file, os_error, read_bytes
from steersman.cli.folder_listing import folder_files
from steersman.cli.output import OutputError, write_log
from steersman.core.chart.errors import ChartError
from steersman.core.chart.loader import load_files
from steersman.core.chart.model import Chart
from steersman.core.golang.quote import quote

_CHARTS = "charts"
_ARCHIVE = ".tgz"
_READABLE = 0o644
_TEMPORARY = "tmpcharts-"
_ABANDONED_SECONDS = 3600.0


class DependencyFolder:
    """The chart folder at a path, which messages name as it is given here."""

    def __init__(self, path: str) -> None:
        self.path = path
        self._charts = Path(path) / _CHARTS

    @property
    def charts(self) -> str:
        """The path of `charts/`, as messages name it."""
        return os.path.normpath(f"{self.path}/{_CHARTS}")

    def load(self) -> Chart:
        """The chart as it is now. Raises ChartError."""
        try:
            is_folder = Path(self.path).stat() and Path(self.path).is_dir()
        except OSError as error:
            raise ChartError(f"could not find {self.path}: {os_error(self.path, error, 'stat')}") from error
        if not is_folder:
            raise ChartError("only unpacked charts can be updated")
        return load_folder(self.path)

    def check_charts(self) -> None:
        """Whether `charts/` is a folder, if it is there. Raises ChartError."""
        if self._charts.exists() and not self._charts.is_dir():
            raise ChartError(f"{quote(self.charts)} is not a directory")

    def names(self) -> list[str]:
        """What is in `charts/`, sorted as Go sorts names."""
        try:
            return sorted(os.listdir(self._charts), key=os.fsencode)  # noqa: PTH208 - names are wanted
        except OSError:
            return []

    def is_folder(self, name: str) -> bool:
        """Whether this name in `charts/` is a folder."""
        return (self._charts / name).is_dir()

    def load_inner(self, name: str) -> Chart:
        """The chart of this name in `charts/`, a folder or an archive. Raises ChartError."""
        path = os.path.normpath(f"{self.charts}/{name}")
        return load_folder(path) if self.is_folder(name) else load_archive_file(path, read_bytes(path))

    def replace(self, archives: Mapping[str, bytes], keep: Collection[str]) -> Iterator[str]:
        """Put these archives (file name → content, charts all of them) into `charts/` and take all others out, but for
        charts with a name in `keep`. Gives lines to tell. Raises OutputError; nothing was moved yet if a new archive
        could not be written."""
        with _writing(self.charts), _temporary_folder(self.path) as temporary:
            for name, data in archives.items():
                _write(temporary / name, data)
            self._charts.mkdir(mode=0o755, exist_ok=True)
            old = self.names()
            for name in archives:
                _move(temporary / name, self._charts / name)
        yield "Deleting outdated charts"
        for name in old:
            if name not in archives and not self.is_folder(name):
                yield from self._remove(name, keep)

    def write_lock(self, file: str, text: str) -> None:
        """Replace the lock file. Raises OutputError, also where it is a link: whose file that is cannot be known."""
        path = Path(self.path) / file
        with _writing(str(path)):
            if path.is_symlink():
                raise OutputError(f"the {file} file is a symlink to {quote(os.readlink(path))}")  # noqa: PTH115
            with _temporary_folder(self.path) as temporary:
                _write(temporary / file, text.encode("utf-8", "surrogateescape"))
                (temporary / file).replace(path)

    def _remove(self, name: str, keep: Collection[str]) -> Iterator[str]:
        path = os.path.normpath(f"{self.charts}/{name}")
        try:
            if self.load_inner(name).name in keep:
                return
        except ChartError as error:
            yield f"Could not verify {path} for deletion: {error.message} (Skipping)"
            return
        try:
            (self._charts / name).unlink()
        except OSError as error:
            yield f"Could not delete {path}: {os_error(path, error, 'remove')} (Skipping)"


def load_folder(path: str) -> Chart:
    """The chart in a folder; links that were followed are told on standard error. Raises ChartError."""
    log: list[str] = []
    try:
        return load_files(folder_files(Path(os.path.abspath(path)), log.append))  # noqa: PTH100 - keeps no `..`
    finally:
        write_log(log)


@contextmanager
def _temporary_folder(parent: str) -> Iterator[Path]:
    """On the same file system, so that what is in it can be renamed to its place. Those that killed processes left, of
    ours or of Helm's, are removed: they would be packed with the chart."""
    for left in Path(parent).glob(f"{_TEMPORARY}*"):
        with suppress(OSError):  # another process was quicker
            if left.stat().st_mtime < time.time() - _ABANDONED_SECONDS:
                shutil.rmtree(left)
    folder = Path(tempfile.mkdtemp(prefix=_TEMPORARY, dir=parent))
    try:
        yield folder
    finally:
        with suppress(OSError):
            shutil.rmtree(folder)


@contextmanager
def _writing(what: str) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise OutputError(f"{what} cannot be written: {(error.strerror or str(error)).lower()}") from error


def _move(source: Path, target: Path) -> None:
    """By a rename; where `charts/` is a link to another file system, by a copy beside the target first."""
    try:
        source.replace(target)
    except OSError as error:
        if error.errno != errno.EXDEV:
            raise
        beside = target.with_name(f".{target.name}-{source.parent.name}")
        shutil.copy(source, beside)
        beside.replace(target)


def _write(path: Path, data: bytes) -> None:
    """Readable by everybody, as Helm's files are. Not forced to disk: after a power cut they are made again."""
    path.write_bytes(data)
    path.chmod(_READABLE)
