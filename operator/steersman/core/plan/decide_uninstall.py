"""The branch of `core.plan.decide` for a HelmRelease that is being deleted: the next step of its uninstall.

Hooks, objects, records, finalizer, in the order of Helm's pkg/action/uninstall.go; or, where nothing is ours to delete,
the finalizer alone.
"""

from __future__ import annotations

from datetime import timedelta

from steersman.core.api.conditions import Reason
from steersman.core.kstatus.compute import Status
from steersman.core.plan.decision import Decision, Retry, Run, Wait, when_due
from steersman.core.plan.hooks import next_hook_step
from steersman.core.plan.observed import Observed, Problem, Step, StepKind
from steersman.core.plan.state import ReleaseState, retry_requested
from steersman.core.release.model import Release, ReleaseStatus

GONE_POLL = timedelta(seconds=15)
"""How often deletion is looked at again though no watch told anything (objects without our label have none)."""


def decide_uninstall(state: ReleaseState, observed: Observed) -> Decision:
    """The next step of an uninstall. Suspended or orphaning: nothing is touched."""
    record, attempt = state.record, observed.attempt
    if _is_let_go(record, observed):
        return when_due(StepKind.RELEASE_FINALIZER, observed)
    if attempt.problem is not None:
        held = _uninstall_failed(attempt.problem, observed)
        if held is not None:
            return held
    if attempt.plan is None or Step(StepKind.UNINSTALL_START) not in attempt.done:
        return Run(Step(StepKind.UNINSTALL_START))
    return (
        _delete_hooks("pre-delete", record, observed)
        or _delete_objects(observed)
        or _wait_gone(observed)
        or _delete_hooks("post-delete", record, observed)
        or (Run(Step(StepKind.PURGE)) if Step(StepKind.PURGE) not in attempt.done else None)
        or Run(Step(StepKind.RELEASE_FINALIZER))
    )


def _is_let_go(record: Release | None, observed: Observed) -> bool:
    """Whether nothing is to be uninstalled: by will, or because there is nothing of ours (any more)."""
    spec = observed.release.spec
    if spec.suspend or spec.deletion_policy == "Orphan" or observed.crd_deleting:
        return True
    if not observed.is_release_ours:
        return observed.inventory is None
    return record is not None and record.status is ReleaseStatus.UNINSTALLED


def _delete_hooks(event: str, record: Release | None, observed: Observed) -> Decision | None:
    """The next step of the delete hooks. UNINSTALL_START left those out of its plan that are not to be trusted."""
    release, plan = observed.release, observed.attempt.plan
    if record is None or plan is None or plan.revision != record.revision:
        return None
    if release.spec.uninstall.disable_hooks or release.target_namespace in observed.terminating:
        return None
    if Step(StepKind.PURGE) in observed.attempt.done:
        return None
    return next_hook_step(event, record, observed, timedelta(seconds=release.spec.uninstall_timeout()))


def _delete_objects(observed: Observed) -> Decision | None:
    step = Step(StepKind.DELETE)
    return None if step in observed.attempt.done else Run(step)


def _wait_gone(observed: Observed) -> Decision | None:
    """Until every deleted object is gone; what was kept is not waited for, nor what is in a namespace that goes."""
    spec, plan = observed.release.spec, observed.attempt.plan
    if spec.uninstall.disable_wait or plan is None or Step(StepKind.PURGE) in observed.attempt.done:
        return None
    deleted = frozenset(ref.id for ref in plan.deletions)
    left = [
        item
        for item in observed.health
        if item.ref.id in deleted
        and item.status is not Status.NOT_FOUND
        and item.ref.id.namespace not in observed.terminating
    ]
    if not left:
        return None
    record = observed.newest
    begun = (record.deleted if record is not None else None) or observed.release.deletion_timestamp or observed.now
    deadline = begun + timedelta(seconds=spec.uninstall_timeout())
    if observed.now >= deadline:
        names = ", ".join(str(item.ref) for item in left[:3])
        return Run(Step(StepKind.FAIL), Problem(Reason.UNINSTALL_FAILED, f"still there after deletion: {names}", True))
    return Wait(min(deadline, observed.now + GONE_POLL), f"{left[0].ref} is still being deleted ({len(left)} left)")


def _uninstall_failed(problem: Problem, observed: Observed) -> Decision | None:
    """What the problem of a step asks for: patience, the same step again (None), to let go, or to begin anew."""
    due = observed.attempt.next_attempt
    is_early = due is not None and observed.now < due
    if not problem.transient and observed.release.spec.uninstall.on_failure == "Orphan":
        return when_due(StepKind.RELEASE_FINALIZER, observed)
    if problem.transient:
        return Retry(due, problem) if due is not None and is_early else None
    if due is not None and is_early and not retry_requested(observed) and not _is_gone_late(problem, observed):
        return Retry(due, problem)
    return Run(Step(StepKind.UNINSTALL_START))


def _is_gone_late(problem: Problem, observed: Observed) -> bool:
    """Whether what an uninstall waited for in vain is gone by now."""
    if problem.reason is not Reason.UNINSTALL_FAILED or not observed.health:
        return False
    return all(item.status is Status.NOT_FOUND for item in observed.health)
