"""`controller.reconcile` with the world in memory: when it writes status, when it comes back, what it forgets."""

import asyncio
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any

import pytest
from actions.charts import FIRST, config_map, deployment
from actions.world import (
    Denied,
    MemoryCharts,
    MemoryFacts,
    MemoryReleases,
    MemoryResolver,
    Unavailable,
    World,
    edges_of,
)
from core.plan.builders import NO_SOURCE, NOW, UNREACHABLE, helm_release

from steersman.app.metrics import Metrics
from steersman.controller.cache import ReleaseCache
from steersman.controller.observe import Looker
from steersman.controller.queue import ObjectKey, WorkQueue
from steersman.controller.reconcile import Reconciler
from steersman.controller.report import Reporter
from steersman.core.api.conditions import ConditionType, find_condition
from steersman.core.api.helmrelease import HelmRelease
from steersman.core.api.status import HelmReleaseStatus
from steersman.core.plan.observed import Desired, Problem
from steersman.core.release.errors import RecordUnreadable
from steersman.core.release.model import Release
from steersman.registry.errors import InvalidCredentials

KEY = ObjectKey("demo", "web")


class CachedReleases(MemoryReleases):
    """`ports.HelmReleases` whose answers go into the cache, as those of the API server do."""

    def __init__(self, world: World, cache: ReleaseCache) -> None:
        super().__init__(world)
        self._cache = cache

    def _change(self, what: str, **changes: Any) -> None:
        super()._change(what, **changes)
        self._cache.put(raw_of(self._world.release))


class Queue(WorkQueue):
    """A queue that shows when its keys come back, in seconds from now."""

    def __init__(self) -> None:
        super().__init__()
        self.pauses: list[float] = []
        self.forgotten = 0

    def add_at(self, key: ObjectKey, when: float) -> None:
        self.pauses.append(round(when - asyncio.get_running_loop().time(), 1))
        super().add_at(key, when)

    def forget(self, key: ObjectKey) -> None:
        self.forgotten += 1
        super().forget(key)


@dataclass
class Told:
    """`ports.Events`."""

    events: list[tuple[str, str]] = field(default_factory=list)

    def publish(self, subject: Any, *, kind: str, reason: str, message: str) -> None:
        self.events.append((kind, reason))


def raw_of(release: HelmRelease) -> dict[str, Any]:
    """The object as the API server has it."""
    return {**release.raw, "status": release.status.to_dict()}


class Setting:
    """A reconciler in a world."""

    def __init__(self, chart: dict[str, str] = FIRST, resolver: "type[Resolver] | None" = None, **edges: Any) -> None:
        self.world = World(chart=chart)
        self.cache = ReleaseCache()
        self.queue = Queue()
        self.told = Told()
        self.lost = False
        self.hear()
        releases = CachedReleases(self.world, self.cache)
        self.edges = replace(edges_of(self.world), releases=releases, **edges)
        self.resolver = (resolver or Resolver)(self.world)
        looker = Looker(self.edges, self.resolver, self.cache, MemoryFacts(self.world))  # type: ignore[arg-type]
        self.reconciler = Reconciler(
            self.queue,
            self.cache,
            looker,
            self.resolver,  # type: ignore[arg-type]
            Reporter(releases, self.told, Metrics()),
            self.edges,
            may_go_on=lambda: not self.lost,
        )

    def hear(self) -> None:
        """The watch tells of the HelmRelease as it is."""
        self.cache.put(raw_of(self.world.release))

    async def turn(self) -> float | None:
        """One call of the reconciler; in how many seconds it wants to come back."""
        self.queue.pauses.clear()
        await self.reconciler.reconcile(KEY)
        return self.queue.pauses[-1] if self.queue.pauses else None

    async def install(self) -> None:
        for _ in range(10):
            await self.turn()
            self.world.now += timedelta(seconds=10)
            self.world.progress()
        assert self.ready() == ("True", "InstallSucceeded")
        self.world.log.clear()
        self.told.events.clear()

    def ready(self) -> tuple[str, str] | None:
        found = find_condition(self.world.release.status.conditions, ConditionType.READY)
        return (found.status, found.reason) if found else None

    def statuses_written(self) -> int:
        return self.world.log.count("write status")


class Refusing(MemoryCharts):
    """No chart can be had."""

    def __init__(self, world: World, refusal: InvalidCredentials) -> None:
        super().__init__(world)
        self._refusal = refusal

    async def fetch(self, url: str, digest: str) -> bytes:
        raise self._refusal


class Resolver(MemoryResolver):
    """Also refuses credentials when told to, and remembers whom it was told to forget."""

    refusal: InvalidCredentials | None = None

    def __init__(self, world: World) -> None:
        super().__init__(world)
        self.forgotten: list[str] = []

    def archives(self, release: HelmRelease) -> MemoryCharts:
        return Refusing(self._world, self.refusal) if self.refusal is not None else super().archives(release)

    def forget(self, release_uid: str) -> None:
        self.forgotten.append(release_uid)


@pytest.fixture
def plain() -> Iterator[Setting]:
    """A chart without hooks, whose Deployment has to get ready."""
    yield Setting({"a": config_map("a"), "web": deployment("web")})


# --- status ----------------------------------------------------------------------------------------------------------


async def test_an_install_writes_status_twice(plain: Setting) -> None:
    """Once when it begins, once when it ends, if it gets ready within moments."""
    assert await plain.turn() == 5.0
    assert plain.ready() == ("Unknown", "Progressing")
    plain.world.progress()
    plain.world.now += timedelta(seconds=1)
    assert await plain.turn() == 3600.0
    assert plain.ready() == ("True", "InstallSucceeded")
    assert plain.statuses_written() == 2


async def test_progress_of_a_wait_is_told_every_few_seconds_only(plain: Setting) -> None:
    await plain.turn()
    plain.world.now += timedelta(seconds=5)
    await plain.turn()
    assert plain.statuses_written() == 2
    for _ in range(4):
        plain.world.now += timedelta(seconds=1)
        plain.world.busy.add("web")
        plain.world.progress()
        await plain.turn()
    assert plain.statuses_written() == 2


async def test_rest_costs_nothing(plain: Setting) -> None:
    await plain.install()
    for _ in range(5):
        assert await plain.turn() == 3600.0
    assert plain.world.log == []
    assert plain.told.events == []


async def test_short_trouble_is_not_told(plain: Setting) -> None:
    plain.world.break_at(4, Unavailable("no answer"), lasting=3)
    pauses = []
    for _ in range(4):
        pauses.append(await plain.turn())
        plain.world.now += timedelta(seconds=10)
    assert pauses[:3] == [1.0, 2.0, 4.0]
    assert plain.ready() == ("Unknown", "Progressing")


async def test_long_trouble_is_told(plain: Setting) -> None:
    plain.world.desired = UNREACHABLE
    readies = []
    for _ in range(6):
        await plain.turn()
        readies.append(plain.ready())
        plain.world.now += timedelta(seconds=60)
    assert readies[:3] == [None] * 3
    assert readies[-1] == ("False", "Unreachable")


async def test_credentials_that_are_refused_are_told(plain: Setting) -> None:
    plain.resolver.refusal = InvalidCredentials("no auth for the host")
    assert await plain.turn() == 10.0
    assert plain.ready() == ("False", "SourceNotReady")
    plain.resolver.refusal = None
    plain.world.now += timedelta(seconds=10)
    await plain.turn()
    assert plain.world.statuses() == {1: "pending-install"}


async def test_a_failure_is_an_event_once(plain: Setting) -> None:
    plain.world.desired = NO_SOURCE
    for _ in range(5):
        await plain.turn()
        plain.world.now += timedelta(minutes=20)
    assert plain.told.events == [("Warning", "SourceNotReady")]


async def test_a_source_that_fails_is_one_log_line_a_problem(plain: Setting, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("INFO", "steersman.controller.report")
    refused = replace(NO_SOURCE, message="the registry refuses the credentials")
    for problem in (NO_SOURCE, refused):
        plain.world.desired = problem
        for _ in range(5):
            await plain.turn()
            plain.world.now += timedelta(minutes=20)
    plain.world.desired = None
    await plain.turn()
    said = [(each.levelname, each.message, getattr(each, "problem", "")) for each in caplog.records]
    assert said[:3] == [
        ("WARNING", "not resolved", NO_SOURCE.message),
        ("WARNING", "not resolved", refused.message),
        ("INFO", "resolved again", ""),
    ]
    assert [message for _, message, _ in said[3:]] == ["step done"] * len(said[3:])
    assert caplog.records[0].__dict__["release"] == str(KEY)
    assert caplog.records[0].__dict__["reason"] == "SourceNotReady"


async def test_deleting_resolves_nothing(plain: Setting, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("INFO", "steersman.controller.report")
    await plain.install()
    plain.world.desired = NO_SOURCE
    await plain.turn()
    plain.world.delete_release()
    plain.hear()
    await plain.turn()
    said = [each.message for each in caplog.records]
    assert "not resolved" in said
    assert "resolved again" not in said


class Unreadable:
    """`ports.ReleaseStore` of a record that somebody damaged."""

    async def history(self, namespace: str, name: str) -> tuple[Release, ...]:
        raise RecordUnreadable("it is no release", record="demo/sh.helm.release.v1.web.v1")


async def test_a_look_that_fails_is_told_and_tried_again() -> None:
    setting = Setting(records=Unreadable())
    pause = await setting.turn()
    assert pause is not None
    assert setting.ready() == ("False", "RecordTampered")
    await setting.turn()
    assert setting.statuses_written() == 1


async def test_a_status_that_cannot_be_written_is_no_end(plain: Setting) -> None:
    plain.world.break_at(1, Denied("may not write status"), lasting=50)
    for _ in range(5):
        assert await plain.turn() is not None
        plain.world.now += timedelta(seconds=60)
    plain.world.breaks = None
    await plain.install()


# --- coming back -----------------------------------------------------------------------------------------------------


async def test_what_is_stalled_or_suspended_comes_back_by_an_event_only(plain: Setting) -> None:
    plain.world.spec({"suspend": True})
    plain.hear()
    assert await plain.turn() is None
    plain.world.spec({})
    plain.world.desired = Problem(NO_SOURCE.reason, "no", False)
    plain.hear()
    assert await plain.turn() is None
    assert plain.queue.forgotten == 2


async def test_who_may_not_write_does_nothing(plain: Setting) -> None:
    plain.lost = True
    assert await plain.turn() is None
    assert plain.world.log == []


async def test_a_crash_brings_the_key_back(plain: Setting) -> None:
    plain.reconciler.crashed(KEY, ZeroDivisionError("a bug"))
    assert plain.queue.pauses == [30.0]


# --- forgetting ------------------------------------------------------------------------------------------------------


async def test_what_is_gone_is_forgotten(plain: Setting) -> None:
    await plain.install()
    plain.world.delete_release()
    plain.hear()
    assert await plain.turn() is None
    assert not plain.world.release.has_finalizer
    assert plain.resolver.forgotten == ["uid-1"]


async def test_a_successor_begins_with_a_memory_of_its_own(plain: Setting) -> None:
    plain.world.desired = NO_SOURCE
    await plain.turn()
    plain.world.desired = None
    plain.world.create_release()
    plain.hear()
    await plain.turn()
    assert plain.world.statuses() == {1: "pending-install"}


class Replacing(Resolver):
    """While the spec is being resolved, the HelmRelease is replaced by another of its name."""

    setting: Setting

    async def resolve(self, release: HelmRelease, now: Any) -> Desired | Problem:
        resolved = await super().resolve(release, now)
        if release.uid != "uid-1" or not isinstance(resolved, Desired):
            return resolved
        self.setting.world.create_release()
        self.setting.hear()
        return replace(resolved, input_digest="of the predecessor")


async def test_a_step_for_a_predecessor_is_not_run() -> None:
    setting = Setting(resolver=Replacing)
    assert isinstance(setting.resolver, Replacing)
    setting.resolver.setting = setting
    setting.world.release = helm_release(version="50")
    setting.hear()
    await setting.turn()
    assert [record.labels["steersman.dev/input"] for record in setting.world.records.values()] == ["input-1"]


def test_the_status_goes_through_the_api_unchanged() -> None:
    """What the tests' API server gives back is what was written, so that an equal status is seen to be equal."""
    status = HelmReleaseStatus(failures=2, next_attempt=NOW)
    assert HelmReleaseStatus.parse(status.to_dict()) == status
