"""What cosign signs of a chart in a registry: the digest of its manifest, in a payload of either of two kinds. Pure.

Until version 2, cosign signs a small JSON text, "simple signing"; since version 3, an in-toto statement within a
Sigstore bundle. Either is read only after its signature was found to hold.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Iterable

import msgspec

from steersman.registry.decoding import UNREADABLE
from steersman.registry.signatures.keys import VerifyingKey, is_signed_by

SIMPLE_TYPE = "cosign container image signature"
STATEMENT_PAYLOAD = "application/vnd.in-toto+json"
SIGN_PREDICATE = "https://sigstore.dev/cosign/sign/v1"
_STATEMENTS = frozenset({"https://in-toto.io/Statement/v1", "https://in-toto.io/Statement/v0.1"})


class Refused(Exception):
    """Why one signature is none that counts, as part of a sentence."""


class _Image(msgspec.Struct, frozen=True):
    digest: str = msgspec.field(name="docker-manifest-digest", default="")


class _Critical(msgspec.Struct, frozen=True):
    image: _Image
    type: str = ""


class _Payload(msgspec.Struct, frozen=True):
    critical: _Critical


class _Subject(msgspec.Struct, frozen=True):
    digest: dict[str, str] = {}


class _Statement(msgspec.Struct, frozen=True):
    type: str = msgspec.field(name="_type")
    predicate_type: str = msgspec.field(name="predicateType")
    subject: list[_Subject] = []


class _EnvelopeSignature(msgspec.Struct, frozen=True):
    sig: str


class _Envelope(msgspec.Struct, frozen=True, rename="camel"):
    payload: str
    payload_type: str
    signatures: list[_EnvelopeSignature]


class _MessageSignature(msgspec.Struct, frozen=True):
    signature: str


class BundleContent(msgspec.Struct, frozen=True, rename="camel"):
    """The parts of a Sigstore bundle that carry a signature; who signed is the business of those who check it."""

    dsse_envelope: _Envelope | None = None
    message_signature: _MessageSignature | None = None


def read_bundle(data: bytes) -> BundleContent:
    """A bundle. Raises Refused."""
    try:
        return msgspec.json.decode(data, type=BundleContent)
    except UNREADABLE as error:
        raise Refused(f"its bundle cannot be read: {error}") from error


def check_simple_payload(payload: bytes, digest: str) -> None:
    """That a payload whose signature holds is about this manifest. Raises Refused."""
    try:
        critical = msgspec.json.decode(payload, type=_Payload).critical
    except UNREADABLE as error:
        raise Refused(f"its payload cannot be read: {error}") from error
    if critical.type != SIMPLE_TYPE:
        raise Refused(f"its payload is a {critical.type!r}, not a {SIMPLE_TYPE!r}")
    if critical.image.digest != digest:
        raise Refused(f"it is a signature of {critical.image.digest}")


def check_statement(payload_type: str, payload: bytes, digest: str) -> None:
    """The same for the statement of a bundle."""
    if payload_type != STATEMENT_PAYLOAD:
        raise Refused(f"its payload is {payload_type!r}, not {STATEMENT_PAYLOAD!r}")
    try:
        statement = msgspec.json.decode(payload, type=_Statement)
    except UNREADABLE as error:
        raise Refused(f"its statement cannot be read: {error}") from error
    if statement.type not in _STATEMENTS:
        raise Refused(f"its statement is of the unknown type {statement.type!r}")
    if statement.predicate_type != SIGN_PREDICATE:
        raise Refused(f"it is no signature but an attestation ({statement.predicate_type})")
    signed = [f"sha256:{subject.digest.get('sha256', '')}" for subject in statement.subject]
    if digest not in signed:
        raise Refused(f"it is a signature of {', '.join(signed) or 'nothing'}")


def signer_of_simple(
    payload: bytes, signature: str, keys: Iterable[tuple[str, VerifyingKey]], digest: str
) -> tuple[str, VerifyingKey]:
    """Which of the keys made a simple signature of this manifest. Raises Refused."""
    signer = _signer(keys, from_base64(signature), payload)
    check_simple_payload(payload, digest)
    return signer


def signer_of_bundle(
    bundle: BundleContent, keys: Iterable[tuple[str, VerifyingKey]], digest: str, manifest: bytes
) -> tuple[str, VerifyingKey]:
    """Which of the keys made the signature of a bundle. Raises Refused."""
    envelope = bundle.dsse_envelope
    if envelope is not None:
        payload = from_base64(envelope.payload)
        if len(envelope.signatures) != 1:
            raise Refused(f"its envelope has {len(envelope.signatures)} signatures")
        signed = pre_authentication(envelope.payload_type, payload)
        signer = _signer(keys, from_base64(envelope.signatures[0].sig), signed)
        check_statement(envelope.payload_type, payload, digest)
        return signer
    if bundle.message_signature is not None:
        return _signer(keys, from_base64(bundle.message_signature.signature), manifest)
    raise Refused("its bundle has no signature")


def pre_authentication(payload_type: str, payload: bytes) -> bytes:
    """What a DSSE envelope's signature is of."""
    kind = payload_type.encode()
    return b"DSSEv1 %d %b %d %b" % (len(kind), kind, len(payload), payload)


def from_base64(text: str) -> bytes:
    """Decode. Raises Refused."""
    try:
        return base64.b64decode(text.strip(), validate=True)
    except (binascii.Error, ValueError) as error:
        raise Refused("its signature is no base64") from error


def _signer(keys: Iterable[tuple[str, VerifyingKey]], signature: bytes, signed: bytes) -> tuple[str, VerifyingKey]:
    for name, key in keys:
        if is_signed_by(key, signature, signed):
            return name, key
    raise Refused("it was made with another key, or changed since")
