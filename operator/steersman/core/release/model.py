"""A release and its revisions, as Helm records them: one `Release` is one revision.

Actions build and change releases, `core.release.codec` turns them into the payload of Helm's Secret and back, and
`storage.secrets` keeps them. Field names and states are Helm's (its `pkg/release/v1`), so that Helm reads what we
write. What we leave out of a record (templates, other files and the schema of the chart) is described in
`docs/records.md`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum
from typing import Any

from steersman.core.api import names
from steersman.core.manifest.model import Hook


class ReleaseStatus(StrEnum):
    """Helm's states of a revision."""

    UNKNOWN = "unknown"
    DEPLOYED = "deployed"
    UNINSTALLED = "uninstalled"
    SUPERSEDED = "superseded"
    FAILED = "failed"
    UNINSTALLING = "uninstalling"
    PENDING_INSTALL = "pending-install"
    PENDING_UPGRADE = "pending-upgrade"
    PENDING_ROLLBACK = "pending-rollback"

    @property
    def is_pending(self) -> bool:
        """Whether an action is, or was when it died, under way."""
        return self in _PENDING


_PENDING = frozenset({ReleaseStatus.PENDING_INSTALL, ReleaseStatus.PENDING_UPGRADE, ReleaseStatus.PENDING_ROLLBACK})


class HookPhase(StrEnum):
    """Helm's states of a hook's run; NONE before the first."""

    NONE = ""
    UNKNOWN = "Unknown"
    RUNNING = "Running"
    SUCCEEDED = "Succeeded"
    FAILED = "Failed"


@dataclass(frozen=True, slots=True)
class HookRun:
    """The last run of a hook."""

    phase: HookPhase = HookPhase.NONE
    started_at: datetime | None = None
    completed_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class ReleaseHook:
    """A hook as a record keeps it: its text and policies, and how its last run went."""

    name: str
    kind: str
    path: str
    manifest: str
    events: tuple[str, ...]
    weight: int = 0
    delete_policies: tuple[str, ...] = ()
    output_log_policies: tuple[str, ...] = ()
    last_run: HookRun = HookRun()

    @classmethod
    def of(cls, hook: Hook) -> ReleaseHook:
        """A rendered hook that has not run."""
        return cls(
            name=hook.name,
            kind=hook.kind,
            path=hook.path,
            manifest=hook.text,
            events=hook.events,
            weight=hook.weight,
            delete_policies=hook.delete_policies,
            output_log_policies=hook.output_log_policies,
        )


@dataclass(frozen=True, slots=True)
class ReleaseChart:
    """What a record says of the chart: Chart.yaml's JSON as Helm stores it, and the chart's default values."""

    metadata: Mapping[str, Any]
    values: Mapping[str, Any] = field(default_factory=dict)

    @property
    def name(self) -> str:
        """The chart's name."""
        return str(self.metadata.get("name") or "")

    @property
    def version(self) -> str:
        """The chart's version."""
        return str(self.metadata.get("version") or "")

    @property
    def app_version(self) -> str:
        """The chart's appVersion."""
        return str(self.metadata.get("appVersion") or "")

    @property
    def label(self) -> str:
        """`name-version`, as `helm list` shows charts."""
        return f"{self.name}-{self.version}"


@dataclass(frozen=True, slots=True)
class Release:
    """One revision of a release.

    `config` are the values the user gave, `chart` is the chart's metadata and default values. `labels` are those of the
    Secret that are not Helm's own (`name`, `owner`, `status`, `version`, `createdAt`, `modifiedAt`). `stored_in` is the
    Secret's namespace, empty for the release's own; `record_uid` and `resource_version` are the Secret's, empty before
    it exists.
    """

    name: str
    namespace: str
    revision: int
    status: ReleaseStatus
    chart: ReleaseChart
    config: Mapping[str, Any] = field(default_factory=dict)
    manifest: str = ""
    hooks: tuple[ReleaseHook, ...] = ()
    notes: str = ""
    description: str = ""
    first_deployed: datetime | None = None
    last_deployed: datetime | None = None
    deleted: datetime | None = None
    rollback_revision: int = 0
    apply_method: str = "ssa"
    labels: Mapping[str, str] = field(default_factory=dict)
    stored_in: str = ""
    record_uid: str = ""
    resource_version: str = ""

    @property
    def storage_namespace(self) -> str:
        """The namespace of the record."""
        return self.stored_in or self.namespace

    @property
    def record_name(self) -> str:
        """The name of the Secret, as Helm names it."""
        return f"sh.helm.release.v1.{self.name}.v{self.revision}"

    @property
    def is_ours(self) -> bool:
        """Whether Steersman wrote this record (for whichever HelmRelease), and not Helm."""
        return self.labels.get(names.LABEL_RECORD_REVISION) == str(self.revision)

    @property
    def last_touched(self) -> datetime | None:
        """The newest moment the record knows of: its deletion, or its deployment."""
        return self.deleted or self.last_deployed

    def written_by(self, uid: str) -> bool:
        """Whether the HelmRelease of this uid wrote this record itself.

        Helm copies labels to the revisions it makes from ours, so the revision in the labels must be the record's own.
        """
        return self.is_ours and self.labels.get(names.LABEL_RELEASE_UID) == uid

    def with_status(self, status: ReleaseStatus, description: str) -> Release:
        """The same revision in another state, described as Helm does."""
        return replace(self, status=status, description=description)

    def with_hook_run(self, index: int, run: HookRun) -> Release:
        """The same revision after a run of its hook at this place."""
        hooks = list(self.hooks)
        hooks[index] = replace(hooks[index], last_run=run)
        return replace(self, hooks=tuple(hooks))


def record_labels(uid: str, revision: int) -> dict[str, str]:
    """The labels of a record that the HelmRelease of this uid writes."""
    return {names.LABEL_RELEASE_UID: uid, names.LABEL_RECORD_REVISION: str(revision)}
