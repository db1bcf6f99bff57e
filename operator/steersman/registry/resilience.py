"""When to ask a registry again: retries within one question, and a circuit per host across questions.

Pure: time and randomness come in as arguments, `source` waits.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from steersman.registry.errors import CircuitOpen, RegistryUnavailable


@dataclass(frozen=True, slots=True)
class RetryPolicy:
    """Exponential backoff with full jitter: the pause is anything up to `first_seconds` · 2^n, so that many clients do
    not come back together. What the registry itself asks for (Retry-After) is waited for up to `longest_seconds`."""

    attempts: int = 4
    first_seconds: float = 0.5
    longest_seconds: float = 10.0

    def pause(self, attempt: int, retry_after: float | None, uniform: Callable[[float, float], float]) -> float | None:
        """Seconds to wait after failed attempt number `attempt` (from 1); None: give up and tell the caller."""
        if attempt >= self.attempts or (retry_after or 0.0) > self.longest_seconds:
            return None
        jitter = uniform(0.0, min(self.first_seconds * 2 ** (attempt - 1), self.longest_seconds))
        return (retry_after or 0.0) + jitter


@dataclass(slots=True)
class Circuit:
    """Refuses questions to a host that failed `threshold` times in a row, until a pause is over; then one question goes
    through as a trial. Its failure doubles the pause; an answer, whatever it says, ends it (`asking` drops it)."""

    threshold: int = 5
    first_pause: float = 15.0
    longest_pause: float = 300.0
    _failures: int = 0
    _last: RegistryUnavailable | None = None
    _pause: float = 0.0
    _open_until: float = 0.0

    def is_open(self, now: float) -> bool:
        """Whether nobody may ask now."""
        return self._failures >= self.threshold and now < self._open_until

    def check(self, place: str, now: float) -> None:
        """Raise CircuitOpen while nobody may ask."""
        last = self._last
        if self.is_open(now) and last is not None:
            # The text of the failure itself: it goes into a status, which must not move by whether somebody asked.
            pause = self._open_until - now
            raise CircuitOpen(place, last.problem, retry_after=pause, tls=last.tls, proxy=last.proxy, noun=last.noun)

    def enter(self, place: str, now: float) -> None:
        """`check`, by somebody who asks now."""
        self.check(place, now)
        if self._failures >= self.threshold:
            # The caller is the trial; others wait another pause for its outcome.
            self._open_until = now + self._pause

    def failed(self, error: RegistryUnavailable, now: float) -> None:
        """A question was not answered."""
        self._failures += 1
        self._last = error
        if self._failures >= self.threshold:
            self._pause = min(self._pause * 2 or self.first_pause, self.longest_pause)
            self._open_until = now + self._pause
