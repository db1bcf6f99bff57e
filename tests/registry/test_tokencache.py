"""When tokens are asked for, and when they are not."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import pytest

from steersman.registry.tokencache import Challenge, Clock, Token, TokenCache, expiry_of

DATE = 1_700_000_000.0  # 2023-11-14T22:13:20Z


@dataclass
class Service:
    """Hands out numbered tokens that live ten seconds."""

    now: float = 0.0
    asked: int = 0

    def clock(self) -> Clock:
        return Clock(lambda: self.now, lambda: DATE)

    def ask(self) -> Token:
        self.asked += 1
        return Token(f"token-{self.asked}", self.now + 10)


def test_one_request_for_a_token_until_it_expires() -> None:
    service = Service()
    cache = TokenCache(service.clock())
    assert [cache.token("key", service.ask).value for _ in range(3)] == ["token-1"] * 3
    service.now = 9.9
    assert cache.token("key", service.ask).value == "token-1"
    service.now = 10.0
    assert cache.token("key", service.ask).value == "token-2"
    assert cache.token("other", service.ask).value == "token-3"


def test_a_refused_token_is_replaced_once() -> None:
    service = Service()
    cache = TokenCache(service.clock())
    assert cache.token("key", service.ask).value == "token-1"
    # Two clients were refused with it; the second one finds the new token there.
    assert cache.token("key", service.ask, refused="token-1").value == "token-2"
    assert cache.token("key", service.ask, refused="token-1").value == "token-2"


@pytest.mark.parametrize("fails", [False, True], ids=["works", "fails"])
def test_threads_wait_for_the_one_that_asks(fails: bool) -> None:
    cache, service, go = TokenCache(), Service(), threading.Event()

    def ask() -> Token:
        go.wait(5)
        if fails:
            service.asked += 1
            raise ConnectionError("no")
        return service.ask()

    def get(_: int) -> str:
        started.release()
        try:
            return cache.token("key", ask).value
        except ConnectionError as error:
            return str(error)

    started = threading.Semaphore(0)
    with ThreadPoolExecutor(8) as threads:
        outcomes = threads.map(get, range(8))
        for _ in range(8):
            started.acquire()
        threading.Timer(0.05, go.set).start()
        assert set(outcomes) == {"no" if fails else "token-1"}
    assert service.asked == 1


def test_a_failure_is_not_kept() -> None:
    cache, service = TokenCache(), Service()

    def fail() -> Token:
        raise ConnectionError

    with pytest.raises(ConnectionError):
        cache.token("key", fail)
    assert cache.token("key", service.ask).value == "token-1"


@pytest.mark.parametrize(
    ("expires_in", "issued_at", "seconds"),
    [
        pytest.param(None, None, 55, id="a-minute-where-nothing-is-said"),
        pytest.param(300, None, 295, id="from-now"),
        pytest.param(10, None, 9, id="short"),
        pytest.param(0, None, 55, id="nothing"),
        pytest.param(300, "2023-11-14T22:12:20Z", 235, id="issued-a-minute-ago"),
        pytest.param(300, "2023-11-14T22:12:20.123456789Z", 235, id="nanoseconds"),
        pytest.param(300, "2023-11-14T22:20:00Z", 295, id="issued-in-the-future"),
        pytest.param(300, "2023-11-14T20:00:00Z", 295, id="expired-on-arrival-means-that-clocks-differ"),
        pytest.param(300, "2023-11-14T22:12:20", 295, id="no-zone"),
        pytest.param(300, "yesterday", 295, id="no-date"),
        pytest.param(1e12, None, 24 * 3600 - 5, id="for-ever"),
    ],
)
def test_expiry(expires_in: float | None, issued_at: str | None, seconds: float) -> None:
    assert expiry_of(expires_in, issued_at, Service(now=1000).clock()) == pytest.approx(1000 + seconds, abs=0.2)


def test_challenges_and_identity_tokens_are_kept_by_their_keys() -> None:
    cache = TokenCache()
    challenge = Challenge("basic", ())
    cache.remember("place", challenge)
    cache.keep_identity("key", "newer")
    assert (cache.challenge("place"), cache.challenge("elsewhere")) == (challenge, None)
    assert (cache.identity("key"), cache.identity("other")) == ("newer", "")


def test_old_entries_leave() -> None:
    cache = TokenCache()
    for number in range(5000):
        cache.remember(number, Challenge("basic", ()))
        cache.token(number, lambda: Token("token", float("inf")))
    assert cache.challenge(0) is None
    assert cache.challenge(4999) is not None
    asked = Service()
    assert cache.token(4999, asked.ask).value == "token"
    assert cache.token(0, asked.ask).value == "token-1"


def test_repr_shows_no_token() -> None:
    assert "hunter2" not in repr(Token("hunter2", 0.0))
