"""Unpacks gzip a piece at a time, so that a bomb costs no more than what was asked of it. Called by `archive`.

As in Go, members that follow one another are one stream. What follows the last member is looked at by `check_end`.
"""

from __future__ import annotations

import zlib
from typing import Final

from steersman.core.chart.errors import ChartError
from steersman.core.chart.refusals import ArchiveFault, BrokenArchive, refused

MAX_MEMBERS: Final = 64
MAX_RATIO: Final = 100
"""The charts that people publish reach 18, deflate 1,032."""
_RATIO_FREE: Final = 16 * 1024 * 1024
_MAX_PADDING: Final = 1024 * 1024
_MAGIC: Final = b"\x1f\x8b"
_WINDOW: Final = 16 + zlib.MAX_WBITS
_PACKED_CHUNK: Final = 1 << 16
_CHUNK: Final = 1 << 18
_HEADER: Final = 10


class NotGzip(ChartError):
    """The bytes are no gzip stream at all."""


class Gunzip:
    """What a gzip stream holds, from its start to its end."""

    def __init__(self, data: bytes) -> None:
        if not data.startswith(_MAGIC):
            is_cut = len(data) < _HEADER
            raise NotGzip(("unexpected EOF" if data else "EOF") if is_cut else "gzip: invalid header")
        self._data = data
        self._at = 0
        self._members = 1
        self._unpacked = 0
        self._stream = zlib.decompressobj(_WINDOW)
        self._buffer = b""
        self._used = 0

    def read(self, size: int) -> bytes:
        """The next `size` bytes, fewer at the end. Raises ArchiveRefused."""
        end = self._used + size
        if end <= len(self._buffer):
            piece = self._buffer[self._used : end]
            self._used = end
            return piece
        pieces = [self._buffer[self._used :]]
        missing = size - len(pieces[0])
        while missing > 0 and (chunk := self._unpack()):
            pieces.append(chunk[:missing])
            self._buffer, self._used = chunk, min(missing, len(chunk))
            missing -= self._used
        if missing > 0:
            self._buffer, self._used = b"", 0
        return b"".join(pieces)

    def check_end(self) -> None:
        """Nothing but padding may follow. Raises ArchiveRefused."""
        padding = 0
        while piece := self.read(_CHUNK):
            padding += len(piece)
            if padding > _MAX_PADDING or piece.strip(b"\0"):
                raise refused(ArchiveFault.TRAILING, "something follows the end of the tar archive")
        if self._data[self._at :].strip(b"\0"):
            raise refused(ArchiveFault.TRAILING, "something follows the end of the gzip stream")

    def _unpack(self) -> bytes:
        """Some more bytes, none at the end of the last member."""
        while True:
            if self._stream.eof:
                if not self._data.startswith(_MAGIC, self._at):
                    return b""
                self._start_member()
            packed = self._data[self._at : self._at + _PACKED_CHUNK]
            try:
                unpacked = self._stream.decompress(packed, _CHUNK)
            except zlib.error as error:
                raise BrokenArchive("flate: corrupt input") from error
            self._at += len(packed) - len(self._stream.unconsumed_tail) - len(self._stream.unused_data)
            if unpacked:
                self._check_ratio(len(unpacked))
                return unpacked
            if not packed and not self._stream.eof:
                raise BrokenArchive("unexpected EOF")

    def _start_member(self) -> None:
        self._members += 1
        if self._members > MAX_MEMBERS:
            raise refused(ArchiveFault.MEMBERS, f"it has more than {MAX_MEMBERS} gzip members")
        self._stream = zlib.decompressobj(_WINDOW)

    def _check_ratio(self, size: int) -> None:
        self._unpacked += size
        if self._unpacked > _RATIO_FREE and self._unpacked > MAX_RATIO * self._at:
            problem = f"it unpacks to more than {MAX_RATIO} times its size"
            raise refused(ArchiveFault.RATIO, problem)
