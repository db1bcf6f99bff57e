"""What `.status` says after a look: conditions, source, values, release, history, inventory. One pure function.

`Ready` sums up the other conditions and is written here only. Messages hold no clocks and no attempt counters that move
by themselves, so that an unchanged situation gives an unchanged status and costs no write; times are fields of their
own.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import cast

import msgspec

from steersman.core.api.conditions import (
    Conditions,
    ConditionStatus,
    ConditionType,
    Reason,
    drop_condition,
    find_condition,
    set_condition,
)
from steersman.core.api.helmrelease import HelmRelease
from steersman.core.api.inventory import Inventory, entries_digest
from steersman.core.api.reasons import info
from steersman.core.api.status import (
    MAX_NOT_READY,
    DependencyStatus,
    HelmReleaseStatus,
    InventoryStatus,
    NotReady,
    ReleaseSummary,
    Snapshot,
    SourceStatus,
    ValuesStatus,
)
from steersman.core.api.status import ObjectHealth as HealthWord
from steersman.core.api.text import sentences
from steersman.core.kstatus.compute import Status
from steersman.core.plan.decide import action_of
from steersman.core.plan.decision import Decision, Done, Retry, Run, Stalled, Wait
from steersman.core.plan.health import HEALTH_DEBOUNCE, all_current, culprits, describe
from steersman.core.plan.observed import Desired, Observed, Problem, StepKind, input_of
from steersman.core.plan.problems import with_next_step
from steersman.core.plan.state import ReleaseState, State
from steersman.core.release.digest import record_digest
from steersman.core.release.model import Release, ReleaseStatus


@dataclass(frozen=True, slots=True)
class _Conditions:
    """Conditions being rewritten for one look; each method returns the next ones."""

    items: Conditions
    observed: Observed

    def set(self, type_: ConditionType, status: ConditionStatus, reason: Reason, message: str) -> _Conditions:
        items = set_condition(
            self.items,
            type_,
            status,
            reason,
            message,
            generation=self.observed.release.generation,
            now=self.observed.now,
        )
        return _Conditions(items, self.observed)

    def drop(self, *types: ConditionType) -> _Conditions:
        items = self.items
        for type_ in types:
            items = drop_condition(items, type_)
        return _Conditions(items, self.observed)


def next_status(state: ReleaseState, observed: Observed, decision: Decision) -> HelmReleaseStatus:
    """The status to show now. Equal to the present one when nothing changed for people."""
    present = observed.release.status
    if state.status is State.CLUSTER_CHANGED:
        # What the status says of the release holds for the other cluster, and is how this one is told from it.
        return msgspec.structs.replace(
            present,
            observed_generation=observed.release.generation,
            conditions=_conditions(state, observed, decision),
        )
    settled = isinstance(decision, (Stalled, Done)) and state.status is not State.SUSPENDED
    attempt = observed.attempt
    return msgspec.structs.replace(
        present,
        observed_generation=observed.release.generation if settled else present.observed_generation,
        conditions=_conditions(state, observed, decision),
        source=_source(observed),
        values=_values(observed),
        release=_release(observed),
        history=_history(observed),
        inventory=_inventory(observed),
        failures=attempt.failures,
        next_attempt=_whole_second(decision.at) if isinstance(decision, Retry) else None,
        last_handled=attempt.handled if msgspec.to_builtins(attempt.handled) else present.last_handled,
    )


def blind_status(release: HelmRelease, problem: Problem, now: datetime) -> HelmReleaseStatus:
    """The status to show where not even a look succeeds: why, and everything else as it was last seen."""
    conditions = release.status.conditions
    verdicts: tuple[tuple[ConditionType, ConditionStatus, Reason, str], ...] = (
        (ConditionType.READY, "False", problem.reason, with_next_step(problem)),
        (ConditionType.RECONCILING, "True", Reason.PROGRESSING_WITH_RETRY, problem.message),
    )
    for type_, status, reason, message in verdicts:
        conditions = set_condition(conditions, type_, status, reason, message, generation=release.generation, now=now)
    conditions = drop_condition(conditions, ConditionType.STALLED)
    return msgspec.structs.replace(release.status, conditions=conditions, next_attempt=None)


def _conditions(state: ReleaseState, observed: Observed, decision: Decision) -> Conditions:
    now = _released(_Conditions(observed.release.status.conditions, observed), observed)
    now = _source_ready(now, observed)
    match decision:
        case Run() | Wait():
            return _progressing(now, state, observed, decision).items
        case Retry(problem=problem):
            message = with_next_step(problem)
            return (
                _health_now(now, observed)
                .drop(ConditionType.STALLED)
                .set(ConditionType.READY, "False", problem.reason, message)
                .set(ConditionType.RECONCILING, "True", Reason.PROGRESSING_WITH_RETRY, problem.message)
            ).items
        case Stalled(problem=problem):
            message = with_next_step(problem)
            return (
                _health_now(now, observed)
                .drop(ConditionType.RECONCILING)
                .set(ConditionType.READY, "False", problem.reason, message)
                .set(ConditionType.STALLED, "True", problem.reason, message)
            ).items
        case Done():
            return _rested(now, state, observed).items


def _source_ready(now: _Conditions, observed: Observed) -> _Conditions:
    """`SourceReady` is there while the source cannot be asked and the release goes on with the chart it has."""
    problem = _source_problem(observed)
    if problem is None:
        return now.drop(ConditionType.SOURCE_READY)
    return now.set(ConditionType.SOURCE_READY, "False", problem.reason, with_next_step(problem))


def _source_problem(observed: Observed) -> Problem | None:
    return observed.desired.source_problem if isinstance(observed.desired, Desired) else None


def _progressing(now: _Conditions, state: ReleaseState, observed: Observed, decision: Run | Wait) -> _Conditions:
    message = decision.why if isinstance(decision, Wait) else _step_text(state, observed, decision)
    # While objects change nobody can say that they are healthy, nor, while they go, that they are installed.
    going = (ConditionType.RELEASED,) if state.status is State.DELETING else ()
    now = now.drop(ConditionType.STALLED, ConditionType.HEALTHY, *going)
    now = now.set(ConditionType.RECONCILING, "True", Reason.PROGRESSING, message)
    return now.set(ConditionType.READY, "Unknown", Reason.PROGRESSING, message)


def _step_text(state: ReleaseState, observed: Observed, decision: Run) -> str:
    if state.status is State.DELETING:
        return "uninstalling the release"
    doing = "upgrading" if observed.ever_deployed() else "installing"
    desired = observed.desired
    chart = f" {_chart_name(desired)} {desired.chart_version}" if isinstance(desired, Desired) else ""
    begun = decision.step.kind in (StepKind.ADD_FINALIZER, StepKind.PREPARE, StepKind.ABANDON)
    return f"{doing}{chart.rstrip()}: {state.reason}" if begun else f"{doing}{chart.rstrip()}"


def _chart_name(desired: Desired) -> str:
    """The chart's name, as its URL has it: the file of a chart from HTTP repeats the version."""
    name = desired.chart_url.partition("?")[0].rpartition("/")[2]
    return name.removesuffix(".tgz").removesuffix(f"-{desired.chart_version}")


def _rested(now: _Conditions, state: ReleaseState, observed: Observed) -> _Conditions:
    now = now.drop(ConditionType.RECONCILING, ConditionType.STALLED)
    if state.status is State.SUSPENDED:
        return _suspended(now, observed)
    if state.status is not State.IN_SYNC or state.record is None:
        return now
    since = observed.attempt.unhealthy_since
    healthy = find_condition(now.items, ConditionType.HEALTHY)
    was_sick = healthy is not None and healthy.status == "False"
    missing = any(item.status is Status.NOT_FOUND for item in observed.health)
    if since is not None and (was_sick or missing or observed.now >= since + HEALTH_DEBOUNCE):
        sick = describe(observed.health)
        if missing:
            sick = sentences(sick, "annotate steersman.dev/force-at with a new value to have it put back")
        return now.set(ConditionType.HEALTHY, "False", Reason.HEALTH_CHECK_FAILED, sick).set(
            ConditionType.READY, "False", Reason.HEALTH_CHECK_FAILED, sick
        )
    if since is None:
        now = _all_healthy(now, observed)
    record = state.record
    text, problem = _success_text(record, observed), _source_problem(observed)
    if problem is not None:
        text = sentences(text, f"Its source is not ready: {problem.message}")
    return now.set(ConditionType.READY, "True", _success_reason(record), text)


def _health_now(now: _Conditions, observed: Observed) -> _Conditions:
    """`Healthy` beside a failed attempt: what runs may well be healthy, or be what failed."""
    if not observed.health:
        return now.drop(ConditionType.HEALTHY)
    if all_current(observed.health):
        return _all_healthy(now, observed)
    return now.set(ConditionType.HEALTHY, "False", Reason.HEALTH_CHECK_FAILED, describe(observed.health))


def _all_healthy(now: _Conditions, observed: Observed) -> _Conditions:
    text = f"{len(observed.health)} objects are current"
    return now.set(ConditionType.HEALTHY, "True", Reason.HEALTH_CHECK_SUCCEEDED, text)


def _suspended(now: _Conditions, observed: Observed) -> _Conditions:
    """Ready stays what it was for this generation; for a spec that was never acted on it is not known."""
    ready = find_condition(now.items, ConditionType.READY)
    if ready is not None and ready.status == "True" and ready.observed_generation == observed.release.generation:
        return now
    return now.set(ConditionType.READY, "Unknown", Reason.SUSPENDED, info(Reason.SUSPENDED).meaning)


def _released(now: _Conditions, observed: Observed) -> _Conditions:
    """`Released` tells of the last install or upgrade for the present input."""
    record = observed.newest
    if record is None or not observed.is_ours(record) or not isinstance(observed.desired, Desired):
        return now
    if input_of(record) != observed.desired.input_digest:
        return now.drop(ConditionType.RELEASED)
    if record.status is ReleaseStatus.DEPLOYED:
        return now.set(ConditionType.RELEASED, "True", _success_reason(record), _success_text(record, observed))
    if record.status is ReleaseStatus.FAILED:
        upgrade = action_of(record, observed) == "upgrade"
        reason = Reason.UPGRADE_FAILED if upgrade else Reason.INSTALL_FAILED
        return now.set(ConditionType.RELEASED, "False", reason, record.description)
    return now


def _success_reason(record: Release) -> Reason:
    return Reason.INSTALL_SUCCEEDED if record.description.startswith("Install") else Reason.UPGRADE_SUCCEEDED


def _success_text(record: Release, observed: Observed) -> str:
    done = "installed" if record.description.startswith("Install") else "upgraded"
    total = len(observed.inventory.entries) if observed.inventory else 0
    return f"{record.chart.label} {done} as revision {record.revision} ({total} objects)"


def _source(observed: Observed) -> SourceStatus | None:
    present, desired = observed.release.status.source, observed.desired
    if not isinstance(desired, Desired):
        return present
    if present is not None and (present.url, present.digest) == (desired.chart_url, desired.chart_digest):
        return msgspec.structs.replace(
            present,
            version=_chart_version(observed, desired) or present.version,
            repository=desired.chart_repository,
            verified=desired.chart_verified,
            dependencies=_dependencies(observed, present.dependencies),
        )
    return SourceStatus(
        url=desired.chart_url,
        version=_chart_version(observed, desired),
        digest=desired.chart_digest,
        repository=desired.chart_repository,
        verified=desired.chart_verified,
        dependencies=_dependencies(observed, ()),
        resolved_at=_whole_second(observed.now),
    )


def _dependencies(observed: Observed, present: tuple[DependencyStatus, ...]) -> tuple[DependencyStatus, ...]:
    """The charts in the chart, known once it was rendered; after a restart what the status says of the same chart."""
    found = observed.attempt.bundled
    if found is None:
        return present
    return tuple(DependencyStatus(name=each.name, version=each.version, digest=each.digest) for each in found)


def _chart_version(observed: Observed, desired: Desired) -> str:
    """The version that was resolved; for a chart known by digest alone, what its record says."""
    record = observed.newest
    if desired.chart_version or record is None or not observed.is_ours(record):
        return desired.chart_version
    if input_of(record) != desired.input_digest:
        return desired.chart_version
    return record.chart.version


def _values(observed: Observed) -> ValuesStatus | None:
    if not isinstance(observed.desired, Desired):
        return observed.release.status.values
    return ValuesStatus(digest=observed.desired.values_digest, from_=observed.desired.values_from)


def _release(observed: Observed) -> ReleaseSummary | None:
    record = observed.newest
    if record is None or not observed.is_release_ours:
        return None
    return ReleaseSummary(
        name=record.name,
        namespace=record.namespace,
        revision=record.revision,
        status=str(record.status),
        chart=record.chart.label,
        app_version=record.chart.app_version,
        first_deployed=_whole_second(record.first_deployed),
        last_deployed=_whole_second(record.last_deployed),
        cluster_uid=observed.cluster_uid,
    )


def _history(observed: Observed) -> tuple[Snapshot, ...]:
    """The digest of a revision is that of the first look: another one later shows that somebody changed the record."""
    known = {snapshot.revision: snapshot.digest for snapshot in observed.release.status.history if snapshot.digest}
    return tuple(
        Snapshot(
            revision=record.revision,
            digest=(known.get(record.revision) or record_digest(record)) if observed.is_ours(record) else "",
            chart=record.chart.label,
            app_version=record.chart.app_version,
            status=str(record.status),
            deployed=_whole_second(record.last_deployed),
        )
        for record in reversed(observed.records[-10:])
    )


def _inventory(observed: Observed) -> InventoryStatus | None:
    inventory: Inventory | None = observed.inventory
    if inventory is None:
        return None
    waiting = culprits(observed.health)
    return InventoryStatus(
        name=inventory.name,
        digest=entries_digest(inventory.entries),
        total=len(observed.health),
        ready=len(observed.health) - len(waiting),
        not_ready=tuple(
            NotReady(id=str(item.ref), status=_health_word(item.status), reason=item.message or item.reason)
            for item in waiting[:MAX_NOT_READY]
        ),
    )


def _health_word(status: Status) -> HealthWord:
    """A kstatus word, of those that are not Current, as the status type has it."""
    assert status is not Status.CURRENT
    return cast(HealthWord, status.value)


def _whole_second(moment: datetime | None) -> datetime | None:
    """metav1.Time has whole seconds; more would make every status differ from the stored one."""
    return moment.replace(microsecond=0) if moment is not None else None
