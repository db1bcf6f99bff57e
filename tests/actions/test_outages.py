"""Values, sources and the API server that are away, or refuse, for a while."""

from datetime import timedelta

import pytest
from actions.charts import FIRST, config_map, deployment
from actions.support import installed
from actions.world import Denied, Driver, Unavailable, World
from core.plan.builders import NO_SOURCE, NO_VALUES

from steersman.core.api.conditions import ConditionType, find_condition
from steersman.core.plan.decision import Done, Stalled


async def test_values_missing_then_there() -> None:
    world = World(chart=FIRST, desired=NO_VALUES)
    driver = Driver(world)
    assert isinstance(await driver.go(), Stalled)
    assert world.log == []
    world.desired = None
    assert isinstance(await driver.go(), Done)
    assert world.statuses() == {1: "deployed"}
    assert find_condition(world.release.status.conditions, ConditionType.STALLED) is None


async def test_a_source_that_goes_away_does_not_stop_an_action_under_way() -> None:
    world = World(chart=FIRST, busy={"web"})
    driver = Driver(world)
    while not world.names("Deployment"):
        await driver.go(waits=False)
        world.progress()
    world.desired = NO_SOURCE
    world.busy.clear()
    steps = len(driver.steps)
    while world.statuses() != {1: "deployed"}:
        await driver.go(waits=False)
        world.progress()
    assert "resume" not in driver.steps[steps:]


@pytest.mark.parametrize("failing", range(1, 14))
async def test_an_api_server_that_is_away_for_a_while_is_no_failure(failing: int) -> None:
    """Each write in turn fails a few times: the step is repeated, nothing is failed, nothing is done twice."""
    world = World(chart=FIRST)
    driver = Driver(world)
    world.break_at(failing, Unavailable("no answer"), lasting=3)
    assert isinstance(await driver.go(), Done)
    assert world.statuses() == {1: "deployed"}
    assert world.hook_runs == ["migrate pre-install", "notify post-install"]
    assert "fail" not in driver.steps
    assert "resume" not in driver.steps
    assert world.release.status.failures == 0


async def test_pauses_grow_while_the_api_server_is_away() -> None:
    world = World(chart={"a": config_map("a"), "web": deployment("web")})
    world.break_at(3, Unavailable("no answer"), lasting=8)
    driver = Driver(world)
    began = world.now
    assert isinstance(await driver.go(), Done)
    assert world.now - began > timedelta(seconds=1 + 2 + 4 + 8)
    assert len(driver.steps) < 25


@pytest.mark.parametrize("failing", range(1, 14))
async def test_a_refusal_at_any_write_is_retried_with_pauses(failing: int) -> None:
    """Whichever write is refused for an hour's worth of tries, the loop pauses between them and ends deployed."""
    world = World(chart=FIRST)
    driver = Driver(world)
    world.break_at(failing, Denied("may not do this"), lasting=6)
    assert isinstance(await driver.go(), Done)
    assert world.statuses()[max(world.statuses())] == "deployed"
    assert len(driver.steps) < 100
    assert world.release.status.failures == 0


@pytest.mark.parametrize("failing", range(1, 14))
async def test_a_refusal_at_any_write_of_an_uninstall_is_retried_with_pauses(failing: int) -> None:
    world, driver = await installed()
    world.delete_release()
    began = world.now
    world.break_at(failing, Denied("may not do this"), lasting=4)
    assert isinstance(await driver.go(), Done)
    assert (world.names(), world.records, world.inventory, world.release.has_finalizer) == ([], {}, None, False)
    assert len(driver.steps) < 60
    assert world.now - began >= timedelta(seconds=10)
