"""Questions to registries and repositories: in a few threads, each once however many ask, again while the other side is
unavailable, and rarely where it failed again and again.

Requests run in a few threads, of which a host that does not answer gets one (`lanes`); waiting for a retry holds none.
Disk and hashing have threads of their own, so that a chart that is here never waits for the network. Called by `source`
and what it is made of.
"""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Hashable, Iterable
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from typing import Any, TypeVar

from steersman.errors import SourceError
from steersman.registry.access import Access, Limits
from steersman.registry.clients import ClientPool, ClientT_co, Endpoint
from steersman.registry.errors import CircuitOpen, RegistryUnavailable
from steersman.registry.lanes import Lanes
from steersman.registry.metering import Meter, Unmetered
from steersman.registry.reach import Reach
from steersman.registry.resilience import Circuit, RetryPolicy

_T = TypeVar("_T")

_DISK_THREADS = 2
_MANY_CIRCUITS = 256
_CLOSED = Circuit()


class Asker:
    """One per process: threads, clients, circuits and what is under way. `tell` hears of each failure that is followed
    by another try."""

    def __init__(
        self,
        limits: Limits,
        retry: RetryPolicy,
        reach: Reach,
        threads: int,
        meter: Meter | None = None,
        tell: Callable[[RegistryUnavailable], None] | None = None,
    ) -> None:
        self.limits = limits
        self.reach = reach
        self.meter = meter or Unmetered()
        self._retry = retry
        self._tell = tell
        self._clients = ClientPool(limits, reach, self.meter)
        self._threads = ThreadPoolExecutor(threads, thread_name_prefix="registry")
        self._disk = ThreadPoolExecutor(min(threads, _DISK_THREADS), thread_name_prefix="charts")
        self._lanes: Lanes[asyncio.Future[None]] = Lanes(threads)
        self._circuits: dict[tuple[str, Access], Circuit] = {}
        """Of hosts that failed lately: terms with a token of an hour would fill it otherwise."""
        self._flights: dict[Hashable, asyncio.Task[Any]] = {}
        self._turns: dict[Hashable, tuple[asyncio.Lock, int]] = {}

    @property
    def open_circuits(self) -> int:
        """How many circuits are open."""
        now = time.monotonic()
        return sum(circuit.is_open(now) for circuit in list(self._circuits.values()))

    async def close(self) -> None:
        """End what is under way and close all connections. A thread in the middle of a read ends with its timeout."""
        flights = list(self._flights.values())
        for flight in flights:
            flight.cancel()
        await asyncio.gather(*flights, return_exceptions=True)
        for threads in (self._threads, self._disk):
            threads.shutdown(wait=False, cancel_futures=True)
        self._clients.close()

    async def once(self, key: Hashable, work: Callable[[], Coroutine[Any, Any, _T]]) -> _T:
        """Run `work` unless it is running under this key already; everybody gets its outcome.

        A caller that is cancelled leaves the work to the others."""
        flight = self._flights.get(key)
        if flight is None:
            flight = asyncio.get_running_loop().create_task(work())
            self._flights[key] = flight
            flight.add_done_callback(lambda done: self._landed(key, done))
        return await asyncio.shield(flight)

    @asynccontextmanager
    async def turn(self, *key: Hashable) -> AsyncIterator[None]:
        """One after another: those who want the same thing on other terms, and find it when the first one has it."""
        lock, users = self._turns.get(key, (asyncio.Lock(), 0))
        self._turns[key] = lock, users + 1
        try:
            async with lock:
                yield
        finally:
            lock, users = self._turns.pop(key)
            if users > 1:
                self._turns[key] = lock, users - 1

    async def ask(self, endpoint: Endpoint[ClientT_co], question: Callable[[ClientT_co], _T]) -> _T:
        """Put one question to the other side, again while it is unavailable and the retry policy allows."""
        # By the terms too: a release that asks for TLS where there is none must not stop those that know better.
        key = (endpoint.host, endpoint.access)
        attempt = 0
        while True:
            attempt += 1
            try:
                # Before waiting for a place too: while the circuit is open, nobody needs to wait to be told.
                self._circuit(key).check(endpoint.place, time.monotonic())
                async with self._lane(endpoint.host):
                    self._circuit(key).enter(endpoint.place, time.monotonic())
                    answer = await self._attempt(endpoint, question)
            except CircuitOpen:
                raise
            except RegistryUnavailable as error:
                self._failed(key, error)
                pause = self._retry.pause(attempt, error.retry_after, random.uniform)
                if pause is None:
                    raise
                if self._tell is not None:
                    self._tell(error)
                await asyncio.sleep(pause)
            except SourceError:
                self._circuits.pop(key, None)
                raise
            else:
                self._circuits.pop(key, None)
                return answer

    def in_thread(self, work: Callable[..., _T], *arguments: Any) -> Awaitable[_T]:
        """Run work that blocks but asks nobody in a thread: disk, hashing, signatures."""
        return asyncio.get_running_loop().run_in_executor(self._disk, work, *arguments)

    @asynccontextmanager
    async def _lane(self, host: str) -> AsyncIterator[None]:
        """Wait for a place in the threads, and hold it for the block."""
        place: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        _let_go(self._lanes.enter(host, place))
        try:
            await place
        except asyncio.CancelledError:
            if not self._lanes.give_up(host, place):
                _let_go(self._lanes.leave(host, answered=None))
            raise
        answered: bool | None = None
        try:
            yield
            answered = True
        except RegistryUnavailable:
            answered = False
            raise
        except SourceError:
            answered = True
            raise
        finally:
            _let_go(self._lanes.leave(host, answered=answered))

    def _failed(self, key: tuple[str, Access], error: RegistryUnavailable) -> None:
        now = time.monotonic()
        self._circuits.setdefault(key, Circuit()).failed(error, now)
        if len(self._circuits) > _MANY_CIRCUITS:
            # Terms that nobody asks on any more never answer: tokens of an hour, Secrets of users who left.
            self._circuits = {kept: circuit for kept, circuit in self._circuits.items() if circuit.is_open(now)}

    def _circuit(self, key: tuple[str, Access]) -> Circuit:
        return self._circuits.get(key, _CLOSED)

    async def _attempt(self, endpoint: Endpoint[ClientT_co], question: Callable[[ClientT_co], _T]) -> _T:
        def run() -> _T:
            with self._clients.client(endpoint) as client:
                return question(client)

        # The client's own deadlines come first; this one is for what has none, such as looking up a name.
        try:
            async with asyncio.timeout(self.limits.question_seconds + self.limits.connect_seconds):
                return await asyncio.get_running_loop().run_in_executor(self._threads, run)
        except TimeoutError as error:
            raise RegistryUnavailable(endpoint.place, "no whole answer in time") from error

    def _landed(self, key: Hashable, done: asyncio.Task[Any]) -> None:
        del self._flights[key]
        if not done.cancelled():
            done.exception()  # seen: every caller may have been cancelled meanwhile


def _let_go(places: Iterable[asyncio.Future[None]]) -> None:
    """Tell those who wait that they may go. One that was cancelled leaves by itself."""
    for place in places:
        if not place.done():
            place.set_result(None)
