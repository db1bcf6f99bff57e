"""Where signatures of a chart are in its registry, and fetching them: bounded, and every blob checked by digest.

    the referrers API                what cosign attaches since version 3, where the registry has the API
    the tag `sha256-<hex>`           the same where it does not: an index that clients keep themselves
    the tag `sha256-<hex>.sig`       cosign's own scheme until version 2
    a layer of the chart             Helm's provenance file

Blocking; called by `verifying` through the client of a repository. What is found is not believed here.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, TypeVar

import msgspec

from steersman.registry.decoding import UNREADABLE
from steersman.registry.errors import ChartNotFound, DigestMismatch, TooLarge
from steersman.registry.manifest import Descriptor
from steersman.registry.reference import is_digest
from steersman.registry.signatures.cosign import SIGN_PREDICATE
from steersman.registry.signatures.evidence import Evidence, SimpleSignature
from steersman.registry.signatures.provenance import MAX_BYTES as MAX_PROVENANCE_BYTES

if TYPE_CHECKING:
    from steersman.registry.oci import RegistryClient

_T = TypeVar("_T")

BUNDLE_TYPE = "application/vnd.dev.sigstore.bundle.v0.3+json"
_BUNDLE_TYPES = "application/vnd.dev.sigstore.bundle"
_SIMPLE_TYPE = "application/vnd.dev.cosign.simplesigning.v1+json"
_SIGNATURE = "dev.cosignproject.cosign/signature"
_CERTIFICATE = "dev.sigstore.cosign/certificate"
_REKOR = "dev.sigstore.cosign/bundle"
_PREDICATE = "dev.sigstore.bundle.predicateType"

MAX_SIGNATURES = 32
"""Of each kind; the newest are looked at."""
_MAX_PAYLOAD_BYTES = 64 * 1024
_MAX_BUNDLE_BYTES = 1024 * 1024


class _Layer(msgspec.Struct, frozen=True, rename="camel"):
    media_type: str = ""
    digest: str = ""
    size: int = -1
    artifact_type: str = ""
    annotations: dict[str, str] | None = None

    @property
    def notes(self) -> dict[str, str]:
        return self.annotations or {}

    @property
    def descriptor(self) -> Descriptor:
        return Descriptor(self.media_type, self.digest, self.size)


class _Manifest(msgspec.Struct, frozen=True):
    layers: list[_Layer] = []


class _Index(msgspec.Struct, frozen=True):
    manifests: list[_Layer] = []


def find_signatures(client: RegistryClient, digest: str) -> Evidence:
    """What cosign attached to the manifest of this digest."""
    problems: list[str] = []
    return Evidence(
        simple=tuple(_simple(client, digest, problems)),
        bundles=tuple(_bundles(client, digest, problems)),
        problems=tuple(problems),
    )


def find_provenance(client: RegistryClient, layer: Descriptor | None) -> Evidence:
    """The provenance file that was pushed with a chart."""
    problems: list[str] = []
    if layer is None:
        return Evidence()
    data = _blob(client, layer, "the provenance file", MAX_PROVENANCE_BYTES, problems)
    return Evidence(provenance=data, problems=tuple(problems))


def _simple(client: RegistryClient, digest: str, problems: list[str]) -> Iterator[SimpleSignature]:
    manifest = client.tagged(f"{_tag_of(digest)}.sig")
    if manifest is None:
        return
    found = _decoded(manifest, _Manifest, "the manifest of its signatures", problems)
    layers = [layer for layer in found.layers if layer.media_type == _SIMPLE_TYPE and _SIGNATURE in layer.notes]
    payloads: dict[Descriptor, bytes | None] = {}  # signatures of one chart mostly have one payload
    for layer in layers[-MAX_SIGNATURES:]:
        if layer.descriptor not in payloads:
            payloads[layer.descriptor] = _blob(client, layer.descriptor, "a signature", _MAX_PAYLOAD_BYTES, problems)
        payload = payloads[layer.descriptor]
        if payload is not None:
            notes = layer.notes
            yield SimpleSignature(payload, notes[_SIGNATURE], notes.get(_CERTIFICATE, ""), notes.get(_REKOR, ""))


def _bundles(client: RegistryClient, digest: str, problems: list[str]) -> Iterator[bytes]:
    listed = [found for found in _referrers(client, digest, problems) if _may_be_signature(found)]
    for referrer in listed[-MAX_SIGNATURES:]:
        manifest = _read(lambda referrer=referrer: client.manifest(referrer.digest), problems)  # type: ignore[misc]
        if manifest is None:
            continue
        for layer in _decoded(manifest, _Manifest, "the manifest of a bundle", problems).layers[:1]:
            bundle = _blob(client, layer.descriptor, "a bundle", _MAX_BUNDLE_BYTES, problems)
            if bundle is not None:
                yield bundle


def _may_be_signature(referrer: _Layer) -> bool:
    """Attestations are bundles too, large ones among them, and mostly say so."""
    kind = referrer.notes.get(_PREDICATE, SIGN_PREDICATE)
    return referrer.artifact_type.startswith(_BUNDLE_TYPES) and kind == SIGN_PREDICATE


def _referrers(client: RegistryClient, digest: str, problems: list[str]) -> list[_Layer]:
    pages = client.referrers(digest, BUNDLE_TYPE)
    if pages is None:
        index = client.tagged(_tag_of(digest))
        pages = [] if index is None else [index]
    what = "the list of its referrers"
    return [found for page in pages for found in _decoded(page, _Index, what, problems).manifests]


def _tag_of(digest: str) -> str:
    return digest.replace(":", "-")


def _blob(client: RegistryClient, wanted: Descriptor, what: str, limit: int, problems: list[str]) -> bytes | None:
    if not is_digest(wanted.digest):
        problems.append(f"{what} has the digest {wanted.digest!r}")
        return None
    return _read(lambda: client.blob(wanted, what, limit=limit), problems)


def _read(read: Callable[[], bytes], problems: list[str]) -> bytes | None:
    """What is read; None and a problem more where the registry has it not, or has something else."""
    try:
        return read()
    except (ChartNotFound, DigestMismatch, TooLarge) as error:
        problems.append(error.message.partition(": ")[2])
    return None


def _decoded(data: bytes, kind: type[_T], what: str, problems: list[str]) -> _T:
    try:
        return msgspec.json.decode(data, type=kind)
    except UNREADABLE as error:
        problems.append(f"{what} cannot be read: {error}")
    return kind()
