"""What every action takes and gives, and how errors become problems.

An action does one short step and returns; it tells what happened and never edits conditions. It reaches the world
through `Edges` alone.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from steersman.core.api.conditions import Reason
from steersman.core.api.reasons import Flow, info
from steersman.core.api.text import sentences
from steersman.core.plan.attempt import Outcome
from steersman.core.plan.observed import Observed, Problem, Step
from steersman.errors import SteersmanError
from steersman.ports import ChartSource, Clock, Cluster, HelmReleases, InventoryStore, Observer, ReleaseStore, Renderer


@dataclass(frozen=True, slots=True)
class Edges:
    """The ports that actions call. `charts` is as the release at hand may reach them; None but in a prepare step."""

    cluster: Cluster
    observer: Observer
    records: ReleaseStore
    inventories: InventoryStore
    releases: HelmReleases
    charts: ChartSource | None
    renderer: Renderer
    clock: Clock


@dataclass(frozen=True, slots=True)
class Request:
    """One step to run. `problem` is what a FAIL step records."""

    step: Step
    observed: Observed
    problem: Problem | None = None


class Action(Protocol):
    """One kind of step."""

    async def run(self, request: Request, edges: Edges) -> Outcome:
        """Do the step. Raises SteersmanError where it cannot be done; every step may be run again."""
        ...


def problem_of(error: SteersmanError) -> Problem:
    """An error as conditions tell it."""
    reason = Reason(error.reason) if error.reason else Reason.INVALID_SPEC
    retryable = error.retryable or info(reason).flow in (Flow.RETRY, Flow.WAIT)
    message = sentences(error.message, error.hint)
    return Problem(reason, message, retryable, transient=error.transient, advised=bool(error.hint))
