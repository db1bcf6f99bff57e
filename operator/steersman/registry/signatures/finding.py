"""Where signatures of a chart are in its registry, and fetching them: bounded, and every blob checked by digest.

    the referrers API                what cosign attaches since version 3, where the registry has the API
    the tag `sha256-<hex>`           the same where it does not: an index that clients keep themselves
    the tag `sha256-<hex>.sig`       cosign's own scheme until version 2
    a layer of the chart             Helm's provenance file

Blocking; called by `verifying` through the client of a repository. What is found is not believed here.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

import msgspec

from steersman.registry.errors import UnexpectedAnswer
from steersman.registry.manifest import Descriptor
from steersman.registry.reference import is_digest
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


def find_signatures(client: RegistryClient, place: str, digest: str) -> Evidence:
    """What cosign attached to the manifest of this digest."""
    return Evidence(simple=_simple(client, place, digest), bundles=_bundles(client, place, digest))


def find_provenance(client: RegistryClient, layer: Descriptor | None) -> Evidence:
    """The provenance file that was pushed with a chart."""
    if layer is None:
        return Evidence()
    return Evidence(provenance=client.blob(layer, "the provenance file", limit=MAX_PROVENANCE_BYTES))


def _simple(client: RegistryClient, place: str, digest: str) -> tuple[SimpleSignature, ...]:
    manifest = client.tagged(f"{_tag_of(digest)}.sig")
    if manifest is None:
        return ()
    layers = [
        layer
        for layer in _decoded(place, manifest, _Manifest, "the manifest of signatures").layers
        if layer.media_type == _SIMPLE_TYPE and _SIGNATURE in layer.notes and is_digest(layer.digest)
    ]
    return tuple(
        SimpleSignature(
            client.blob(layer.descriptor, "a signature", limit=_MAX_PAYLOAD_BYTES),
            layer.notes[_SIGNATURE],
            layer.notes.get(_CERTIFICATE, ""),
            layer.notes.get(_REKOR, ""),
        )
        for layer in layers[-MAX_SIGNATURES:]
    )


def _bundles(client: RegistryClient, place: str, digest: str) -> tuple[bytes, ...]:
    found = [
        referrer
        for referrer in _referrers(client, place, digest)
        if referrer.artifact_type.startswith(_BUNDLE_TYPES) and is_digest(referrer.digest)
    ]
    bundles = []
    for referrer in found[-MAX_SIGNATURES:]:
        manifest = _decoded(place, client.manifest(referrer.digest), _Manifest, "the manifest of a bundle")
        bundles += [
            client.blob(layer.descriptor, "a bundle", limit=_MAX_BUNDLE_BYTES)
            for layer in manifest.layers[:1]
            if layer.media_type.startswith(_BUNDLE_TYPES) and is_digest(layer.digest)
        ]
    return tuple(bundles)


def _referrers(client: RegistryClient, place: str, digest: str) -> list[_Layer]:
    pages = client.referrers(digest, BUNDLE_TYPE)
    if pages is None:
        index = client.tagged(_tag_of(digest))
        pages = [] if index is None else [index]
    return [found for page in pages for found in _decoded(place, page, _Index, "the list of referrers").manifests]


def _tag_of(digest: str) -> str:
    return digest.replace(":", "-")


def _decoded(place: str, data: bytes, kind: type[_T], what: str) -> _T:
    try:
        return msgspec.json.decode(data, type=kind)
    except msgspec.DecodeError as error:
        raise UnexpectedAnswer(place, f"{what} cannot be read: {error}") from error
