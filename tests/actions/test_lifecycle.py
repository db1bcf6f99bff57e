"""A release from install to uninstall: every step through `determine`, `decide` and `run_step`, the world in memory."""

from datetime import timedelta

from actions.charts import FIRST, SECOND, config_map, deployment
from actions.support import INSTALL_STEPS, installed, ready
from actions.world import Driver, World

from steersman.core.plan.decision import Done, Wait
from steersman.core.plan.state import State


async def test_install() -> None:
    world = World(chart=FIRST)
    driver = Driver(world)
    assert isinstance(await driver.go(), Done)
    assert driver.steps == INSTALL_STEPS
    assert world.names() == ["a", "b"]
    assert world.names("Deployment") == ["web"]
    assert world.names("Job") == ["migrate"]  # before-hook-creation leaves it, hook-succeeded took notify
    assert world.statuses() == {1: "deployed"}
    assert world.hook_runs == ["migrate pre-install", "notify post-install"]
    assert sorted(world.entries()) == ["a", "b", "web"]
    assert world.entries()["a"] == world.get("a")["metadata"]["uid"]
    assert ready(world) == ("True", "InstallSucceeded")


async def test_install_writes_no_more_than_it_must() -> None:
    """Finalizer, pending record, objects, inventory, deployed record."""
    world = World(chart={"a": config_map("a"), "b": config_map("b"), "web": deployment("web")})
    await Driver(world).go()
    assert world.log == [
        "add finalizer",
        "create record 1 pending-install",
        "apply ConfigMap demo/a",
        "apply ConfigMap demo/b",
        "apply Deployment demo/web",
        "write inventory of revision 1",
        "update record 1 deployed",
    ]


async def test_upgrade_prunes_what_left() -> None:
    world, driver = await installed()
    kept = world.get("a")["metadata"]["uid"]
    world.want("input-2", SECOND)
    assert isinstance(await driver.go(), Done)
    assert world.names() == ["a", "c"]
    assert world.get("a")["metadata"]["uid"] == kept
    assert world.get("a")["data"] == {"key": "2"}
    assert world.statuses() == {1: "superseded", 2: "deployed"}
    assert world.hook_runs == ["migrate pre-upgrade", "notify post-upgrade"]
    assert sorted(world.entries()) == ["a", "c", "web"]
    assert ready(world) == ("True", "UpgradeSucceeded")


async def test_older_record_is_retired_before_the_new_one_is_deployed() -> None:
    world, driver = await installed({"a": config_map("a")})
    world.want("input-2", {"a": config_map("a", data="2")})
    await driver.go()
    assert world.log[-3:] == [
        "write inventory of revision 2",
        "update record 1 superseded",
        "update record 2 deployed",
    ]


async def test_nothing_is_written_while_nothing_changes() -> None:
    world, driver = await installed()
    for _ in range(3):
        assert isinstance(await driver.go(), Done)
        world.now += timedelta(hours=1)
    assert world.log == []
    assert driver.steps == []


async def test_uninstall() -> None:
    world, driver = await installed()
    world.delete_release()
    assert isinstance(await driver.go(), Done)
    assert (world.names(), world.records, world.inventory) == ([], {}, None)
    assert world.names("Job") == ["migrate"]  # its only policy is before-hook-creation
    assert world.hook_runs == ["backup pre-delete", "report post-delete"]
    assert not world.release.has_finalizer
    assert [entry for entry in world.log if entry.startswith(("delete ", "drop "))] == [
        "delete Job demo/backup",
        "delete Deployment demo/web",
        "delete ConfigMap demo/a",
        "delete ConfigMap demo/b",
        "delete Job demo/report",
        "delete record 1",
        "delete inventory",
        "drop finalizer",
    ]


async def test_history_is_kept_within_its_limit() -> None:
    world, driver = await installed({"a": config_map("a")})
    world.spec({"maxHistory": 3})
    for number in range(2, 8):
        world.want(f"input-{number}", {"a": config_map("a", data=str(number))})
        await driver.go()
    assert world.statuses() == {5: "superseded", 6: "superseded", 7: "deployed"}


async def test_the_same_input_in_another_generation_makes_no_revision() -> None:
    world, driver = await installed()
    world.spec({"interval": "5m"})
    assert isinstance(await driver.go(), Done)
    assert world.log == []
    assert world.release.status.observed_generation == world.release.generation


async def test_states_of_an_install_under_way() -> None:
    world = World(chart=FIRST)
    driver = Driver(world)
    seen = []
    for _ in range(40):
        state, observed, decision = await driver.look()
        seen += [state] if not seen or seen[-1] is not state else []
        if isinstance(decision, Done):
            break
        if isinstance(decision, Wait):
            world.progress()
            continue
        await driver.run(observed, decision)
    assert seen == [State.ABSENT, State.PROGRESSING, State.IN_SYNC]
