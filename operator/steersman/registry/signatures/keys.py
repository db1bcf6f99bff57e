"""Public keys of cosign, and whether a signature is by one of them.

As cosign signs: ECDSA with SHA-256, or with the hash that goes with the curve, as newer versions choose; RSA in either
padding; Ed25519. Pure.
"""

from __future__ import annotations

import hashlib
from typing import Any, TypeAlias

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_pem_public_key

from steersman.registry.errors import InvalidTrust

VerifyingKey: TypeAlias = ec.EllipticCurvePublicKey | rsa.RSAPublicKey | ed25519.Ed25519PublicKey

_CURVES: dict[str, hashes.HashAlgorithm] = {
    "secp256r1": hashes.SHA256(),
    "secp384r1": hashes.SHA384(),
    "secp521r1": hashes.SHA512(),
}
_SMALLEST_RSA = 2048


def load_public_key(pem: bytes, what: str) -> VerifyingKey:
    """A key that `is_signed_by` takes. Raises InvalidTrust, naming it as `what`."""
    if b"PRIVATE KEY-----" in pem:
        raise InvalidTrust(f"{what} is a private key", hint="replace it by the public one, and consider it known")
    try:
        key = load_pem_public_key(pem)
    except (ValueError, UnsupportedAlgorithm) as error:
        raise InvalidTrust(
            f"{what} is no public key in PEM form", hint="it begins with -----BEGIN PUBLIC KEY-----, as cosign.pub does"
        ) from error
    match key:
        case ec.EllipticCurvePublicKey() if key.curve.name in _CURVES:
            return key
        case rsa.RSAPublicKey() if key.key_size >= _SMALLEST_RSA:
            return key
        case ed25519.Ed25519PublicKey():
            return key
    raise InvalidTrust(
        f"{what} is a key of a kind that is not trusted",
        hint=f"use ECDSA on P-256, P-384 or P-521, RSA of at least {_SMALLEST_RSA} bits, or Ed25519",
    )


def fingerprint(key: VerifyingKey) -> str:
    """The SHA-256 of the key in DER form, as `openssl pkey -pubin -outform DER | sha256sum` prints it."""
    return hashlib.sha256(key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)).hexdigest()


def is_signed_by(key: VerifyingKey, signature: bytes, data: bytes) -> bool:
    """Whether this is a signature of the data by the key."""
    for algorithm in _algorithms(key):
        try:
            key.verify(signature, data, *algorithm)
        except InvalidSignature:
            continue
        return True
    return False


def _algorithms(key: VerifyingKey) -> list[tuple[Any, ...]]:
    """The ways in which the key may have signed, as further arguments of its `verify`."""
    match key:
        case ec.EllipticCurvePublicKey():
            chosen = {digest.name: digest for digest in (hashes.SHA256(), _CURVES[key.curve.name])}
            return [(ec.ECDSA(digest),) for digest in chosen.values()]
        case rsa.RSAPublicKey():
            pss = padding.PSS(padding.MGF1(hashes.SHA256()), padding.PSS.AUTO)
            return [(padding.PKCS1v15(), hashes.SHA256()), (pss, hashes.SHA256())]
        case ed25519.Ed25519PublicKey():
            return [()]
