"""GnuPG's keybox, the format of `pubring.kbx`: the OpenPGP keys in it. Pure.

A keybox is a row of blobs, each with its length (four bytes, big endian, itself included), a type, a version and flags.
The first is a header with the magic `KBXf`. A blob of an OpenPGP key says where within itself the key lies.
"""

from __future__ import annotations

import struct

_HEADER_TYPE = 1
_OPENPGP_TYPE = 2
_MAGIC = b"KBXf"
# Left over from an operation that GnuPG did not finish; it reads over these as well.
_EPHEMERAL = 0x0002
_COMMON = struct.Struct(">IBBH")
_KEY_PLACE = struct.Struct(">II")


class KeyboxError(ValueError):
    """A keybox that is damaged, or holds no key."""


def is_keybox(data: bytes) -> bool:
    """Whether this is a keybox."""
    return len(data) >= 12 and data[4] == _HEADER_TYPE and data[8:12] == _MAGIC


def keys_of_keybox(data: bytes) -> bytes:
    """The keys, one behind the other, as in a keyring of old. Raises KeyboxError."""
    found = bytearray()
    offset = 0
    while offset < len(data):
        blob = _blob(data, offset)
        offset += len(blob)
        found += _key_in(blob)
    if not found:
        raise KeyboxError("the keybox has no OpenPGP key")
    return bytes(found)


def _blob(data: bytes, offset: int) -> bytes:
    if len(data) - offset < _COMMON.size:
        raise KeyboxError(f"the keybox ends within a blob, at byte {offset}")
    length = _COMMON.unpack_from(data, offset)[0]
    if not _COMMON.size <= length <= len(data) - offset:
        raise KeyboxError(f"the keybox has a blob of {length} bytes at byte {offset}, where that cannot be")
    return data[offset : offset + length]


def _key_in(blob: bytes) -> bytes:
    _, kind, _, flags = _COMMON.unpack_from(blob)
    if kind != _OPENPGP_TYPE or flags & _EPHEMERAL:
        return b""
    if len(blob) < _COMMON.size + _KEY_PLACE.size:
        raise KeyboxError("the keybox has a key without a place")
    start, length = _KEY_PLACE.unpack_from(blob, _COMMON.size)
    if start + length > len(blob):
        raise KeyboxError("the keybox has a key that is not within its blob")
    return blob[start : start + length]
