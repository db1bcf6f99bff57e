"""OpenPGP keys as GnuPG makes them, whose primary key signs: packet by packet, since no wheel here makes them.

Helm signs with the primary key, whatever subkeys there are; keys of Sequoia's making do not sign with theirs.
"""

from __future__ import annotations

import hashlib
import struct
import time
from collections.abc import Callable
from dataclasses import dataclass

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ed25519, padding, rsa
from pysequoia import ArmorKind, armor

_SECRET_KEY, _PUBLIC_KEY, _USER_ID, _SIGNATURE = 5, 6, 13, 2
_RSA, _EDDSA = 1, 22
_SHA256 = 8
_CERTIFIES_AND_SIGNS = 0x03
_TEXT, _POSITIVE_CERTIFICATION, _KEY_REVOCATION = 0x01, 0x13, 0x20
_ED25519 = bytes.fromhex("2b06010401da470f01")


@dataclass(frozen=True)
class GnuPgKey:
    """A key: `secret` and `public` are keyrings of it alone."""

    user: str
    secret: bytes
    public: bytes
    fingerprint: str
    sign: Callable[[int, bytes], bytes]

    def clearsign(self, text: str) -> bytes:
        """A cleartext signature of lines without trailing space or dashes at their beginning."""
        canonical = text.removesuffix("\n").replace("\n", "\r\n").encode()
        signature = armor(self.sign(_TEXT, canonical), ArmorKind.Signature)
        return f"-----BEGIN PGP SIGNED MESSAGE-----\nHash: SHA256\n\n{text}{signature}".encode()

    @property
    def armored(self) -> bytes:
        return armor(self.public, ArmorKind.PublicKey).encode()


def make_key(
    user: str, *, kind: str = "rsa", bits: int = 2048, age: int = 60, life: int = 0, revoked: bool = False
) -> GnuPgKey:
    """A key that was made `age` seconds ago and lives for `life` (0: for ever)."""
    created = int(time.time()) - age
    algorithm, public_numbers, secret_numbers, sign = _rsa_key(bits) if kind == "rsa" else _eddsa_key()
    public = struct.pack(">BIB", 4, created, algorithm) + public_numbers
    secret = public + b"\x00" + secret_numbers + struct.pack(">H", sum(secret_numbers) % 65536)
    as_hashed = b"\x99" + struct.pack(">H", len(public)) + public
    fingerprint = hashlib.sha1(as_hashed).digest()  # the version 4 fingerprint

    def signature(kind_: int, hashed: bytes, subpackets: bytes = b"") -> bytes:
        issuer = _subpacket(33, b"\x04" + fingerprint)
        begin = _subpacket(2, struct.pack(">I", created)) + issuer + subpackets
        fields = struct.pack(">BBBBH", 4, kind_, algorithm, _SHA256, len(begin)) + begin
        data = hashed + fields + b"\x04\xff" + struct.pack(">I", len(fields))
        unhashed = _subpacket(16, fingerprint[-8:])
        tag = hashlib.sha256(data).digest()[:2]
        return _packet(_SIGNATURE, fields + struct.pack(">H", len(unhashed)) + unhashed + tag + sign(data))

    name = user.encode()
    traits = _subpacket(27, bytes([_CERTIFIES_AND_SIGNS])) + (_subpacket(9, struct.pack(">I", life)) if life else b"")
    with_name = as_hashed + b"\xb4" + struct.pack(">I", len(name)) + name
    named = _packet(_USER_ID, name) + signature(_POSITIVE_CERTIFICATION, with_name, traits)
    revocation = signature(_KEY_REVOCATION, as_hashed, _subpacket(29, b"\x02stolen")) if revoked else b""
    return GnuPgKey(
        user,
        _packet(_SECRET_KEY, secret) + named,
        _packet(_PUBLIC_KEY, public) + revocation + named,
        fingerprint.hex().upper(),
        signature,
    )


_Parts = tuple[int, bytes, bytes, Callable[[bytes], bytes]]


def _rsa_key(bits: int) -> _Parts:
    key = rsa.generate_private_key(65537, bits)
    numbers = key.private_numbers()
    public = numbers.public_numbers
    # OpenPGP wants p < q and the inverse of p.
    p, q = sorted((numbers.p, numbers.q))

    def sign(data: bytes) -> bytes:
        return _number(int.from_bytes(key.sign(data, padding.PKCS1v15(), hashes.SHA256())))

    secret = b"".join(map(_number, (numbers.d, p, q, pow(p, -1, q))))
    return _RSA, _number(public.n) + _number(public.e), secret, sign


def _eddsa_key() -> _Parts:
    key = ed25519.Ed25519PrivateKey.generate()
    point = b"\x40" + key.public_key().public_bytes_raw()

    def sign(data: bytes) -> bytes:
        made = key.sign(hashlib.sha256(data).digest())
        return _number(int.from_bytes(made[:32])) + _number(int.from_bytes(made[32:]))

    public = bytes([len(_ED25519)]) + _ED25519 + _number(int.from_bytes(point))
    return _EDDSA, public, _number(int.from_bytes(key.private_bytes_raw())), sign


def _number(value: int) -> bytes:
    return struct.pack(">H", value.bit_length()) + value.to_bytes((value.bit_length() + 7) // 8)


def _subpacket(kind: int, data: bytes) -> bytes:
    return bytes([len(data) + 1, kind]) + data


def _packet(tag: int, body: bytes) -> bytes:
    return bytes([0xC0 | tag, 0xFF]) + struct.pack(">I", len(body)) + body
