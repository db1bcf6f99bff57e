"""State → what to do next: run one short step, wait, try again later, give up until something changes, or rest.

One `match` over the state, a small function per branch. Nothing is read, logged or written here; `controller.reconcile`
carries the decision out. An action (install, upgrade, uninstall) is a sequence of steps; where it stands follows from the
pending record and the attempt's `done`, so the same look always gives the same step.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal, TypeAlias, assert_never

from steersman.core.api.conditions import Reason
from steersman.core.api.reasons import Flow, info
from steersman.core.api.spec import InstallSpec, UpgradeSpec
from steersman.core.kstatus.compute import Status
from steersman.core.plan.attempt import retry_pause
from steersman.core.plan.health import HEALTH_DEBOUNCE, all_current, describe, is_settled
from steersman.core.plan.hooks import event_hooks, hook_deadline, hook_verdict, ran_for
from steersman.core.plan.observed import Desired, Observed, Problem, Step, StepKind
from steersman.core.plan.state import ReleaseState, State, patience, retry_requested
from steersman.core.release.model import HookPhase, Release, ReleaseStatus

GONE_POLL = timedelta(seconds=15)
"""How often deletion is looked at again though no watch told anything (objects without our label have none)."""


@dataclass(frozen=True, slots=True)
class Run:
    """Run this step, then look again. `problem` is what a FAIL step records."""

    step: Step
    problem: Problem | None = None


@dataclass(frozen=True, slots=True)
class Wait:
    """An action goes on when a watch or the deadline says so. `why` names what is waited for."""

    until: datetime
    why: str


@dataclass(frozen=True, slots=True)
class Retry:
    """The attempt failed; another follows at `at`, or when something relevant changes."""

    at: datetime
    problem: Problem


@dataclass(frozen=True, slots=True)
class Stalled:
    """No progress without a change by somebody."""

    problem: Problem


@dataclass(frozen=True, slots=True)
class Done:
    """Nothing to do. `again` is when to look next though nothing moved (None: never)."""

    again: datetime | None = None


Decision: TypeAlias = Run | Wait | Retry | Stalled | Done


def decide(state: ReleaseState, observed: Observed) -> Decision:
    """What to do in this state."""
    match state.status:
        case State.GONE:
            return Done()
        case State.SUSPENDED:
            return Done()
        case State.DELETING:
            return _delete(state, observed)
        case State.CLUSTER_CHANGED:
            return Stalled(Problem(Reason.CLUSTER_CHANGED, state.reason, False))
        case State.LOCKED:
            return _locked(state, observed)
        case State.UNMANAGED:
            return Stalled(Problem(Reason.OWNERSHIP_CONFLICT, state.reason, False))
        case State.UNRESOLVED:
            assert state.problem is not None
            return _after(state.problem, observed)
        case State.ABSENT | State.OUT_OF_SYNC:
            return _start(state, observed)
        case State.PROGRESSING:
            assert state.record is not None
            return _continue(state.record, observed)
        case State.FAILED:
            assert state.record is not None
            return _failed(state, state.record, observed)
        case State.IN_SYNC:
            return _rest(observed)
        case _:
            assert_never(state.status)


def _locked(state: ReleaseState, observed: Observed) -> Decision:
    assert state.record is not None
    begun = state.record.last_touched or observed.now
    return Retry(begun + patience(observed), Problem(Reason.FOREIGN_ACTION_IN_PROGRESS, state.reason, True))


def _start(state: ReleaseState, observed: Observed) -> Decision:
    """Begin an install or an upgrade, unless the last try at this input just failed."""
    if not observed.release.has_finalizer:
        return Run(Step(StepKind.ADD_FINALIZER))
    record = state.record
    if record is not None and record.status.is_pending and observed.is_ours(record):
        return Run(Step(StepKind.ABANDON))
    if observed.attempt.problem is not None:
        return _after(observed.attempt.problem, observed)
    return Run(Step(StepKind.PREPARE))


def _after(problem: Problem, observed: Observed) -> Decision:
    """What follows a problem that left no pending record: try again when due, or stall."""
    attempt = observed.attempt
    if retry_requested(observed):
        return Run(Step(StepKind.PREPARE)) if isinstance(observed.desired, Desired) else _pause(problem, observed)
    if not problem.retryable or (_stops(observed) and not problem.transient and attempt.failures):
        return Stalled(problem)
    if attempt.next_attempt is not None and observed.now >= attempt.next_attempt:
        if isinstance(observed.desired, Desired):
            return Run(Step(StepKind.PREPARE))
    return _pause(problem, observed)


def _pause(problem: Problem, observed: Observed) -> Decision:
    due = observed.attempt.next_attempt
    if due is None or due <= observed.now:
        due = observed.now + retry_pause(observed.attempt.failures + 1, _policy_interval(observed))
    return Retry(due, problem)


def _continue(record: Release, observed: Observed) -> Decision:
    """The next step of an install or upgrade whose pending record is there."""
    attempt = observed.attempt
    if attempt.problem is not None:
        return _step_failed(attempt.problem, record, observed)
    if attempt.plan is None or attempt.plan.revision != record.revision:
        return Run(Step(StepKind.RESUME))
    return (
        _run_hooks("pre", record, observed)
        or _apply(observed)
        or _wait_healthy(record, observed)
        or _run_hooks("post", record, observed)
        or Run(Step(StepKind.FINISH))
    )


def _step_failed(problem: Problem, record: Release, observed: Observed) -> Decision:
    attempt = observed.attempt
    begun = record.last_deployed or observed.now
    if problem.transient and observed.now < begun + timeout_of(record, observed):
        if attempt.next_attempt is not None and observed.now < attempt.next_attempt:
            return Retry(attempt.next_attempt, problem)
        return Run(Step(StepKind.RESUME))
    return Run(Step(StepKind.FAIL), problem)


def _apply(observed: Observed) -> Decision | None:
    plan = observed.attempt.plan
    assert plan is not None
    for index in range(len(plan.apply.batches)):
        step = Step(StepKind.APPLY, index)
        if step not in observed.attempt.done:
            return Run(step)
    prune = Step(StepKind.PRUNE)
    return None if prune in observed.attempt.done else Run(prune)


def _wait_healthy(record: Release, observed: Observed) -> Decision | None:
    policy = policy_of(record, observed)
    if policy.disable_wait or all_current(observed.health):
        return None
    begun = max(filter(None, (record.last_deployed, _last_hook_end(record))), default=observed.now)
    deadline = begun + timeout_of(record, observed)
    failed = any(item.status is Status.FAILED for item in observed.health)
    hopeless = failed and (observed.release.spec.fail_fast or is_settled(observed.health))
    if hopeless or observed.now >= deadline:
        late = "" if hopeless else f"not ready within {_brief(timeout_of(record, observed))}: "
        return Run(Step(StepKind.FAIL), Problem(Reason.HEALTH_CHECK_FAILED, late + describe(observed.health), True))
    return Wait(deadline, describe(observed.health))


def _last_hook_end(record: Release) -> datetime | None:
    return max((h.last_run.completed_at for h in record.hooks if h.last_run.completed_at is not None), default=None)


def _run_hooks(prefix: str, record: Release, observed: Observed) -> Decision | None:
    """The next step of the hooks of one event, None when all have succeeded."""
    event = f"{prefix}-{action_of(record, observed)}"
    if policy_of(record, observed).disable_hooks:
        return None
    return _hooks_of_event(event, record, observed, timeout_of(record, observed))


def _hooks_of_event(event: str, record: Release, observed: Observed, timeout: timedelta) -> Decision | None:
    for index in event_hooks(record, event):
        hook = record.hooks[index]
        end = Step(StepKind.HOOK_END, index, event)
        if end in observed.attempt.done:
            continue
        phase = hook.last_run.phase
        if phase is HookPhase.SUCCEEDED and ran_for(hook, event, record):
            continue
        if Step(StepKind.HOOK_START, index, event) not in observed.attempt.done:
            return Run(Step(StepKind.HOOK_START, index, event))
        verdict = hook_verdict(observed, index)
        deadline = hook_deadline(hook, timeout, observed.now)
        if verdict is not None or observed.now >= deadline:
            return Run(end)
        return Wait(deadline, f"{event} hook {hook.kind} {hook.name}")
    ended = Step(StepKind.HOOK_END, -1, event)
    if event_hooks(record, event) and ended not in observed.attempt.done:
        return Run(ended)
    return None


def _failed(state: ReleaseState, record: Release, observed: Observed) -> Decision:
    """The newest revision failed for the input that is still wanted: resume it in place when due."""
    attempt = observed.attempt
    problem = attempt.problem or state.problem
    assert problem is not None
    resume = Run(Step(StepKind.RESUME))
    if retry_requested(observed):
        return resume
    if problem.reason is Reason.HEALTH_CHECK_FAILED and observed.health and all_current(observed.health):
        return resume
    if policy_of(record, observed).on_failure == "Stop" or info(problem.reason).flow is Flow.STALL:
        return Stalled(problem)
    if attempt.next_attempt is not None and observed.now >= attempt.next_attempt:
        return resume
    return _pause(problem, observed)


def _rest(observed: Observed) -> Decision:
    again = observed.now + timedelta(seconds=observed.release.spec.interval_seconds())
    since = observed.attempt.unhealthy_since
    if since is not None and observed.now < since + HEALTH_DEBOUNCE:
        again = min(again, since + HEALTH_DEBOUNCE)
    chart = observed.release.spec.chart
    if chart.digest is None:
        again = min(again, observed.now + timedelta(seconds=chart.interval_seconds))
    return Done(again)


def _delete(state: ReleaseState, observed: Observed) -> Decision:
    """The next step of an uninstall. Suspended or orphaning: nothing is touched."""
    release, record, attempt = observed.release, state.record, observed.attempt
    let_go = Run(Step(StepKind.RELEASE_FINALIZER))
    keep = release.spec.suspend or release.spec.deletion_policy == "Orphan" or observed.crd_deleting
    if keep or (record is None and observed.inventory is None):
        return let_go
    if record is not None and not observed.is_ours(record) and observed.inventory is None:
        return let_go
    if attempt.problem is not None:
        return _uninstall_failed(attempt.problem, observed)
    if attempt.plan is None or Step(StepKind.UNINSTALL_START) not in attempt.done:
        return Run(Step(StepKind.UNINSTALL_START))
    return (
        _delete_hooks("pre-delete", record, observed)
        or _delete_objects(observed)
        or _wait_gone(observed)
        or _delete_hooks("post-delete", record, observed)
        or (Run(Step(StepKind.PURGE)) if Step(StepKind.PURGE) not in attempt.done else None)
        or let_go
    )


def _delete_hooks(event: str, record: Release | None, observed: Observed) -> Decision | None:
    release = observed.release
    if record is None or release.spec.uninstall.disable_hooks or release.target_namespace in observed.terminating:
        return None
    if Step(StepKind.PURGE) in observed.attempt.done:
        return None
    return _hooks_of_event(event, record, observed, timedelta(seconds=release.spec.uninstall_timeout()))


def _delete_objects(observed: Observed) -> Decision | None:
    step = Step(StepKind.DELETE)
    return None if step in observed.attempt.done else Run(step)


def _wait_gone(observed: Observed) -> Decision | None:
    """Until every deleted object is gone; those in a namespace that goes itself are not waited for."""
    spec = observed.release.spec
    if spec.uninstall.disable_wait or Step(StepKind.PURGE) in observed.attempt.done:
        return None
    left = [
        item
        for item in observed.health
        if item.status is not Status.NOT_FOUND and item.ref.id.namespace not in observed.terminating
    ]
    if not left:
        return None
    record = observed.newest
    begun = (record.deleted if record is not None else None) or observed.release.deletion_timestamp or observed.now
    deadline = begun + timedelta(seconds=spec.uninstall_timeout())
    if observed.now >= deadline:
        names = ", ".join(str(item.ref) for item in left[:3])
        problem = Problem(Reason.UNINSTALL_FAILED, f"still there after deletion: {names}", True)
        return _uninstall_failed(problem, observed)
    return Wait(min(deadline, observed.now + GONE_POLL), f"{left[0].ref} is still being deleted ({len(left)} left)")


def _uninstall_failed(problem: Problem, observed: Observed) -> Decision:
    attempt = observed.attempt
    if not problem.transient and observed.release.spec.uninstall.on_failure == "Orphan":
        return Run(Step(StepKind.RELEASE_FINALIZER))
    due = attempt.next_attempt
    if due is None:
        return Retry(observed.now + retry_pause(attempt.failures + 1, None), problem)
    if observed.now < due and not retry_requested(observed):
        return Retry(due, problem)
    return Run(Step(StepKind.UNINSTALL_START))


def policy_of(record: Release, observed: Observed) -> InstallSpec | UpgradeSpec:
    """The part of the spec that governs this revision's action."""
    spec = observed.release.spec
    return spec.install if action_of(record, observed) == "install" else spec.upgrade


def timeout_of(record: Release, observed: Observed) -> timedelta:
    """How long each hook and the wait of this revision's action may take."""
    spec = observed.release.spec
    seconds = spec.install_timeout() if action_of(record, observed) == "install" else spec.upgrade_timeout()
    return timedelta(seconds=seconds)


def action_of(record: Release, observed: Observed) -> Literal["install", "upgrade"]:
    """Whether this revision's action is an install or an upgrade: it is an upgrade once any revision was running."""
    if record.status is ReleaseStatus.PENDING_INSTALL:
        return "install"
    if record.status.is_pending:
        return "upgrade"
    return "upgrade" if observed.ever_deployed() else "install"


def _policy_interval(observed: Observed) -> float | None:
    spec = observed.release.spec
    return spec.upgrade_retry_interval() if observed.ever_deployed() else spec.install_retry_interval()


def _stops(observed: Observed) -> bool:
    spec = observed.release.spec
    return (spec.upgrade if observed.ever_deployed() else spec.install).on_failure == "Stop"


def _brief(span: timedelta) -> str:
    seconds = int(span.total_seconds())
    return f"{seconds // 60}m" if seconds % 60 == 0 and seconds else f"{seconds}s"
