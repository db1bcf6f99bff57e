"""The loop of one HelmRelease: look, determine, decide, run one short step, look again; until it waits or rests.

    observed = await looker.look(release, attempt)
    state = determine(observed)                 # core/plan/state.py
    decision = decide(state, observed)          # core/plan/decide.py
    outcome = await run_step(request, edges)    # actions/runner.py, when the decision is Run
    status = next_status(…)                     # core/plan/status.py, written by controller/report.py

A wait holds no worker: the key comes back by a watch (`controller.handlers`, the observer) or by its timer in the
queue.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta

from steersman.actions.base import Edges, Request, problem_of
from steersman.actions.runner import run_step
from steersman.controller.cache import ReleaseCache
from steersman.controller.desired import Resolver
from steersman.controller.observe import Looker
from steersman.controller.queue import ObjectKey, WorkQueue
from steersman.controller.report import Reporter
from steersman.core.api.helmrelease import HelmRelease
from steersman.core.plan.attempt import Outcome, advance, begin, looked, noticed, recall, retry_pause
from steersman.core.plan.decide import decide, retry_interval
from steersman.core.plan.decision import Decision, Done, Retry, Run, Stalled, Wait
from steersman.core.plan.observed import Attempt, Observed, StepKind
from steersman.core.plan.state import ReleaseState, State, determine
from steersman.errors import SteersmanError

_logger = logging.getLogger(__name__)

PROGRESS_PAUSE = timedelta(seconds=5)
"""How often the status of a wait may change: a rollout of many objects would otherwise write at every event."""
CRASH_PAUSE = 30.0
TOLD_TRANSIENTS = 4
"""A problem outside the release is told when it met this many attempts: most are over in a second."""


class Reconciler:
    """Reconciles HelmReleases, one call of `reconcile` at a time for each key (the queue sees to it)."""

    def __init__(
        self,
        queue: WorkQueue,
        cache: ReleaseCache,
        looker: Looker,
        resolver: Resolver,
        reporter: Reporter,
        edges: Edges,
        may_go_on: Callable[[], bool],
    ) -> None:
        self._queue = queue
        self._cache = cache
        self._looker = looker
        self._resolver = resolver
        self._reporter = reporter
        self._edges = edges
        self._may_go_on = may_go_on
        self._uids: dict[ObjectKey, str] = {}
        self._attempts: dict[str, Attempt] = {}
        self._reported: dict[str, datetime] = {}

    async def reconcile(self, key: ObjectKey) -> None:
        """Bring one HelmRelease as far as it goes now. Once the process ends, the step under way is the last."""
        while self._may_go_on():
            release = self._cache.get(key)
            if release is None:
                self._forget(key)
                return
            self._meet(key, release.uid)
            try:
                if not await self._once(key, release):
                    return
            except SteersmanError as error:
                await self._put_off(key, release, error)
                return

    def crashed(self, key: ObjectKey, error: Exception) -> None:
        """A bug: said once with its trace, and the key is tried again later."""
        _logger.error("reconcile crashed", extra={"release": str(key)}, exc_info=error)
        self._queue.add_at(key, asyncio.get_running_loop().time() + CRASH_PAUSE)

    async def _once(self, key: ObjectKey, release: HelmRelease) -> bool:
        """One turn; whether another follows at once."""
        if await self._reporter.welcome(release, self._edges.clock.now()):
            return True
        observed = await self._looker.look(release, self._attempts.get(release.uid) or recall(release))
        state = determine(observed)
        observed = replace(observed, attempt=noticed(state, observed, retry_interval(observed)))
        decision = decide(state, observed)
        if isinstance(decision, (Done, Stalled)) and state.status is not State.SUSPENDED:
            observed = replace(observed, attempt=looked(observed.attempt, release))
        self._attempts[release.uid] = observed.attempt
        if state.status is State.GONE:
            self._forget(key)
            return False
        put_off = await self._report(state, observed, decision)
        if isinstance(decision, Run):
            # The status was perhaps just written: the step must know the resourceVersion that this left.
            current = self._cache.get(key)
            if current is not None and current.uid == release.uid:
                await self._run(replace(observed, release=current), decision)
            return True
        self._schedule(key, decision, observed.now, put_off)
        return False

    async def _run(self, observed: Observed, decision: Run) -> None:
        release = observed.release
        attempt = begin(observed.attempt, decision.step, release)
        request = Request(decision.step, replace(observed, attempt=attempt), decision.problem)
        loop = asyncio.get_running_loop()
        started = loop.time()
        outcome = await self._outcome(request)
        self._reporter.ran(observed, decision.step, outcome, loop.time() - started)
        self._attempts[release.uid] = advance(
            attempt, decision.step, outcome, decision.problem, self._edges.clock.now(), retry_interval(observed)
        )

    async def _outcome(self, request: Request) -> Outcome:
        if request.step.kind is not StepKind.PREPARE:
            return await run_step(request, self._edges)
        release = request.observed.release
        outcome = await run_step(request, replace(self._edges, charts=self._resolver.archives(release)))
        if outcome.problem is None:
            return outcome
        return replace(outcome, problem=self._resolver.retold(release, outcome.problem))

    async def _report(self, state: ReleaseState, observed: Observed, decision: Decision) -> datetime | None:
        """Write the status; the moment to come back where a wait's progress was told only just now."""
        uid = observed.release.uid
        told = self._reported.get(uid)
        if isinstance(decision, Wait) and told is not None and observed.now < told + PROGRESS_PAUSE:
            return told + PROGRESS_PAUSE
        if isinstance(decision, Retry) and decision.problem.transient and observed.attempt.transients < TOLD_TRANSIENTS:
            return None
        if await self._reporter.decided(state, observed, decision):
            self._reported[uid] = observed.now
        return None

    def _schedule(self, key: ObjectKey, decision: Decision, now: datetime, put_off: datetime | None) -> None:
        match decision:
            case Wait(until=until):
                when: datetime | None = min(until, put_off) if put_off else until
            case Retry(at=at):
                when = at
            case Done(again=again) | Stalled(again=again):
                when = again
            case _:
                when = None
        if when is None:
            self._queue.forget(key)
            return
        self._queue.add_at(key, asyncio.get_running_loop().time() + max((when - now).total_seconds(), 0.05))

    async def _put_off(self, key: ObjectKey, release: HelmRelease, error: SteersmanError) -> None:
        """A look or a status write failed: the API server answers badly, or a record or the inventory cannot be read.
        Nothing is lost; look again later."""
        attempt = self._attempts.get(release.uid) or recall(release)
        attempt = replace(attempt, transients=attempt.transients + 1)
        self._attempts[release.uid] = attempt
        pause = min(retry_pause(attempt.transients, None).total_seconds() / 10, 60.0)
        problem = problem_of(error)
        _logger.warning("look failed", extra={"release": str(key), "problem": problem.message, "pause": pause})
        self._queue.add_at(key, asyncio.get_running_loop().time() + pause)
        if problem.transient and attempt.transients < TOLD_TRANSIENTS:
            return
        try:
            await self._reporter.blind(release, problem, self._edges.clock.now())
        except SteersmanError as again:
            _logger.warning("status not written", extra={"release": str(key), "problem": again.message})

    def _meet(self, key: ObjectKey, uid: str) -> None:
        """Remember who is under this name; what is known of one before is dropped."""
        if self._uids.get(key, uid) != uid:
            self._forget(key)
        self._uids[key] = uid

    def _forget(self, key: ObjectKey) -> None:
        uid = self._uids.pop(key, "")
        self._attempts.pop(uid, None)
        self._reported.pop(uid, None)
        self._reporter.forget(uid)
        self._resolver.forget(uid)
        self._edges.observer.forget((key.namespace, key.name))
        self._queue.forget(key)
