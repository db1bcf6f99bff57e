"""Hooks: their events, and what others do to them."""

from dataclasses import replace

from actions.charts import FIRST, config_map, hook
from actions.support import installed, until_retry
from actions.world import Driver, World

from steersman.core.api.conditions import Reason
from steersman.core.plan.decision import Done, Retry, Stalled, Wait


async def test_a_hook_of_both_events_runs_before_and_after() -> None:
    world = World(chart={"a": config_map("a"), "both": hook("both", "pre-install,post-install")})
    assert isinstance(await Driver(world).go(), Done)
    assert world.hook_runs == ["both pre-install", "both post-install"]


async def test_a_hook_of_both_delete_events_runs_before_and_after() -> None:
    world, driver = await installed({"a": config_map("a"), "both": hook("both", "pre-delete,post-delete")})
    world.delete_release()
    assert isinstance(await driver.go(), Done)
    assert world.hook_runs == ["both pre-delete", "both post-delete"]


async def test_hooks_that_are_no_jobs_are_done_at_once() -> None:
    world = World(chart={"a": config_map("a"), "cm": hook("cm", "pre-install", kind="ConfigMap")})
    driver = Driver(world)
    assert isinstance(await driver.go(waits=False), Done)
    assert world.names() == ["a", "cm"]


async def test_a_hook_that_somebody_deletes_fails_at_once() -> None:
    world = World(chart=FIRST)
    driver = Driver(world)
    assert isinstance(await driver.go(waits=False), Wait)
    world.objects.clear()
    failed = await driver.go(waits=False)
    assert isinstance(failed, Retry)
    assert "was deleted before it was seen to end" in failed.problem.message
    assert isinstance(await driver.go(), Done)


async def test_a_foreign_object_under_a_hooks_name_is_not_touched() -> None:
    world = World(chart=FIRST)
    job = {"apiVersion": "batch/v1", "kind": "Job", "metadata": {"name": "migrate", "namespace": "demo"}}
    placed = world.place(job, generation=1)
    stalled = await Driver(world).go()
    assert isinstance(stalled, Stalled)
    assert stalled.problem.reason is Reason.OWNERSHIP_CONFLICT
    assert world.get("migrate", "Job") == placed


async def test_a_failed_hook_goes_if_it_says_so() -> None:
    chart = {"a": config_map("a"), "h": hook("h", "pre-install", policy="hook-failed")}
    world = World(chart=chart, broken={"h"})
    await until_retry(world, Driver(world))
    assert world.names("Job") == []


async def test_hooks_of_a_record_that_somebody_changed_are_not_run() -> None:
    world, driver = await installed()
    written = world.records[1]
    tampered = replace(written, manifest=written.manifest + "# changed\n", resource_version=world.version())
    world.records[1] = tampered
    world.delete_release()
    assert isinstance(await driver.go(), Done)
    assert world.hook_runs == []
    assert world.names() == []
