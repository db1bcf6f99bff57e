"""Everything one look at a HelmRelease gives: `determine` and `decide` see this record and nothing else.

`controller.observe` fills it from watches and caches; `Attempt` is the loop's memory of what it did since it began
(losing it costs work, never correctness: records and inventory say where an action stands).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any

from steersman.core.api.conditions import Reason
from steersman.core.api.helmrelease import HelmRelease
from steersman.core.api.inventory import Inventory
from steersman.core.api.names import LABEL_INPUT
from steersman.core.api.status import LastHandled, ValuesSource
from steersman.core.chart.bundled import BundledChart
from steersman.core.kstatus.compute import Status
from steersman.core.kstatus.hooks import HookVerdict
from steersman.core.manifest.identity import KubernetesObject, ObjectId, ObjectRef
from steersman.core.plan.apply import ApplyPlan
from steersman.core.plan.ownership import Owner
from steersman.core.release.model import Release, ReleaseStatus


class StepKind(StrEnum):
    """The short steps that actions consist of. Each is one class in `actions`."""

    ADD_FINALIZER = "add-finalizer"
    PREPARE = "prepare"
    RESUME = "resume"
    ABANDON = "abandon"
    HOOK_START = "hook-start"
    HOOK_END = "hook-end"
    APPLY = "apply"
    PRUNE = "prune"
    FINISH = "finish"
    FAIL = "fail"
    UNINSTALL_START = "uninstall-start"
    DELETE = "delete"
    PURGE = "purge"
    RELEASE_FINALIZER = "release-finalizer"


@dataclass(frozen=True, slots=True)
class Step:
    """One step. `index` is the batch or the hook's place in the record; `event` the hook event."""

    kind: StepKind
    index: int = 0
    event: str = ""


@dataclass(frozen=True, slots=True)
class Problem:
    """Why something did not work: a reason of the table, a message for people, and whether trying again may help.

    `transient` problems lie outside the release (the API server does not answer): they are retried quietly within the
    action and are no failed attempt. `advised`: the message says already what to do about it. `detail` is more than a
    condition has room for (the lines of a template around an error): Events and logs show it."""

    reason: Reason
    message: str
    retryable: bool
    transient: bool = False
    advised: bool = False
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Desired:
    """What the spec asks for, resolved: the only things that make a new revision.

    `input_digest` covers chart digest and values (keyed, so that values cannot be guessed) and is a label on records.
    `ask_again` is when the chart's version has to be asked for anew (None: the digest is pinned). `source_problem` is
    why it could not be asked now: then the chart is the one that it meant before. `chart_repository` is the name of a
    ChartRepository, `chart_verified` by whose signature the chart is.
    """

    chart_url: str
    chart_digest: str
    chart_version: str
    values: Mapping[str, Any]
    values_digest: str
    values_from: tuple[ValuesSource, ...]
    input_digest: str
    chart_repository: str = ""
    chart_verified: str = ""
    ask_again: datetime | None = None
    source_problem: Problem | None = None


@dataclass(frozen=True, slots=True)
class ObjectHealth:
    """kstatus' verdict on one object of the release."""

    ref: ObjectRef
    status: Status
    reason: str
    message: str


@dataclass(frozen=True, slots=True)
class AppliedObject:
    """What the API server said of an object that we applied."""

    ref: ObjectRef
    uid: str
    resource_version: str
    fingerprint: str


@dataclass(frozen=True, slots=True)
class ActionPlan:
    """The stored manifest and hooks of one revision, as objects. Built by prepare, or again from the record by resume.

    `hooks` are in the record's order. `deletions` are the objects an uninstall deletes, in uninstall order."""

    revision: int
    apply: ApplyPlan
    hooks: tuple[KubernetesObject, ...] = ()
    deletions: tuple[ObjectRef, ...] = ()


@dataclass(frozen=True, slots=True)
class Attempt:
    """What the loop remembers of its work on one HelmRelease. Replaced, never changed (`core.plan.attempt`).

    `recalled`: the problem is that of an earlier process, told by `.status`. `forcing`: an upgrade that an annotation
    asked for was begun and has no record yet. `bundled`: the charts in the chart, once it was rendered.
    `troubled_since`: when transient problems began that no step got over."""

    input_digest: str = ""
    generation: int = 0
    plan: ActionPlan | None = None
    bundled: tuple[BundledChart, ...] | None = None
    done: frozenset[Step] = frozenset()
    applied: Mapping[ObjectId, AppliedObject] = field(default_factory=dict)
    problem: Problem | None = None
    recalled: bool = False
    forcing: bool = False
    transients: int = 0
    troubled_since: datetime | None = None
    failures: int = 0
    next_attempt: datetime | None = None
    handled: LastHandled = field(default_factory=LastHandled)
    unhealthy_since: datetime | None = None


@dataclass(frozen=True, slots=True)
class Observed:
    """One look. `desired` is None while the HelmRelease is being deleted; `records` are oldest first. `health` covers
    the objects of the action under way, else the inventory.

    `hook_verdicts` tell, by place in the newest record, how started hooks ended; a running one is not in it.
    `dead_uids` are uids on records whose HelmRelease no longer exists (this one's predecessors): their records are
    ours. `terminating` are the namespaces being deleted; `crd_deleting` says that our own CRD is."""

    release: HelmRelease
    now: datetime
    desired: Desired | Problem | None
    records: tuple[Release, ...]
    inventory: Inventory | None
    health: tuple[ObjectHealth, ...]
    attempt: Attempt
    cluster_uid: str
    hook_verdicts: Mapping[int, HookVerdict] = field(default_factory=dict)
    dead_uids: frozenset[str] = frozenset()
    terminating: frozenset[str] = frozenset()
    crd_deleting: bool = False

    @property
    def newest(self) -> Release | None:
        """The newest revision."""
        return self.records[-1] if self.records else None

    @property
    def owner(self) -> Owner:
        """Whom objects are stamped for."""
        return Owner(
            self.release.namespace, self.release.name, self.release.target_namespace, self.release.release_name
        )

    def is_ours(self, record: Release) -> bool:
        """Whether this HelmRelease (or one before it of the same name) wrote the record."""
        return record.written_by(self.release.uid) or any(record.written_by(uid) for uid in self.dead_uids)

    @property
    def is_release_ours(self) -> bool:
        """Whether the release is this HelmRelease's: it made a revision, whoever made others on top."""
        return any(map(self.is_ours, self.records))

    def ever_deployed(self) -> bool:
        """Whether some revision was running since the last uninstall: what makes the next action an upgrade."""
        for record in reversed(self.records):
            if record.status in (ReleaseStatus.UNINSTALLED, ReleaseStatus.UNINSTALLING):
                return False
            if record.status in (ReleaseStatus.DEPLOYED, ReleaseStatus.SUPERSEDED):
                return True
        return False


def input_of(record: Release) -> str:
    """The input digest a record was made for ("" for one that Helm wrote)."""
    return record.labels.get(LABEL_INPUT, "")
