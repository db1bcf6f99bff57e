"""OpenPGP keys and provenance files made here, with the wheel that also reads them."""

from __future__ import annotations

import struct

from pysequoia import ArmorKind, Cert, CipherSuite, SignatureMode, Tsk, armor, sign
from pysequoia.packet import PacketPile

CHART_YAML = "apiVersion: v2\nname: app\nversion: 1.2.3+b\n"


def new_key(user: str = "Ann <ann@example.com>", *, rsa: bool = False, seconds: int | None = None) -> Tsk:
    suite = CipherSuite.RSA2k if rsa else CipherSuite.Cv25519
    return Tsk.generate(user, cipher_suite=suite, validity_seconds=seconds)


def public(*keys: Tsk) -> bytes:
    return b"".join(bytes(key.extract_certificate()) for key in keys)


def armored(key: Tsk) -> bytes:
    return str(key.extract_certificate()).encode()


def revoked(key: Tsk) -> bytes:
    certificate = key.extract_certificate()
    return bytes(Cert.from_bytes(bytes(certificate) + bytes(certificate.revoke(key.certifier()))))


def clearsigned(key: Tsk, text: str) -> bytes:
    return sign(key.signer(), text.encode(), mode=SignatureMode.CLEAR)


def provenance(key: Tsk, digest: str, *, name: str = "app-1.2.3+b.tgz", chart_yaml: str = CHART_YAML) -> bytes:
    """As `helm package --sign` writes it."""
    return clearsigned(key, f"{chart_yaml}\n...\nfiles:\n  {name}: {digest}\n")


def keybox(*blobs: tuple[int, int, bytes]) -> bytes:
    """A pubring.kbx of (type, flags, key)."""
    header = struct.pack(">IBBH", 32, 1, 1, 0) + b"KBXf" + bytes(20)
    return header + b"".join(_blob(kind, flags, key) for kind, flags, key in blobs)


def _blob(kind: int, flags: int, key: bytes) -> bytes:
    return struct.pack(">IBBHII", 16 + len(key) + 20, kind, 1, flags, 16, len(key)) + key + bytes(20)


def with_leading_zeros(signed: bytes) -> bytes | None:
    """The message with its number written as Helm before 3.10 wrote it; None where that begins with a one."""
    begin = signed.index(b"-----BEGIN PGP SIGNATURE-----")
    (packet,) = PacketPile.from_bytes(signed[begin:])
    body = bytes(packet.body)
    (hashed,) = struct.unpack_from(">H", body, 4)
    (unhashed,) = struct.unpack_from(">H", body, 6 + hashed)
    end = 6 + hashed + 2 + unhashed + 2
    (bits,) = struct.unpack_from(">H", body, end)
    number = body[end + 2 :]
    if bits == 2048:
        return None
    body = body[:end] + struct.pack(">H", 2048) + number.rjust(256, b"\x00")
    written = b"\xc2\xff" + struct.pack(">I", len(body)) + body
    return signed[:begin] + armor(written, ArmorKind.Signature).encode()
