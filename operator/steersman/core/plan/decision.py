"""What can be decided: the answers of `core.plan.decide`, which `controller.reconcile` carries out.

And the one rule that every branch shares: a step waits for the pause that a problem before it asked for.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TypeAlias

from steersman.core.plan.observed import Observed, Problem, Step, StepKind


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
    """No progress without a change by somebody. `again` is when to look whether that happened where nobody tells it (a
    registry)."""

    problem: Problem
    again: datetime | None = None


@dataclass(frozen=True, slots=True)
class Done:
    """Nothing to do. `again` is when to look next though nothing moved (None: never)."""

    again: datetime | None = None


Decision: TypeAlias = Run | Wait | Retry | Stalled | Done


def when_due(kind: StepKind, observed: Observed) -> Run | Retry:
    """This step, after the pause that a problem asked for."""
    attempt = observed.attempt
    if attempt.problem is not None and attempt.next_attempt is not None and observed.now < attempt.next_attempt:
        return Retry(attempt.next_attempt, attempt.problem)
    return Run(Step(kind))
