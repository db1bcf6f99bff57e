"""How the memory of an attempt changes: with a new input, after a step, after a failure.

The loop (`controller.reconcile`) asks these functions and keeps what they return; `core.plan.decide` reads it.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Literal, TypeAlias

import msgspec

from steersman.core.api.conditions import ConditionType, Reason, find_condition
from steersman.core.api.helmrelease import HelmRelease
from steersman.core.api.reasons import info
from steersman.core.api.status import HelmReleaseStatus, LastHandled
from steersman.core.chart.bundled import BundledChart
from steersman.core.plan.health import all_current
from steersman.core.plan.observed import (
    ActionPlan,
    AppliedObject,
    Attempt,
    Desired,
    Observed,
    Problem,
    Step,
    StepKind,
)
from steersman.core.plan.state import ReleaseState, State

FIRST_PAUSE = 10.0
LONGEST_PAUSE = 600.0
FIRST_TRANSIENT_PAUSE = 1.0
LONGEST_TRANSIENT_PAUSE = 60.0

UNRESOLVED = "unresolved"
"""The input of an attempt that never learned what the spec asks for."""

_STARTS = frozenset({StepKind.PREPARE, StepKind.RESUME, StepKind.UNINSTALL_START})
_WITHIN_ACTION = frozenset({StepKind.HOOK_START, StepKind.HOOK_END, StepKind.APPLY, StepKind.PRUNE, StepKind.FINISH})
"""Steps whose problem a FAIL step records, which then counts as the failed attempt; an uninstall has no FAIL for its
hooks."""

_OF_SOURCES = frozenset(
    {
        Reason.SOURCE_NOT_READY,
        Reason.DIGEST_MISMATCH,
        Reason.VERIFICATION_FAILED,
        Reason.CHART_INVALID,
        Reason.VALUES_ERROR,
        Reason.INVALID_SPEC,
    }
)
"""Reasons for which what a spec asks for cannot be told. A step may fail for one of them too; that the first attempt
after a start does not wait then costs a rendering."""


Event: TypeAlias = tuple[Literal["Normal", "Warning"], str, str]
"""Kind, reason and message of a Kubernetes Event on the HelmRelease."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a step did. `problem` is why it failed; `plan` and `applied` are for later steps, `warnings` (the API
    server's) and `events` for people. `bundled` are the charts in the one that was rendered."""

    plan: ActionPlan | None = None
    applied: tuple[AppliedObject, ...] = ()
    warnings: tuple[str, ...] = ()
    problem: Problem | None = None
    events: tuple[Event, ...] = ()
    bundled: tuple[BundledChart, ...] | None = None


def recall(release: HelmRelease) -> Attempt:
    """The attempt as far as `.status` remembers it, for the first look at a HelmRelease after a start.

    Losing the status costs one more attempt, nothing else."""
    status = release.status
    attempt = Attempt(
        generation=release.generation,
        failures=status.failures,
        next_attempt=status.next_attempt,
        handled=status.last_handled or LastHandled(),
    )
    ready = find_condition(status.conditions, ConditionType.READY)
    if not status.failures or ready is None or ready.status != "False":
        return attempt
    if ready.observed_generation != release.generation:
        return attempt
    stalled = find_condition(status.conditions, ConditionType.STALLED)
    try:
        reason = Reason(ready.reason)
    except ValueError:
        return attempt
    message = ready.message.removesuffix(f". {info(reason).next_step}")
    problem = Problem(reason, message, retryable=stalled is None, advised=message == ready.message)
    # Where the source was at fault, nothing was tried with what it says now: no pause is owed once it can be told.
    return replace(attempt, problem=problem, recalled=True, input_digest=UNRESOLVED if reason in _OF_SOURCES else "")


def recognise(attempt: Attempt, status: HelmReleaseStatus, desired: Desired | Problem | None) -> Attempt:
    """A recalled attempt as the input is found. Status knows it by the digests of chart and values: what failed with
    others is no failure of this one."""
    if attempt.input_digest or not isinstance(desired, Desired) or status.source is None or status.values is None:
        return attempt
    if (status.source.digest, status.values.digest) == (desired.chart_digest, desired.values_digest):
        return attempt
    return replace(attempt, input_digest=UNRESOLVED)


def adopt_input(attempt: Attempt, generation: int, input_digest: str) -> Attempt:
    """The attempt under a possibly new input: another generation or another digest starts from nothing.

    An input that cannot be told just now ends nothing: an action under way needs it no more."""
    if attempt.generation == generation and input_digest == UNRESOLVED:
        return attempt
    if attempt.generation == generation and attempt.input_digest in (input_digest, ""):
        return replace(attempt, input_digest=input_digest)
    return Attempt(
        input_digest=input_digest,
        generation=generation,
        handled=attempt.handled,
        unhealthy_since=attempt.unhealthy_since,
    )


def begin(attempt: Attempt, step: Step, release: HelmRelease) -> Attempt:
    """The attempt as a step is about to run, which is what a problem waited for. A fresh start of an action forgets
    what the last one did, and deals with what annotations ask for."""
    attempt = replace(attempt, problem=None, recalled=False)
    if step.kind not in _STARTS:
        return attempt
    asked, handled = release.requests(), attempt.handled
    return replace(
        attempt,
        done=frozenset(),
        applied={},
        handled=asked,
        failures=0 if asked.reset_at not in ("", handled.reset_at) else attempt.failures,
        forcing=attempt.forcing or (step.kind is StepKind.PREPARE and asked.force_at not in ("", handled.force_at)),
    )


def noticed(state: ReleaseState, observed: Observed, pause: float | None) -> Attempt:
    """The attempt with what a look alone says: since when unhealthy, what keeps the spec from being resolved."""
    attempt = observed.attempt
    if state.status is State.IN_SYNC:
        return watch_health(_at_rest(attempt), all_current(observed.health), observed.now)
    if state.status is State.UNRESOLVED and isinstance(observed.desired, Problem):
        return unresolved(attempt, observed.desired, observed.now, pause)
    return attempt


def advance(
    attempt: Attempt, step: Step, outcome: Outcome, recorded: Problem | None, now: datetime, pause: float | None
) -> Attempt:
    """The attempt after a step of any kind. `recorded` is what a FAIL step recorded."""
    if outcome.problem is None and step.kind is StepKind.FINISH:
        return succeeded(attempt)
    if outcome.problem is None and step.kind is StepKind.FAIL:
        assert recorded is not None
        return failed(attempt, recorded, now, pause)
    if outcome.problem is None and step.kind is StepKind.ABANDON:
        return replace(attempt, plan=None, done=frozenset(), applied={}, next_attempt=None)
    return after_step(attempt, step, outcome, now, pause)


def unresolved(attempt: Attempt, problem: Problem, now: datetime, pause: float | None) -> Attempt:
    """The attempt while what the spec asks for cannot be told: one failure more each time the next attempt is due."""
    due = attempt.next_attempt is None or now >= attempt.next_attempt
    if attempt.problem is not None and attempt.problem.reason is problem.reason and not due:
        return replace(attempt, problem=problem, input_digest=UNRESOLVED)
    return replace(_after_problem(attempt, problem, now, pause), input_digest=UNRESOLVED)


def looked(attempt: Attempt, release: HelmRelease) -> Attempt:
    """The attempt after a look that ended in rest or in a stall: that is what `reconcile-at` and `reset-at` asked for.

    `force-at` asks for an upgrade, which is owed until one begins."""
    asked = msgspec.structs.replace(release.requests(), force_at=attempt.handled.force_at)
    return attempt if asked == attempt.handled else replace(attempt, handled=asked)


def watch_health(attempt: Attempt, healthy: bool, now: datetime) -> Attempt:
    """The attempt as an installed release is looked at: since when it has been unhealthy."""
    if healthy:
        return replace(attempt, unhealthy_since=None) if attempt.unhealthy_since is not None else attempt
    return attempt if attempt.unhealthy_since is not None else replace(attempt, unhealthy_since=now)


def after_step(attempt: Attempt, step: Step, outcome: Outcome, now: datetime, pause: float | None) -> Attempt:
    """The attempt after a step. `pause` is the fixed retry interval of the spec, None for growing pauses."""
    if outcome.problem is not None:
        if _is_recorded_by_fail(step) and not outcome.problem.transient:
            return replace(attempt, problem=outcome.problem, next_attempt=None)
        return _after_problem(attempt, outcome.problem, now, pause)
    applied = {**attempt.applied, **{item.ref.id: item for item in outcome.applied}}
    return replace(
        attempt,
        plan=outcome.plan or attempt.plan,
        bundled=attempt.bundled if outcome.bundled is None else outcome.bundled,
        done=attempt.done | {step},
        applied=applied,
        forcing=attempt.forcing and step.kind is not StepKind.PREPARE,
        transients=0,
        troubled_since=None,
        next_attempt=None,
    )


def succeeded(attempt: Attempt) -> Attempt:
    """The attempt after its action ended well: nothing is owed but what annotations asked for since it began."""
    return Attempt(
        input_digest=attempt.input_digest,
        generation=attempt.generation,
        bundled=attempt.bundled,
        handled=attempt.handled,
    )


def failed(attempt: Attempt, problem: Problem, now: datetime, pause: float | None) -> Attempt:
    """The attempt after its failure was recorded: one failure more, the next attempt later.

    Its plan stays known, so that the health of its objects is still watched."""
    failures = attempt.failures + 1
    return Attempt(
        input_digest=attempt.input_digest,
        generation=attempt.generation,
        plan=attempt.plan,
        bundled=attempt.bundled,
        applied=attempt.applied,
        problem=problem,
        failures=failures,
        next_attempt=now + retry_pause(failures, pause),
        handled=attempt.handled,
        unhealthy_since=attempt.unhealthy_since,
    )


def retry_pause(failures: int, fixed: float | None) -> timedelta:
    """How long to wait after so many failures: the spec's interval, else 10 s doubling up to ten minutes."""
    if fixed is not None:
        return timedelta(seconds=fixed)
    return timedelta(seconds=min(FIRST_PAUSE * 2 ** max(0, min(failures, 20) - 1), LONGEST_PAUSE))


def _at_rest(attempt: Attempt) -> Attempt:
    """The attempt where the release is found in sync: whatever went wrong before is over."""
    troubled = attempt.problem is not None or attempt.failures or attempt.transients
    return replace(succeeded(attempt), unhealthy_since=attempt.unhealthy_since) if troubled else attempt


def _is_recorded_by_fail(step: Step) -> bool:
    return step.kind in _WITHIN_ACTION and not step.event.endswith("-delete")


def _after_problem(attempt: Attempt, problem: Problem, now: datetime, pause: float | None) -> Attempt:
    if problem.transient:
        transients = attempt.transients + 1
        seconds = min(FIRST_TRANSIENT_PAUSE * 2 ** min(transients - 1, 10), LONGEST_TRANSIENT_PAUSE)
        return replace(
            attempt,
            problem=problem,
            transients=transients,
            troubled_since=attempt.troubled_since or now,
            next_attempt=now + timedelta(seconds=seconds),
        )
    failures = attempt.failures + 1
    return replace(attempt, problem=problem, failures=failures, next_attempt=now + retry_pause(failures, pause))
