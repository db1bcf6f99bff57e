"""State → what to do next: run one short step, wait, try again later, give up until something changes, or rest.

One `match` over the state, a small function per branch. Nothing is read, logged or written here; `controller.reconcile`
carries the decision out. An action (install, upgrade, uninstall) is a sequence of steps; where it stands follows from
the pending record and the attempt's `done`, so the same look always gives the same step.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Literal, assert_never

from steersman.core.api.conditions import Reason
from steersman.core.api.spec import InstallSpec, UpgradeSpec
from steersman.core.kstatus.compute import Status
from steersman.core.kstatus.pods import SCHEDULE_WINDOW
from steersman.core.plan.attempt import retry_pause
from steersman.core.plan.decide_uninstall import decide_uninstall
from steersman.core.plan.decision import Decision, Done, Retry, Run, Stalled, Wait, when_due
from steersman.core.plan.health import HEALTH_DEBOUNCE, all_current, describe, is_settled
from steersman.core.plan.hooks import next_hook_step
from steersman.core.plan.observed import Desired, Observed, Problem, Step, StepKind
from steersman.core.plan.state import ReleaseState, State, patience, retry_requested
from steersman.core.release.model import Release, ReleaseStatus

_WORKED_ON = frozenset({State.ABSENT, State.OUT_OF_SYNC, State.PROGRESSING, State.FAILED, State.IN_SYNC})
"""States in which the HelmRelease holds a release, or soon will: its deletion must wait for us."""


_OF_A_CHART = frozenset({Reason.DIGEST_MISMATCH, Reason.VERIFICATION_FAILED, Reason.CHART_INVALID})


def decide(state: ReleaseState, observed: Observed) -> Decision:
    """What to do in this state."""
    if state.status in _WORKED_ON and not observed.release.has_finalizer:
        return when_due(StepKind.ADD_FINALIZER, observed)
    match state.status:
        case State.GONE:
            return Done()
        case State.SUSPENDED:
            return Done()
        case State.DELETING:
            return decide_uninstall(state, observed)
        case State.CLUSTER_CHANGED:
            return Stalled(Problem(Reason.CLUSTER_CHANGED, state.reason, False))
        case State.LOCKED:
            return _locked(state, observed)
        case State.UNMANAGED:
            assert state.problem is not None
            return Stalled(state.problem)
        case State.UNRESOLVED:
            assert state.problem is not None
            return _unresolved(state.problem, observed)
        case State.ABSENT | State.OUT_OF_SYNC:
            return _start(state, observed)
        case State.PROGRESSING:
            assert state.record is not None
            return _continue(state.record, observed)
        case State.FAILED:
            assert state.record is not None
            return _failed(state.record, observed)
        case State.IN_SYNC:
            return _rest(observed)
        case _:
            assert_never(state.status)


def _locked(state: ReleaseState, observed: Observed) -> Decision:
    assert state.record is not None
    begun = state.record.last_touched or observed.now
    return Retry(begun + patience(observed), Problem(Reason.FOREIGN_ACTION_IN_PROGRESS, state.reason, True))


def _unresolved(problem: Problem, observed: Observed) -> Decision:
    """Each look asks again what the spec means. `Stop` is about failed actions: a registry that is down is none.

    What a version stands for may be a good chart the next time, though nobody tells."""
    chart = observed.release.spec.chart
    if not problem.retryable:
        unpinned = chart.digest is None and problem.reason in _OF_A_CHART
        return Stalled(problem, observed.now + timedelta(seconds=chart.interval_seconds()) if unpinned else None)
    due = observed.attempt.next_attempt
    return Retry(due or observed.now + retry_pause(observed.attempt.failures + 1, None), problem)


def _start(state: ReleaseState, observed: Observed) -> Decision:
    """Begin an install or an upgrade, unless the last try at this input just failed."""
    record = state.record
    if record is not None and record.status.is_pending and observed.is_ours(record):
        return when_due(StepKind.ABANDON, observed)
    held = _held_back(observed)
    return held if held is not None else Run(Step(StepKind.PREPARE))


def _held_back(observed: Observed) -> Decision | None:
    """What a problem that left no pending record asks for: patience, or a change by somebody; None when it is time."""
    attempt = observed.attempt
    problem = attempt.problem
    if problem is None or retry_requested(observed):
        return None
    if not problem.retryable or (_stops(observed) and not problem.transient):
        return Stalled(problem)
    if attempt.next_attempt is None or observed.now >= attempt.next_attempt:
        return None
    return Retry(attempt.next_attempt, problem)


def _continue(record: Release, observed: Observed) -> Decision:
    """The next step of an install or upgrade whose pending record is there.

    A problem that only `.status` tells of was that of an action before this one."""
    attempt = observed.attempt
    if attempt.problem is not None and not attempt.recalled:
        held = _step_failed(attempt.problem, record, observed)
        if held is not None:
            return held
    if attempt.plan is None or attempt.plan.revision != record.revision:
        return Run(Step(StepKind.RESUME))
    return (
        _run_hooks("pre", record, observed)
        or _apply(observed)
        or _wait_healthy(record, observed)
        or _run_hooks("post", record, observed)
        or Run(Step(StepKind.FINISH))
    )


def _step_failed(problem: Problem, record: Release, observed: Observed) -> Decision | None:
    """What the problem of a step asks for: patience, the same step again (None), or to record that the action failed.

    The pause holds for a failure too that could not be recorded just now."""
    attempt = observed.attempt
    if attempt.next_attempt is not None and observed.now < attempt.next_attempt:
        return Retry(attempt.next_attempt, problem)
    begun = attempt.troubled_since or observed.now
    if problem.transient and observed.now < begun + timeout_of(record, observed):
        return None
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
    if policy.disable_wait or all_current(observed.health) or _is_past_wait(observed):
        return None
    begun = max(filter(None, (record.last_deployed, _last_hook_end(record))), default=observed.now)
    deadline = begun + timeout_of(record, observed)
    failed = any(item.status is Status.FAILED for item in observed.health)
    hopeless = failed and (observed.release.spec.fail_fast or is_settled(observed.health))
    if hopeless or observed.now >= deadline:
        late = "" if hopeless else f"not ready within {_brief(timeout_of(record, observed))}: "
        return Run(Step(StepKind.FAIL), Problem(Reason.HEALTH_CHECK_FAILED, late + describe(observed.health), True))
    unplaced = any(item.reason == "Unschedulable" for item in observed.health)
    until = min(deadline, observed.now + SCHEDULE_WINDOW) if unplaced else deadline
    return Wait(until, describe(observed.health))


def _is_past_wait(observed: Observed) -> bool:
    """Whether post hooks have begun: what they do to the objects is not waited for again."""
    return any(step.kind is StepKind.HOOK_START and step.event.startswith("post-") for step in observed.attempt.done)


def _last_hook_end(record: Release) -> datetime | None:
    return max((h.last_run.completed_at for h in record.hooks if h.last_run.completed_at is not None), default=None)


def _run_hooks(prefix: str, record: Release, observed: Observed) -> Decision | None:
    """The next step of the hooks of one event, None when all have succeeded."""
    event = f"{prefix}-{action_of(record, observed)}"
    if policy_of(record, observed).disable_hooks:
        return None
    return next_hook_step(event, record, observed, timeout_of(record, observed))


def _failed(record: Release, observed: Observed) -> Decision:
    """The newest revision failed for the input that is still wanted: resume it in place when due."""
    problem = observed.attempt.problem
    if problem is None or _is_recovered(problem, record, observed):
        return Run(Step(StepKind.RESUME))
    held = _held_back(observed)
    return held if held is not None else Run(Step(StepKind.RESUME))


def _is_recovered(problem: Problem, record: Release, observed: Observed) -> bool:
    """Whether the objects that this revision failed for are healthy now. Only the revision's own plan tells: all that
    the inventory lists may be well while a new object is not."""
    plan = observed.attempt.plan
    if problem.reason is not Reason.HEALTH_CHECK_FAILED or plan is None or plan.revision != record.revision:
        return False
    return bool(observed.health) and all_current(observed.health)


def _rest(observed: Observed) -> Decision:
    again = observed.now + timedelta(seconds=observed.release.spec.interval_seconds())
    since = observed.attempt.unhealthy_since
    if since is not None and observed.now < since + HEALTH_DEBOUNCE:
        again = min(again, since + HEALTH_DEBOUNCE)
    desired = observed.desired
    if isinstance(desired, Desired) and desired.ask_again is not None:
        again = min(again, desired.ask_again)
    return Done(again)


def policy_of(record: Release, observed: Observed) -> InstallSpec | UpgradeSpec:
    """The part of the spec that governs this revision's action."""
    spec = observed.release.spec
    return spec.install if action_of(record, observed) == "install" else spec.upgrade


def timeout_of(record: Release, observed: Observed) -> timedelta:
    """How long each hook and the wait of this revision's action may take."""
    spec = observed.release.spec
    seconds = spec.install_timeout() if action_of(record, observed) == "install" else spec.upgrade_timeout()
    return timedelta(seconds=seconds)


def retry_interval(observed: Observed) -> float | None:
    """The fixed pause, in seconds, that the spec asks for between attempts; None for growing ones."""
    spec = observed.release.spec
    return spec.upgrade_retry_interval() if observed.ever_deployed() else spec.install_retry_interval()


def action_of(record: Release, observed: Observed) -> Literal["install", "upgrade"]:
    """Whether this revision's action is an install or an upgrade: it is an upgrade once any revision was running."""
    if record.status is ReleaseStatus.PENDING_INSTALL:
        return "install"
    if record.status.is_pending:
        return "upgrade"
    return "upgrade" if observed.ever_deployed() else "install"


def _stops(observed: Observed) -> bool:
    spec = observed.release.spec
    return (spec.upgrade if observed.ever_deployed() else spec.install).on_failure == "Stop"


def _brief(span: timedelta) -> str:
    seconds = int(span.total_seconds())
    return f"{seconds // 60}m" if seconds % 60 == 0 and seconds else f"{seconds}s"
