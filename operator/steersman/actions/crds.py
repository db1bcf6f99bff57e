"""The files of a chart's crds/: applied before the templates are rendered, then awaited.

They are never part of the release: not stamped, not in the inventory, never deleted.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Sequence

from steersman.actions.base import Edges
from steersman.core.kstatus.compute import Status, compute
from steersman.core.manifest.identity import KubernetesObject, ObjectId, ObjectRef, ref_of
from steersman.core.render.model import CrdFile
from steersman.errors import ClusterError

ESTABLISH_PATIENCE = 60.0
FIRST_PAUSE = 0.05
LONGEST_PAUSE = 1.0


class CrdNotEstablished(ClusterError):
    """A CRD was applied and the API server does not serve it."""

    reason = "ManifestRefused"
    retryable = True


async def apply_crds(files: Sequence[CrdFile], *, replace_existing: bool, edges: Edges) -> bool:
    """Create the CRDs that do not exist (with `replace_existing` bring all to the chart's state), file by file, then
    wait until each is served. Whether anything new came; objects in crds/ that are no CRDs are left alone, as Helm
    warns.

    Under server-side apply "already exists" never happens, so existence is read first."""
    crds = [crd for file in files for crd in file.objects if crd.get("kind") == "CustomResourceDefinition"]
    changed = False
    for crd in crds:
        if replace_existing or await edges.cluster.get(ref_of(crd)) is None:
            await edges.cluster.apply(crd, force=True)
            changed = True
    for crd in crds:
        await _wait_established(ref_of(crd), edges)
    if changed:
        await edges.cluster.refresh_discovery()
        for kind in _kinds_of(crds):
            await edges.cluster.knows(kind)  # waits for discovery, which may come after Established
    return changed


def _kinds_of(crds: Iterable[KubernetesObject]) -> list[ObjectRef]:
    """The kinds that the CRDs serve."""
    kinds = []
    for crd in crds:
        spec = crd.get("spec") or {}
        served = [version["name"] for version in spec.get("versions") or () if version.get("served")]
        if served:
            kinds.append(ObjectRef(ObjectId(spec["group"], spec["names"]["kind"], "", ""), served[0]))
    return kinds


async def _wait_established(ref: ObjectRef, edges: Edges) -> None:
    """A CRD is established within moments or not at all, so this short wait keeps its worker."""
    waited, pause = 0.0, FIRST_PAUSE
    while waited < ESTABLISH_PATIENCE:
        live = await edges.cluster.get(ref)
        verdict = compute(live) if live is not None else None
        if verdict is not None and verdict.status is Status.CURRENT:
            return
        if verdict is not None and verdict.status is Status.FAILED:
            raise CrdNotEstablished(f"{ref} was not accepted: {verdict.message}", hint="correct the CRD in the chart")
        await asyncio.sleep(pause)
        waited, pause = waited + pause, min(pause * 2, LONGEST_PAUSE)
    raise CrdNotEstablished(f"{ref} is not served after {ESTABLISH_PATIENCE:.0f} s")
