"""Annotations that ask for something, suspension, and revisions that Helm makes on top."""

from actions.charts import FIRST, SECOND
from actions.support import installed, ready
from actions.world import Denied, Driver, World

from steersman.core.plan.decision import Done, Retry


async def test_force_makes_one_new_revision() -> None:
    world, driver = await installed()
    world.annotate(force_at="1")
    assert isinstance(await driver.go(), Done)
    assert world.statuses() == {1: "superseded", 2: "deployed"}
    assert isinstance(await driver.go(), Done)
    assert isinstance(await Driver(world).go(), Done)
    assert world.statuses() == {1: "superseded", 2: "deployed"}
    assert world.release.status.last_handled.force_at == "1"


async def test_force_is_not_lost_when_preparing_fails() -> None:
    world, driver = await installed()
    world.annotate(force_at="1")
    world.break_at(1, Denied("may not create secrets"), lasting=2)
    assert isinstance(await driver.go(waits=False), Retry)
    assert ready(world) == ("False", "AccessDenied")
    assert isinstance(await driver.go(), Done)
    assert world.statuses() == {1: "superseded", 2: "deployed"}


async def test_force_during_an_upgrade_asks_for_another() -> None:
    world, driver = await installed()
    world.busy.add("web")
    world.want("input-2", SECOND)
    while world.names() != ["a", "c"]:
        await driver.go(waits=False)
        world.progress()
    world.annotate(force_at="1")
    world.busy.clear()
    assert isinstance(await driver.go(), Done)
    assert world.statuses() == {1: "superseded", 2: "superseded", 3: "deployed"}


async def test_reconcile_on_a_release_in_sync_is_only_a_look() -> None:
    world, driver = await installed()
    world.annotate(reconcile_at="1")
    assert isinstance(await driver.go(), Done)
    assert world.log == []
    assert world.release.status.last_handled.reconcile_at == "1"


async def test_what_helm_deploys_on_top_is_brought_back() -> None:
    world, driver = await installed()
    world.helm_upgrades()
    assert isinstance(await driver.go(), Done)
    assert world.statuses() == {1: "superseded", 2: "superseded", 3: "deployed"}


async def test_suspending_in_the_middle_stops_and_goes_on() -> None:
    world = World(chart=FIRST, busy={"web"})
    driver = Driver(world)
    while not world.names("Deployment"):
        await driver.go(waits=False)
        world.progress()
    world.spec({"suspend": True})
    written = len(world.log)
    assert isinstance(await driver.go(), Done)
    assert len(world.log) == written
    world.busy.clear()
    world.spec({"suspend": False})
    assert isinstance(await driver.go(), Done)
    assert world.statuses() == {1: "deployed"}
    assert world.hook_runs == ["migrate pre-install", "notify post-install"]


async def test_annotations_while_suspended_count_afterwards() -> None:
    world, driver = await installed()
    world.spec({"suspend": True})
    world.annotate(force_at="1")
    await driver.go()
    world.spec({"suspend": False})
    assert isinstance(await driver.go(), Done)
    assert world.statuses() == {1: "superseded", 2: "deployed"}
