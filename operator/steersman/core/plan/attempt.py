"""How the memory of an attempt changes: with a new input, after a step, after a failure.

The loop (`controller.reconcile`) asks these functions and keeps what they return; `core.plan.decide` reads it.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from steersman.core.api.conditions import ConditionType, Reason, find_condition
from steersman.core.api.helmrelease import HelmRelease
from steersman.core.api.status import LastHandled
from steersman.core.plan.observed import ActionPlan, AppliedObject, Attempt, Problem, Step, StepKind

FIRST_PAUSE = 10.0
LONGEST_PAUSE = 600.0
FIRST_TRANSIENT_PAUSE = 1.0
LONGEST_TRANSIENT_PAUSE = 60.0

_COUNTED = frozenset({StepKind.PREPARE, StepKind.FAIL, StepKind.RESUME})
"""Steps whose problem, or whose success at recording one, is a failed attempt."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a step did. `problem` is why it failed; the rest is what later steps and the status need to know."""

    plan: ActionPlan | None = None
    applied: tuple[AppliedObject, ...] = ()
    kept: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()
    problem: Problem | None = None
    events: tuple[tuple[str, str, str], ...] = field(default=())


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
    if not status.failures or ready is None or ready.observed_generation != release.generation:
        return attempt
    stalled = find_condition(status.conditions, ConditionType.STALLED)
    try:
        reason = Reason(ready.reason)
    except ValueError:
        return attempt
    return replace(attempt, problem=Problem(reason, ready.message, retryable=stalled is None))


def adopt_input(attempt: Attempt, generation: int, input_digest: str) -> Attempt:
    """The attempt under a possibly new input: another generation or another digest starts from nothing."""
    if attempt.generation == generation and attempt.input_digest in (input_digest, ""):
        return replace(attempt, input_digest=input_digest)
    return Attempt(
        input_digest=input_digest,
        generation=generation,
        handled=attempt.handled,
        unhealthy_since=attempt.unhealthy_since,
    )


def begin(attempt: Attempt, step: Step, release: HelmRelease) -> Attempt:
    """The attempt as a step is about to run: a fresh start of an action forgets the problem of the last one, and deals
    with what annotations ask for."""
    if step.kind in (StepKind.PREPARE, StepKind.RESUME, StepKind.UNINSTALL_START):
        return replace(
            attempt, problem=None, done=frozenset(), applied={}, kept=(), warnings=(), handled=release.requests()
        )
    return attempt


def unresolved(attempt: Attempt, problem: Problem, now: datetime, pause: float | None) -> Attempt:
    """The attempt while what the spec asks for cannot be told: one failure more each time the next attempt is due."""
    due = attempt.next_attempt is None or now >= attempt.next_attempt
    if attempt.problem is not None and attempt.problem.reason is problem.reason and not due:
        return replace(attempt, problem=problem)
    failures = attempt.failures + 1
    return replace(attempt, problem=problem, failures=failures, next_attempt=now + retry_pause(failures, pause))


def watch_health(attempt: Attempt, healthy: bool, now: datetime) -> Attempt:
    """The attempt as an installed release is looked at: since when it has been unhealthy."""
    if healthy:
        return replace(attempt, unhealthy_since=None) if attempt.unhealthy_since is not None else attempt
    return attempt if attempt.unhealthy_since is not None else replace(attempt, unhealthy_since=now)


def after_step(attempt: Attempt, step: Step, outcome: Outcome, now: datetime, pause: float | None) -> Attempt:
    """The attempt after a step. `pause` is the fixed retry interval of the spec, None for growing pauses."""
    if outcome.problem is not None:
        return _after_problem(attempt, step, outcome.problem, now, pause)
    applied = {**attempt.applied, **{item.ref.id: item for item in outcome.applied}}
    return replace(
        attempt,
        plan=outcome.plan or attempt.plan,
        done=attempt.done | {step},
        applied=applied,
        kept=(*attempt.kept, *outcome.kept),
        warnings=(*attempt.warnings, *outcome.warnings),
        transients=0,
    )


def succeeded(attempt: Attempt, release: HelmRelease) -> Attempt:
    """The attempt after its action ended well: nothing is owed, requests by annotation are dealt with."""
    return Attempt(
        input_digest=attempt.input_digest,
        generation=attempt.generation,
        handled=release.requests(),
        kept=attempt.kept,
        warnings=attempt.warnings,
    )


def failed(attempt: Attempt, problem: Problem, release: HelmRelease, now: datetime, pause: float | None) -> Attempt:
    """The attempt after its failure was recorded: one failure more, the next attempt later."""
    failures = attempt.failures + 1
    return Attempt(
        input_digest=attempt.input_digest,
        generation=attempt.generation,
        problem=problem,
        failures=failures,
        next_attempt=now + retry_pause(failures, pause),
        handled=release.requests(),
        warnings=attempt.warnings,
        unhealthy_since=attempt.unhealthy_since,
    )


def retry_pause(failures: int, fixed: float | None) -> timedelta:
    """How long to wait after so many failures: the spec's interval, else 10 s doubling up to ten minutes."""
    if fixed is not None:
        return timedelta(seconds=fixed)
    return timedelta(seconds=min(FIRST_PAUSE * 2 ** max(0, min(failures, 20) - 1), LONGEST_PAUSE))


def _after_problem(attempt: Attempt, step: Step, problem: Problem, now: datetime, pause: float | None) -> Attempt:
    if problem.transient:
        transients = attempt.transients + 1
        seconds = min(FIRST_TRANSIENT_PAUSE * 2 ** min(transients - 1, 10), LONGEST_TRANSIENT_PAUSE)
        return replace(attempt, problem=problem, transients=transients, next_attempt=now + timedelta(seconds=seconds))
    if step.kind not in _COUNTED:
        return replace(attempt, problem=problem, next_attempt=None)
    failures = attempt.failures + 1
    return replace(attempt, problem=problem, failures=failures, next_attempt=now + retry_pause(failures, pause))
