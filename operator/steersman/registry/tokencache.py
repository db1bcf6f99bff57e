"""Access tokens of registries, shared by all clients of this process.

A token belongs to terms of access (the credential is a part of them), a token service and a scope: that is the key, and
`tokens.ScopedAuth` makes it, so nobody gets a token that another credential paid for. However many threads need the
same token, one of them asks and the others wait for its outcome.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Hashable
from concurrent.futures import Future
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, NamedTuple

# What the token specification says of an answer without `expires_in`.
_DEFAULT_SECONDS = 60.0
_LONGEST_SECONDS = 24 * 3600.0
# A token must outlive the request that carries it.
_MARGIN_SECONDS = 5.0
_MARGIN_SHARE = 0.1
_MAX_ENTRIES = 4096


@dataclass(frozen=True, slots=True)
class Token:
    """An access token, and when to stop using it."""

    value: str = field(repr=False)
    expires: float


class Challenge(NamedTuple):
    """What a registry asked for: a scheme in lower case, and its parameters."""

    kind: str
    parameters: tuple[tuple[str, str], ...]


class Clock(NamedTuple):
    """Two clocks: one that only moves forward, and the one that dates are made of."""

    monotonic: Callable[[], float] = time.monotonic
    wall: Callable[[], float] = time.time


class TokenCache:
    """Tokens by key, the challenges of registries, and the newest identity tokens. Safe for threads."""

    def __init__(self, clock: Clock | None = None) -> None:
        self.clock = clock or Clock()
        self._lock = threading.Lock()
        self._tokens: dict[Hashable, Token] = {}
        self._flights: dict[Hashable, Future[Token]] = {}
        self._challenges: dict[Hashable, Challenge] = {}
        self._identities: dict[Hashable, str] = {}

    def token(self, key: Hashable, ask: Callable[[], Token], refused: str = "") -> Token:
        """The token under this key, if it is still good and not the one that was `refused`; else the one that `ask`
        gets. Raises what `ask` raises."""
        with self._lock:
            known = self._tokens.get(key)
            if known is not None and known.value != refused and known.expires > self.clock.monotonic():
                return known
            flight = self._flights.get(key)
            if flight is None:
                mine = self._flights[key] = Future()
        if flight is not None:
            return flight.result()
        try:
            token = ask()
        except BaseException as error:
            self._land(key, None)
            mine.set_exception(error)
            raise
        self._land(key, token)
        mine.set_result(token)
        return token

    def challenge(self, place: Hashable) -> Challenge | None:
        """What the registry last asked for at this place, so that the next client need not be refused first."""
        with self._lock:
            return self._challenges.get(place)

    def remember(self, place: Hashable, challenge: Challenge) -> None:
        """Keep what the registry asked for."""
        with self._lock:
            _put(self._challenges, place, challenge)

    def identity(self, key: Hashable) -> str:
        """The newest identity token that a token service handed out, "" for none."""
        with self._lock:
            return self._identities.get(key, "")

    def keep_identity(self, key: Hashable, token: str) -> None:
        """Keep it."""
        with self._lock:
            _put(self._identities, key, token)

    def _land(self, key: Hashable, token: Token | None) -> None:
        with self._lock:
            del self._flights[key]
            if token is None:
                return
            if len(self._tokens) >= _MAX_ENTRIES:
                now = self.clock.monotonic()
                self._tokens = {key: token for key, token in self._tokens.items() if token.expires > now}
            _put(self._tokens, key, token)


def expiry_of(expires_in: float | None, issued_at: str | None, clock: Clock) -> float:
    """When to stop using a token that has just come, on the monotonic clock."""
    seconds = min(expires_in, _LONGEST_SECONDS) if expires_in and expires_in > 0 else _DEFAULT_SECONDS
    age = max(0.0, clock.wall() - issued) if (issued := _seconds_of(issued_at)) is not None else 0.0
    # Nobody hands out expired tokens: then the clocks differ, and it counts from now.
    left = seconds - age if age < seconds else seconds
    return clock.monotonic() + left - min(_MARGIN_SECONDS, left * _MARGIN_SHARE)


def _seconds_of(date: str | None) -> float | None:
    try:
        parsed = datetime.fromisoformat(date or "")
    except ValueError:
        return None
    return parsed.timestamp() if parsed.tzinfo is not None else None


def _put(entries: dict[Hashable, Any], key: Hashable, value: object) -> None:
    """Add an entry; the oldest one leaves when there are too many."""
    entries.pop(key, None)
    if len(entries) >= _MAX_ENTRIES:
        del entries[next(iter(entries))]
    entries[key] = value
