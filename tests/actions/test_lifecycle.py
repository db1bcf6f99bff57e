"""A release from install to uninstall: every step through `determine`, `decide` and `run_step`, the world in memory."""

from dataclasses import replace
from datetime import timedelta

import pytest
from actions.charts import FIRST, SECOND, config_map, deployment, hook
from actions.world import Denied, Driver, Killed, Unavailable, World
from core.plan.builders import NO_SOURCE, NO_VALUES

from steersman.core.api.conditions import ConditionType, Reason, find_condition
from steersman.core.plan.decision import Done, Retry, Stalled, Wait
from steersman.core.plan.state import State

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


# --- the good way ----------------------------------------------------------------------------------------------------


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


# --- keeping and letting go ------------------------------------------------------------------------------------------


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


# --- what goes wrong -------------------------------------------------------------------------------------------------


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


async def until_retry(world: World, driver: Driver) -> Retry:
    for _ in range(20):
        decision = await driver.go(waits=False)
        if isinstance(decision, Retry):
            return decision
        assert isinstance(decision, Wait)
        world.now += timedelta(seconds=1)
        world.progress()
    raise AssertionError("it never failed")


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


# --- annotations, foreign revisions, suspension ----------------------------------------------------------------------


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


# --- hooks -----------------------------------------------------------------------------------------------------------


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
