"""`controller.repositories`: ChartRepositories are asked on their terms, once an interval, and told of when something
changed."""

import asyncio
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import pytest
from controller.sources import Sources, repository
from core.plan.builders import NOW

from steersman.controller.queue import ObjectKey, WorkQueue
from steersman.controller.repositories import RepositoryEdges, RepositoryReconciler
from steersman.core.api.chartrepository import ChartRepository, ChartRepositoryStatus
from steersman.errors import ClusterError
from steersman.registry.errors import AccessDenied

KEY = ObjectKey("demo", "stable")


class Unavailable(ClusterError):
    """The API server does not answer."""

    transient = True


@dataclass
class Clock:
    moment: datetime = NOW

    def now(self) -> datetime:
        return self.moment


@dataclass
class Written:
    """`KubeChartRepositories`: what was written goes into the cache, as the API server's answer does."""

    sources: Sources
    statuses: list[ChartRepositoryStatus] = field(default_factory=list)
    error: ClusterError | None = None

    async def write_status(self, given: ChartRepository, status: ChartRepositoryStatus) -> None:
        if self.error is not None:
            raise self.error
        self.statuses.append(status)
        metadata = {**given.raw["metadata"], "resourceVersion": str(int(given.resource_version) + 1)}
        assert not self.sources.repositories.put({**given.raw, "metadata": metadata, "status": status.to_dict()})


@dataclass
class Told:
    events: list[tuple[str, str]] = field(default_factory=list)

    def publish(self, subject: Any, *, kind: str, reason: str, message: str) -> None:
        self.events.append((reason, message))


class Setting(Sources):
    """A reconciler of ChartRepositories."""

    def __init__(self) -> None:
        super().__init__()
        self.queue = WorkQueue()
        self.written = Written(self)
        self.told = Told()
        self.moved: list[str] = []
        edges = RepositoryEdges(
            self.terms,
            self.sources,  # type: ignore[arg-type]
            self.written,  # type: ignore[arg-type]
            self.told,
            Clock(),
            lambda repository: self.moved.append(repository.name),
        )
        self.reconciler = RepositoryReconciler(self.queue, self.repositories, edges, lambda: True)

    async def turn(self) -> float | None:
        """One look; in how many seconds the next one is due."""
        self.queue.forget(KEY)
        await self.reconciler.reconcile(KEY)
        due = self.queue._due.get(KEY)
        return None if due is None else round(due - asyncio.get_running_loop().time())

    def ready(self) -> tuple[str, str]:
        ready = self.written.statuses[-1].conditions[0]
        return ready.status, ready.message


@pytest.fixture
def setting() -> Setting:
    return Setting()


async def test_an_index_is_counted(setting: Setting) -> None:
    setting.put_repository(interval="5m")
    assert await setting.turn() == 300
    assert setting.ready() == ("True", "2 charts in the index")
    assert setting.written.statuses[0].digest == setting.sources.index_is
    assert (setting.asked, setting.moved, setting.told.events) == (["index"], ["stable"], [])


async def test_nothing_is_written_or_told_while_nothing_changes(setting: Setting) -> None:
    setting.put_repository()
    for _ in range(5):
        assert await setting.turn() == 600
    assert len(setting.written.statuses) == 1
    assert setting.moved == ["stable"]
    setting.sources.index_is = "sha256:" + "2" * 64
    await setting.turn()
    assert len(setting.written.statuses) == 2
    assert setting.moved == ["stable"] * 2


async def test_a_registry_is_asked_for_an_answer(setting: Setting) -> None:
    setting.put_repository(url="oci://registry.example/charts")
    await setting.turn()
    assert setting.ready() == ("True", "the registry answers")
    assert setting.asked == ["ping"]


async def test_a_failure_is_told_once_and_tried_again(setting: Setting, caplog: pytest.LogCaptureFixture) -> None:
    setting.put_repository(secretRef={"name": "login"})
    assert [await setting.turn() for _ in range(3)] == [10, 20, 40]
    assert setting.ready() == (
        "False",
        "Secret demo/login, which spec.secretRef names, does not exist. Create it; it is noticed at once.",
    )
    assert len(setting.written.statuses) == 1
    assert [reason for reason, _ in setting.told.events] == ["SourceNotReady"]
    assert setting.asked == []
    said = [(each.message, each.__dict__["repository"], each.__dict__["reason"]) for each in caplog.records]
    assert said == [("repository does not answer", "demo/stable", "SourceNotReady")]
    setting.configs.put("Secret", "login", username="me", password="word")
    assert await setting.turn() == 600
    assert setting.moved == ["stable"]


async def test_a_refusal_speaks_of_the_repositorys_own_fields(setting: Setting) -> None:
    setting.put_repository()
    setting.sources.break_down(AccessDenied("charts.example", "401", status=401, anonymous=True))
    await setting.turn()
    assert setting.ready()[1].startswith(
        "charts.example: access denied: 401. No credentials were given: name a Secret in spec.secretRef, "
    )


async def test_keys_that_cannot_be_used_are_told_before_any_chart(setting: Setting) -> None:
    setting.configs.put("Secret", "keys", other="x")
    setting.put_repository(url="oci://h", verify={"provider": "cosign", "secretRef": {"name": "keys"}})
    await setting.turn()
    assert "Secret demo/keys has no public key" in setting.ready()[1]


async def test_suspended_it_is_asked_nothing(setting: Setting) -> None:
    setting.put_repository(suspend=True)
    assert await setting.turn() is None
    assert setting.asked == []
    assert setting.ready()[0] == "Unknown"


async def test_a_repository_that_is_gone_is_forgotten(setting: Setting) -> None:
    setting.put_repository()
    await setting.turn()
    setting.repositories.drop(KEY, "uid-of-stable")
    assert await setting.turn() is None
    assert len(setting.asked) == 1


async def test_an_answer_that_takes_too_long(setting: Setting) -> None:
    setting.put_repository(timeout="2s")
    setting.sources.delay = 60.0
    assert await setting.turn() == 10
    first, last = setting.written.statuses
    assert first.conditions[0].reason == "Progressing"
    assert last.conditions[0].message.startswith(
        "charts.example/stable: repository unavailable: no whole answer within spec.timeout, 2 s"
    )


async def test_an_answer_about_an_older_spec_is_not_told(setting: Setting) -> None:
    setting.put_repository()
    setting.sources.delay = 0.2
    looking = asyncio.create_task(setting.turn())
    await asyncio.sleep(0.05)
    setting.put_repository(interval="1h")
    assert await looking == 0
    assert setting.written.statuses == []
    assert await setting.turn() == 3600
    assert setting.written.statuses[0].observed_generation == 2


async def test_a_status_that_cannot_be_written_is_tried_again(setting: Setting) -> None:
    setting.put_repository()
    setting.written.error = Unavailable("no answer")
    assert await setting.turn() == 1
    setting.written.error = None
    await setting.turn()
    assert setting.ready()[0] == "True"


def test_a_change_of_the_spec_or_the_annotation_asks_for_a_look(setting: Setting) -> None:
    put = setting.repositories.put
    assert put(repository(version=1))
    assert not put({**repository(version=1), "metadata": {**repository()["metadata"], "resourceVersion": "5"}})
    assert put(repository(version=6))
    marked = repository(version=6, annotations={"steersman.dev/reconcile-at": "1"})
    marked["metadata"]["resourceVersion"] = "7"
    assert put(marked)
    assert not put(repository(version=2)), "older than what is known"
