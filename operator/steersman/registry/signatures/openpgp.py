"""OpenPGP without a gpg binary: keyrings, and who made a cleartext signature.

Sequoia does the work, behind the few lines here; its errors carry backtraces, of which the first line is for people. A
signature by a key that has expired or was revoked by `now` does not count, as in Helm.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from pysequoia import Cert, verify

from steersman.registry.errors import InvalidTrust


class BadSignature(Exception):
    """Why a signature does not hold, as part of a sentence."""


@dataclass(frozen=True, slots=True)
class Cleartext:
    """A text whose signature holds: the text as signed, by whom, and the fingerprint of the key that signed."""

    content: bytes
    signer: str
    fingerprint: str


def read_keyring(data: bytes, where: str) -> list[Cert]:
    """The keys of a keyring, binary or armored. Raises InvalidTrust."""
    try:
        found = Cert.split_bytes(data)
    except RuntimeError as error:
        raise InvalidTrust(
            f"{where} holds no OpenPGP keyring: {first_line(error)}",
            hint="GnuPG's own pubring.kbx is another format: export the keys with `gpg --export >pubring.gpg`",
        ) from error
    if not found:
        raise InvalidTrust(f"{where} holds no OpenPGP key", hint="export the keys with `gpg --export >pubring.gpg`")
    return found


def verify_cleartext(text: bytes, keys: Sequence[Cert], now: datetime) -> Cleartext:
    """Hold a cleartext signed message against these keys. Raises BadSignature."""
    try:
        result = verify(text, lambda _: list(keys))
    except RuntimeError as error:
        raise BadSignature(first_line(error)) from error
    by_fingerprint = {key.fingerprint: key for key in keys}
    problem = "no signature by a key of the keyring"
    for signature in result.valid_sigs:
        key = by_fingerprint[signature.certificate]
        if key.is_revoked:
            problem = f"it is signed by {_name(key)}, whose key was revoked"
        elif key.expiration is not None and key.expiration <= now:
            problem = f"it is signed by {_name(key)}, whose key expired on {key.expiration:%Y-%m-%d}"
        else:
            return Cleartext(result.bytes or b"", _name(key), signature.signing_key.upper())
    raise BadSignature(problem)


def first_line(error: Exception) -> str:
    """What went wrong, without the backtrace."""
    return (str(error).splitlines() or [type(error).__name__])[0].rstrip(".")


def _name(key: Cert) -> str:
    users = [str(user) for user in key.user_ids]
    return users[0] if users else key.fingerprint.upper()
