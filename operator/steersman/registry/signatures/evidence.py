"""What was found beside a chart that may show who signed it, as it was served, and what it has to be about.

`finding` fetches it, `judging` holds it against a `Verification`, the chart cache keeps what passed: encoded, it is
plain MessagePack. Nothing here was believed yet.
"""

from __future__ import annotations

from dataclasses import dataclass
from hashlib import sha256

import msgspec

from steersman.core.verification import Verification
from steersman.registry.decoding import UNREADABLE


class SimpleSignature(msgspec.Struct, frozen=True):
    """A layer below cosign's tag `sha256-….sig`: the payload, and the annotations that go with it."""

    payload: bytes
    signature: str
    certificate: str = ""
    rekor: str = ""


class Evidence(msgspec.Struct, frozen=True):
    """All of it: cosign's signatures, Sigstore's bundles, Helm's provenance file. `problems` are those that are there
    but could not be had as they must be."""

    simple: tuple[SimpleSignature, ...] = ()
    bundles: tuple[bytes, ...] = ()
    provenance: bytes | None = None
    problems: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Subject:
    """What must have been signed: the manifest of this digest in a registry, or an archive.

    `file_name` is what the archive is called where it is a file, `chart_name` what the chart must be called where not.
    """

    place: str
    digest: str
    archive_digest: str
    manifest: bytes = b""
    file_name: str = ""
    chart_name: str = ""


def encode(evidence: Evidence) -> bytes:
    """For the cache."""
    return msgspec.msgpack.encode(evidence)


def decode(data: bytes) -> Evidence | None:
    """What `encode` made; None for anything else."""
    try:
        return msgspec.msgpack.decode(data, type=Evidence)
    except UNREADABLE:
        return None


def key_of(digest: str, verification: Verification) -> str:
    """Under which the evidence that a chart passed a verification is kept: of the digest and all that was demanded."""
    demanded = msgspec.msgpack.encode([digest, type(verification).__name__, verification])
    return sha256(demanded).hexdigest()
