"""Uninstalls: what is kept, what is let go, what lingers."""

from datetime import timedelta

import pytest
from actions.charts import FIRST, config_map, deployment
from actions.support import installed, ready, ready_text
from actions.world import Driver, World

from steersman.core.plan.decision import Done, Retry, Wait


async def test_uninstall_keeps_what_says_keep() -> None:
    chart = {"a": config_map("a"), "b": config_map("b", **{"helm.sh/resource-policy": "keep"})}
    world, driver = await installed(chart)
    world.delete_release()
    assert isinstance(await driver.go(), Done)
    assert world.names() == ["b"]
    assert not world.release.has_finalizer


async def test_uninstall_of_nothing_but_kept_objects_ends() -> None:
    world, driver = await installed({"b": config_map("b", **{"helm.sh/resource-policy": "keep"})})
    world.delete_release()
    assert isinstance(await driver.go(), Done)
    assert world.names() == ["b"]
    assert not world.release.has_finalizer


@pytest.mark.parametrize("spec", [{"deletionPolicy": "Orphan"}, {"suspend": True}], ids=["Orphan", "suspended"])
async def test_letting_go_touches_nothing(spec: dict[str, object]) -> None:
    world, driver = await installed()
    world.spec(spec)
    world.delete_release()
    assert isinstance(await driver.go(), Done)
    assert world.log == ["delete inventory", "drop finalizer"]
    assert world.names() == ["a", "b"]
    assert world.statuses() == {1: "deployed"}


async def test_what_was_let_go_is_taken_up_again_in_its_revision() -> None:
    world, driver = await installed()
    world.spec({"deletionPolicy": "Orphan"})
    world.delete_release()
    await driver.go()
    world.create_release()
    world.hook_runs.clear()
    successor = Driver(world)
    assert isinstance(await successor.go(), Done)
    assert world.statuses() == {1: "deployed"}
    assert sorted(world.entries()) == ["a", "b", "web"]
    assert world.hook_runs == []
    assert world.release.has_finalizer


async def test_history_that_was_kept() -> None:
    world, driver = await installed()
    world.spec({"uninstall": {"keepHistory": True}})
    world.delete_release()
    assert isinstance(await driver.go(), Done)
    assert world.statuses() == {1: "uninstalled"}
    assert world.hook_runs == ["backup pre-delete", "report post-delete"]
    world.create_release()
    world.hook_runs.clear()
    successor = Driver(world)
    assert isinstance(await successor.go(), Done)
    assert world.statuses() == {1: "uninstalled", 2: "deployed"}
    assert world.hook_runs == ["migrate pre-install", "notify post-install"]


async def test_history_that_was_kept_is_not_uninstalled_twice() -> None:
    world, driver = await installed()
    world.spec({"uninstall": {"keepHistory": True}})
    world.delete_release()
    await driver.go()
    world.create_release()
    world.hook_runs.clear()
    world.delete_release()
    await Driver(world).go()
    assert world.hook_runs == []
    assert world.statuses() == {1: "uninstalled"}


async def test_deletion_in_the_middle_of_an_install() -> None:
    world = World(chart=FIRST, busy={"web"})
    driver = Driver(world)
    while not world.names("Deployment"):
        decision = await driver.go(waits=False)
        assert isinstance(decision, Wait)
        world.progress()
    world.delete_release()
    assert isinstance(await driver.go(), Done)
    assert world.names() == []
    assert world.names("Deployment") == []
    assert (world.records, world.inventory, world.release.has_finalizer) == ({}, None, False)


async def test_deletion_before_anything() -> None:
    world = World(chart=FIRST)
    world.delete_release()
    assert isinstance(await Driver(world).go(), Done)
    assert world.log == []


async def test_a_lingering_object_is_waited_for_then_told_then_noticed() -> None:
    world, driver = await installed({"a": config_map("a"), "b": config_map("b")})
    world.stuck.add("a")
    world.delete_release()
    waiting = await driver.go(waits=False)
    assert isinstance(waiting, Wait)
    assert waiting.why == "ConfigMap demo/a is still being deleted (1 left)"
    world.now += timedelta(minutes=5)
    blocked = await driver.go(waits=False)
    assert isinstance(blocked, Retry)
    assert ready(world) == ("False", "UninstallFailed")
    assert "ConfigMap demo/a" in ready_text(world)
    assert world.statuses() == {1: "uninstalling"}
    world.let_go()
    assert isinstance(await driver.go(waits=False), Done)
    assert (world.records, world.release.has_finalizer) == ({}, False)


async def test_a_lingering_object_is_waited_for_after_a_restart_too() -> None:
    world, driver = await installed({"a": config_map("a")})
    world.stuck.add("a")
    world.delete_release()
    assert isinstance(await driver.go(waits=False), Wait)
    assert isinstance(await Driver(world).go(waits=False), Wait)
    assert world.release.has_finalizer


async def test_a_lingering_object_with_orphan_is_left() -> None:
    world, driver = await installed({"a": config_map("a")})
    world.stuck.add("a")
    world.spec({"uninstall": {"onFailure": "Orphan"}})
    world.delete_release()
    assert isinstance(await driver.go(), Done)
    assert not world.release.has_finalizer
    assert world.names() == ["a"]


async def test_an_object_made_again_by_somebody_is_theirs() -> None:
    """Neither deleted nor waited for: the uid in the inventory says that ours is gone."""
    world, driver = await installed({"a": config_map("a"), "b": config_map("b")})
    world.recreate("a")
    world.delete_release()
    assert isinstance(await driver.go(), Done)
    assert world.names() == ["a"]


async def test_a_kind_that_the_cluster_no_longer_has_stops_nothing() -> None:
    world, driver = await installed({"a": config_map("a"), "web": deployment("web")})
    world.unknown_kinds.add("Deployment")
    world.want("input-2", {"a": config_map("a")})
    assert isinstance(await driver.go(), Done)
    assert sorted(world.entries()) == ["a"]
    world.delete_release()
    assert isinstance(await driver.go(), Done)
