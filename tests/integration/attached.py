"""Signatures put beside a chart in the real registry, as cosign does it."""

from __future__ import annotations

import requests
from registry.scripted import sha256
from registry.signatures.attaching import bundle_manifest, referrers, simple_manifest

from steersman.registry.manifest import INDEX_TYPE, MANIFEST_TYPE
from steersman.registry.signatures.evidence import SimpleSignature


class Attached:
    """A repository of the real registry that signatures are put into, as cosign does it."""

    def __init__(self, url: str, digest: str) -> None:
        host, _, path = url.removeprefix("oci://").partition("/")
        self._digest = digest
        self._base = f"http://{host}/v2/{path}"
        self.manifest = requests.get(
            f"{self._base}/manifests/{digest}", headers={"Accept": MANIFEST_TYPE}, timeout=10
        ).content
        self._blob(b"{}")

    def sign(self, *signatures: SimpleSignature) -> None:
        for signature in signatures:
            self._blob(signature.payload)
        self._put(f"{self._tag}.sig", simple_manifest(*signatures), MANIFEST_TYPE)

    def attach(self, *bundles: bytes) -> None:
        manifests = [bundle_manifest(one, self.manifest) for one in bundles]
        for one, data in zip(bundles, manifests, strict=True):
            self._blob(one)
            self._put(sha256(data), data, MANIFEST_TYPE)
        self._put(self._tag, referrers(*manifests), INDEX_TYPE)

    @property
    def _tag(self) -> str:
        return self._digest.replace(":", "-")

    def _blob(self, data: bytes) -> None:
        begun = requests.post(f"{self._base}/blobs/uploads/", timeout=10)
        requests.put(
            begun.headers["Location"], params={"digest": sha256(data)}, data=data, timeout=10
        ).raise_for_status()

    def _put(self, reference: str, data: bytes, kind: str) -> None:
        url = f"{self._base}/manifests/{reference}"
        requests.put(url, data=data, headers={"Content-Type": kind}, timeout=10).raise_for_status()
