"""A HelmRelease as the controller and the planner see it: metadata, typed spec and status, and the object itself.

`HelmRelease.parse` takes the object as the API gave it. The API server has checked it against the CRD, so a spec that
cannot be read here means an object from before a change of the schema, or a file that never saw an API server.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import msgspec

from steersman.core.api import names
from steersman.core.api.schema import rules_at
from steersman.core.api.spec import HelmReleaseSpec as HelmReleaseSpec
from steersman.core.api.status import HelmReleaseStatus as HelmReleaseStatus
from steersman.core.api.status import LastHandled
from steersman.errors import InvalidInput


class SpecError(InvalidInput):
    """A HelmRelease that the schema could not refuse. `path` is the field, as `spec.chart.url`."""

    def __init__(self, message: str, *, path: str = "spec", hint: str = "") -> None:
        super().__init__(message, hint=hint)
        self.path = path


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
            namespace=metadata.get("namespace") or "",
            name=metadata.get("name") or "",
            uid=metadata.get("uid") or "",
            generation=metadata.get("generation") or 0,
            resource_version=metadata.get("resourceVersion") or "",
            annotations=metadata.get("annotations") or {},
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
    try:
        return msgspec.convert(raw, HelmReleaseSpec)
    except msgspec.ValidationError as error:
        reason, _, where = str(error).partition(" - at `$")
        path = f"spec{where.rstrip('`')}"
        raise SpecError(
            _complaint(reason, path), path=path, hint="correct the field; `kubectl explain hrel.spec` describes it"
        ) from error


def _complaint(reason: str, path: str) -> str:
    """What the API server would say, where it has a rule for the field; else msgspec's reason after the path."""
    rules = rules_at(HelmReleaseSpec, path) if "matching regex" in reason else ()
    if rules:
        return rules[0]["message"]
    return reason if reason.startswith("spec.") else f"{path}: {reason}"


def _time(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text else None
