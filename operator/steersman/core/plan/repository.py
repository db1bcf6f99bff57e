"""What the status of a ChartRepository says after a look. Pure; `controller.repositories` looks and writes.

Messages hold no clocks and no counters that move by themselves, so that an unchanged situation costs no write.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from functools import partial

import msgspec

from steersman.core.api.chartrepository import ChartRepository, ChartRepositoryStatus, RepositoryHandled
from steersman.core.api.conditions import (
    Conditions,
    ConditionType,
    Reason,
    drop_condition,
    set_condition,
)
from steersman.core.plan.observed import Problem
from steersman.core.plan.problems import with_next_step


@dataclass(frozen=True, slots=True)
class Answer:
    """What a repository said: how many charts its index lists and the index' digest. Registries have no index."""

    charts: int | None = None
    digest: str = ""


def looked_at(repository: ChartRepository, answer: Answer | Problem, now: datetime) -> ChartRepositoryStatus:
    """The status after a repository was asked. What is known of its index stays when it does not answer."""
    status = msgspec.structs.replace(
        repository.status,
        observed_generation=repository.generation,
        last_handled=RepositoryHandled(reconcile_at=repository.asked_at) if repository.asked_at else None,
    )
    if isinstance(answer, Problem):
        return msgspec.structs.replace(status, conditions=_failed(repository, answer, now))
    same = (status.digest, status.url) == (answer.digest, repository.spec.url) and status.resolved_at is not None
    return msgspec.structs.replace(
        status,
        conditions=_ready(repository, answer, now),
        url=repository.spec.url,
        charts=answer.charts,
        digest=answer.digest,
        resolved_at=status.resolved_at if same else now.replace(microsecond=0),
    )


def progressing(repository: ChartRepository, now: datetime) -> ChartRepositoryStatus:
    """The status of a repository that was never looked at, while its first answer takes a while."""
    text = f"asking {repository.spec.url}"
    conditions = repository.status.conditions
    say = partial(set_condition, reason=Reason.PROGRESSING, message=text, generation=repository.generation, now=now)
    conditions = say(say(conditions, ConditionType.READY, "Unknown"), ConditionType.RECONCILING, "True")
    return msgspec.structs.replace(repository.status, conditions=conditions)


def suspended(repository: ChartRepository, now: datetime) -> ChartRepositoryStatus:
    """Whether it still answers is not known while it is not asked. What is known of its index stays."""
    conditions = set_condition(
        _without(repository.status.conditions, ConditionType.RECONCILING, ConditionType.STALLED),
        ConditionType.READY,
        "Unknown",
        Reason.SUSPENDED,
        "spec.suspend is true: the repository is asked nothing; set it to false to go on",
        generation=repository.generation,
        now=now,
    )
    return msgspec.structs.replace(repository.status, observed_generation=repository.generation, conditions=conditions)


def _ready(repository: ChartRepository, answer: Answer, now: datetime) -> Conditions:
    conditions = _without(repository.status.conditions, ConditionType.RECONCILING, ConditionType.STALLED)
    text = "the registry answers"
    if answer.charts is not None:
        text = f"{answer.charts} chart{'' if answer.charts == 1 else 's'} in the index"
    return set_condition(
        conditions,
        ConditionType.READY,
        "True",
        Reason.SOURCE_READY,
        text,
        generation=repository.generation,
        now=now,
    )


def _failed(repository: ChartRepository, problem: Problem, now: datetime) -> Conditions:
    message = with_next_step(problem)
    gone, there, reason = ConditionType.RECONCILING, ConditionType.STALLED, problem.reason
    if problem.retryable:
        gone, there, reason = ConditionType.STALLED, ConditionType.RECONCILING, Reason.PROGRESSING_WITH_RETRY
    conditions = _without(repository.status.conditions, gone)
    conditions = set_condition(
        conditions, ConditionType.READY, "False", problem.reason, message, generation=repository.generation, now=now
    )
    return set_condition(conditions, there, "True", reason, problem.message, generation=repository.generation, now=now)


def _without(conditions: Conditions, *types: ConditionType) -> Conditions:
    for type_ in types:
        conditions = drop_condition(conditions, type_)
    return conditions
