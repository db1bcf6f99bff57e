"""From the bytes of a chart archive (.tgz) to its files, safely.

Called by `chart.loader`, for the archive itself and for archives in its `charts/`. Nothing is written anywhere. Helm's
rules: the first element of each path is dropped, absolute paths and `..` are refused, and all files together may take
100 MiB; here that budget is shared with the archives inside, so that nesting cannot multiply it. Links and devices are
never followed: as in Helm they are empty files.
"""

from __future__ import annotations

import io
import posixpath
import re
import zlib
from typing import TYPE_CHECKING

from steersman.core.chart.errors import ChartError

if TYPE_CHECKING:
    import tarfile

MAX_CHART_BYTES = 100 * 1024 * 1024
_MAX_ENTRIES = 200_000
_DRIVE = re.compile(r"[a-zA-Z]:/")
_BOM = b"\xef\xbb\xbf"
_GZIP_MAGIC = b"\x1f\x8b"
_GZIP_WINDOW = 16 + zlib.MAX_WBITS
_CHUNK = 1 << 20
_BLOCK = 512
_GZIP_HEADER = 10
_INVALID_HEADER = "archive/tar: invalid tar header"
_TAR_ERRORS = {"truncated header": "unexpected EOF", "invalid header": _INVALID_HEADER, "bad checksum": _INVALID_HEADER}
"""What Go says where tarfile says this."""


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
    import tarfile  # only here: commands that find their chart compiled start faster without

    files: dict[str, bytes] = {}
    unpacked = _decompress(data)
    try:
        with tarfile.open(fileobj=io.BytesIO(unpacked), mode="r:") as archive:
            for count, member in enumerate(archive):
                if count >= _MAX_ENTRIES:
                    raise ChartError(f"chart archive holds more than {_MAX_ENTRIES} entries")
                if not member.isdir():
                    files[_inner_path(member.name)] = _content(archive, member, budget)
            _check_end(unpacked[archive.offset : archive.offset + _BLOCK])
    except (tarfile.TarError, EOFError) as error:
        raise BrokenArchive(_TAR_ERRORS.get(str(error), str(error))) from error
    if not files:
        raise ChartError("no files in chart archive")
    return files


def strip_bom(data: bytes) -> bytes:
    """Without the UTF-8 byte order mark that some editors write."""
    return data.removeprefix(_BOM)


def _check_end(block: bytes) -> None:
    """Where tarfile stopped there must be nothing or zeros: it takes a broken header for the end."""
    if any(block):
        raise BrokenArchive(_INVALID_HEADER)


def _decompress(data: bytes) -> bytes:
    """The gzip members, one after another. Tar headers come on top of the files: twice their budget is let through."""
    if not data.startswith(_GZIP_MAGIC):
        is_cut = len(data) < _GZIP_HEADER
        raise NotGzip(("unexpected EOF" if data else "EOF") if is_cut else "gzip: invalid header")
    out = bytearray()
    while data.startswith(_GZIP_MAGIC):
        stream = zlib.decompressobj(_GZIP_WINDOW)
        try:
            while not stream.eof and data:
                out += stream.decompress(data, _CHUNK)
                data = stream.unconsumed_tail
                if len(out) > 2 * MAX_CHART_BYTES:
                    raise ChartError(f"decompressed chart is larger than the maximum size {MAX_CHART_BYTES}")
        except zlib.error as error:
            raise BrokenArchive("flate: corrupt input") from error
        if not stream.eof:
            raise BrokenArchive("unexpected EOF")
        data = stream.unused_data
    return bytes(out)


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


def _content(archive: tarfile.TarFile, member: tarfile.TarInfo, budget: Budget) -> bytes:
    if not member.isreg():
        return b""
    budget.spend(member.size)
    stream = archive.extractfile(member)
    data = stream.read() if stream else b""
    if len(data) < member.size:
        raise BrokenArchive("unexpected EOF")
    return strip_bom(data)
