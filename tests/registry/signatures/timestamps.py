"""A time-stamping authority of RFC 3161, as far as its answers go: DER by hand, since no wheel here makes them."""

from __future__ import annotations

import hashlib
from datetime import datetime, timedelta

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

_SEQUENCE, _SET, _OCTETS, _INTEGER, _OID, _TIME = 0x30, 0x31, 0x04, 0x02, 0x06, 0x18
_SIGNED_DATA, _TST_INFO = "1.2.840.113549.1.7.2", "1.2.840.113549.1.9.16.1.4"
_CONTENT_TYPE, _MESSAGE_DIGEST = "1.2.840.113549.1.9.3", "1.2.840.113549.1.9.4"
_SIGNING_CERTIFICATE = "1.2.840.113549.1.9.16.2.47"
_SHA256, _ECDSA_SHA256, _POLICY = "2.16.840.1.101.3.4.2.1", "1.2.840.10045.4.3.2", "1.3.6.1.4.1.57264.2"


class TimestampAuthority:
    """An authority and the certificate that it stamps with, both valid around a moment."""

    def __init__(self, around: datetime) -> None:
        root_key, self._key = (ec.generate_private_key(ec.SECP256R1()) for _ in range(2))
        self.root = _certificate("timestamp root", root_key, "timestamp root", root_key, around, is_authority=True)
        self.leaf = _certificate("timestamps", self._key, "timestamp root", root_key, around, is_authority=False)

    def stamp(self, message: bytes, time: datetime) -> bytes:
        """The whole answer for a message at a time."""
        imprint = _der(_SEQUENCE, _algorithm(_SHA256), _der(_OCTETS, hashlib.sha256(message).digest()))
        when = _der(_TIME, time.strftime("%Y%m%d%H%M%SZ").encode())
        info = _der(_SEQUENCE, _integer(1), _oid(_POLICY), imprint, _integer(7), when)
        certificate = self.leaf.public_bytes(Encoding.DER)
        named = _der(_SEQUENCE, _der(_SEQUENCE, _der(_SEQUENCE, _der(_OCTETS, hashlib.sha256(certificate).digest()))))
        attributes = b"".join(
            sorted(
                _der(_SEQUENCE, _oid(kind), _der(_SET, value))
                for kind, value in (
                    (_CONTENT_TYPE, _oid(_TST_INFO)),
                    (_MESSAGE_DIGEST, _der(_OCTETS, hashlib.sha256(info).digest())),
                    (_SIGNING_CERTIFICATE, named),
                )
            )
        )
        signature = self._key.sign(_der(_SET, attributes), ec.ECDSA(hashes.SHA256()))
        issuer = _der(_SEQUENCE, self.leaf.issuer.public_bytes(), _integer(self.leaf.serial_number))
        signer = _der(
            _SEQUENCE, _integer(1), issuer, _algorithm(_SHA256), _der(0xA0, attributes), _algorithm(_ECDSA_SHA256),
            _der(_OCTETS, signature),
        )  # fmt: skip
        content = _der(_SEQUENCE, _oid(_TST_INFO), _der(0xA0, _der(_OCTETS, info)))
        signed = _der(
            _SEQUENCE,
            _integer(3),
            _der(_SET, _algorithm(_SHA256)),
            content,
            _der(0xA0, certificate),
            _der(_SET, signer),
        )
        token = _der(_SEQUENCE, _oid(_SIGNED_DATA), _der(0xA0, signed))
        return _der(_SEQUENCE, _der(_SEQUENCE, _integer(0)), token)


def _certificate(name: str, key, issuer: str, issuer_key, around: datetime, *, is_authority: bool) -> x509.Certificate:
    builder = (
        x509.CertificateBuilder()
        .subject_name(_name(name))
        .issuer_name(_name(issuer))
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(around - timedelta(days=30))
        .not_valid_after(around + timedelta(days=30))
        .add_extension(x509.BasicConstraints(ca=is_authority, path_length=None), critical=True)
    )
    if not is_authority:
        stamps = x509.ExtendedKeyUsage([ExtendedKeyUsageOID.TIME_STAMPING])
        builder = builder.add_extension(stamps, critical=True)
    return builder.sign(issuer_key, hashes.SHA256())


def _name(text: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text)])


def _der(tag: int, *parts: bytes) -> bytes:
    body = b"".join(parts)
    if len(body) < 128:
        return bytes([tag, len(body)]) + body
    size = len(body).to_bytes((len(body).bit_length() + 7) // 8)
    return bytes([tag, 0x80 | len(size)]) + size + body


def _integer(value: int) -> bytes:
    return _der(_INTEGER, value.to_bytes(value.bit_length() // 8 + 1))


def _oid(text: str) -> bytes:
    first, second, *rest = (int(part) for part in text.split("."))
    return _der(_OID, bytes([first * 40 + second]), *(_base128(part) for part in rest))


def _base128(value: int) -> bytes:
    digits = [value & 0x7F]
    while value := value >> 7:
        digits.append(value & 0x7F | 0x80)
    return bytes(reversed(digits))


def _algorithm(text: str) -> bytes:
    return _der(_SEQUENCE, _oid(text))
