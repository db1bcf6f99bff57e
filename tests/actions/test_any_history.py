"""Whatever happens to a release, in whatever order: once it stops happening, the release ends as its spec says.

Random histories of changes, crashes, refusals, failing workloads and deletions. What is asserted at every moment: the
loop makes no two hundred steps without time passing (it would spin); at the end: exactly the chart's objects are there,
the inventory knows each by its uid, one revision is deployed, and no revision was made for nothing.
"""

import random
from collections.abc import Callable
from datetime import timedelta

import pytest
from actions.charts import FIRST, SECOND, config_map, deployment, hook
from actions.world import Denied, Driver, Killed, Unavailable, World
from core.plan.builders import NO_SOURCE, NO_VALUES

from steersman.core.plan.decision import Done, Run

CHARTS = (
    FIRST,
    SECOND,
    {"a": config_map("a", data="3"), "both": hook("both", "pre-install,post-install,pre-upgrade,post-upgrade")},
    {"web": deployment("web", image="web:3"), "old": hook("old", "pre-upgrade", policy="hook-succeeded,hook-failed")},
)
SPIN = 200
HISTORIES = 100


class History:
    """One history: the world, the process at work on it, and how many new revisions may have been asked for."""

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)
        self.world = World(chart=dict(CHARTS[0]))
        self.driver = Driver(self.world)
        self.asked = 1
        self.spinning = 0

    async def work(self, turns: int) -> None:
        """So many decisions; a killed process is followed by another."""
        for _ in range(turns):
            try:
                _, observed, decision = await self.driver.look()
                if isinstance(decision, Run):
                    self.spinning += 1
                    assert self.spinning < SPIN, f"spins: {self.driver.steps[-12:]}"
                    await self.driver.run(observed, decision)
                    continue
            except Killed:
                self.world.breaks = None
                self.driver = Driver(self.world)
                continue
            self.spinning = 0
            self.world.now += timedelta(seconds=self.random.choice([1, 5, 60]))
            self.world.progress()

    def happen(self) -> None:
        """Something happens."""
        event: Callable[[], None] = self.random.choice(
            [
                self._other_chart,
                self._other_chart,
                self._fails,
                self._recovers,
                self._killed,
                self._killed,
                self._unavailable,
                self._denied,
                self._forced,
                self._reset,
                self._suspended,
                self._resumed,
                self._lost_status,
                self._source_away,
                self._source_back,
                self._object_deleted,
                self._own_timeout,
                self._busy,
                self._helm,
                self._helm_dies,
            ]
        )
        event()

    def settle(self) -> None:
        """Everything that stands in the way ends, and the last word is a chart."""
        self.world.breaks = None
        self.world.desired = None
        self.world.broken.clear()
        self.world.busy.clear()
        self.world.spec({})
        self._other_chart()

    def _other_chart(self) -> None:
        number = self.random.randrange(len(CHARTS))
        if f"chart-{number}" != self.world.digest:
            self.asked += 1
        self.world.want(f"chart-{number}", CHARTS[number])

    def _fails(self) -> None:
        self.world.broken.add(self.random.choice(["web", "migrate", "notify", "both", "old"]))

    def _recovers(self) -> None:
        self.world.broken.clear()

    def _killed(self) -> None:
        self.world.break_at(self.random.randint(1, 6), Killed(), after=self.random.random() < 0.5)

    def _unavailable(self) -> None:
        self.world.break_at(
            1, Unavailable("no answer"), after=self.random.random() < 0.3, lasting=self.random.randint(1, 9)
        )

    def _denied(self) -> None:
        self.world.break_at(self.random.randint(1, 4), Denied("may not do this"), lasting=self.random.randint(1, 5))

    def _forced(self) -> None:
        self.asked += 1
        self.world.annotate(force_at=str(self.random.random()))

    def _reset(self) -> None:
        self.world.annotate(reset_at=str(self.random.random()))

    def _suspended(self) -> None:
        self.world.spec({"suspend": True})

    def _resumed(self) -> None:
        self.world.spec({})

    def _lost_status(self) -> None:
        self.asked += 1  # a request by annotation that was dealt with is then dealt with once more
        self.world.lose_status()

    def _source_away(self) -> None:
        self.world.desired = self.random.choice([NO_SOURCE, NO_VALUES])

    def _source_back(self) -> None:
        self.world.desired = None

    def _object_deleted(self) -> None:
        own = [each for each in self.world.objects if each.kind in ("ConfigMap", "Deployment")]
        if own:
            del self.world.objects[self.random.choice(own)]

    def _busy(self) -> None:
        self.world.busy.add(self.random.choice(["web", "migrate", "notify", "both"]))

    def _helm(self) -> None:
        self.asked += 2
        self.world.helm_upgrades(self.random.choice(["deployed", "failed"]))

    def _helm_dies(self) -> None:
        self.asked += 2
        self.world.helm_upgrades("pending-upgrade")

    def _own_timeout(self) -> None:
        self.world.spec({"timeout": self.random.choice(["30s", "10m"])})


@pytest.mark.parametrize("seed", range(HISTORIES))
async def test_any_history_ends_as_the_spec_says(seed: int) -> None:
    history = History(seed)
    world = history.world
    for _ in range(history.random.randint(1, 12)):
        await history.work(history.random.randint(1, 15))
        history.happen()
    history.settle()
    world.want("last", LAST)
    history.asked += 1
    assert isinstance(await history.driver.go(), Done)
    live = {identity.name: obj["metadata"]["uid"] for identity, obj in world.objects.items() if identity.kind != "Job"}
    assert world.entries() == live
    assert sorted(live) == ["a", "last", "web"]
    assert list(world.statuses().values()).count("deployed") == 1
    assert world.statuses()[max(world.statuses())] == "deployed"
    assert max(world.statuses()) <= history.asked
    assert world.release.status.failures == 0


LAST = {"a": config_map("a", data="last"), "last": config_map("last"), "web": deployment("web", image="web:9")}


@pytest.mark.parametrize("seed", range(HISTORIES))
async def test_any_history_ends_in_nothing_when_it_is_deleted(seed: int) -> None:
    history = History(seed + 10_000)
    world = history.world
    for _ in range(history.random.randint(1, 8)):
        await history.work(history.random.randint(1, 15))
        history.happen()
    history.settle()
    await history.work(history.random.randint(0, 12))
    world.delete_release()
    await history.work(history.random.randint(0, 6))
    if history.random.random() < 0.5:
        history.driver = Driver(world)
    history._fails()
    await history.work(10)
    history._recovers()
    assert isinstance(await history.driver.go(), Done)
    assert [identity for identity in world.objects if identity.kind != "Job"] == []
    assert (world.records, world.inventory, world.release.has_finalizer) == ({}, None, False)
