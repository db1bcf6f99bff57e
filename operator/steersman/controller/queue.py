"""The work queue: which object of a kind is looked at next, by how many workers, and when to look again.

Level-triggered and de-duplicating: a key waits at most once however often it is added; a key that is added while a
worker has it comes back when the worker is done. Fair between namespaces: namespaces take turns, so one with a thousand
releases does not hold up one with two. Timers live in one heap and cost no task each. Handlers and watches add keys;
`controller.reconcile` takes them.
"""

from __future__ import annotations

import asyncio
import heapq
import itertools
from collections import OrderedDict, deque
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from contextvars import ContextVar
from dataclasses import dataclass

REPLACED_TIMERS = 64
"""Replaced timers that may stay in the heap until their time: every event of a release moves its timer."""


@dataclass(frozen=True, slots=True, order=True)
class ObjectKey:
    """Names one HelmRelease, or one ChartRepository: each kind has a queue of its own."""

    namespace: str
    name: str

    def __str__(self) -> str:
        return f"{self.namespace}/{self.name}"


class WorkQueue:
    """Keys waiting for a worker. All methods must be called from the event loop's thread; none blocks but `take`."""

    def __init__(self) -> None:
        self._waiting: OrderedDict[str, deque[ObjectKey]] = OrderedDict()
        self._queued: set[ObjectKey] = set()
        self._taken: set[ObjectKey] = set()
        self._dirty: set[ObjectKey] = set()
        self._timers: list[tuple[float, int, ObjectKey]] = []
        self._due: dict[ObjectKey, float] = {}
        self._order = itertools.count()
        self._wake = asyncio.Event()

    def __len__(self) -> int:
        """How many keys wait for a worker now (timers apart)."""
        return len(self._queued)

    @property
    def timers(self) -> int:
        """How many timers are kept, replaced ones among them."""
        return len(self._timers)

    def add(self, key: ObjectKey) -> None:
        """Have the key looked at as soon as a worker is free."""
        if key in self._taken:
            self._dirty.add(key)
            return
        if key in self._queued:
            return
        self._queued.add(key)
        self._waiting.setdefault(key.namespace, deque()).append(key)
        self._wake.set()

    def add_at(self, key: ObjectKey, when: float) -> None:
        """Have the key looked at when the loop's clock reaches `when`; replaces the key's earlier timer."""
        if self._due.get(key) == when:
            return
        self._due[key] = when
        heapq.heappush(self._timers, (when, next(self._order), key))
        if len(self._timers) > 2 * len(self._due) + REPLACED_TIMERS:
            self._timers = [timer for timer in self._timers if self._due.get(timer[2]) == timer[0]]
            heapq.heapify(self._timers)
        self._wake.set()

    def forget(self, key: ObjectKey) -> None:
        """Drop the key's timer (the object is gone)."""
        self._due.pop(key, None)

    async def take(self) -> ObjectKey:
        """The next key, once there is one. The caller owes a `done(key)`."""
        while True:
            self._ring_timers()
            if self._waiting:
                return self._next()
            self._wake.clear()
            await self._sleep()

    def done(self, key: ObjectKey) -> None:
        """The worker is through with the key; what was added meanwhile goes back into the queue."""
        self._taken.discard(key)
        if key in self._dirty:
            self._dirty.discard(key)
            self.add(key)

    def _next(self) -> ObjectKey:
        namespace, keys = self._waiting.popitem(last=False)
        key = keys.popleft()
        if keys:
            self._waiting[namespace] = keys
            self._wake.set()
        self._queued.discard(key)
        self._taken.add(key)
        return key

    def _ring_timers(self) -> None:
        now = asyncio.get_running_loop().time()
        while self._timers and self._timers[0][0] <= now:
            when, _, key = heapq.heappop(self._timers)
            if self._due.get(key) == when:
                del self._due[key]
                self.add(key)

    async def _sleep(self) -> None:
        """Until something is added or the next timer rings."""
        if not self._timers:
            await self._wake.wait()
            return
        pause = self._timers[0][0] - asyncio.get_running_loop().time()
        try:
            await asyncio.wait_for(self._wake.wait(), max(pause, 0.0))
        except TimeoutError:
            return


class Places:
    """So many at the same moment; who waits longest comes next."""

    def __init__(self, count: int) -> None:
        self._free = count
        self._waiting: deque[asyncio.Future[None]] = deque()

    async def enter(self) -> None:
        """Wait for a place."""
        if self._free > 0 and not self._waiting:
            self._free -= 1
            return
        place = asyncio.get_running_loop().create_future()
        self._waiting.append(place)
        try:
            await place
        except asyncio.CancelledError:
            if not place.cancelled():  # it was given one at the same moment
                self.leave()
            raise

    def leave(self) -> None:
        """Give the place to the next one."""
        self._free += 1
        while self._waiting and self._free > 0:
            place = self._waiting.popleft()
            if not place.done():
                self._free -= 1
                place.set_result(None)

    def squeeze_in(self) -> None:
        """Take a place that there may not be."""
        self._free -= 1


class Workers:
    """`concurrency` places for keys of a queue that are worked on, each handed to `work`, until stopped.

    `work` must not raise; what it lets through is given to `crashed` and the key is tried again later by it. While it
    waits for something outside (`aside`), another key has its place.
    """

    def __init__(
        self,
        queue: WorkQueue,
        work: Callable[[ObjectKey], Awaitable[None]],
        crashed: Callable[[ObjectKey, Exception], None],
        *,
        concurrency: int,
    ) -> None:
        self._queue = queue
        self._work = work
        self._crashed = crashed
        self._places = Places(concurrency)
        self._tasks: set[asyncio.Task[None]] = set()
        self._taking: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Start to take keys."""
        self._taking = asyncio.create_task(self._take(), name="taking")

    async def stop(self, *, grace: float) -> None:
        """Let steps that are under way end within `grace` seconds, then cancel them."""
        if self._taking is not None:
            self._taking.cancel()
            await asyncio.gather(self._taking, return_exceptions=True)
        if not self._tasks:
            return
        _, late = await asyncio.wait(self._tasks, timeout=grace)
        for task in late:
            task.cancel()
        await asyncio.gather(*late, return_exceptions=True)

    async def _take(self) -> None:
        while True:
            await self._places.enter()
            try:
                key = await self._queue.take()
            except asyncio.CancelledError:
                self._places.leave()
                raise
            task = asyncio.create_task(self._handle(key), name=f"work on {key}")
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    async def _handle(self, key: ObjectKey) -> None:
        _places.set(self._places)
        try:
            await self._work(key)
        except Exception as error:  # noqa: BLE001 - a bug in one release must not end the others: it is reported
            self._crashed(key, error)
        finally:
            self._queue.done(key)
            self._places.leave()


_places: ContextVar[Places] = ContextVar("_places")


@asynccontextmanager
async def aside() -> AsyncIterator[None]:
    """Lend one's place to others for the block, which waits for something outside that may never answer: forty
    releases of a dead registry must not hold up the forty-first, of another one."""
    places = _places.get(None)
    if places is None:  # no worker's business
        yield
        return
    places.leave()
    try:
        yield
    except asyncio.CancelledError:
        places.squeeze_in()  # whoever is to end does not wait for others to end
        raise
    except BaseException:
        await _back_in(places)
        raise
    await _back_in(places)


async def _back_in(places: Places) -> None:
    try:
        await places.enter()
    except asyncio.CancelledError:
        places.squeeze_in()
        raise
