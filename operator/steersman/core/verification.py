"""What a chart must be signed by before anything of it is used, and what it was found to be signed by.

`registry.signatures.model` makes a `Verification` of Secrets and fields of a spec; `ChartSource.verify` holds a chart
against it. Equal verifications compare equal: the evidence that a chart passed one is kept under its digest and this.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TypeAlias


@dataclass(frozen=True, slots=True)
class PublicKey:
    """A cosign public key: the name of its entry in the Secret, and the PEM text."""

    name: str
    pem: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class OidcIdentity:
    """Who may sign without a key: Go regular expressions, found anywhere in the issuer and in the subject, as in Flux
    (so `^` and `$` are needed for the whole of one)."""

    issuer: str
    subject: str


@dataclass(frozen=True, slots=True)
class SignedByKey:
    """A cosign signature by any of these keys."""

    keys: tuple[PublicKey, ...]


@dataclass(frozen=True, slots=True)
class SignedByIdentity:
    """A keyless signature: by any of these identities, certified and logged as `trusted_root` (the JSON of Sigstore's
    TrustedRoot) says; without one, as the public Sigstore instance."""

    identities: tuple[OidcIdentity, ...]
    trusted_root: bytes = field(default=b"", repr=False)


@dataclass(frozen=True, slots=True)
class SignedProvenance:
    """A Helm provenance file, signed by a key of these OpenPGP keyrings, each binary or armored."""

    keyrings: tuple[bytes, ...] = field(repr=False)


Verification: TypeAlias = SignedByKey | SignedByIdentity | SignedProvenance


@dataclass(frozen=True, slots=True)
class Verified:
    """That a chart passed. `by` says for people whose signature it bears: what `status.source.verified` shows."""

    by: str
