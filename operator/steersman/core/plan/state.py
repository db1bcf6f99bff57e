"""Observed → ReleaseState: in which of a few named states a release is. Everything that affects them is in this file.

Ordered checks with early returns; nothing is read, logged or written, and this file does not know who asks
(`controller.reconcile`) or what follows (`core.plan.decide`).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum

from steersman.core.api.conditions import Reason
from steersman.core.api.text import sentences
from steersman.core.plan.observed import Desired, Observed, Problem, input_of
from steersman.core.plan.pinned import OTHER_VERSION_HINT, other_version
from steersman.core.release.model import Release, ReleaseStatus

FOREIGN_ACTION_PATIENCE = timedelta(minutes=10)
"""How long, at least, a pending record of somebody else is waited for before it counts as abandoned."""


class State(StrEnum):
    """The states a release can be in."""

    GONE = "Gone"
    DELETING = "Deleting"
    CLUSTER_CHANGED = "ClusterChanged"
    SUSPENDED = "Suspended"
    LOCKED = "Locked"
    UNMANAGED = "Unmanaged"
    UNRESOLVED = "Unresolved"
    ABSENT = "Absent"
    PROGRESSING = "Progressing"
    OUT_OF_SYNC = "OutOfSync"
    FAILED = "Failed"
    IN_SYNC = "InSync"


@dataclass(frozen=True, slots=True)
class ReleaseState:
    """The state and why, for people. `record` is the revision it is about; `problem` says what is in the way."""

    status: State
    reason: str
    record: Release | None = None
    problem: Problem | None = None


def determine(observed: Observed) -> ReleaseState:
    """The state of the release."""
    release = observed.release
    if release.is_deleting:
        return _deleting(observed)
    known = release.status.release
    if known is not None and known.cluster_uid and known.cluster_uid != observed.cluster_uid:
        return ReleaseState(
            State.CLUSTER_CHANGED,
            f"release was installed in the cluster {known.cluster_uid}, this is {observed.cluster_uid}",
            observed.newest,
        )
    if release.spec.suspend:
        return ReleaseState(State.SUSPENDED, "spec.suspend is set", observed.newest)
    return _by_records(observed)


def _deleting(observed: Observed) -> ReleaseState:
    if not observed.release.has_finalizer:
        return ReleaseState(State.GONE, "is deleted")
    return ReleaseState(State.DELETING, "is being deleted", observed.newest)


def _by_records(observed: Observed) -> ReleaseState:
    newest = observed.newest
    if newest is None:
        return _unresolved(observed) or ReleaseState(State.ABSENT, "there is no release yet")
    if not observed.is_ours(newest):
        return _foreign(observed, newest)
    if newest.status.is_pending:
        return _pending(observed, newest)
    if _is_uninstalled_at_a_prompt(observed, newest):
        why = f"Helm, or another client, is uninstalling revision {newest.revision}: waiting for it"
        return ReleaseState(State.LOCKED, why, newest)
    unresolved = _unresolved(observed)
    if unresolved is not None:
        return unresolved
    return _ended(observed, newest)


def _foreign(observed: Observed, newest: Release) -> ReleaseState:
    """The newest revision was written by Helm, or by another HelmRelease."""
    if not observed.is_release_ours:
        return _unmanaged(newest)
    at_work = newest.status.is_pending or newest.status is ReleaseStatus.UNINSTALLING
    if at_work and _is_recent(observed, newest):
        return ReleaseState(
            State.LOCKED,
            f"Helm, or another client, has revision {newest.revision} {newest.status}: waiting for it",
            newest,
        )
    return _unresolved(observed) or ReleaseState(
        State.OUT_OF_SYNC, f"revision {newest.revision} was made by somebody else", newest
    )


def _is_uninstalled_at_a_prompt(observed: Observed, newest: Release) -> bool:
    """Whether Helm takes away what we installed, just now: we do so ourselves only for a HelmRelease that never comes
    back. Installing again meanwhile would give Helm the new objects to delete."""
    at_work = newest.status is ReleaseStatus.UNINSTALLING and newest.written_by(observed.release.uid)
    return at_work and _is_recent(observed, newest)


def _is_recent(observed: Observed, record: Release) -> bool:
    """Whether somebody else's action on a record may still be under way."""
    begun = record.last_touched
    return begun is not None and observed.now - begun < patience(observed)


def _unmanaged(newest: Release) -> ReleaseState:
    if newest.is_ours:
        return _of_another(newest)
    why = (
        f"a Helm release {newest.name} exists in namespace {newest.namespace} (revision {newest.revision}, "
        f"{newest.status}) that this HelmRelease did not install"
    )
    way_out = (
        f"uninstall it with `helm uninstall -n {newest.namespace} {newest.name}`, or make a HelmRelease with another "
        "spec.releaseName in place of this one"
    )
    problem = Problem(Reason.OWNERSHIP_CONFLICT, sentences(why, way_out), False, advised=True)
    return ReleaseState(State.UNMANAGED, why, newest, problem)


def _of_another(newest: Release) -> ReleaseState:
    """The release of a HelmRelease that lives: uninstalling it would only take away what that one keeps."""
    why = f"the release {newest.name} in namespace {newest.namespace} belongs to another HelmRelease"
    way_out = "give this one another spec.releaseName or spec.targetNamespace (in a new HelmRelease in its place)"
    problem = Problem(Reason.OWNERSHIP_CONFLICT, sentences(why, way_out), False, advised=True)
    return ReleaseState(State.UNMANAGED, why, newest, problem)


def _pending(observed: Observed, newest: Release) -> ReleaseState:
    desired = observed.desired
    if isinstance(desired, Desired) and desired.input_digest != input_of(newest):
        return ReleaseState(
            State.OUT_OF_SYNC, f"the spec changed while revision {newest.revision} was under way", newest
        )
    return ReleaseState(State.PROGRESSING, f"revision {newest.revision} is {newest.status}", newest)


def _unresolved(observed: Observed) -> ReleaseState | None:
    if isinstance(observed.desired, Problem):
        return ReleaseState(State.UNRESOLVED, observed.desired.message, observed.newest, observed.desired)
    return None


def _ended(observed: Observed, newest: Release) -> ReleaseState:
    assert isinstance(observed.desired, Desired)
    if newest.status in (ReleaseStatus.UNINSTALLED, ReleaseStatus.UNINSTALLING):
        return ReleaseState(State.ABSENT, f"revision {newest.revision} is {newest.status}", newest)
    if observed.desired.input_digest != input_of(newest):
        return ReleaseState(State.OUT_OF_SYNC, "chart or values changed", newest)
    other = other_version(observed.release.spec.chart, newest.chart.version)
    if other:
        problem = Problem(Reason.DIGEST_MISMATCH, sentences(other, OTHER_VERSION_HINT), False, advised=True)
        return ReleaseState(State.UNRESOLVED, other, newest, problem)
    if newest.status is not ReleaseStatus.DEPLOYED:
        return _failed(newest, newest.description)
    if observed.inventory is None:
        return _failed(newest, f"revision {newest.revision} is deployed, but its ReleaseInventory does not exist")
    if force_requested(observed) or observed.attempt.forcing:
        return ReleaseState(State.OUT_OF_SYNC, "an upgrade was asked for by annotation", newest)
    return ReleaseState(State.IN_SYNC, f"revision {newest.revision} is deployed", newest)


def _failed(newest: Release, why: str) -> ReleaseState:
    return ReleaseState(State.FAILED, why, newest, Problem(Reason.UPGRADE_FAILED, why, True))


def patience(observed: Observed) -> timedelta:
    """How long a foreign action is waited for: the longer of the action's timeout and ten minutes."""
    return max(FOREIGN_ACTION_PATIENCE, timedelta(seconds=observed.release.spec.upgrade_timeout()))


def force_requested(observed: Observed) -> bool:
    """Whether `steersman.dev/force-at` has a value that was not dealt with."""
    asked = observed.release.requests().force_at
    return bool(asked) and asked != observed.attempt.handled.force_at


def retry_requested(observed: Observed) -> bool:
    """Whether an annotation asks for another attempt now."""
    asked, handled = observed.release.requests(), observed.attempt.handled
    return any(
        new and new != old
        for new, old in (
            (asked.reconcile_at, handled.reconcile_at),
            (asked.force_at, handled.force_at),
            (asked.reset_at, handled.reset_at),
        )
    )
