"""What the tests of actions share: a world with a chart installed, and what its status says."""

from datetime import timedelta

from actions.charts import FIRST
from actions.world import Driver, World

from steersman.core.api.conditions import ConditionType, find_condition
from steersman.core.plan.decision import Done, Retry, Wait

INSTALL_STEPS = [
    "add-finalizer",
    "prepare",
    "hook-start pre-install",
    "hook-end pre-install",
    "hook-end pre-install",
    "apply",
    "apply",
    "prune",
    "hook-start post-install",
    "hook-end post-install",
    "hook-end post-install",
    "finish",
]


def ready(world: World) -> tuple[str, str]:
    condition = find_condition(world.release.status.conditions, ConditionType.READY)
    assert condition is not None
    return condition.status, condition.reason


def ready_text(world: World) -> str:
    condition = find_condition(world.release.status.conditions, ConditionType.READY)
    assert condition is not None
    return condition.message


async def installed(chart: dict[str, str] | None = None) -> tuple[World, Driver]:
    """A world with the chart installed."""
    world = World(chart=chart if chart is not None else FIRST)
    driver = Driver(world)
    assert isinstance(await driver.go(), Done)
    world.log.clear()
    world.hook_runs.clear()
    driver.steps.clear()
    return world, driver


async def until_retry(world: World, driver: Driver) -> Retry:
    for _ in range(20):
        decision = await driver.go(waits=False)
        if isinstance(decision, Retry):
            return decision
        assert isinstance(decision, Wait)
        world.now += timedelta(seconds=1)
        world.progress()
    raise AssertionError("it never failed")
