"""From the bytes of a chart archive (.tgz) to its files, safely.

Called by `chart.loader`, for the archive itself and for archives in its `charts/`. Nothing is written anywhere. Helm's
rules: the first element of each path is dropped, absolute paths and `..` are refused, and all files together may take
100 MiB; here that budget is shared with the archives inside, so that nesting cannot multiply it. Links and devices are
never followed: as in Helm they are empty files.
"""

from __future__ import annotations

import posixpath
import re
import zlib

from steersman.core.chart.errors import ChartError
from steersman.core.chart.tar import TarError, entries

MAX_CHART_BYTES = 100 * 1024 * 1024
_MAX_ENTRIES = 200_000
_DRIVE = re.compile(r"[a-zA-Z]:/")
_BOM = b"\xef\xbb\xbf"
_GZIP_MAGIC = b"\x1f\x8b"
_GZIP_WINDOW = 16 + zlib.MAX_WBITS
_CHUNK = 1 << 20
_PACKED_CHUNK = 1 << 16
_MAX_MEMBERS = 1000
_GZIP_HEADER = 10


class NotGzip(ChartError):
    """The bytes are no gzip stream at all."""


class BrokenArchive(ChartError):
    """A gzip stream that is cut, damaged, or holds no tar archive; the message is Go's reason alone."""


class Budget:
    """The bytes that are left for the files of one chart, archives inside it included."""

    def __init__(self, limit: int = MAX_CHART_BYTES) -> None:
        self._limit = limit
        self._left = limit

    def spend(self, size: int) -> None:
        """Take `size` bytes. Raises ChartError when there are not enough."""
        self._left -= size
        if self._left <= 0:
            raise ChartError(f"decompressed chart is larger than the maximum size {self._limit}")


def archive_files(data: bytes, budget: Budget) -> dict[str, bytes]:
    """The files of a chart archive by their path in the chart, in archive order. Raises ChartError, or NotGzip."""
    files: dict[str, bytes] = {}
    unpacked = _decompress(data)
    try:
        for count, entry in enumerate(entries(unpacked)):
            if count >= _MAX_ENTRIES:
                raise ChartError(f"chart archive holds more than {_MAX_ENTRIES} entries")
            if not entry.is_folder:
                budget.spend(entry.size)
                files[_inner_path(entry.name)] = strip_bom(unpacked[entry.start : entry.start + entry.size])
    except TarError as error:
        raise BrokenArchive(str(error)) from error
    if not files:
        raise ChartError("no files in chart archive")
    return files


def strip_bom(data: bytes) -> bytes:
    """Without the UTF-8 byte order mark that some editors write."""
    return data.removeprefix(_BOM)


def _decompress(data: bytes) -> bytes:
    """The gzip members, one after another. Tar headers come on top of the files: twice their budget is let through."""
    if not data.startswith(_GZIP_MAGIC):
        is_cut = len(data) < _GZIP_HEADER
        raise NotGzip(("unexpected EOF" if data else "EOF") if is_cut else "gzip: invalid header")
    out = bytearray()
    at = members = 0
    while data.startswith(_GZIP_MAGIC, at):
        members += 1
        if members > _MAX_MEMBERS:
            raise BrokenArchive(f"more than {_MAX_MEMBERS} gzip members")
        at = _decompress_member(data, at, out)
    return bytes(out)


def _decompress_member(data: bytes, at: int, out: bytearray) -> int:
    """Add what the gzip member at this place holds; gives where it ends."""
    stream = zlib.decompressobj(_GZIP_WINDOW)
    while not stream.eof:
        packed = data[at : at + _PACKED_CHUNK]
        try:
            unpacked = stream.decompress(packed, _CHUNK)
        except zlib.error as error:
            raise BrokenArchive("flate: corrupt input") from error
        if not packed and not unpacked:
            raise BrokenArchive("unexpected EOF")
        out += unpacked
        at += len(packed) - len(stream.unconsumed_tail) - len(stream.unused_data)
        if len(out) > 2 * MAX_CHART_BYTES:
            raise ChartError(f"decompressed chart is larger than the maximum size {MAX_CHART_BYTES}")
    return at


def _inner_path(name: str) -> str:
    """The path inside the chart: without the first element, cleaned, with `/`."""
    delimiter = "\\" if "\\" in name else "/"
    parts = name.split(delimiter)
    path = "/".join(parts[1:])
    if path.startswith("/"):
        raise ChartError("chart illegally contains absolute paths")
    path = posixpath.normpath(path) if path else "."
    if path == ".":
        raise ChartError(f'chart illegally contains content outside the base directory: "{name}"')
    if path.startswith(".."):
        raise ChartError("chart illegally references parent directory")
    if _DRIVE.match(path):
        raise ChartError("chart contains illegally named files")
    if parts[0] == "Chart.yaml":
        raise ChartError("chart yaml not in base directory")
    return path
