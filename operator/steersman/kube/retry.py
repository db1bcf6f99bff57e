"""When a refused or lost request is sent again, and after how long.

`kube.client` makes one `Retries` per request and asks it after each failure; no I/O and no clock here. The bounds are
short on purpose: what lasts longer belongs to the reconciler's backoff, which holds no worker while it waits.
"""

from __future__ import annotations

import random
from dataclasses import dataclass

from steersman.errors import ClusterError
from steersman.kube.errors import QuotaRace, ServerError, TooManyRequests, Unreachable, WebhookUnavailable


@dataclass(frozen=True, slots=True)
class RetryPolicy:
    """`attempts` sendings in all; pauses double from `pause` with full jitter; 429 is not counted but all its pauses
    together stay within `patience` seconds."""

    attempts: int = 4
    quota_attempts: int = 5
    pause: float = 0.2
    longest_pause: float = 5.0
    patience: float = 60.0


class Retries:
    """The count of one request."""

    def __init__(self, policy: RetryPolicy, *, repeatable: bool) -> None:
        self._policy = policy
        self._repeatable = repeatable
        self._failures = 0
        self._waited = 0.0

    def delay_after(self, error: ClusterError) -> float | None:
        """Seconds to wait before sending again, or None to give up."""
        if isinstance(error, TooManyRequests):
            return self._patience(error.answer.retry_after)
        if not self._worth_it(error):
            return None
        self._failures += 1
        limit = self._policy.quota_attempts if isinstance(error, QuotaRace) else self._policy.attempts
        return self._jittered() if self._failures < limit else None

    def _worth_it(self, error: ClusterError) -> bool:
        match error:
            case QuotaRace() | WebhookUnavailable():
                return True  # refused before anything was stored
            case Unreachable(sent=sent):
                return self._repeatable or not sent
            case ServerError():
                return self._repeatable
        return False

    def _patience(self, retry_after: float | None) -> float | None:
        delay = (retry_after or 1.0) * random.uniform(1.0, 1.25)  # noqa: S311  (spreads load, guards nothing)
        self._waited += delay
        return delay if self._waited <= self._policy.patience else None

    def _jittered(self) -> float:
        ceiling = min(self._policy.pause * 2**self._failures, self._policy.longest_pause)
        return random.uniform(ceiling / 4, ceiling)  # noqa: S311
