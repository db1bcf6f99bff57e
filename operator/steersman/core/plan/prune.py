"""What left the release, and whether it may be deleted.

Candidates come from the inventory and from the records newer than it, never from labels: operators copy the labels of
their objects onto children, and a label-driven pruner would delete those. Labels and annotations only veto.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from steersman.core.api.inventory import Inventory
from steersman.core.api.names import ANNOTATION_PRUNE
from steersman.core.manifest.identity import KubernetesObject, ObjectId, ObjectRef
from steersman.core.plan.inventory import owned
from steersman.core.plan.ownership import Owner, ownership_problem

RESOURCE_POLICY = "helm.sh/resource-policy"
APPLYSET_PART_OF = ("applyset.kubernetes.io/part-of", "applyset.k8s.io/part-of")


@dataclass(frozen=True, slots=True)
class Candidate:
    """An object that we applied once. `uid` is "" where a crash kept us from recording it; `manifest` is the last one
    applied, None where only the inventory knows the object."""

    ref: ObjectRef
    uid: str
    manifest: KubernetesObject | None


@dataclass(frozen=True, slots=True)
class Verdict:
    """Delete it, or why not. `gone`: there is nothing to delete (any more); `leaving`: it is this release's and goes
    already."""

    delete: bool
    why: str = ""
    gone: bool = False
    leaving: bool = False


def candidates(
    inventory: Inventory | None, newer: Iterable[Mapping[ObjectId, tuple[ObjectRef, KubernetesObject]]]
) -> dict[ObjectId, Candidate]:
    """Everything the release may own: inventory ∪ the manifests of records newer than the inventory's revision.

    What a newer record holds may have been made anew by it: the uid in the inventory is then not to be trusted."""
    found = {ref.id: Candidate(ref, entry.uid, None) for ref, entry in owned(inventory)}
    for manifests in newer:
        for identity, (ref, obj) in manifests.items():
            found[identity] = Candidate(ref, "", obj)
    return found


def may_delete(candidate: Candidate, live: KubernetesObject | None, owner: Owner) -> Verdict:
    """The safe rules, for a candidate and its live object."""
    if live is None:
        return Verdict(False, "is gone", gone=True)
    metadata = live["metadata"]
    if candidate.uid and metadata.get("uid") != candidate.uid:
        return Verdict(False, "was deleted and made again by somebody else", gone=True)
    problem = ownership_problem(live, owner)
    if metadata.get("deletionTimestamp"):
        return Verdict(False, "is being deleted already", gone=True, leaving=not problem)
    if problem:
        return Verdict(False, problem)
    veto = _veto(candidate, metadata)
    return Verdict(not veto, veto)


def is_kept(obj: KubernetesObject | None) -> bool:
    """Whether an object says `helm.sh/resource-policy: keep` (trimmed, any case)."""
    annotations = ((obj or {}).get("metadata") or {}).get("annotations") or {}
    return str(annotations.get(RESOURCE_POLICY) or "").strip().lower() == "keep"


def _veto(candidate: Candidate, metadata: Mapping[str, object]) -> str:
    annotations = metadata.get("annotations") or {}
    labels = metadata.get("labels") or {}
    assert isinstance(annotations, dict)
    assert isinstance(labels, dict)
    if is_kept({"metadata": dict(metadata)}) or is_kept(candidate.manifest):
        return f"is annotated {RESOURCE_POLICY}: keep"
    if annotations.get(ANNOTATION_PRUNE) == "disabled":
        return f"is annotated {ANNOTATION_PRUNE}: disabled"
    if any(key in labels for key in APPLYSET_PART_OF):
        return "is part of an ApplySet of another tool"
    owners = metadata.get("ownerReferences") or ()
    assert isinstance(owners, (list, tuple))
    controller = next((owner for owner in owners if owner.get("controller")), None)
    if controller is not None:
        return f"is controlled by {controller.get('kind')} {controller.get('name')}"
    return ""
