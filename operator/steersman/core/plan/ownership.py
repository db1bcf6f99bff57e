"""Whose object is it? The metadata that says an object belongs to a release, and the verdict on a live one.

Helm's own ownership metadata (its pkg/action/validate.go) is the contract with Helm at a
prompt; our two labels name the HelmRelease. Server-side apply's field ownership never replaces this check: two releases
that render the same object would co-own it silently.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from steersman.core.api.names import ANNOTATION_HOOK_RUN, LABEL_NAME, LABEL_NAMESPACE
from steersman.core.manifest.identity import KubernetesObject, ObjectId
from steersman.errors import SteersmanError

HELM_MANAGED_BY = "app.kubernetes.io/managed-by"
HELM_RELEASE_NAME = "meta.helm.sh/release-name"
HELM_RELEASE_NAMESPACE = "meta.helm.sh/release-namespace"


@dataclass(frozen=True, slots=True)
class Owner:
    """The release that objects are stamped for: the HelmRelease's namespace and name, and Helm's release."""

    namespace: str
    name: str
    release_namespace: str
    release_name: str

    def labels(self) -> dict[str, str]:
        """The labels on everything we apply, hooks too."""
        return {LABEL_NAME: self.name, LABEL_NAMESPACE: self.namespace}


class OwnershipConflict(SteersmanError):
    """An object of the plan exists and belongs to somebody else. Nothing was written."""

    reason = "OwnershipConflict"

    def __init__(self, conflicts: tuple[tuple[ObjectId, str], ...]) -> None:
        shown = "; ".join(f"{identity} {why}" for identity, why in conflicts[:3])
        more = f" (+{len(conflicts) - 3} more)" if len(conflicts) > 3 else ""
        super().__init__(
            f"{shown}{more}; cannot be imported into this release, and nothing was changed",
            hint="delete or rename what exists, or change the chart's values; after a deletion annotate the "
            "HelmRelease with `steersman.dev/reset-at` and a new value",
        )
        self.conflicts = conflicts


_SERVERS_OWN = frozenset(
    {"uid", "resourceVersion", "generation", "creationTimestamp", "deletionTimestamp", "managedFields", "selfLink"}
)
"""What only the API server writes. A chart that renders it means nothing by it, but as a precondition it would
refuse."""


def _rendered_metadata(obj: KubernetesObject) -> dict[str, Any]:
    return {key: value for key, value in (obj.get("metadata") or {}).items() if key not in _SERVERS_OWN}


def stamp(obj: KubernetesObject, owner: Owner) -> KubernetesObject:
    """A copy of a release object with Helm's ownership metadata and our labels. Helm overwrites what a chart
    renders."""
    metadata = _rendered_metadata(obj)
    metadata["labels"] = {**(metadata.get("labels") or {}), HELM_MANAGED_BY: "Helm", **owner.labels()}
    metadata["annotations"] = {
        **(metadata.get("annotations") or {}),
        HELM_RELEASE_NAME: owner.release_name,
        HELM_RELEASE_NAMESPACE: owner.release_namespace,
    }
    return {**obj, "metadata": metadata}


def stamp_hook(obj: KubernetesObject, owner: Owner, run: str) -> KubernetesObject:
    """A copy of a hook with our labels and the annotation that names this run. Helm puts no ownership on hooks."""
    metadata = _rendered_metadata(obj)
    metadata["labels"] = {**(metadata.get("labels") or {}), **owner.labels()}
    metadata["annotations"] = {**(metadata.get("annotations") or {}), ANNOTATION_HOOK_RUN: run}
    return {**obj, "metadata": metadata}


def ownership_problem(live: KubernetesObject, owner: Owner) -> str:
    """Why a live object is not this release's; "" when it is.

    All three of Helm's values must match, and our labels, where present, must name this HelmRelease."""
    metadata = live.get("metadata") or {}
    labels = metadata.get("labels") or {}
    annotations = metadata.get("annotations") or {}
    wrong = [
        f"{where} {key!r} must be {want!r}" + (f" but is {have!r}" if have is not None else " but is missing")
        for where, key, want, have in (
            ("label", HELM_MANAGED_BY, "Helm", labels.get(HELM_MANAGED_BY)),
            ("annotation", HELM_RELEASE_NAME, owner.release_name, annotations.get(HELM_RELEASE_NAME)),
            ("annotation", HELM_RELEASE_NAMESPACE, owner.release_namespace, annotations.get(HELM_RELEASE_NAMESPACE)),
            *((("label", key, want, labels[key]) for key, want in owner.labels().items() if key in labels)),
        )
        if have != want
    ]
    return f"has invalid ownership metadata: {', '.join(wrong)}" if wrong else ""


def is_our_hook(live: KubernetesObject, owner: Owner) -> bool:
    """Whether a live object under a hook's name was made as a hook (or as an object) of this release."""
    labels = (live.get("metadata") or {}).get("labels") or {}
    return all(labels.get(key) == value for key, value in owner.labels().items())
