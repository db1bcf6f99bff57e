"""New input while an action is under way, and objects, fields and revisions of others."""

from dataclasses import replace

import pytest
from actions.charts import FIRST, SECOND, config_map, deployment
from actions.support import installed, until_retry
from actions.world import Driver, Killed, World

from steersman.core.api.conditions import Reason
from steersman.core.plan.decision import Done, Retry, Stalled


async def test_new_input_while_pending() -> None:
    world = World(chart=FIRST, busy={"web"})
    driver = Driver(world)
    while not world.names("Deployment"):
        await driver.go(waits=False)
        world.progress()
    world.busy.clear()
    world.want("input-2", SECOND)
    assert isinstance(await driver.go(), Done)
    assert world.statuses() == {1: "failed", 2: "deployed"}
    assert world.names() == ["a", "c"]
    assert world.hook_runs == [
        "migrate pre-install",
        "migrate pre-install",
        "notify post-install",
    ]


async def test_back_to_the_input_that_runs_after_a_failed_upgrade() -> None:
    world, driver = await installed()
    world.broken.add("web")
    world.want("input-2", SECOND)
    await until_retry(world, driver)
    world.broken.clear()
    world.want("input-1", FIRST)
    assert isinstance(await driver.go(), Done)
    assert world.statuses() == {1: "superseded", 2: "failed", 3: "deployed"}
    assert world.names() == ["a", "b"]


async def test_an_object_made_anew_by_a_failed_upgrade_is_still_pruned() -> None:
    """Its uid in the inventory is that of the one which somebody deleted."""
    world, driver = await installed({"a": config_map("a"), "web": deployment("web")})
    del world.objects[next(identity for identity in world.objects if identity.name == "a")]
    world.broken.add("web")
    world.want("input-2", {"a": config_map("a", data="2"), "web": deployment("web", image="web:2")})
    await until_retry(world, driver)
    assert world.names() == ["a"]
    world.broken.clear()
    world.want("input-3", {"web": deployment("web")})
    assert isinstance(await driver.go(), Done)
    assert world.names() == []


async def test_an_object_made_anew_between_inventory_and_record_is_still_pruned() -> None:
    """Killed within finishing, the action runs once more: what was deleted meanwhile gets another uid than in the
    inventory, which names the revision already. Then it fails."""
    world = World(chart={"a": config_map("a"), "web": deployment("web")})
    world.break_at(6, Killed())
    with pytest.raises(Killed):
        await Driver(world).go()
    assert sorted(world.entries()) == ["a", "web"]
    del world.objects[next(identity for identity in world.objects if identity.name == "a")]
    world.broken.add("web")
    driver = Driver(world)
    world.progress()
    await until_retry(world, driver)
    world.broken.clear()
    world.want("input-2", {"web": deployment("web")})
    assert isinstance(await driver.go(), Done)
    assert world.names() == []


async def test_an_object_of_somebody_else_stops_before_anything_is_written() -> None:
    world = World(chart=FIRST)
    world.place({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "b", "namespace": "demo"}})
    driver = Driver(world)
    stalled = await driver.go()
    assert isinstance(stalled, Stalled)
    assert stalled.problem.reason is Reason.OWNERSHIP_CONFLICT
    assert world.log == ["add finalizer"]
    del world.objects[next(iter(world.objects))]
    assert isinstance(await driver.go(), Stalled)
    world.annotate(reset_at="now")
    assert isinstance(await driver.go(), Done)


async def test_fields_of_others_are_taken_or_not() -> None:
    world, driver = await installed({"a": config_map("a")})
    world.held_fields.add("a")
    world.want("input-2", {"a": config_map("a", data="2")})
    world.spec({"apply": {"conflicts": "Fail"}})
    refused = await driver.go(waits=False)
    assert isinstance(refused, Retry)
    assert refused.problem.reason is Reason.CONFLICT
    world.spec({})
    assert isinstance(await driver.go(), Done)
    assert world.get("a")["data"] == {"key": "2"}


async def test_an_upgrade_that_cannot_be_checked_beforehand_goes_on() -> None:
    world, driver = await installed()
    world.no_dry_runs = True
    world.want("input-2", SECOND)
    assert isinstance(await driver.go(), Done)
    assert world.statuses() == {1: "superseded", 2: "deployed"}


async def test_what_helm_added_on_top_leaves_with_it() -> None:
    """Its revision is the only one that knows of the object."""
    world, driver = await installed({"a": config_map("a")})
    world.helm_upgrades()
    theirs = world.records[2]
    world.records[2] = replace(theirs, manifest=theirs.manifest + "---\n" + config_map("theirs"))
    labels = {"app.kubernetes.io/managed-by": "Helm"}
    annotations = {"meta.helm.sh/release-name": "web", "meta.helm.sh/release-namespace": "demo"}
    metadata = {"name": "theirs", "namespace": "demo", "labels": labels, "annotations": annotations}
    world.place({"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata})
    assert isinstance(await driver.go(), Done)
    assert world.names() == ["a"]


async def test_a_release_that_helm_upgraded_is_uninstalled_whole() -> None:
    world, driver = await installed({"a": config_map("a")})
    world.helm_upgrades()
    world.delete_release()
    assert isinstance(await driver.go(), Done)
    assert (world.names(), world.records, world.inventory) == ([], {}, None)
