"""A scripted registry with what is attached to a chart: below cosign's tag, below the referrers tag, by the API."""

from __future__ import annotations

import json

from registry.scripted import REPOSITORY, Reply, Script, sha256

from steersman.registry.manifest import INDEX_TYPE, MANIFEST_TYPE
from steersman.registry.signatures.evidence import SimpleSignature

BUNDLE = "application/vnd.dev.sigstore.bundle.v0.3+json"
SIMPLE = "application/vnd.dev.cosign.simplesigning.v1+json"


def descriptor(kind: str, data: bytes, **more: object) -> dict:
    return {"mediaType": kind, "digest": sha256(data), "size": len(data)} | more


def manifest(config: str, *layers: dict, **more: object) -> bytes:
    document = {"schemaVersion": 2, "mediaType": MANIFEST_TYPE, "config": descriptor(config, b"{}"), "layers": layers}
    return json.dumps(document | more).encode()


def simple_manifest(*signatures: SimpleSignature) -> bytes:
    """What is below the tag `sha256-….sig`."""

    def layer(signature: SimpleSignature) -> dict:
        notes = {
            "dev.cosignproject.cosign/signature": signature.signature,
            "dev.sigstore.cosign/certificate": signature.certificate,
            "dev.sigstore.cosign/bundle": signature.rekor,
        }
        notes = {name: value for name, value in notes.items() if value}
        return descriptor(SIMPLE, signature.payload, annotations=notes)

    return manifest("application/vnd.oci.image.config.v1+json", *map(layer, signatures))


def bundle_manifest(bundle: bytes, subject: bytes) -> bytes:
    """The manifest that refers to a chart and holds a bundle."""
    refers = {"artifactType": BUNDLE, "subject": descriptor(MANIFEST_TYPE, subject)}
    return manifest("application/vnd.oci.empty.v1+json", descriptor(BUNDLE, bundle), **refers)


def referrers(*manifests: bytes, kind: str = BUNDLE) -> bytes:
    """The index of them."""
    listed = [descriptor(MANIFEST_TYPE, data, artifactType=kind) for data in manifests]
    return json.dumps({"schemaVersion": 2, "mediaType": INDEX_TYPE, "manifests": listed}).encode()


class Contents:
    """What the registry has, by path below the repository."""

    def __init__(self, *manifests: bytes, blobs: tuple[bytes, ...] = ()) -> None:
        self.replies: dict[str, Reply] = {}
        for data in manifests:
            self.manifest(sha256(data), data)
        for data in blobs:
            self.blob(data)

    def manifest(self, reference: str, data: bytes) -> None:
        self.replies[f"manifests/{reference}"] = Reply(200, data)

    def blob(self, data: bytes) -> None:
        self.replies[f"blobs/{sha256(data)}"] = Reply(200, data)

    def sign(self, chart: bytes, *signatures: SimpleSignature) -> None:
        """As cosign until version 2."""
        self.manifest(sha256(chart).replace(":", "-") + ".sig", simple_manifest(*signatures))
        for signature in signatures:
            self.blob(signature.payload)

    def attach(self, chart: bytes, *bundles: bytes, api: bool) -> None:
        """As cosign since version 3, found by the API or by the tag."""
        made = [bundle_manifest(bundle, chart) for bundle in bundles]
        for bundle, data in zip(bundles, made, strict=True):
            self.blob(bundle)
            self.manifest(sha256(data), data)
        if api:
            self.replies[f"referrers/{sha256(chart)}"] = Reply(200, referrers(*made))
        else:
            self.manifest(sha256(chart).replace(":", "-"), referrers(*made))

    @property
    def script(self) -> Script:
        begin = f"/v2/{REPOSITORY}/"
        return lambda request: self.replies.get(request.path.partition("?")[0].removeprefix(begin), Reply(404))
