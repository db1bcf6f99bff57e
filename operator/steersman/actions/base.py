"""What every action takes and gives, and how errors become problems.

An action does one short step and returns; it tells what happened and never edits conditions. It reaches the world
through `Edges` alone.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass
from typing import Protocol, TypeVar

from steersman.core.api.conditions import Reason
from steersman.core.api.reasons import Flow, info
from steersman.core.api.text import sentences
from steersman.core.plan.attempt import Outcome
from steersman.core.plan.observed import Observed, Problem, Step
from steersman.core.template.errors import TemplateError
from steersman.errors import SteersmanError
from steersman.ports import (
    ChartArchives,
    Clock,
    Cluster,
    HelmReleases,
    InventoryStore,
    Observer,
    ReleaseStore,
    Renderer,
)

_Item = TypeVar("_Item")
_Answer = TypeVar("_Answer")


@dataclass(frozen=True, slots=True)
class Edges:
    """The ports that actions call. `charts` is as the release at hand may reach them; None but in a prepare step."""

    cluster: Cluster
    observer: Observer
    records: ReleaseStore
    inventories: InventoryStore
    releases: HelmReleases
    charts: ChartArchives | None
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


async def side_by_side(
    work: Callable[[_Item], Awaitable[_Answer]], items: Iterable[_Item], *, at_once: int
) -> list[_Answer]:
    """Do this for every item, a few at a time; the answers in the items' order.

    All are tried, whatever fails. Then the first error in order is raised, saying how many more there are, so that the
    same failure reads the same each time; bugs before refusals."""
    gate = asyncio.Semaphore(at_once)

    async def one(item: _Item) -> _Answer:
        async with gate:
            return await work(item)

    answers = await asyncio.gather(*map(one, items), return_exceptions=True)
    errors = [answer for answer in answers if isinstance(answer, BaseException)]
    for error in errors:
        if not isinstance(error, SteersmanError):
            raise error
    if errors:
        raise _counted([error for error in errors if isinstance(error, SteersmanError)])
    return [answer for answer in answers if not isinstance(answer, BaseException)]


def _counted(errors: list[SteersmanError]) -> SteersmanError:
    first, more = errors[0], len(errors) - 1
    if more:
        first.message = f"{first.message} (+{more} more objects refused)"
    return first


def problem_of(error: SteersmanError) -> Problem:
    """An error as conditions tell it."""
    reason = Reason(error.reason) if error.reason else Reason.INVALID_SPEC
    retryable = error.retryable or info(reason).flow in (Flow.RETRY, Flow.WAIT)
    message = sentences(error.message, error.hint)
    detail = error.excerpt if isinstance(error, TemplateError) else ""
    return Problem(reason, message, retryable, transient=error.transient, advised=bool(error.hint), detail=detail)
