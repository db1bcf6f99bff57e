"""From manifests to an apply plan: scopes asked of discovery, objects stamped, live ones checked for ownership."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping, Sequence

from steersman.actions.base import Edges, side_by_side
from steersman.core.diff.duplicates import refuse_duplicates
from steersman.core.manifest.identity import KubernetesObject, ObjectId, ObjectRef, split_api_version
from steersman.core.manifest.model import Hook, Manifest
from steersman.core.manifest.parse import parse_objects
from steersman.core.plan.apply import ApplyPlan, Planned, build_plan, check_object, kinds_of, set_scope
from steersman.core.plan.observed import Observed
from steersman.core.plan.ownership import OwnershipConflict, ownership_problem
from steersman.core.release.model import Release, ReleaseHook

READS_AT_ONCE = 8
LARGE_MANIFEST = 128 * 1024
"""Characters from which on a manifest is parsed in a thread, so that other releases, and the Lease, get their turn."""


async def plan_of(manifests: Sequence[Manifest], observed: Observed, edges: Edges) -> ApplyPlan:
    """The plan of these manifests. Raises UnknownKind, PlanError, DuplicateKeys."""
    plan = build_plan(manifests, owner=observed.owner, namespaced=await scopes_of(kinds_of(manifests), edges))
    for planned in plan.objects:
        refuse_duplicates(planned.object)
    return plan


async def stored_manifests(record: Release) -> tuple[Manifest, ...]:
    """The manifests of a record; Helm's text keeps no order but the one it was applied in."""
    if len(record.manifest) < LARGE_MANIFEST:
        return _parsed(record)
    return await asyncio.to_thread(_parsed, record)


def _parsed(record: Release) -> tuple[Manifest, ...]:
    place = f"revision {record.revision}"
    return tuple(
        Manifest(path=place, text="", kind=str(obj.get("kind")), object=obj) for obj in parse_objects(record.manifest)
    )


def _stored_hook(hook: ReleaseHook) -> KubernetesObject | None:
    """The object of a record's hook."""
    return next(iter(parse_objects(hook.manifest)), None)


async def scopes_of(kinds: Iterable[tuple[str, str]], edges: Edges) -> dict[tuple[str, str], bool]:
    """For each (apiVersion, kind) whether it lives in namespaces."""
    scopes = {}
    for api_version, kind in sorted(kinds):
        group, version = split_api_version(api_version)
        scopes[api_version, kind] = await edges.cluster.is_namespaced(ObjectRef(ObjectId(group, kind, "", ""), version))
    return scopes


async def scoped(hook: Hook | ReleaseHook, observed: Observed, edges: Edges) -> KubernetesObject:
    """A hook's object in its namespace. Raises ManifestError."""
    obj = check_object(hook.object if isinstance(hook, Hook) else _stored_hook(hook), hook.path)
    kind = (obj["apiVersion"], obj["kind"])
    namespaced = (await scopes_of([kind], edges))[kind]
    return set_scope(obj, observed.release.target_namespace, namespaced)


async def stored_objects(
    records: Iterable[Release], observed: Observed, edges: Edges
) -> tuple[dict[ObjectId, tuple[ObjectRef, KubernetesObject]], ...]:
    """For each record the objects of its stored manifest, stamped as they were applied.

    An object whose kind the API server no longer knows is left out: nothing of that kind can be there."""
    return tuple([await _stored(record, observed, edges) for record in records])


async def _stored(
    record: Release, observed: Observed, edges: Edges
) -> dict[ObjectId, tuple[ObjectRef, KubernetesObject]]:
    manifests = await stored_manifests(record)
    known = [manifest for manifest in manifests if await _is_known(manifest, edges)]
    plan = build_plan(known, owner=observed.owner, namespaced=await scopes_of(kinds_of(known), edges))
    return {planned.ref.id: (planned.ref, planned.object) for planned in plan.objects}


async def _is_known(manifest: Manifest, edges: Edges) -> bool:
    if manifest.object is None:
        return False
    return all([await edges.cluster.knows(ref) for ref in map(_kind_ref, kinds_of([manifest]))])


def _kind_ref(kind: tuple[str, str]) -> ObjectRef:
    group, version = split_api_version(kind[0])
    return ObjectRef(ObjectId(group, kind[1], "", ""), version)


async def check_ownership(
    planned: Sequence[Planned], known: Mapping[ObjectId, str], observed: Observed, edges: Edges
) -> None:
    """Read every object that the inventory does not know and see whose it is. Raises OwnershipConflict; writes nothing.

    What the inventory knows is guarded by its uid when it is applied, so it needs no read."""
    unknown = [item for item in planned if not known.get(item.ref.id)]
    live = await read_all([item.ref for item in unknown], edges)
    conflicts = tuple(
        (ref.id, problem)
        for ref, obj in live
        if obj is not None and (problem := ownership_problem(obj, observed.owner))
    )
    if conflicts:
        raise OwnershipConflict(conflicts)


async def read_all(refs: Sequence[ObjectRef], edges: Edges) -> list[tuple[ObjectRef, KubernetesObject | None]]:
    """Each object as it is in the cluster, a few reads at a time."""

    async def read(ref: ObjectRef) -> tuple[ObjectRef, KubernetesObject | None]:
        return ref, await edges.cluster.get(ref)

    return await side_by_side(read, refs, at_once=READS_AT_ONCE)
