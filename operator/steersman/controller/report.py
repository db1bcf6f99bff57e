"""Telling the outside: `.status` when it changed, Events for what happened, one log line and one metric an outcome."""

from __future__ import annotations

import logging
from datetime import datetime
from functools import partial
from typing import Literal

import msgspec

from steersman.app.metrics import Metrics
from steersman.core.api.conditions import ConditionType, Reason, find_condition, set_condition
from steersman.core.api.helmrelease import HelmRelease
from steersman.core.api.status import HelmReleaseStatus
from steersman.core.plan.attempt import Outcome
from steersman.core.plan.decision import Decision, Retry, Run, Stalled
from steersman.core.plan.observed import Desired, Observed, Problem, Step, StepKind
from steersman.core.plan.state import ReleaseState
from steersman.core.plan.status import blind_status, next_status
from steersman.ports import Events, HelmReleases

_logger = logging.getLogger(__name__)

_FIRST_STEPS = frozenset(
    {StepKind.ADD_FINALIZER, StepKind.PREPARE, StepKind.RESUME, StepKind.UNINSTALL_START, StepKind.ABANDON}
)
"""Steps worth a status of their own: those an action begins with. The rest shows in the wait that follows."""


class Reporter:
    """Writes status and Events."""

    def __init__(self, releases: HelmReleases, events: Events, metrics: Metrics) -> None:
        self._releases = releases
        self._events = events
        self._metrics = metrics
        self._unresolved: dict[str, Problem] = {}

    def forget(self, release_uid: str) -> None:
        """Drop what is kept for a HelmRelease that is gone."""
        self._unresolved.pop(release_uid, None)

    async def decided(self, state: ReleaseState, observed: Observed, decision: Decision) -> bool:
        """Bring `.status` up to the decision; whether it was written."""
        self._log_source(observed)
        if isinstance(decision, Run) and (decision.step.kind not in _FIRST_STEPS or _is_told(observed)):
            return False
        release = observed.release
        status = next_status(state, observed, decision)
        if same(status, release.status):
            return False
        await self._releases.write_status(release, status)
        if isinstance(decision, (Retry, Stalled)):
            self._problem(release, decision.problem)
        source = find_condition(status.conditions, ConditionType.SOURCE_READY)
        before = find_condition(release.status.conditions, ConditionType.SOURCE_READY)
        if source is not None and (before is None or before.reason != source.reason):
            self._publish(release, "Warning", source.reason, source.message)
        return True

    async def blind(self, release: HelmRelease, problem: Problem, now: datetime) -> None:
        """Say that this HelmRelease could not even be looked at."""
        status = blind_status(release, problem, now)
        if not same(status, release.status):
            await self._releases.write_status(release, status)
            self._problem(release, problem)

    async def welcome(self, release: HelmRelease, now: datetime) -> bool:
        """Say of a HelmRelease that was never looked at that it is being looked at, where the first look takes a while
        (a registry is asked what a version means); whether it was said."""
        if release.status.conditions or release.is_deleting or release.spec.chart.digest is not None:
            return False
        chart = release.spec.chart
        text = f"asking what version {chart.version} of {chart.shown} is" if chart.version else f"asking {chart.shown}"
        say = partial(set_condition, reason=Reason.PROGRESSING, message=text, generation=release.generation, now=now)
        conditions = say(say((), ConditionType.READY, "Unknown"), ConditionType.RECONCILING, "True")
        await self._releases.write_status(release, msgspec.structs.replace(release.status, conditions=conditions))
        return True

    def ran(self, observed: Observed, step: Step, outcome: Outcome, seconds: float) -> None:
        """A step was run: one log line, its Events, its metric."""
        release = observed.release
        problem = outcome.problem
        self._metrics.step_done(step.kind.value, problem.reason.value if problem else "", seconds)
        _logger.log(
            logging.WARNING if problem else logging.INFO,
            "step failed" if problem else "step done",
            extra=_fields(release, observed, step=step.kind.value, seconds=round(seconds, 4))
            | ({"event": step.event} if step.event else {})
            | ({"reason": problem.reason.value, "problem": problem.message} if problem else {})
            | ({"detail": problem.detail} if problem and problem.detail else {}),
        )
        for kind, reason, message in outcome.events:
            self._publish(release, kind, reason, message)
        for warning in outcome.warnings:
            self._publish(release, "Warning", "APIWarning", warning)

    def _log_source(self, observed: Observed) -> None:
        """One log line when what keeps a spec from being resolved, or its source from being asked, is another than
        before. Steps that fail have their own."""
        release, problem = observed.release, _unresolved(observed)
        if release.is_deleting:
            return
        before = self._unresolved.pop(release.uid, None)
        if problem is not None:
            self._unresolved[release.uid] = problem
        if problem == before:
            return
        fields = _fields(release, observed)
        if problem is None:
            _logger.info("resolved again", extra=fields)
        else:
            _logger.warning("not resolved", extra=fields | {"reason": problem.reason.value, "problem": problem.message})

    def _problem(self, release: HelmRelease, problem: Problem) -> None:
        before = find_condition(release.status.conditions, ConditionType.READY)
        if before is None or (before.reason, before.status) != (problem.reason.value, "False"):
            message = "\n".join([text for text in (problem.message, problem.detail) if text])
            self._publish(release, "Warning", problem.reason.value, message)

    def _publish(self, release: HelmRelease, kind: Literal["Normal", "Warning"], reason: str, message: str) -> None:
        self._events.publish(release.raw, kind=kind, reason=reason, message=message)


def same(one: HelmReleaseStatus, other: HelmReleaseStatus) -> bool:
    """Whether two statuses say the same in JSON."""
    return bool(msgspec.to_builtins(one) == msgspec.to_builtins(other))


def _unresolved(observed: Observed) -> Problem | None:
    """Why the spec cannot be resolved now, or its source cannot be asked while the release stays as it is."""
    desired = observed.desired
    return desired.source_problem if isinstance(desired, Desired) else desired


def _is_told(observed: Observed) -> bool:
    """Whether the status says already that this generation is being worked on."""
    reconciling = find_condition(observed.release.status.conditions, ConditionType.RECONCILING)
    return reconciling is not None and reconciling.observed_generation == observed.release.generation


def _fields(release: HelmRelease, observed: Observed, **more: object) -> dict[str, object]:
    revision = observed.newest.revision if observed.newest else 0
    return {"release": f"{release.namespace}/{release.name}", "revision": revision, **more}
