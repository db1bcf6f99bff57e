"""Hooks and objects that fail: in which revision, and when, it is tried again."""

from dataclasses import replace
from datetime import timedelta

from actions.charts import FIRST, SECOND, config_map, deployment
from actions.support import installed, ready, until_retry
from actions.world import Driver, World

from steersman.core.api.conditions import Reason
from steersman.core.plan.decision import Done, Retry, Stalled, Wait


async def test_a_failed_hook_is_run_again_in_the_same_revision() -> None:
    world = World(chart=FIRST, broken={"migrate"})
    driver = Driver(world)
    failed = await driver.go(waits=False)
    while isinstance(failed, Wait):
        world.progress()
        failed = await driver.go(waits=False)
    assert isinstance(failed, Retry)
    assert failed.problem.reason is Reason.HOOK_FAILED
    assert world.statuses() == {1: "failed"}
    assert world.names() == []
    world.broken.clear()
    assert isinstance(await driver.go(), Done)
    assert world.statuses() == {1: "deployed"}
    assert world.hook_runs == ["migrate pre-install", "migrate pre-install", "notify post-install"]


async def test_a_hook_that_succeeded_is_not_run_again_after_a_later_failure() -> None:
    world = World(chart=FIRST, broken={"notify"})
    driver = Driver(world)
    await driver.go(waits=False)
    for _ in range(20):
        world.progress()
        if isinstance(await driver.go(waits=False), Retry):
            break
    world.broken.clear()
    assert isinstance(await driver.go(), Done)
    assert world.hook_runs.count("migrate pre-install") == 1
    assert world.statuses() == {1: "deployed"}


async def test_a_failed_upgrade_leaves_what_ran_deployed() -> None:
    world, driver = await installed()
    world.broken.add("web")
    world.want("input-2", SECOND)
    decision = await until_retry(world, driver)
    assert decision.problem.reason is Reason.HEALTH_CHECK_FAILED
    assert "Deployment demo/web" in decision.problem.message
    assert world.statuses() == {1: "deployed", 2: "failed"}
    assert ready(world) == ("False", "HealthCheckFailed")


async def test_an_upgrade_whose_new_object_never_gets_ready_does_not_spin() -> None:
    """What ran before is healthy all the time: that must not be taken for the recovery of what failed."""
    world, driver = await installed({"a": config_map("a")})
    world.broken.add("web")
    world.want("input-2", {"a": config_map("a"), "web": deployment("web")})
    first = await until_retry(world, driver)
    written = len(world.log)
    assert isinstance(await driver.go(waits=False), Retry)
    assert len(world.log) == written
    world.now = first.at
    second = await until_retry(world, driver)
    assert second.at - world.now > timedelta(seconds=10)
    assert world.release.status.failures == 2


async def test_health_that_comes_late_ends_the_retry_early() -> None:
    world, driver = await installed()
    world.broken.add("web")
    world.want("input-2", SECOND)
    await until_retry(world, driver)
    world.broken.clear()
    world.progress()
    assert isinstance(await driver.go(waits=False), Wait)  # for the post hook, and for no pause before
    assert isinstance(await driver.go(), Done)
    assert world.statuses() == {1: "superseded", 2: "deployed"}


async def test_after_a_restart_a_failed_release_is_tried_when_due() -> None:
    world, driver = await installed()
    world.broken.add("web")
    world.want("input-2", SECOND)
    due = await until_retry(world, driver)
    restarted = Driver(world)
    paused = await restarted.go(waits=False)
    assert isinstance(paused, Retry)
    assert paused.problem == due.problem
    assert due.at - paused.at < timedelta(seconds=1)
    world.broken.clear()
    assert isinstance(await restarted.go(), Done)


async def test_after_a_lost_status_a_failed_release_is_tried_at_once() -> None:
    world, driver = await installed()
    world.broken.add("web")
    world.want("input-2", SECOND)
    await until_retry(world, driver)
    world.broken.clear()
    world.release = replace(world.release, status=World().release.status)
    assert isinstance(await Driver(world).go(), Done)
    assert world.statuses() == {1: "superseded", 2: "deployed"}


async def test_a_restart_within_the_second_attempt_goes_on_with_it() -> None:
    """The status still tells of the first attempt's failure: it is not the second's."""
    world = World(chart=FIRST, broken={"web"})
    driver = Driver(world)
    await until_retry(world, driver)
    world.broken.clear()
    world.busy.add("web")
    world.progress()
    world.now += timedelta(minutes=1)
    assert isinstance(await driver.go(waits=False), Wait)
    world.busy.clear()
    restarted = Driver(world)
    assert isinstance(await restarted.go(), Done)
    assert "fail" not in restarted.steps
    assert world.release.status.failures == 0


async def test_a_changed_timeout_after_a_failure_tries_again() -> None:
    world = World(chart=FIRST, broken={"web"})
    driver = Driver(world)
    await until_retry(world, driver)
    world.broken.clear()
    world.spec({"timeout": "10m"})
    assert isinstance(await driver.go(), Done)
    assert world.statuses() == {1: "deployed"}


async def test_stop_waits_for_a_change_and_reset_tries_again() -> None:
    world = World(chart=FIRST, broken={"web"})
    world.spec({"install": {"onFailure": "Stop"}})
    driver = Driver(world)
    assert isinstance(await driver.go(), Stalled)
    assert ready(world) == ("False", "HealthCheckFailed")
    writes = len(world.log)
    assert isinstance(await driver.go(), Stalled)
    assert isinstance(await Driver(world).go(), Stalled)
    assert len(world.log) == writes
    world.annotate(reset_at="now")
    assert isinstance(await driver.go(), Stalled)
    assert len(world.log) > writes
    world.broken.clear()
    world.progress()
    world.annotate(reset_at="and now")
    assert isinstance(await driver.go(), Done)
    assert world.statuses() == {1: "deployed"}
