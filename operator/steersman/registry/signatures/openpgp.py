"""OpenPGP without a gpg binary: keyrings, and who made a cleartext signature.

Sequoia does the work, behind the few lines here; its errors carry backtraces, of which the first line is for people. A
signature by a key that has expired or was revoked by `now` does not count, as in Helm.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import Enum

from pysequoia import Cert, Sig, verify
from pysequoia.packet import PacketPile

from steersman.registry.errors import InvalidTrust
from steersman.registry.signatures.cleartext import find_message
from steersman.registry.signatures.keybox import KeyboxError, is_keybox, keys_of_keybox

# As Go's names for them are.
_ALGORITHMS = {
    "RSAEncryptSign": "RSA",
    "RSASign": "RSA",
    "DSA": "DSA",
    "ECDSA": "ECDSA",
    "EdDSA": "EdDSA",
    "Ed25519": "Ed25519",
    "Ed448": "ed448",
}
_EXPORT = "export the keys that may sign: gpg --export >pubring.gpg"


class Flaw(Enum):
    """What is wrong with a signature."""

    ABSENT = "there is no signed message in it"
    UNREADABLE = "its signature cannot be read"
    UNKNOWN_KEY = "it is signed by a key that is not in the keyring"
    BROKEN = "its signature does not fit its text"
    EXPIRED = "it is signed by a key that has expired"
    REVOKED = "it is signed by a key that was revoked"
    WEAK = "it is signed by a key that is not secure"


class BadSignature(Exception):
    """A signature that does not hold. `detail` names the key, or says what cannot be read; `algorithm` is that of the
    key, where it is known."""

    def __init__(self, flaw: Flaw, detail: str = "", algorithm: str = "") -> None:
        super().__init__(f"{flaw.value} ({detail})" if detail else flaw.value)
        self.flaw = flaw
        self.detail = detail
        self.algorithm = algorithm


@dataclass(frozen=True, slots=True)
class SignedText:
    """A text whose signature holds: the text as signed, by whom, and the fingerprint of that key."""

    content: bytes
    signers: tuple[str, ...]
    fingerprint: str


def read_keyring(data: bytes, where: str) -> list[Cert]:
    """The keys of a keyring: binary, armored, or a keybox. Raises InvalidTrust."""
    try:
        found = Cert.split_bytes(keys_of_keybox(data) if is_keybox(data) else data)
    except (RuntimeError, KeyboxError) as error:
        raise InvalidTrust(f"{where} holds no OpenPGP keyring: {first_line(error)}", hint=_EXPORT) from error
    if not found:
        raise InvalidTrust(f"{where} holds no OpenPGP key", hint=_EXPORT)
    return found


def verify_cleartext(text: bytes, keys: Sequence[Cert], now: datetime) -> SignedText:
    """Hold the signed message in a text against these keys. Raises BadSignature."""
    found = find_message(text)
    if found is None:
        raise BadSignature(Flaw.ABSENT)
    message, signature = found
    try:
        result = verify(message, lambda _: list(keys))
    except RuntimeError as error:
        raise _why_not(signature, keys, now) from error
    by_fingerprint = {key.fingerprint: key for key in keys}
    flaw = BadSignature(Flaw.BROKEN)
    for made in result.valid_sigs:
        key = by_fingerprint[made.certificate]
        standing = _standing(key, now)
        if standing is None:
            return SignedText(result.bytes or b"", _users(key), key.fingerprint.upper())
        flaw = standing
    raise flaw


def first_line(error: Exception) -> str:
    """What went wrong, without the backtrace."""
    return (str(error).splitlines() or [type(error).__name__])[0].rstrip(".")


def _cause(error: Exception) -> str:
    """What is below `Caused by:`, where Sequoia says what it means."""
    _, _, causes = str(error).partition("Caused by:")
    return (causes.strip().splitlines() or [first_line(error)])[0].strip()


def _why_not(signature: bytes, keys: Sequence[Cert], now: datetime) -> BadSignature:
    try:
        issuer = Sig.from_bytes(signature)
    except RuntimeError as error:
        return BadSignature(Flaw.UNREADABLE, first_line(error))
    by = (issuer.issuer_fingerprint or issuer.issuer_key_id or "").lower()
    for key in keys:
        if any(name.endswith(by) or by.endswith(name) for name in _names(key)):
            algorithm = _ALGORITHMS.get(str(issuer.key_algorithm).rpartition(".")[2], "signature")
            return _standing(key, now) or BadSignature(Flaw.BROKEN, _name(key), algorithm)
    return BadSignature(Flaw.UNKNOWN_KEY, by.upper())


def _standing(key: Cert, now: datetime) -> BadSignature | None:
    """Why the key counts no more, None where it does."""
    try:
        key.expiration  # noqa: B018 - Sequoia says here what it thinks of the key
    except RuntimeError as error:
        return BadSignature(Flaw.WEAK, _cause(error))
    if key.is_revoked:
        return BadSignature(Flaw.REVOKED, _name(key))
    if key.expiration is not None and key.expiration <= now:
        return BadSignature(Flaw.EXPIRED, f"{_name(key)}, on {key.expiration:%Y-%m-%d}")
    return None


def _names(key: Cert) -> list[str]:
    """The key IDs of the key and its subkeys."""
    return [packet.key_id.lower() for packet in PacketPile.from_bytes(bytes(key)) if packet.key_id]


def _users(key: Cert) -> tuple[str, ...]:
    return tuple(str(user) for user in key.user_ids)


def _name(key: Cert) -> str:
    return (*_users(key), key.fingerprint.upper())[0]
