"""Questions to registries and repositories: in a few threads, each once however many ask, again while the other side is
unavailable, and rarely where it failed again and again.

Blocking work (requests, disk, hashing) runs in a few threads; waiting for a retry holds none. Called by `source` and
what it is made of.
"""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Awaitable, Callable, Coroutine, Hashable
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar

from steersman.errors import SourceError
from steersman.registry.access import Access, Limits
from steersman.registry.clients import ClientPool, ClientT_co, Endpoint
from steersman.registry.errors import RegistryUnavailable
from steersman.registry.reach import Reach
from steersman.registry.resilience import Circuit, RetryPolicy

_T = TypeVar("_T")

# A download is a token, a manifest and a blob; each has its own deadline within the client.
_REQUESTS_PER_QUESTION = 3


class Asker:
    """One per process: threads, clients, circuits and what is under way."""

    def __init__(self, limits: Limits, retry: RetryPolicy, reach: Reach, threads: int) -> None:
        self.limits = limits
        self.reach = reach
        self._retry = retry
        self._clients = ClientPool(limits, reach)
        self._threads = ThreadPoolExecutor(threads, thread_name_prefix="registry")
        self._circuits: dict[tuple[str, Access], Circuit] = {}
        """Of hosts that failed lately: terms with a token of an hour would fill it otherwise."""
        self._flights: dict[Hashable, asyncio.Task[Any]] = {}

    async def close(self) -> None:
        """End what is under way and close all connections. A thread in the middle of a read ends with its timeout."""
        flights = list(self._flights.values())
        for flight in flights:
            flight.cancel()
        await asyncio.gather(*flights, return_exceptions=True)
        self._threads.shutdown(wait=False, cancel_futures=True)
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

    async def ask(self, endpoint: Endpoint[ClientT_co], question: Callable[[ClientT_co], _T]) -> _T:
        """Put one question to the other side, again while it is unavailable and the retry policy allows."""
        # By the terms too: a release that asks for TLS where there is none must not stop those that know better.
        key = (endpoint.host, endpoint.access)
        attempt = 0
        while True:
            attempt += 1
            circuit = self._circuits.get(key, Circuit())
            circuit.check(endpoint.place, time.monotonic())
            try:
                answer = await self._attempt(endpoint, question)
            except RegistryUnavailable as error:
                self._circuits.setdefault(key, circuit).failed(error.problem, time.monotonic())
                pause = self._retry.pause(attempt, error.retry_after, random.uniform)
                if pause is None:
                    raise
                await asyncio.sleep(pause)
            except SourceError:
                self._circuits.pop(key, None)
                raise
            else:
                self._circuits.pop(key, None)
                return answer

    def in_thread(self, work: Callable[..., _T], *arguments: Any) -> Awaitable[_T]:
        """Run blocking work in one of the threads."""
        return asyncio.get_running_loop().run_in_executor(self._threads, work, *arguments)

    async def _attempt(self, endpoint: Endpoint[ClientT_co], question: Callable[[ClientT_co], _T]) -> _T:
        def run() -> _T:
            with self._clients.client(endpoint) as client:
                return question(client)

        # The client's own deadlines come first; this one is for a host that sends its headers byte by byte.
        try:
            async with asyncio.timeout(self.limits.total_seconds * _REQUESTS_PER_QUESTION):
                return await self.in_thread(run)
        except TimeoutError as error:
            raise RegistryUnavailable(endpoint.place, "no whole answer in time") from error

    def _landed(self, key: Hashable, done: asyncio.Task[Any]) -> None:
        del self._flights[key]
        if not done.cancelled():
            done.exception()  # seen: every caller may have been cancelled meanwhile
