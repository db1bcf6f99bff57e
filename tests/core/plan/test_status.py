"""`core.plan.status`: what `.status` says after a look."""

from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

import msgspec
import pytest
from core.plan.builders import (
    CLUSTER,
    NO_VALUES,
    NOW,
    REFUSED,
    action_plan,
    ago,
    ahead,
    config_health,
    desired,
    done,
    foreign,
    health,
    helm_release,
    hook,
    inventory,
    observed,
    problem,
    record,
    step,
)

from steersman.core.api.conditions import Condition, ConditionType, Reason, find_condition, set_condition
from steersman.core.api.inventory import entries_digest
from steersman.core.api.status import (
    DependencyStatus,
    HelmReleaseStatus,
    LastHandled,
    ReleaseSummary,
    Snapshot,
    SourceStatus,
    ValuesStatus,
)
from steersman.core.chart.bundled import BundledChart
from steersman.core.kstatus.compute import Status
from steersman.core.plan.attempt import noticed
from steersman.core.plan.decide import decide
from steersman.core.plan.decision import Decision, Done, Retry
from steersman.core.plan.health import HEALTH_DEBOUNCE
from steersman.core.plan.observed import Attempt, Observed, Problem, StepKind, ValuesSource
from steersman.core.plan.state import State, determine
from steersman.core.plan.status import next_status
from steersman.core.release.digest import record_digest

FRESH = Attempt(input_digest="input-1", generation=1)
UNHEALTHY = problem(Reason.HEALTH_CHECK_FAILED)
NEW = desired("input-2")
CURRENT = health(web=Status.CURRENT)
SICK = health(web=Status.FAILED, db=Status.CURRENT)
BUSY = health(web=Status.IN_PROGRESS, db=Status.CURRENT)
LASTING = replace(FRESH, unhealthy_since=NOW - HEALTH_DEBOUNCE)
PASSING = replace(FRESH, unhealthy_since=NOW - HEALTH_DEBOUNCE + timedelta(seconds=5))
FAILED_RECORD = record("failed", description='Release "web" failed: it went wrong')

Shown = dict[str, tuple[str, str]]


def tell(look: Observed) -> HelmReleaseStatus:
    """The status after this look, as the controller gets it."""
    state = determine(look)
    look = replace(look, attempt=noticed(state, look, None))
    return next_status(state, look, decide(state, look))


def shown(status: HelmReleaseStatus) -> Shown:
    return {condition.type: (condition.status, condition.reason) for condition in status.conditions}


def ready(status: HelmReleaseStatus) -> Condition:
    found = find_condition(status.conditions, ConditionType.READY)
    assert found is not None
    return found


def with_status(look: Observed, status: HelmReleaseStatus, *, later: float = 1.0) -> Observed:
    """The next look, a moment later, at the release that has this status now."""
    return replace(look, release=replace(look.release, status=status), now=look.now + timedelta(seconds=later))


def memory(what: Any = UNHEALTHY, **more: Any) -> Attempt:
    return replace(FRESH, **{"problem": what, "failures": 1, "next_attempt": ahead(minutes=1), **more})


@dataclass(frozen=True)
class Row:
    """One look and the conditions that follow; `settled` says that this generation's reconcile is finished."""

    id: str
    look: Observed
    conditions: Shown
    settled: bool
    words: str = ""


WORKING = {"Ready": ("Unknown", "Progressing"), "Reconciling": ("True", "Progressing")}
INSTALLED = ("True", "InstallSucceeded")
UPGRADED = record(revision=2, description="Upgrade complete")
WAITING = replace(FRESH, plan=action_plan("a"), done=done(StepKind.APPLY, StepKind.PRUNE))
DELETING = helm_release(deleting=NOW)
NOT_HEALTHY = ("False", "HealthCheckFailed")

ROWS = [
    Row("first visit", observed(release=helm_release(finalizer=False)), WORKING, False,
        "installing shop 1.2.3: there is no release yet"),
    Row("waiting", observed(record("pending-install"), attempt=WAITING, seen=BUSY), WORKING, False,
        "Deployment demo/web: is InProgress (1 of 2 objects ready)"),
    Row("upgrading", observed(record(), wanted=NEW), WORKING, False, "upgrading shop 1.2.3: chart or values changed"),
    Row("a chart from HTTP", observed(record(), wanted=replace(NEW, chart_url="https://h/c/shop-1.2.3.tgz?a=/b")),
        WORKING, False, "upgrading shop 1.2.3: chart or values changed"),
    Row("resuming", observed(FAILED_RECORD, attempt=memory(next_attempt=NOW)),
        {**WORKING, "Released": ("False", "InstallFailed")}, False, "installing shop 1.2.3"),
    Row("installed", observed(record(), seen=CURRENT),
        {"Ready": INSTALLED, "Released": INSTALLED, "Healthy": ("True", "HealthCheckSucceeded")}, True,
        "shop-1.2.3 installed as revision 1 (1 objects)"),
    Row("upgraded", observed(record("superseded"), UPGRADED, seen=CURRENT),
        {"Ready": ("True", "UpgradeSucceeded"), "Released": ("True", "UpgradeSucceeded"),
         "Healthy": ("True", "HealthCheckSucceeded")}, True, "shop-1.2.3 upgraded as revision 2 (1 objects)"),
    Row("installed, not healthy yet", observed(record(), seen=SICK), {"Ready": INSTALLED, "Released": INSTALLED}, True),
    Row("installed, unhealthy for a moment", observed(record(), seen=SICK, attempt=PASSING),
        {"Ready": INSTALLED, "Released": INSTALLED}, True),
    Row("installed, unhealthy for long", observed(record(), seen=SICK, attempt=LASTING),
        {"Ready": NOT_HEALTHY, "Healthy": NOT_HEALTHY, "Released": INSTALLED}, True, "demo/web: is Failed"),
    Row("failed, trying again", observed(FAILED_RECORD, attempt=memory()),
        {"Ready": NOT_HEALTHY, "Reconciling": ("True", "ProgressingWithRetry"), "Released": ("False", "InstallFailed")},
        False, "it went wrong. Look at the named object"),
    Row("failed upgrade, trying again",
        observed(record(), record("failed", revision=2, description="failed"), attempt=memory()),
        {"Ready": NOT_HEALTHY, "Reconciling": ("True", "ProgressingWithRetry"), "Released": ("False", "UpgradeFailed")},
        False),
    Row("stopped", observed(FAILED_RECORD, attempt=memory(), release=helm_release({"install": {"onFailure": "Stop"}})),
        {"Ready": NOT_HEALTHY, "Stalled": ("True", "HealthCheckFailed"),
         "Released": ("False", "InstallFailed")}, True, "it went wrong. Look at"),
    Row("refused", observed(attempt=memory(REFUSED)),
        {"Ready": ("False", "ManifestRefused"), "Stalled": ("True", "ManifestRefused")}, True),
    Row("values missing", observed(record(), wanted=NO_VALUES),
        {"Ready": ("False", "ValuesError"), "Stalled": ("True", "ValuesError")}, True),
    Row("somebody else's", observed(foreign()),
        {"Ready": ("False", "OwnershipConflict"), "Stalled": ("True", "OwnershipConflict")}, True),
    Row("Helm at work", observed(record(), foreign("pending-upgrade", revision=2, begun=NOW)),
        {"Ready": ("False", "ForeignActionInProgress"), "Reconciling": ("True", "ProgressingWithRetry")}, False),
    Row("suspended", observed(record(), release=helm_release({"suspend": True})),
        {"Ready": ("Unknown", "Suspended"), "Released": INSTALLED}, False, "spec.suspend"),
    Row("uninstalling", observed(record(), release=DELETING, wanted=None), WORKING, False, "uninstalling the release"),
    Row("uninstall failed",
        observed(record(), release=DELETING, wanted=None, attempt=memory(problem(Reason.UNINSTALL_FAILED))),
        {"Ready": ("False", "UninstallFailed"), "Reconciling": ("True", "ProgressingWithRetry")}, False,
        "spec.deletionPolicy: Orphan"),
]  # fmt: skip


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.id)
def test_conditions(row: Row) -> None:
    look = replace(row.look, release=replace(row.look.release, generation=3))
    status = tell(look)
    assert shown(status) == row.conditions
    assert status.observed_generation == (3 if row.settled else 0)
    assert row.words in ready(status).message
    assert {condition.observed_generation for condition in status.conditions} == {3}


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.id)
def test_the_same_look_again_writes_nothing(row: Row) -> None:
    """A status that changed by being looked at would cost a write each time, and wake everybody who watches it."""
    first = tell(row.look)
    assert msgspec.to_builtins(tell(with_status(row.look, first))) == msgspec.to_builtins(first)


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.id)
def test_ready_is_the_only_one_that_says_so(row: Row) -> None:
    """kstatus reads our status: Reconciling and Stalled exclude each other, and Ready=True excludes both."""
    types = {type_ for type_, (status, _) in shown(tell(row.look)).items() if status == "True"}
    assert len(types & {"Ready", "Reconciling", "Stalled"}) <= 1


SUMMARY = ("Ready", "Reconciling", "Stalled")


@pytest.mark.parametrize("before", ROWS, ids=lambda row: row.id)
@pytest.mark.parametrize("after", ROWS, ids=lambda row: row.id)
def test_what_was_shown_before_leaves_no_trace(before: Row, after: Row) -> None:
    """The summary follows from the look alone. Two things are remembered on purpose: what is suspended while Ready
    stays Ready, and what was unhealthy stays so until it is seen healthy."""
    told = tell(before.look)
    expected = after.conditions
    if after.id == "suspended" and shown(told)["Ready"][0] == "True":
        expected = {**expected, "Ready": shown(told)["Ready"]}
    if after.look.health is SICK and shown(told).get("Healthy") == NOT_HEALTHY:
        expected = {**expected, "Ready": NOT_HEALTHY}
    summary = {
        type_: verdict for type_, verdict in shown(tell(with_status(after.look, told))).items() if type_ in SUMMARY
    }
    assert summary == {type_: verdict for type_, verdict in expected.items() if type_ in SUMMARY}


# --- health over time ------------------------------------------------------------------------------------------------


def test_health_over_time() -> None:
    look = observed(record(), seen=CURRENT)
    status = tell(look)
    verdicts = []
    attempt = FRESH
    for seconds, seen in [(5, SICK), (34, SICK), (36, SICK), (60, SICK), (70, CURRENT), (80, SICK), (90, CURRENT)]:
        look = replace(look, now=ahead(seconds=seconds), health=seen, attempt=attempt)
        look = replace(look, release=replace(look.release, status=status))
        attempt = noticed(determine(look), look, None)
        status = tell(look)
        verdicts.append((seconds, shown(status)["Ready"], shown(status)["Healthy"][0]))
    assert verdicts == [
        (5, INSTALLED, "True"),
        (34, INSTALLED, "True"),
        (36, NOT_HEALTHY, "False"),
        (60, NOT_HEALTHY, "False"),
        (70, INSTALLED, "True"),
        (80, INSTALLED, "True"),
        (90, INSTALLED, "True"),
    ]


def test_unhealthy_stays_so_over_a_restart() -> None:
    """The new process has not seen it unhealthy for long, but the status says so already."""
    told = tell(observed(record(), seen=SICK, attempt=LASTING))
    restarted = with_status(observed(record(), seen=SICK), told)
    assert shown(tell(restarted))["Ready"] == NOT_HEALTHY


# --- a source that is away -------------------------------------------------------------------------------------------

AWAY = Problem(Reason.SOURCE_NOT_READY, "h: no connection. See whether it is up.", True, transient=True, advised=True)
STAYS = replace(desired(), source_problem=AWAY)


def test_a_healthy_release_stays_ready_and_says_that_its_source_is_away() -> None:
    status = tell(observed(record(), wanted=STAYS, seen=CURRENT))
    assert shown(status)["Ready"] == INSTALLED
    assert ready(status).message.endswith("Its source is not ready: h: no connection. See whether it is up.")
    assert shown(status)["SourceReady"] == ("False", "SourceNotReady")


def test_an_unhealthy_one_is_not_ready_for_its_health() -> None:
    status = tell(observed(record(), wanted=STAYS, seen=SICK, attempt=LASTING))
    assert shown(status)["Ready"] == NOT_HEALTHY
    assert shown(status)["SourceReady"] == ("False", "SourceNotReady")


def test_it_says_so_no_longer_than_it_is_true() -> None:
    told = tell(observed(record(), wanted=STAYS, seen=CURRENT))
    after = tell(with_status(observed(record(), seen=CURRENT), told))
    assert "SourceReady" not in shown(after)
    assert "source" not in ready(after).message


# --- suspended -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("generation", "verdict"),
    [(1, ("Unknown", "Suspended")), (2, INSTALLED)],
    ids=["another spec was ready", "this spec is ready"],
)
def test_suspended_stays_ready_for_the_spec_that_was(generation: int, verdict: tuple[str, str]) -> None:
    conditions = set_condition(
        (), ConditionType.READY, "True", Reason.INSTALL_SUCCEEDED, "ok", generation=generation, now=NOW
    )
    release = helm_release({"suspend": True}, generation=2, status=HelmReleaseStatus(conditions=conditions))
    assert shown(tell(observed(record(), release=release)))["Ready"] == verdict


# --- one field after another -----------------------------------------------------------------------------------------


def test_messages_do_not_depend_on_the_order_of_objects() -> None:
    seen = health(c=Status.IN_PROGRESS, a=Status.IN_PROGRESS, b=Status.FAILED)
    one, other = (
        tell(observed(record("pending-install"), attempt=WAITING, seen=order)) for order in (seen, seen[::-1])
    )
    assert msgspec.to_builtins(one) == msgspec.to_builtins(other)


def test_conditions_of_others_stay() -> None:
    theirs = Condition(
        type="example.com/Approved", status="True", reason="Yes", message="", last_transition_time=ago(days=1)
    )
    release = helm_release(status=HelmReleaseStatus(conditions=(theirs,)))
    assert theirs in tell(observed(record(), release=release)).conditions


@pytest.mark.parametrize(
    ("look", "expected"),
    [
        (observed(FAILED_RECORD, attempt=memory(next_attempt=ahead(seconds=30.7))), ahead(seconds=30)),
        (observed(FAILED_RECORD, attempt=memory(next_attempt=NOW)), None),
        (observed(record()), None),
        (observed(attempt=memory(REFUSED)), None),
    ],
    ids=["waiting for it, whole seconds", "begun", "in sync", "stalled"],
)
def test_next_attempt(look: Observed, expected: Any) -> None:
    assert tell(look).next_attempt == expected


def test_failures_are_shown_until_a_success() -> None:
    assert tell(observed(FAILED_RECORD, attempt=memory(failures=4))).failures == 4
    assert tell(observed(record(), attempt=memory(failures=4))).failures == 0


def test_requests_dealt_with() -> None:
    handled = LastHandled(reset_at="1")
    assert tell(observed(record(), attempt=replace(FRESH, handled=handled))).last_handled == handled
    release = helm_release(status=HelmReleaseStatus(last_handled=handled))
    assert tell(observed(record(), release=release)).last_handled == handled
    assert tell(observed(record())).last_handled is None


def test_source() -> None:
    status = tell(observed(record()))
    assert status.source == SourceStatus(
        url="oci://registry.example/charts/shop", version="1.2.3", digest="sha256:" + "a" * 64, resolved_at=NOW
    )


def test_source_keeps_the_moment_it_was_resolved() -> None:
    look = observed(record())
    assert tell(with_status(look, tell(look), later=3600)).source == tell(look).source


def test_source_of_a_chart_known_by_digest_has_the_version_of_its_record() -> None:
    pinned = replace(desired(), chart_version="")
    assert tell(observed(record(), wanted=pinned)).source.version == "1.2.3"
    other = replace(desired("input-2"), chart_version="")
    assert tell(observed(record(), wanted=other)).source.version == ""


def test_source_tells_the_charts_in_the_chart() -> None:
    found = (BundledChart("lib", "1.2.3", "sha256:" + "b" * 64), BundledChart("folder", "0.1.0"))
    status = tell(observed(record(), attempt=replace(FRESH, bundled=found)))
    told = (
        DependencyStatus(name="lib", version="1.2.3", digest="sha256:" + "b" * 64),
        DependencyStatus(name="folder", version="0.1.0"),
    )
    assert status.source.dependencies == told
    after_a_restart = with_status(observed(record()), status)
    assert tell(after_a_restart).source.dependencies == told
    other = replace(desired("input-2"), chart_digest="sha256:" + "c" * 64)
    assert tell(with_status(observed(record(), wanted=other), status)).source.dependencies == ()


def test_source_and_values_stay_while_they_cannot_be_told() -> None:
    told = tell(observed(record()))
    after = tell(with_status(observed(record(), wanted=NO_VALUES), told))
    assert (after.source, after.values) == (told.source, told.values)


def test_values() -> None:
    wanted = replace(desired(), values_from=(ValuesSource(kind="Secret", name="v", resource_version="7"),))
    assert tell(observed(record(), wanted=wanted)).values == ValuesStatus(
        digest="hmac-sha256:v", from_=(ValuesSource(kind="Secret", name="v", resource_version="7"),)
    )


def test_release_summary() -> None:
    assert tell(observed(record())).release == ReleaseSummary(
        name="web",
        namespace="demo",
        revision=1,
        status="deployed",
        chart="shop-1.2.3",
        app_version="7",
        first_deployed=NOW,
        last_deployed=NOW,
        cluster_uid=CLUSTER,
    )
    assert tell(observed()).release is None


def test_history_newest_first_with_digests_of_ours_only() -> None:
    ours, theirs = record("superseded"), foreign(revision=2)
    assert tell(observed(ours, theirs, wanted=NO_VALUES)).history == (
        Snapshot(revision=2, chart="shop-1.2.3", app_version="7", status="deployed", deployed=NOW),
        Snapshot(
            revision=1,
            digest=record_digest(ours),
            chart="shop-1.2.3",
            app_version="7",
            status="superseded",
            deployed=NOW,
        ),
    )


def test_history_has_ten() -> None:
    records = [record("superseded", revision=number) for number in range(1, 13)]
    assert [snapshot.revision for snapshot in tell(observed(*records)).history] == list(range(12, 2, -1))


def test_a_record_that_somebody_changed_keeps_the_digest_it_was_written_with() -> None:
    told = tell(observed(record(manifest="as written")))
    tampered = observed(record(manifest="changed"))
    (snapshot,) = tell(with_status(tampered, told)).history
    assert snapshot.digest == record_digest(record(manifest="as written"))


def test_runs_of_hooks_do_not_change_the_digest() -> None:
    waiting = observed(record("pending-install", hooks=(hook("a", "pre-install"),)))
    ran = observed(record(hooks=(hook("a", "pre-install", phase="Succeeded", started=NOW, ended=NOW),)))
    assert tell(waiting).history[0].digest == tell(ran).history[0].digest


def test_inventory_names_what_is_not_ready() -> None:
    owned = inventory("a", "b")
    seen = config_health(a=Status.CURRENT, b=Status.NOT_FOUND)
    shown_inventory = tell(observed(record(), owned=owned, seen=seen)).inventory
    assert shown_inventory is not None
    assert (shown_inventory.name, shown_inventory.digest) == ("web", entries_digest(owned.entries))
    assert (shown_inventory.total, shown_inventory.ready) == (2, 1)
    assert [(item.id, item.status, item.reason) for item in shown_inventory.not_ready] == [
        ("ConfigMap demo/b", "NotFound", "NotFound")
    ]


def test_inventory_lists_ten_at_most() -> None:
    seen = config_health(**{f"c{number}": Status.NOT_FOUND for number in range(12)})
    told = tell(observed(record(), seen=seen)).inventory
    assert told is not None
    assert (told.total, told.ready, len(told.not_ready)) == (12, 0, 10)


def test_another_cluster_is_remembered_as_another() -> None:
    """Were the cluster of today written down, the next look would take it for the one the release is in."""
    here = tell(observed(record()))
    look = with_status(observed(cluster="cluster-2"), here)
    told = tell(look)
    assert shown(told)["Stalled"] == ("True", "ClusterChanged")
    assert (told.release, told.history, told.inventory) == (here.release, here.history, here.inventory)
    again = with_status(look, told)
    assert determine(again).status is State.CLUSTER_CHANGED
    assert msgspec.to_builtins(tell(again)) == msgspec.to_builtins(told)


def test_transition_times_move_with_the_status_only() -> None:
    look = observed(record("pending-install"), attempt=WAITING, seen=BUSY)
    first = tell(look)
    second = tell(with_status(replace(look, health=health(web=Status.IN_PROGRESS)), first))
    assert ready(first).message != ready(second).message
    assert ready(second).last_transition_time == ready(first).last_transition_time
    third = tell(with_status(observed(record(), seen=CURRENT, now=ahead(minutes=1)), second))
    assert ready(third).last_transition_time == ahead(minutes=1, seconds=1)


def test_a_problem_with_the_next_step_in_it_is_not_told_twice() -> None:
    told = ready(tell(observed(attempt=memory(REFUSED)))).message
    again = replace(REFUSED, message=told)
    assert ready(tell(observed(attempt=memory(again)))).message == told


@pytest.mark.parametrize("decision", [Done(), Retry(NOW, UNHEALTHY)], ids=["rest", "retry"])
def test_being_gone_or_retried_without_a_record_is_no_error(decision: Decision) -> None:
    look = observed(release=helm_release(deleting=NOW, finalizer=False), wanted=None)
    assert next_status(determine(look), look, decision).release is None


def test_step_of_an_action_is_told_without_its_place_in_it() -> None:
    """The message of an action under way must not move with each of its steps."""
    hooked = record("pending-install", hooks=(hook("a", "pre-install"),))
    begun = replace(FRESH, plan=action_plan("a"))
    started = replace(begun, done=done(step(StepKind.HOOK_START, 0, "pre-install")))
    ended = replace(started, done=started.done | done(step(StepKind.HOOK_END, 0, "pre-install")))
    messages = {ready(tell(observed(hooked, attempt=attempt))).message for attempt in (begun, ended)}
    assert messages == {"installing shop 1.2.3"}
