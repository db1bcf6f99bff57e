"""Pushing charts with the real Helm, for tests that pull them."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

import requests
from registry.scripted import index_of, manifest_of, sha256
from testenv.clients import Helm

from steersman.registry.manifest import INDEX_TYPE, MANIFEST_TYPE


@dataclass(frozen=True)
class Pushed:
    url: str
    digest: str
    archive: bytes


def push(helm: Helm, chart: Path, host: str, folder: Path, *, version: str, provenance: str = "") -> Pushed:
    """Package the chart as this version and push it; the digest is the one that Helm prints."""
    helm("package", str(chart), "--version", version, "--destination", str(folder))
    archive = folder / f"{chart.name}-{version}.tgz"
    if provenance:
        archive.with_name(archive.name + ".prov").write_text(provenance)
    run = helm("push", "--plain-http", str(archive), f"oci://{host}/{folder.name}")
    digest = re.search(r"sha256:[0-9a-f]{64}", f"{run.stdout}{run.stderr}")
    assert digest is not None
    return Pushed(f"oci://{host}/{folder.name}/{chart.name}", digest[0], archive.read_bytes())


def push_index(pushed: Pushed, tag: str) -> bytes:
    """Put an index that lists this chart under a tag, by hand, since `helm push` makes none."""
    host, _, path = pushed.url.removeprefix("oci://").partition("/")
    manifests = f"http://{host}/v2/{path}/manifests"
    manifest = requests.get(f"{manifests}/{pushed.digest}", headers={"Accept": MANIFEST_TYPE}, timeout=10).content
    index = index_of(manifest)
    requests.put(f"{manifests}/{tag}", data=index, headers={"Content-Type": INDEX_TYPE}, timeout=10).raise_for_status()
    return index


def push_bytes(host: str, repository: str, archive: bytes, tag: str = "1.0.0") -> Pushed:
    """Push bytes as a chart archive, by hand: `helm push` takes none that it cannot read."""
    api = f"http://{host}/v2/{repository}"
    for blob in (archive, b"{}"):
        started = requests.post(f"{api}/blobs/uploads/", timeout=10)
        started.raise_for_status()
        requests.put(
            started.headers["Location"], params={"digest": sha256(blob)}, data=blob, timeout=10
        ).raise_for_status()
    manifest = manifest_of(archive)
    headers = {"Content-Type": MANIFEST_TYPE}
    requests.put(f"{api}/manifests/{tag}", data=manifest, headers=headers, timeout=10).raise_for_status()
    return Pushed(f"oci://{host}/{repository}", sha256(manifest), archive)
