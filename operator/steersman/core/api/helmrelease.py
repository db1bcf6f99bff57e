"""A HelmRelease as the controller and the planner see it: metadata, typed spec and status, and the object itself.

`HelmRelease.parse` takes the object as the API gave it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from steersman.core.api import names
from steersman.core.api.parse import SpecError as SpecError
from steersman.core.api.parse import read_metadata, read_spec
from steersman.core.api.spec import HelmReleaseSpec as HelmReleaseSpec
from steersman.core.api.status import HelmReleaseStatus as HelmReleaseStatus
from steersman.core.api.status import LastHandled


@dataclass(frozen=True, slots=True)
class HelmRelease:
    """One HelmRelease. `raw` is the object it was read from, for Events and owner references."""

    namespace: str
    name: str
    uid: str
    generation: int
    resource_version: str
    annotations: Mapping[str, str]
    labels: Mapping[str, str]
    finalizers: tuple[str, ...]
    creation_timestamp: datetime | None
    deletion_timestamp: datetime | None
    spec: HelmReleaseSpec
    status: HelmReleaseStatus
    raw: dict[str, Any]

    @classmethod
    def parse(cls, obj: dict[str, Any]) -> HelmRelease:
        """The HelmRelease that this object is. Raises SpecError where its spec cannot be read."""
        metadata = obj.get("metadata") or {}
        return cls(
            **read_metadata(obj),
            labels=metadata.get("labels") or {},
            finalizers=tuple(metadata.get("finalizers") or ()),
            creation_timestamp=_time(metadata.get("creationTimestamp")),
            deletion_timestamp=_time(metadata.get("deletionTimestamp")),
            spec=parse_spec(obj.get("spec")),
            status=HelmReleaseStatus.parse(obj.get("status")),
            raw=obj,
        )

    @property
    def release_name(self) -> str:
        """Name of the Helm release."""
        return self.spec.release_name or self.name

    @property
    def target_namespace(self) -> str:
        """Namespace that the release is installed into."""
        return self.spec.target_namespace or self.namespace

    @property
    def storage_namespace(self) -> str:
        """Namespace of the release records: the target namespace, where `helm -n` looks."""
        return self.spec.storage_namespace or self.target_namespace

    @property
    def is_deleting(self) -> bool:
        """Whether somebody asked for its deletion."""
        return self.deletion_timestamp is not None

    @property
    def has_finalizer(self) -> bool:
        """Whether our finalizer is on it."""
        return names.FINALIZER in self.finalizers

    def requests(self) -> LastHandled:
        """The values of the request annotations, as they are now."""
        return LastHandled(
            reconcile_at=self.annotations.get(names.ANNOTATION_RECONCILE_AT, ""),
            force_at=self.annotations.get(names.ANNOTATION_FORCE_AT, ""),
            reset_at=self.annotations.get(names.ANNOTATION_RESET_AT, ""),
        )


def parse_spec(raw: Any) -> HelmReleaseSpec:
    """The spec as typed models. Raises SpecError, naming the field."""
    return read_spec(raw, HelmReleaseSpec, "hrel")


def _time(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text else None
