"""Reads tar archives as Go's archive/tar does, forward only. Called by `archive`.

Python's tarfile is not made for hostile archives: it stops at a broken header without a word, follows negative sizes
backwards, and reads some headers in time that grows with the square of their length. This reader knows what charts are
packed as (ustar, GNU and PAX headers with long names and sizes) and refuses the rest. Content is read only when the
caller asks for it, so that a bound can be checked before.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Final, Protocol

from steersman.core.chart.refusals import ArchiveFault, BrokenArchive, refused
from steersman.core.golang.types import from_bytes

BLOCK: Final = 512
MAX_RECORDS: Final = 1000
MAX_SPECIALS: Final = 8
_MAX_SPECIAL: Final = 1024 * 1024  # Go's bound of a PAX header and of a GNU long name
_MAX_INT64: Final = 2**63 - 1
_MODE: Final = slice(100, 108)
_OTHER_NUMBERS: Final = (slice(108, 116), slice(116, 124), slice(136, 148))  # uid, gid, mtime
_DEVICE_NUMBERS: Final = (slice(329, 337), slice(337, 345))
_USTAR: Final = b"ustar\0"
_GNU: Final = b"ustar  \0"
_HEADER_ONLY: Final = frozenset((b"1", b"2", b"3", b"4", b"5", b"6"))  # links, devices, folders, fifos
_FOLDER: Final = b"5"
_LINKS: Final = frozenset((b"1", b"2"))
_DEVICES: Final = frozenset((b"3", b"4", b"6"))
_FILES: Final = frozenset((b"0", b"\0", b"7"))  # 7: a file in one piece, of old systems
_SPARSE: Final = b"S"
_FOLDER_MODE: Final = 0o40000
_OCTAL = re.compile(rb"[0-7]{1,20}").fullmatch
_PAX_LENGTH = re.compile(rb"([0-9]{1,7}) ").match
_PAX_SIZE = re.compile(rb"[0-9]{1,18}").fullmatch


class Source(Protocol):
    """Where the bytes of an archive come from."""

    def read(self, size: int) -> bytes:
        """The next bytes, fewer at the end only."""


@dataclass(slots=True)
class Entry:
    """A file or folder of an archive. Its content can be read until the next entry is asked for."""

    name: str
    is_folder: bool
    size: int
    _source: Source
    _is_read: bool = False

    def read(self) -> bytes:
        """The content, once. Raises ArchiveRefused."""
        self._is_read = True
        return _content(self._source, self.size)

    def pass_over(self) -> None:
        """Go to the end of the content, unless it was read."""
        if not self._is_read:
            self.read()


@dataclass(frozen=True, slots=True)
class _Header:
    """One header block, those included that only describe the next one."""

    name: bytes
    kind: bytes
    mode: int
    size: int


def entries(source: Source) -> Iterator[Entry]:
    """The files and folders in archive order. Raises ArchiveRefused, BrokenArchive in Go's words."""
    specials = 0
    long_name = b""
    pax: dict[bytes, bytes] = {}
    while (header := _header(source)) is not None:
        specials += 1
        if specials > MAX_SPECIALS:
            raise refused(ArchiveFault.HEADERS, f"more than {MAX_SPECIALS} extended headers in a row")
        match header.kind:
            case b"x":
                pax = _records(_special(source, header))
            case b"g":
                _records(_special(source, header))
            case b"L":
                long_name = _c_string(_special(source, header))
            case b"K":
                _special(source, header)
            case _:
                entry = _entry(_extended(header, long_name, pax), source)
                specials, long_name, pax = 0, b"", {}
                yield entry
                entry.pass_over()


def _header(source: Source) -> _Header | None:
    """The next header, None at the end of the archive."""
    block = source.read(BLOCK)
    if not block:
        return None
    if len(block) < BLOCK:
        raise BrokenArchive("unexpected EOF")
    if not any(block):
        if any(source.read(BLOCK)):
            raise _bad_header()
        return None
    _check_sum(block)
    for field in _OTHER_NUMBERS:
        _number(block[field])
    kind = block[156:157]
    size = _number(block[124:136])
    if kind in _HEADER_ONLY:
        size = 0
    if size < 0:
        raise _bad_header()
    return _Header(_name(block), kind, _number(block[_MODE]), size)


def _name(block: bytes) -> bytes:
    """The name, with ustar's prefix before it; checks the fields that only later formats have."""
    name = _c_string(block[:100])
    magic = block[257:265]
    is_ustar = magic.startswith(_USTAR)
    if not is_ustar and magic != _GNU:
        return name
    for field in _DEVICE_NUMBERS:
        _number(block[field])
    prefix = _c_string(block[345:500]) if is_ustar else b""
    return prefix + b"/" + name if prefix else name


def _check_sum(block: bytes) -> None:
    """Checksums count the bytes of a header, as numbers without a sign or, in old archives, with one."""
    declared = _octal(block[148:156])
    blank = block[:148] + b" " * 8 + block[156:]
    unsigned = sum(blank)
    if declared != unsigned and declared != unsigned - 256 * sum(byte > 127 for byte in blank):
        raise _bad_header()


def _number(field: bytes) -> int:
    """A number in octal, or in two's complement where the first bit is set."""
    if field[0] < 0x80:
        return _octal(field)
    value = int.from_bytes(bytes([field[0] & 0x7F]) + field[1:], "big")
    if field[0] & 0x40:
        value -= 1 << (8 * len(field) - 1)
    if abs(value) > _MAX_INT64:
        raise _bad_header()
    return value


def _octal(field: bytes) -> int:
    digits = _c_string(field.strip(b" \0"))
    if not digits:
        return 0
    if not _OCTAL(digits):
        raise _bad_header()
    return int(digits, 8)


def _special(source: Source, header: _Header) -> bytes:
    """The content of a header that describes the next entry."""
    if header.size > _MAX_SPECIAL:
        raise BrokenArchive("archive/tar: header field too long", ArchiveFault.HEADERS)
    return _content(source, header.size)


def _content(source: Source, size: int) -> bytes:
    """So many bytes, and past the padding after them, which may be missing at the very end."""
    content = source.read(size)
    if len(content) < size:
        raise BrokenArchive("unexpected EOF")
    source.read(-size % BLOCK)
    return content


def _records(content: bytes) -> dict[bytes, bytes]:
    """The records of a PAX header: `LENGTH KEY=VALUE` and a line break, each."""
    records: dict[bytes, bytes] = {}
    at = 0
    while at < len(content):
        found = _PAX_LENGTH(content, at)
        end = at + int(found[1]) if found else 0
        if found is None or not found.end() < end <= len(content) or content[end - 1 : end] != b"\n":
            raise _bad_header()
        key, equals, value = content[found.end() : end - 1].partition(b"=")
        if not key or not equals or b"\0" in key or (key == b"path" and b"\0" in value):
            raise _bad_header()
        if key.startswith(b"GNU.sparse."):
            raise refused(ArchiveFault.SPARSE, "sparse files are not read")
        records[key] = value
        if len(records) > MAX_RECORDS:
            raise refused(ArchiveFault.HEADERS, f"a PAX header has more than {MAX_RECORDS} records")
        at = end
    return records


def _extended(header: _Header, long_name: bytes, pax: dict[bytes, bytes]) -> _Header:
    """The header with what special headers before it said."""
    size = pax.get(b"size", b"")
    if size and header.kind not in _HEADER_ONLY:
        if not _PAX_SIZE(size):
            raise _bad_header()
        header = replace(header, size=int(size))
    return replace(header, name=long_name or pax.get(b"path", b"") or header.name)


def _entry(header: _Header, source: Source) -> Entry:
    name = from_bytes(header.name)
    is_folder = (
        header.kind == _FOLDER
        or header.mode & ~0o7777 == _FOLDER_MODE
        or (header.kind == b"\0" and header.name.endswith(b"/"))
    )
    if not is_folder:
        _check_kind(header.kind, name)
    return Entry(name, is_folder, header.size, source)


def _check_kind(kind: bytes, name: str) -> None:
    """Files only."""
    if kind in _LINKS:
        raise refused(ArchiveFault.LINK, "is a link", entry=name)
    if kind in _DEVICES:
        raise refused(ArchiveFault.DEVICE, "is a device or a fifo", entry=name)
    if kind == _SPARSE:
        raise refused(ArchiveFault.SPARSE, "is a sparse file", entry=name)
    if kind not in _FILES:
        raise refused(ArchiveFault.UNKNOWN_TYPE, f"has the type {from_bytes(kind)!r}", entry=name)


def _c_string(field: bytes) -> bytes:
    return field.partition(b"\0")[0]


def _bad_header() -> BrokenArchive:
    return BrokenArchive("archive/tar: invalid tar header")
