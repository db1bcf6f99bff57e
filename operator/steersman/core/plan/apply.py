"""The apply plan: every object of a release, stamped, scoped and in order, as data.

Built whole before anything is written, printable and comparable; `actions.apply` runs it batch by batch, and a dry run
prints the same. Order and barriers are Helm's: InstallOrder, and objects of one kind side by side.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import groupby
from typing import Any

from steersman.core.manifest.errors import ManifestError
from steersman.core.manifest.identity import KubernetesObject, ObjectId, ObjectRef, ref_of
from steersman.core.manifest.model import Manifest
from steersman.core.plan.ownership import Owner, stamp
from steersman.errors import InvalidInput

BATCH_LIMIT = 200
"""Objects in one step: a step must stay short enough that other releases get their turn."""


class PlanError(InvalidInput):
    """The rendered objects do not make a plan."""

    reason = "ChartInvalid"


@dataclass(frozen=True, slots=True)
class Planned:
    """One object to apply. `path` is the template it came from."""

    ref: ObjectRef
    object: KubernetesObject
    path: str


@dataclass(frozen=True, slots=True)
class ApplyPlan:
    """Batches in order; a batch begins when the one before has been applied whole."""

    batches: tuple[tuple[Planned, ...], ...]

    @property
    def objects(self) -> tuple[Planned, ...]:
        """Every object, in order."""
        return tuple(planned for batch in self.batches for planned in batch)

    @property
    def ids(self) -> frozenset[ObjectId]:
        """The identity of every object."""
        return frozenset(planned.ref.id for planned in self.objects)


def build_plan(manifests: Iterable[Manifest], *, owner: Owner, namespaced: Mapping[tuple[str, str], bool]) -> ApplyPlan:
    """The plan of these manifests, which come in install order.

    `namespaced` says for each (apiVersion, kind) whether it lives in namespaces; an object of such a kind that names no
    namespace gets the release's, a namespace on a cluster-scoped one is dropped. Raises ManifestError for what is no
    object, PlanError where two documents mean the same one.
    """
    planned: list[Planned] = []
    seen: dict[ObjectId, str] = {}
    for manifest in manifests:
        for obj in _expand(manifest):
            scoped = set_scope(obj, owner.release_namespace, namespaced[obj["apiVersion"], obj["kind"]])
            ref = ref_of(scoped)
            if ref.id in seen:
                raise PlanError(
                    f"{ref} is rendered twice: by {seen[ref.id]} and by {manifest.path}",
                    hint="a release may hold an object only once; remove one of the two from the chart",
                )
            seen[ref.id] = manifest.path
            planned.append(Planned(ref, stamp(scoped, owner), manifest.path))
    return ApplyPlan(tuple(_batches(planned)))


def kinds_of(manifests: Iterable[Manifest]) -> frozenset[tuple[str, str]]:
    """The (apiVersion, kind) of every object in the manifests: what `namespaced` must answer for. Raises
    ManifestError."""
    return frozenset((obj["apiVersion"], obj["kind"]) for manifest in manifests for obj in _expand(manifest))


def set_scope(obj: KubernetesObject, release_namespace: str, namespaced: bool) -> KubernetesObject:
    """A copy with the namespace its scope asks for."""
    metadata = dict(obj["metadata"])
    if not namespaced:
        metadata.pop("namespace", None)
    elif not metadata.get("namespace"):
        metadata["namespace"] = release_namespace
    return {**obj, "metadata": metadata}


def changed_objects(plan: ApplyPlan, before: Mapping[ObjectId, KubernetesObject]) -> tuple[Planned, ...]:
    """What the plan would apply other than it was applied before: the objects worth a dry run."""
    return tuple(planned for planned in plan.objects if before.get(planned.ref.id) != planned.object)


def check_object(obj: Any, path: str) -> KubernetesObject:
    """A rendered object, if it has what all that follows relies on. Raises ManifestError; `path` is its template."""
    wrong = _faults(obj)
    if wrong:
        name = f"{obj.get('kind') or 'an object'}" if isinstance(obj, dict) else "an item of a List"
        raise ManifestError(f"{path}: {name} has {wrong}", path=path, hint="correct the template or the values it uses")
    found: KubernetesObject = obj
    return found


def _faults(obj: Any) -> str:
    """What an object lacks, "" where it is sound."""
    if not isinstance(obj, dict):
        return "no fields"
    metadata = obj.get("metadata")
    metadata = metadata if isinstance(metadata, dict) else {}
    required = {"apiVersion": obj.get("apiVersion"), "kind": obj.get("kind"), "metadata.name": metadata.get("name")}
    lacking = [f"no {field}" for field, value in required.items() if not isinstance(value, str) or not value]
    maps = {"labels": metadata.get("labels"), "annotations": metadata.get("annotations")}
    odd = [f"metadata.{field} that are no map" for field, value in maps.items() if not isinstance(value, dict | None)]
    return " and ".join(lacking + odd)


def _expand(manifest: Manifest) -> Iterable[KubernetesObject]:
    """The objects of a document: itself, the items of a `v1/List`, nothing for a document of comments."""
    obj = manifest.object
    if obj is None:
        return ()
    if obj.get("kind") == "List" and obj.get("apiVersion") == "v1":
        return tuple(check_object(item, manifest.path) for item in obj.get("items") or () if item)
    return (check_object(obj, manifest.path),)


def _batches(planned: list[Planned]) -> Iterable[tuple[Planned, ...]]:
    """Runs of one kind, cut at BATCH_LIMIT: Helm's barrier between kinds."""
    for _, run in groupby(planned, key=lambda item: item.ref.id.kind):
        members = tuple(run)
        for start in range(0, len(members), BATCH_LIMIT):
            yield members[start : start + BATCH_LIMIT]
