"""The cleartext signature framework of OpenPGP: where in a text a signed message is, brought into a form that every
reader takes. Pure.

Helm before 3.10 wrote the numbers of a signature with leading zero bits, which OpenPGP forbids: GnuPG and Helm read
them nevertheless, Sequoia does not. Half of all RSA signatures that those made are so.
"""

from __future__ import annotations

import re
import struct

from pysequoia import ArmorKind, armor
from pysequoia.packet import PacketPile

_MESSAGE = re.compile(
    rb"^-----BEGIN PGP SIGNED MESSAGE-----[ \t]*\r?\n.*?"
    rb"^(-----BEGIN PGP SIGNATURE-----[ \t]*\r?\n.*?^-----END PGP SIGNATURE-----)",
    re.DOTALL | re.MULTILINE,
)
_VERSION = 4
# RSA, DSA, ECDSA and the first kind of EdDSA write numbers; what came later writes octets.
_ALGORITHMS_WITH_NUMBERS = frozenset({1, 3, 17, 19, 22})
# One octet each: version, type, algorithm, hash.
_FIXED = 4
_HASH_TAG = 2


def find_message(text: bytes) -> tuple[bytes, bytes] | None:
    """The first signed message in the text, with its signature alone, armored; None where there is none."""
    match = _MESSAGE.search(text)
    if match is None:
        return None
    signature = _canonical(match[1])
    return text[match.start() : match.start(1)] + signature + b"\n", signature


def _canonical(armored: bytes) -> bytes:
    """The signatures with numbers as OpenPGP has them. What cannot be read is left for the verifier to refuse."""
    try:
        packets = [_packet(packet.body) for packet in PacketPile.from_bytes(armored)]
    except (RuntimeError, struct.error):
        return armored
    return armor(b"".join(packets), ArmorKind.Signature).encode()


def _packet(body: bytes) -> bytes:
    if len(body) < _FIXED or body[0] != _VERSION or body[2] not in _ALGORITHMS_WITH_NUMBERS:
        raise struct.error("no numbers, or elsewhere")
    (hashed,) = struct.unpack_from(">H", body, _FIXED)
    (unhashed,) = struct.unpack_from(">H", body, _FIXED + 2 + hashed)
    end = _FIXED + 2 + hashed + 2 + unhashed + _HASH_TAG
    body = body[:end] + _numbers(body[end:])
    return b"\xc2\xff" + struct.pack(">I", len(body)) + body


def _numbers(data: bytes) -> bytes:
    out = b""
    while data:
        (bits,) = struct.unpack_from(">H", data)
        length = 2 + (bits + 7) // 8
        number = int.from_bytes(data[2:length])
        out += struct.pack(">H", number.bit_length()) + number.to_bytes((number.bit_length() + 7) // 8)
        data = data[length:]
    return out
