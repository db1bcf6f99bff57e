"""`core.plan.repository`: what the status of a ChartRepository says after a look."""

from dataclasses import replace
from typing import Any

import msgspec
import pytest
from controller.sources import INDEX, repository
from core.plan.builders import NOW, ahead

from steersman.core.api.chartrepository import ChartRepository, ChartRepositoryStatus
from steersman.core.api.conditions import Reason
from steersman.core.plan.observed import Problem
from steersman.core.plan.repository import Answer, looked_at, progressing, suspended

DIGEST = "sha256:" + "1" * 64
AWAY = Problem(Reason.SOURCE_NOT_READY, "charts.example: no connection", True, transient=True)
REFUSED = Problem(Reason.INVALID_SPEC, "charts.example: not allowed. Ask for it.", False, advised=True)


def make(status: ChartRepositoryStatus | None = None, **more: Any) -> ChartRepository:
    return ChartRepository.parse(repository(status=status.to_dict() if status else None, **more))


def told(status: ChartRepositoryStatus) -> list[tuple[str, str, str, str]]:
    return [(each.type, each.status, each.reason, each.message) for each in status.conditions]


@pytest.mark.parametrize(
    ("answer", "message"),
    [
        pytest.param(Answer(42, DIGEST), "42 charts in the index", id="an index"),
        pytest.param(Answer(1, DIGEST), "1 chart in the index", id="one chart"),
        pytest.param(Answer(0, DIGEST), "0 charts in the index", id="none"),
        pytest.param(Answer(), "the registry answers", id="a registry"),
    ],
)
def test_an_answer(answer: Answer, message: str) -> None:
    status = looked_at(make(), answer, NOW)
    assert told(status) == [("Ready", "True", "SourceReady", message)]
    assert (status.url, status.charts, status.digest) == (INDEX, answer.charts, answer.digest)
    assert (status.observed_generation, status.resolved_at, status.last_handled) == (1, NOW, None)


def test_the_same_answer_later_is_the_same_status() -> None:
    first = looked_at(make(), Answer(2, DIGEST), NOW)
    assert looked_at(make(first), Answer(2, DIGEST), ahead(hours=1)) == first
    other = looked_at(make(first), Answer(3, DIGEST.replace("1", "2")), ahead(hours=1))
    assert (other.charts, other.resolved_at) == (3, ahead(hours=1))


@pytest.mark.parametrize(
    ("problem", "beside", "message"),
    [
        pytest.param(
            AWAY, ("Reconciling", "True", "ProgressingWithRetry", AWAY.message),
            "charts.example: no connection. Check what the spec says", id="away",
        ),
        pytest.param(REFUSED, ("Stalled", "True", "InvalidSpec", REFUSED.message), REFUSED.message, id="refused"),
    ],
)  # fmt: skip
def test_a_problem(problem: Problem, beside: tuple[str, str, str, str], message: str) -> None:
    before = looked_at(make(), Answer(2, DIGEST), NOW)
    status = looked_at(make(before), problem, ahead(hours=1))
    (_, ready, reason, text), other = told(status)
    assert (ready, reason) == ("False", problem.reason.value)
    assert text.startswith(message)
    assert other == beside
    assert (status.charts, status.digest, status.resolved_at) == (2, DIGEST, NOW), "what is known of the index stays"
    again = looked_at(make(status), problem, ahead(hours=2))
    assert msgspec.to_builtins(again) == msgspec.to_builtins(status)
    assert len(told(looked_at(make(status), Answer(2, DIGEST), ahead(hours=2)))) == 1


def test_the_annotation_that_was_dealt_with() -> None:
    asked = make(annotations={"steersman.dev/reconcile-at": "7"})
    status = looked_at(asked, Answer(), NOW)
    assert status.last_handled is not None
    assert status.last_handled.reconcile_at == "7"


def test_a_first_answer_that_takes_a_while() -> None:
    assert told(progressing(make(), NOW)) == [
        ("Ready", "Unknown", "Progressing", f"asking {INDEX}"),
        ("Reconciling", "True", "Progressing", f"asking {INDEX}"),
    ]


def test_suspended() -> None:
    assert [each[:3] for each in told(suspended(make(), NOW))] == [("Ready", "Unknown", "Suspended")]
    ready = looked_at(make(), Answer(2, DIGEST), NOW)
    after = suspended(replace(make(ready), generation=2), ahead(hours=1))
    assert [each[:3] for each in told(after)] == [("Ready", "Unknown", "Suspended")]
    assert (after.observed_generation, after.conditions[0].observed_generation) == (2, 2)
    assert (after.charts, after.digest, after.resolved_at) == (2, DIGEST, NOW), "what is known of the index stays"
    away = looked_at(make(), AWAY, NOW)
    assert [each[:3] for each in told(suspended(make(away), NOW))] == [("Ready", "Unknown", "Suspended")]
