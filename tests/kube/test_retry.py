"""What is sent again, how often, and what is left to the caller."""

from __future__ import annotations

import pytest

from steersman.errors import ClusterError
from steersman.kube.answers import Answer, Asked
from steersman.kube.errors import (
    BadRequest,
    FieldConflict,
    Forbidden,
    QuotaRace,
    ServerError,
    StaleObject,
    TooManyRequests,
    Unreachable,
    WebhookUnavailable,
)
from steersman.kube.retry import Retries, RetryPolicy

ASKED = Asked("apply", "ConfigMap a/b")
POLICY = RetryPolicy(attempts=4, quota_attempts=5, patience=10.0)


def answer(code: int, retry_after: float | None = None) -> Answer:
    return Answer(code, retry_after=retry_after)


TIMES: dict[str, tuple[ClusterError, int, int]] = {
    "lost, perhaps carried out": (Unreachable(ASKED, "reset", sent=True), 3, 0),
    "never sent": (Unreachable(ASKED, "refused", sent=False), 3, 3),
    "server error": (ServerError(ASKED, answer(500)), 3, 0),
    "webhook down": (WebhookUnavailable(ASKED, answer(500)), 3, 3),
    "quota race": (QuotaRace(ASKED, answer(409)), 4, 4),
    "stale": (StaleObject(ASKED, answer(409)), 0, 0),
    "conflict": (FieldConflict(ASKED, answer(409)), 0, 0),
    "bad request": (BadRequest(ASKED, answer(400)), 0, 0),
    "forbidden": (Forbidden(ASKED, answer(403)), 0, 0),
}


def repeats(error: ClusterError, *, repeatable: bool) -> int:
    retries = Retries(POLICY, repeatable=repeatable)
    count = 0
    while retries.delay_after(error) is not None:
        count += 1
    return count


@pytest.mark.parametrize(("error", "repeatable", "once"), TIMES.values(), ids=TIMES.keys())
def test_how_often(error: ClusterError, repeatable: int, once: int) -> None:
    assert repeats(error, repeatable=True) == repeatable
    assert repeats(error, repeatable=False) == once


def test_pauses_grow_and_are_bounded() -> None:
    policy = RetryPolicy(attempts=20, pause=0.2, longest_pause=5.0)
    retries = Retries(policy, repeatable=True)
    delays = [retries.delay_after(ServerError(ASKED, answer(503))) for _ in range(19)]
    assert all(delay is not None and 0 < delay <= 5.0 for delay in delays)
    assert delays[0] is not None
    assert delays[0] <= 0.4


def test_429_waits_as_told_and_counts_for_nothing() -> None:
    retries = Retries(POLICY, repeatable=False)
    told = TooManyRequests(ASKED, answer(429, 2.0))
    delays = [retries.delay_after(told) for _ in range(4)]
    assert all(delay is None or 2.0 <= delay <= 2.5 for delay in delays)
    assert delays[0] is not None
    assert Retries(POLICY, repeatable=True).delay_after(ServerError(ASKED, answer(500))) is not None


def test_patience_with_429_ends() -> None:
    retries = Retries(POLICY, repeatable=True)
    assert retries.delay_after(TooManyRequests(ASKED, answer(429, 60.0))) is None
