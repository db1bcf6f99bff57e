"""kill -9 at any instant: nothing lost, nothing doubled, no needless revision, no hook run twice.

A process dies at every write in turn, just before it takes effect and just after, and between every two steps; the next
process knows what records, inventory and status say, and ends the work.
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

import pytest
from actions.charts import FIRST, SECOND, config_map, hook
from actions.world import Driver, Killed, World

from steersman.core.plan.decision import Done, Run, Wait

INSTALL_WRITES, UPGRADE_WRITES, UNINSTALL_WRITES = 14, 16, 15
"""How many writes each action takes: `test_the_numbers_of_writes_are_right` sees to it."""


async def fresh() -> World:
    return World(chart=FIRST)


async def before_upgrade() -> World:
    world = World(chart=FIRST)
    assert isinstance(await Driver(world).go(), Done)
    world.want("input-2", SECOND)
    return _forgetful(world)


async def before_uninstall() -> World:
    world = World(chart=FIRST)
    assert isinstance(await Driver(world).go(), Done)
    world.delete_release()
    return _forgetful(world)


def _forgetful(world: World) -> World:
    world.hook_runs.clear()
    world.log.clear()
    world.writes = 0
    return world


def is_installed(world: World) -> None:
    assert world.statuses() == {1: "deployed"}
    assert world.names() == ["a", "b"]
    assert world.hook_runs == ["migrate pre-install", "notify post-install"]
    _owns(world, "a", "b", "web")


def is_upgraded(world: World) -> None:
    assert world.statuses() == {1: "superseded", 2: "deployed"}
    assert world.names() == ["a", "c"]
    assert world.get("a")["data"] == {"key": "2"}
    assert world.hook_runs == ["migrate pre-upgrade", "notify post-upgrade"]
    _owns(world, "a", "c", "web")


def is_uninstalled(world: World) -> None:
    assert (world.names(), world.names("Deployment"), world.records, world.inventory) == ([], [], {}, None)
    assert world.hook_runs == ["backup pre-delete", "report post-delete"]
    assert not world.release.has_finalizer


def _owns(world: World, *names: str) -> None:
    """The inventory lists these objects as they are, and no object was made twice."""
    live = {identity.name: obj["metadata"]["uid"] for identity, obj in world.objects.items() if identity.kind != "Job"}
    assert world.entries() == {name: live[name] for name in names}
    assert sorted(live) == sorted(names)
    assert all(world.created[name] == 1 for name in names)


@dataclass(frozen=True)
class Scenario:
    """An action: the world before it, and what must hold in the end."""

    id: str
    begin: Callable[[], Awaitable[World]]
    check: Callable[[World], None]
    writes: int


SCENARIOS = (
    Scenario("install", fresh, is_installed, INSTALL_WRITES),
    Scenario("upgrade", before_upgrade, is_upgraded, UPGRADE_WRITES),
    Scenario("uninstall", before_uninstall, is_uninstalled, UNINSTALL_WRITES),
)
BOUNDARIES = [
    pytest.param(scenario, write, after, id=f"{scenario.id}-{'after' if after else 'before'}-write-{write}")
    for scenario in SCENARIOS
    for write in range(1, scenario.writes + 1)
    for after in (False, True)
]


@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda scenario: scenario.id)
async def test_the_numbers_of_writes_are_right(scenario: Scenario) -> None:
    world = await scenario.begin()
    assert isinstance(await Driver(world).go(), Done)
    assert world.writes == scenario.writes
    scenario.check(world)


@pytest.mark.parametrize(("scenario", "write", "after"), BOUNDARIES)
async def test_killed_at_a_write(scenario: Scenario, write: int, after: bool) -> None:
    world = await scenario.begin()
    world.break_at(write, Killed(), after=after)
    with pytest.raises(Killed):
        await Driver(world).go()
    world.breaks = None
    assert isinstance(await Driver(world).go(), Done)
    scenario.check(world)


@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda scenario: scenario.id)
async def test_killed_again_and_again(scenario: Scenario) -> None:
    """No process lives longer than two writes: each says anew that a hook runs, then creates its object."""
    world = await scenario.begin()
    for _ in range(2 * scenario.writes):
        world.break_at(2, Killed(), after=True)
        try:
            decision = await Driver(world).go()
        except Killed:
            continue
        assert isinstance(decision, Done)
        break
    scenario.check(world)


@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda scenario: scenario.id)
@pytest.mark.parametrize("keep_status", [True, False], ids=["status kept", "status lost"])
async def test_killed_between_any_two_steps(scenario: Scenario, keep_status: bool) -> None:
    ended, number = False, 0
    while not ended:
        world = await scenario.begin()
        ended = await _steps(Driver(world), number)
        if not keep_status:
            world.lose_status()
        assert isinstance(await Driver(world).go(), Done)
        scenario.check(world)
        number += 1


async def _steps(driver: Driver, number: int) -> bool:
    """So many steps; whether the action ended before."""
    done = 0
    while True:
        _, observed, decision = await driver.look()
        if isinstance(decision, Done):
            return True
        if isinstance(decision, Wait):
            driver.world.progress()
            continue
        assert isinstance(decision, Run)
        if done == number:
            return False
        await driver.run(observed, decision)
        done += 1


@pytest.mark.parametrize("write", range(1, UPGRADE_WRITES + 1))
async def test_killed_within_an_upgrade_that_is_not_wanted_any_more(write: int) -> None:
    """The objects of the half-done revision are known from its record: none is left behind."""
    world = await before_upgrade()
    world.break_at(write, Killed(), after=True)
    with pytest.raises(Killed):
        await Driver(world).go()
    world.breaks = None
    world.want("input-3", {**FIRST, "d": config_map("d")})
    assert isinstance(await Driver(world).go(), Done)
    assert world.names() == ["a", "b", "d"]
    assert sorted(world.entries()) == ["a", "b", "d", "web"]
    assert world.statuses()[max(world.statuses())] == "deployed"


@pytest.mark.parametrize("write", range(1, UPGRADE_WRITES + 1))
async def test_killed_within_an_upgrade_and_then_deleted(write: int) -> None:
    world = await before_upgrade()
    world.break_at(write, Killed(), after=True)
    with pytest.raises(Killed):
        await Driver(world).go()
    world.breaks = None
    world.delete_release()
    assert isinstance(await Driver(world).go(), Done)
    assert (world.names(), world.names("Deployment"), world.records, world.inventory) == ([], [], {}, None)
    assert not world.release.has_finalizer


@pytest.mark.parametrize("write", range(1, 20))
async def test_killed_within_the_second_attempt_of_a_hook_that_failed(write: int) -> None:
    """The object of the failed run must not be taken for the one of the new run."""
    world = World(chart={"a": config_map("a"), "h": hook("h", "pre-install")}, broken={"h"})
    driver = Driver(world)
    while world.statuses() != {1: "failed"}:
        await driver.go(waits=False)
        world.progress()
    world.broken.clear()
    world.break_at(write, Killed(), after=write % 2 == 0)
    try:
        await Driver(world).go()
    except Killed:
        world.breaks = None
        assert isinstance(await Driver(world).go(), Done)
    assert world.statuses() == {1: "deployed"}
    assert world.hook_runs == ["h pre-install", "h pre-install"]
