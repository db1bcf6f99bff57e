"""Keyless signatures, checked by sigstore against a trusted root at hand: no request is made, and nothing is written.

A bundle is sigstore's own form, and its public verifier does all the work. Signatures that cosign made before version 3
lie beside the chart in parts: certificate, signature, and the promise of a transparency log without a proof. For those
the same verifier checks certificate, identity and promise (its classes, with two methods replaced); the rest is here.

sigstore is an extra, and importing it costs about a second: `judging` imports this module when it is needed.
"""

from __future__ import annotations

import base64
import hashlib
from importlib import resources
from typing import Any

import msgspec
from cryptography import x509
from sigstore.hashes import Hashed
from sigstore.models import Bundle, TransparencyLogEntry, TrustedRoot
from sigstore.verify import Verifier
from sigstore_models.common.v1 import HashAlgorithm
from sigstore_models.rekor.v1 import TransparencyLogEntry as EntryModel
from sigstore_models.trustroot.v1 import TrustedRoot as TrustedRootModel

from steersman.core.verification import OidcIdentity, SignedByIdentity
from steersman.registry.errors import InvalidTrust
from steersman.registry.signatures.cosign import Refused, check_simple_payload, check_statement, from_base64
from steersman.registry.signatures.evidence import SimpleSignature
from steersman.registry.signatures.identity import Signer, is_trusted, signer_of
from steersman.registry.signatures.keys import VerifyingKey, is_signed_by

_PUBLIC_INSTANCE = "https%3A%2F%2Ftuf-repo-cdn.sigstore.dev"


class _Promise(msgspec.Struct, frozen=True):
    body: str
    time: int = msgspec.field(name="integratedTime")
    index: int = msgspec.field(name="logIndex")
    log: str = msgspec.field(name="logID")


class _OldBundle(msgspec.Struct, frozen=True):
    promise: str = msgspec.field(name="SignedEntryTimestamp")
    payload: _Promise = msgspec.field(name="Payload")


class _Hash(msgspec.Struct, frozen=True):
    algorithm: str
    value: str


class _Data(msgspec.Struct, frozen=True):
    hash: _Hash


class _LoggedKey(msgspec.Struct, frozen=True):
    content: str


class _LoggedSignature(msgspec.Struct, frozen=True, rename="camel"):
    content: str
    public_key: _LoggedKey


class _Spec(msgspec.Struct, frozen=True):
    data: _Data
    signature: _LoggedSignature


class _Record(msgspec.Struct, frozen=True, rename="camel"):
    api_version: str
    kind: str
    spec: _Spec


class KeylessVerifier:
    """Checks signatures against the identities and the trusted root of one `Verification`."""

    def __init__(self, verification: SignedByIdentity, place: str) -> None:
        self._identities = verification.identities
        try:
            model = TrustedRootModel.from_json(verification.trusted_root or _public_root())
            self._verifier = Verifier(trusted_root=TrustedRoot(model))
        except Exception as error:
            raise InvalidTrust(
                f"{place}: the trusted root cannot be used: {_first_line(error)}",
                hint="its Secret must hold what `cosign trusted-root create` writes",
            ) from error

    def check_bundle(self, data: bytes, digest: str) -> Signer:
        """Who signed this digest with a bundle. Raises Refused."""
        policy = _Policy(self._identities)
        try:
            bundle = Bundle.from_json(data)
            if bundle._dsse_envelope is None:
                sha256 = bytes.fromhex(digest.removeprefix("sha256:"))
                self._verifier.verify_artifact(Hashed(algorithm=HashAlgorithm.SHA2_256, digest=sha256), bundle, policy)
                return policy.signer
            payload_type, payload = self._verifier.verify_dsse(bundle, policy)
        except Exception as error:
            raise _refusal(error) from error
        check_statement(payload_type, payload, digest)
        return policy.signer

    def check_simple(self, simple: SimpleSignature, digest: str) -> Signer:
        """Who signed this digest as cosign did before version 3. Raises Refused."""
        if not simple.certificate or not simple.rekor:
            raise Refused("it was made with a key, not by an identity")
        policy = _Policy(self._identities)
        signature = from_base64(simple.signature)
        try:
            certificate = x509.load_pem_x509_certificate(simple.certificate.encode())
            entry = _promised_entry(simple.rekor)
            self._verifier._verify_common_signing_cert(_OldSignature(certificate, entry), policy)  # type: ignore[arg-type]
            _check_record(entry, certificate, signature, simple.payload)
        except Refused:
            raise
        except Exception as error:
            raise _refusal(error) from error
        if not _is_by(certificate, signature, simple.payload):
            raise Refused("it does not fit its certificate: it was changed since")
        check_simple_payload(simple.payload, digest)
        return policy.signer


class _Policy:
    """sigstore's VerificationPolicy: any of the identities."""

    def __init__(self, identities: tuple[OidcIdentity, ...]) -> None:
        self._identities = identities
        self.signer = Signer("", ())

    def verify(self, cert: x509.Certificate) -> None:
        self.signer = signer_of(cert)
        if not any(is_trusted(self.signer, identity) for identity in self._identities):
            raise Refused(f"it is by {self.signer}")


class _PromisedEntry(TransparencyLogEntry):
    """An entry that its log promised to take in: the promise is signed, but there is no proof of it yet."""

    def _validate(self) -> None:
        pass

    def _verify(self, keyring: Any) -> None:
        self._verify_set(keyring)


class _NoTimestamps:
    timestamp_verification_data = None


class _OldSignature:
    """What sigstore's verifier asks of a bundle, for a signature in parts."""

    verification_material = _NoTimestamps()

    def __init__(self, certificate: x509.Certificate, entry: _PromisedEntry) -> None:
        self.signing_certificate = certificate
        self.log_entry = entry


def _promised_entry(rekor: str) -> _PromisedEntry:
    old = msgspec.json.decode(rekor, type=_OldBundle)
    unproven = {"logIndex": "0", "rootHash": "", "treeSize": "1", "hashes": []}
    entry = {
        "logIndex": str(old.payload.index),
        "logId": {"keyId": base64.b64encode(bytes.fromhex(old.payload.log)).decode()},
        "kindVersion": {"kind": "hashedrekord", "version": "0.0.1"},
        "integratedTime": str(old.payload.time),
        "inclusionPromise": {"signedEntryTimestamp": old.promise},
        "inclusionProof": unproven,
        "canonicalizedBody": old.payload.body,
    }
    return _PromisedEntry(EntryModel.from_json(msgspec.json.encode(entry)))


def _check_record(entry: _PromisedEntry, certificate: x509.Certificate, signature: bytes, payload: bytes) -> None:
    """That what the log took in is this signature, and not another of the same signer."""
    record = msgspec.json.decode(entry._inner.canonicalized_body, type=_Record)
    logged = record.spec.signature
    if (
        (record.kind, record.api_version) != ("hashedrekord", "0.0.1")
        or record.spec.data.hash != _Hash("sha256", hashlib.sha256(payload).hexdigest())
        or from_base64(logged.content) != signature
        or x509.load_pem_x509_certificate(from_base64(logged.public_key.content)) != certificate
    ):
        raise Refused("its entry of the transparency log is of another signature")


def _is_by(certificate: x509.Certificate, signature: bytes, payload: bytes) -> bool:
    key = certificate.public_key()
    return isinstance(key, VerifyingKey) and is_signed_by(key, signature, payload)


def _public_root() -> bytes:
    """The trusted root of the public instance, as this version of sigstore carries it."""
    return (resources.files("sigstore._store") / _PUBLIC_INSTANCE / "trusted_root.json").read_bytes()


# How sigstore's texts begin, and what that means to a reader of a status.
_MEANINGS = (
    ("failed to build timestamp certificate chain", "no authority of the trusted root stands behind its certificate"),
    ("invalid signing cert: expired", "its certificate had expired when it signed"),
    ("failed to verify SCT", "its certificate is in no certificate log of the trusted root"),
    ("invalid log entry", "no transparency log of the trusted root vouches for it"),
    ("expected certificate", "it was made with a key, not by an identity"),
    ("not enough sources of verified time", "nothing says when it was made"),
)


def _refusal(error: Exception) -> Refused:
    if isinstance(error, Refused):
        return error
    text = _first_line(error)
    for beginning, meaning in _MEANINGS:
        if text.startswith(beginning):
            return Refused(f"{meaning} ({text})")
    return Refused(f"it does not hold: {text}")


def _first_line(error: Exception) -> str:
    return next(iter(str(error).splitlines()), type(error).__name__)
