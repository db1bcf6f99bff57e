"""`controller.queue`: each key once, namespaces in turn, timers, and workers that stop."""

import asyncio

import pytest

from steersman.controller.queue import ObjectKey, Places, Workers, WorkQueue, aside

A, B, C = (ObjectKey("demo", name) for name in "abc")


def now() -> float:
    return asyncio.get_running_loop().time()


async def drain(queue: WorkQueue) -> list[ObjectKey]:
    """Everything that waits, each done before the next is taken."""
    taken = []
    while len(queue):
        key = await queue.take()
        queue.done(key)
        taken.append(key)
    return taken


async def is_idle(queue: WorkQueue) -> bool:
    """Whether a worker would have to wait."""
    taking = asyncio.create_task(queue.take())
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    if taking.done():
        return False
    taking.cancel()
    return True


# --- keys ------------------------------------------------------------------------------------------------------------


async def test_a_key_waits_once() -> None:
    queue = WorkQueue()
    for key in (A, B, A, A):
        queue.add(key)
    assert len(queue) == 2
    assert await drain(queue) == [A, B]


async def test_a_key_added_while_taken_comes_back_once() -> None:
    queue = WorkQueue()
    queue.add(A)
    assert await queue.take() == A
    queue.add(A)
    queue.add(A)
    assert await is_idle(queue)
    queue.done(A)
    assert await drain(queue) == [A]
    assert await is_idle(queue)


async def test_a_key_that_is_done_is_gone() -> None:
    queue = WorkQueue()
    queue.add(A)
    queue.done(await queue.take())
    assert await is_idle(queue)


async def test_taking_waits_for_a_key() -> None:
    queue = WorkQueue()
    taking = asyncio.create_task(queue.take())
    await asyncio.sleep(0)
    queue.add(A)
    assert await taking == A


async def test_every_waiting_worker_gets_a_key() -> None:
    queue = WorkQueue()
    workers = [asyncio.create_task(queue.take()) for _ in range(3)]
    await asyncio.sleep(0)
    for key in (A, B, C):
        queue.add(key)
    assert set(await asyncio.gather(*workers)) == {A, B, C}


async def test_every_waiting_worker_gets_a_key_of_any_namespace() -> None:
    queue = WorkQueue()
    workers = [asyncio.create_task(queue.take()) for _ in range(3)]
    await asyncio.sleep(0)
    keys = {ObjectKey(namespace, "web") for namespace in ("x", "y", "z")}
    for key in keys:
        queue.add(key)
    assert set(await asyncio.gather(*workers)) == keys


# --- fairness --------------------------------------------------------------------------------------------------------


async def test_namespaces_take_turns() -> None:
    queue = WorkQueue()
    for number in range(4):
        queue.add(ObjectKey("crowd", str(number)))
    queue.add(ObjectKey("small", "0"))
    queue.add(ObjectKey("small", "1"))
    assert [str(key) for key in await drain(queue)] == [
        "crowd/0",
        "small/0",
        "crowd/1",
        "small/1",
        "crowd/2",
        "crowd/3",
    ]


async def test_a_latecomer_is_next_but_one() -> None:
    queue = WorkQueue()
    for number in range(100):
        queue.add(ObjectKey("crowd", str(number)))
    first = await queue.take()
    queue.add(ObjectKey("small", "web"))
    order = [first, *(await drain(queue))]
    assert order.index(ObjectKey("small", "web")) <= 2


# --- timers ----------------------------------------------------------------------------------------------------------


async def test_a_timer_rings() -> None:
    queue = WorkQueue()
    queue.add_at(A, now() + 0.01)
    assert len(queue) == 0
    assert await asyncio.wait_for(queue.take(), 5) == A


async def test_timers_ring_in_order_of_time() -> None:
    queue = WorkQueue()
    for key, late in ((A, 0.03), (B, 0.01), (C, 0.02)):
        queue.add_at(key, now() + late)
    assert [await asyncio.wait_for(queue.take(), 5) for _ in range(3)] == [B, C, A]


async def test_an_earlier_timer_wakes_who_sleeps_until_a_later_one() -> None:
    queue = WorkQueue()
    queue.add_at(A, now() + 3600)
    taking = asyncio.create_task(queue.take())
    await asyncio.sleep(0)
    queue.add_at(B, now())
    assert await asyncio.wait_for(taking, 5) == B


async def test_a_timer_replaces_the_one_before() -> None:
    queue = WorkQueue()
    queue.add_at(A, now())
    queue.add_at(A, now() + 3600)
    assert await is_idle(queue)


async def test_an_earlier_timer_replaces_a_later_one() -> None:
    queue = WorkQueue()
    queue.add_at(A, now() + 3600)
    queue.add_at(A, now())
    assert await queue.take() == A
    queue.done(A)
    assert await is_idle(queue)


async def test_a_forgotten_timer_does_not_ring() -> None:
    queue = WorkQueue()
    queue.add_at(A, now())
    queue.forget(A)
    queue.forget(B)
    assert await is_idle(queue)


async def test_a_timer_that_rings_while_the_key_is_taken_brings_it_back() -> None:
    queue = WorkQueue()
    queue.add(A)
    await queue.take()
    queue.add_at(A, now())
    assert await is_idle(queue)
    queue.done(A)
    assert await drain(queue) == [A]


async def test_timers_that_were_replaced_take_no_room() -> None:
    """Each event of a release moves its timer, an hour ahead and more: what was replaced must not wait for its hour."""
    queue = WorkQueue()
    for number in range(5000):
        queue.add_at((A, B)[number % 2], now() + 3600 + number)
    assert queue.timers < 200
    queue.add_at(C, now())
    assert await queue.take() == C


# --- workers ---------------------------------------------------------------------------------------------------------


class Work:
    """Work that waits until it is let go."""

    def __init__(self) -> None:
        self.begun: list[ObjectKey] = []
        self.ended: list[ObjectKey] = []
        self.gate = asyncio.Event()
        self.crashes: list[tuple[ObjectKey, Exception]] = []

    async def __call__(self, key: ObjectKey) -> None:
        self.begun.append(key)
        await self.gate.wait()
        self.ended.append(key)

    def crashed(self, key: ObjectKey, error: Exception) -> None:
        self.crashes.append((key, error))


async def until(condition: object) -> None:
    """Let the loop run until this is so."""
    assert callable(condition)
    for _ in range(100):
        if condition():
            return
        await asyncio.sleep(0)
    raise AssertionError("it never came to pass")


async def test_no_more_at_once_than_workers() -> None:
    queue, work = WorkQueue(), Work()
    workers = Workers(queue, work, work.crashed, concurrency=2)
    for key in (A, B, C):
        queue.add(key)
    workers.start()
    await until(lambda: len(work.begun) == 2)
    await asyncio.sleep(0)
    assert work.begun == [A, B]
    work.gate.set()
    await until(lambda: len(work.ended) == 3)
    await workers.stop(grace=1)


class Distant:
    """Work that waits for something outside first, and does the rest in its place."""

    def __init__(self) -> None:
        self.answer = asyncio.Event()
        self.working = self.most = 0
        self.begun: list[ObjectKey] = []
        self.ended: list[ObjectKey] = []

    async def __call__(self, key: ObjectKey) -> None:
        self.begun.append(key)
        async with aside():
            await self.answer.wait()
        self.working += 1
        self.most = max(self.most, self.working)
        await asyncio.sleep(0)
        self.working -= 1
        self.ended.append(key)


def crashed(key: ObjectKey, error: Exception) -> None:
    raise AssertionError(key) from error


async def test_who_waits_for_something_outside_holds_no_place() -> None:
    queue, work = WorkQueue(), Distant()
    workers = Workers(queue, work, crashed, concurrency=2)
    keys = [ObjectKey("demo", str(number)) for number in range(12)]
    for key in keys:
        queue.add(key)
    workers.start()
    await until(lambda: len(work.begun) == 12)
    work.answer.set()
    await until(lambda: len(work.ended) == 12)
    assert work.most <= 2, "and comes back to a place, one of as many as there are"
    await workers.stop(grace=1)


async def test_stopping_cancels_what_waits_outside() -> None:
    queue, work = WorkQueue(), Distant()
    workers = Workers(queue, work, crashed, concurrency=1)
    for key in (A, B, C):
        queue.add(key)
    workers.start()
    await until(lambda: len(work.begun) == 3)
    async with asyncio.timeout(5):
        await workers.stop(grace=0)
    assert work.ended == []


async def test_what_waited_outside_ends_while_stopping_if_it_can() -> None:
    queue, work = WorkQueue(), Distant()
    workers = Workers(queue, work, crashed, concurrency=1)
    for key in (A, B, C):
        queue.add(key)
    workers.start()
    await until(lambda: len(work.begun) == 3)
    stopping = asyncio.create_task(workers.stop(grace=5))
    await asyncio.sleep(0)
    work.answer.set()
    async with asyncio.timeout(4):
        await stopping
    assert work.ended == [A, B, C]


async def test_places_are_as_many_as_before_whoever_was_cancelled() -> None:
    places = Places(2)
    waiting = [asyncio.create_task(places.enter()) for _ in range(6)]
    await asyncio.sleep(0)
    assert [task.done() for task in waiting] == [True, True, False, False, False, False]
    waiting[2].cancel()
    places.leave()  # given to the third, which is to end: so to the fourth
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    assert [task.done() for task in waiting] == [True, True, True, True, False, False]
    places.leave()
    waiting[4].cancel()  # which has been given one, and gives it on
    for _ in range(3):
        await asyncio.sleep(0)
    assert [task.done() for task in waiting] == [True] * 6
    assert waiting[4].cancelled()


async def test_nobody_needs_a_place_to_step_aside() -> None:
    async with aside():
        pass


async def test_stopping_lets_a_step_end_and_begins_no_other() -> None:
    queue, work = WorkQueue(), Work()
    workers = Workers(queue, work, work.crashed, concurrency=1)
    queue.add(A)
    queue.add(B)
    workers.start()
    await until(lambda: work.begun == [A])
    stopping = asyncio.create_task(workers.stop(grace=5))
    await asyncio.sleep(0)
    work.gate.set()
    await stopping
    assert (work.begun, work.ended) == ([A], [A])


async def test_stopping_without_grace_cancels() -> None:
    queue, work = WorkQueue(), Work()
    workers = Workers(queue, work, work.crashed, concurrency=1)
    queue.add(A)
    workers.start()
    await until(lambda: work.begun == [A])
    await workers.stop(grace=0)
    assert work.ended == []
    assert work.crashes == []


async def test_stopping_idle_workers() -> None:
    workers = Workers(WorkQueue(), Work(), Work().crashed, concurrency=3)
    workers.start()
    await asyncio.sleep(0)
    await asyncio.wait_for(workers.stop(grace=5), 5)


async def test_stopping_before_starting() -> None:
    await Workers(WorkQueue(), Work(), Work().crashed, concurrency=1).stop(grace=5)


async def test_a_crash_is_told_and_ends_no_worker() -> None:
    queue, work = WorkQueue(), Work()
    work.gate.set()
    error = ZeroDivisionError("a bug")

    async def crash_on_a(key: ObjectKey) -> None:
        if key == A:
            raise error
        await work(key)

    workers = Workers(queue, crash_on_a, work.crashed, concurrency=1)
    queue.add(A)
    queue.add(B)
    workers.start()
    await until(lambda: work.ended == [B])
    assert work.crashes == [(A, error)]
    queue.add(A)
    await until(lambda: len(work.crashes) == 2)
    await workers.stop(grace=1)


@pytest.mark.parametrize("key", [A, ObjectKey("other", "a")], ids=str)
def test_a_key_reads_like_kubectl(key: ObjectKey) -> None:
    assert str(key) == f"{key.namespace}/{key.name}"
