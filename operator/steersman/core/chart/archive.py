"""From the bytes of a chart archive (.tgz) to its files, safely.

Called by `chart.loader`, for the archive itself and for archives in its `charts/`. Nothing is written anywhere. Helm's
rules: the first element of each path is dropped, absolute paths and `..` are refused, and all files together may take
100 MiB; here that budget is shared with the archives inside, so that nesting cannot multiply it. Beyond Helm's rules,
whatever is no plain file under a name of its own is refused (`refusals` has the classes).
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator

from steersman.core.chart.errors import ChartError
from steersman.core.chart.gunzip import Gunzip
from steersman.core.chart.refusals import ArchiveFault, ArchiveRefused, refused
from steersman.core.chart.tar import Entry, entries

MAX_CHART_BYTES = 100 * 1024 * 1024
MAX_ENTRIES = 10_000
MAX_NAME = 4096
_DRIVE = re.compile(r"[a-zA-Z]:/")
_BOM = b"\xef\xbb\xbf"


class Budget:
    """What is left for the files of one chart, archives inside it included: bytes, and entries of archives."""

    def __init__(self, limit: int = MAX_CHART_BYTES, *, entries: int = MAX_ENTRIES) -> None:
        self._limit = limit
        self._left = limit
        self._entries = entries
        self._entries_left = entries

    def spend(self, size: int, name: str = "") -> None:
        """Take `size` bytes for this file. Raises ArchiveRefused when there are not enough."""
        self._left -= size
        if self._left <= 0:
            message = f"decompressed chart is larger than the maximum size {self._limit}"
            raise ArchiveRefused(ArchiveFault.SIZE, message, entry=name)

    def count(self) -> None:
        """Take one entry. Raises ArchiveRefused."""
        self._entries_left -= 1
        if self._entries_left < 0:
            raise refused(ArchiveFault.COUNT, f"it holds more than {self._entries} files and folders")


def archive_files(data: bytes, budget: Budget) -> dict[str, bytes]:
    """The files of a chart archive by their path in the chart, in archive order. Raises ArchiveRefused; NotGzip or
    ChartError where the bytes are no archive of files at all."""
    files: dict[str, bytes] = {}
    unpacked = Gunzip(data)
    for entry in _files_in(unpacked, budget):
        path = inner_path(entry.name)
        budget.spend(entry.size, entry.name)
        if path in files:
            raise refused(ArchiveFault.DUPLICATE, "is there more than once", entry=entry.name)
        files[path] = strip_bom(entry.read())
    unpacked.check_end()
    if not files:
        raise ChartError("no files in chart archive")
    return files


def archive_file(data: bytes, path: str) -> bytes | None:
    """One file of an archive, unpacking no more than what comes before it. Raises as `archive_files`."""
    budget = Budget()
    for entry in _files_in(Gunzip(data), budget):
        budget.spend(entry.size, entry.name)
        if inner_path(entry.name) == path:
            return strip_bom(entry.read())
    return None


def _files_in(unpacked: Gunzip, budget: Budget) -> Iterator[Entry]:
    for entry in entries(unpacked):
        budget.count()
        if entry.is_folder:
            budget.spend(entry.size, entry.name)  # nothing, if it is not a lie
        else:
            yield entry


def strip_bom(data: bytes) -> bytes:
    """Without the UTF-8 byte order mark that some editors write."""
    return data.removeprefix(_BOM)


def inner_path(name: str) -> str:
    """The path inside the chart: without the first element, cleaned, with `/`. Raises ArchiveRefused."""
    if len(name) > MAX_NAME:
        raise refused(ArchiveFault.NAME, f"is longer than {MAX_NAME} characters", entry=name)
    delimiter = "\\" if "\\" in name else "/"
    parts = name.split(delimiter)
    path = "/".join(parts[1:])
    if path.startswith("/"):
        raise _leads_out(name, "chart illegally contains absolute paths")
    path = posixpath.normpath(path) if path else "."
    if path == ".":
        raise _leads_out(name, f'chart illegally contains content outside the base directory: "{name}"')
    if path.startswith(".."):
        raise _leads_out(name, "chart illegally references parent directory")
    if _DRIVE.match(path):
        raise _leads_out(name, "chart contains illegally named files")
    if parts[0] == "Chart.yaml":
        raise _leads_out(name, "chart yaml not in base directory")
    return path


def _leads_out(name: str, message: str) -> ArchiveRefused:
    return ArchiveRefused(ArchiveFault.TRAVERSAL, message, entry=name)
