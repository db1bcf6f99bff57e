"""`core.plan.attempt`: what is remembered of the work on a HelmRelease, after each thing that can happen."""

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import msgspec
import pytest
from core.plan.builders import (
    NO_SOURCE,
    NO_VALUES,
    NOW,
    REFUSED,
    UNREACHABLE,
    action_plan,
    ago,
    ahead,
    config_map,
    desired,
    done,
    health,
    helm_release,
    observed,
    problem,
    record,
    step,
)

from steersman.core.api.conditions import ConditionType, Reason, set_condition
from steersman.core.api.reasons import info
from steersman.core.api.status import HelmReleaseStatus, LastHandled, SourceStatus, ValuesStatus
from steersman.core.chart.bundled import BundledChart
from steersman.core.kstatus.compute import Status
from steersman.core.manifest.identity import ref_of
from steersman.core.plan.attempt import (
    LONGEST_PAUSE,
    LONGEST_TRANSIENT_PAUSE,
    UNRESOLVED,
    Outcome,
    adopt_input,
    advance,
    begin,
    looked,
    noticed,
    recall,
    recognise,
    retry_pause,
    unresolved,
    watch_health,
)
from steersman.core.plan.observed import AppliedObject, Attempt, Problem, Step, StepKind
from steersman.core.plan.state import determine

FRESH = Attempt(input_digest="input-1", generation=1)
HOOK_FAILED = problem(Reason.HOOK_FAILED)
FAILED = replace(FRESH, problem=HOOK_FAILED, failures=2, next_attempt=ahead(minutes=1))
BUNDLED = (BundledChart("lib", "1.2.3", "sha256:" + "b" * 64), BundledChart("folder", "0.1.0"))
PLAN = action_plan("a")
APPLIED = AppliedObject(ref_of(config_map("a")), "a-uid", "7", "fp")
WORKING = replace(FRESH, plan=PLAN, done=done(StepKind.APPLY), applied={APPLIED.ref.id: APPLIED})


# --- a new input -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("generation", "digest", "kept"),
    [(1, "input-1", True), (1, "input-2", False), (2, "input-1", False), (1, UNRESOLVED, True), (2, UNRESOLVED, False)],
    ids=["the same", "other input", "other generation", "input not known now", "other generation, input not known"],
)
def test_adopt_input(generation: int, digest: str, kept: bool) -> None:
    before = replace(WORKING, failures=3, handled=LastHandled(reset_at="1"), unhealthy_since=ago(minutes=1))
    after = adopt_input(before, generation, digest)
    if kept:
        assert after == before
    else:
        assert after == Attempt(
            input_digest=digest, generation=generation, handled=before.handled, unhealthy_since=before.unhealthy_since
        )


def test_first_input_after_a_restart_ends_nothing() -> None:
    recalled = replace(FAILED, input_digest="")
    assert adopt_input(recalled, 1, "input-1") == FAILED


def test_input_found_again_begins_anew() -> None:
    """While the input could not be told nothing was tried, so its problem is not one of the input that is found."""
    lost = unresolved(FRESH, NO_SOURCE, NOW, None)
    assert adopt_input(lost, 1, "input-1") == FRESH


# --- what a look says ------------------------------------------------------------------------------------------------


def test_unresolved_counts_once_a_pause() -> None:
    first = unresolved(FRESH, NO_SOURCE, NOW, None)
    assert (first.problem, first.failures, first.next_attempt) == (NO_SOURCE, 1, ahead(seconds=10))
    again = unresolved(first, NO_SOURCE, ahead(seconds=9), None)
    assert again == first
    later = unresolved(first, NO_SOURCE, ahead(seconds=10), None)
    assert (later.failures, later.next_attempt) == (2, ahead(seconds=30))


def test_unresolved_for_another_reason_counts_at_once() -> None:
    first = unresolved(FRESH, NO_SOURCE, NOW, None)
    assert unresolved(first, NO_VALUES, NOW, None).failures == 2


def test_unresolved_keeps_the_newest_words() -> None:
    first = unresolved(FRESH, NO_SOURCE, NOW, None)
    worse = replace(NO_SOURCE, message="still no such tag")
    assert unresolved(first, worse, ahead(seconds=1), None) == replace(first, problem=worse)


def test_registry_away_is_no_failure_and_is_counted_as_trouble() -> None:
    """The reporter tells transient problems only after some: each try must count, or nobody ever hears of it."""
    attempt = FRESH
    now = NOW
    for tries in range(1, 6):
        attempt = unresolved(attempt, UNREACHABLE, now, None)
        assert (attempt.transients, attempt.failures) == (tries, 0)
        assert attempt.next_attempt is not None
        now = attempt.next_attempt


@pytest.mark.parametrize(
    ("before", "healthy", "after"),
    [
        (None, True, None),
        (None, False, NOW),
        (ago(seconds=5), False, ago(seconds=5)),
        (ago(seconds=5), True, None),
    ],
    ids=["stays healthy", "turns unhealthy", "stays unhealthy", "recovers"],
)
def test_watch_health(before: datetime | None, healthy: bool, after: datetime | None) -> None:
    attempt = replace(FRESH, unhealthy_since=before)
    assert watch_health(attempt, healthy, NOW) == replace(FRESH, unhealthy_since=after)


@pytest.mark.parametrize(
    ("look", "after"),
    [
        (observed(record(), attempt=FRESH, seen=health(web=Status.CURRENT)), FRESH),
        (observed(record(), attempt=FAILED, seen=health(web=Status.CURRENT)), FRESH),
        (observed(record(), attempt=replace(FRESH, transients=3), seen=health(web=Status.CURRENT)), FRESH),
        (
            observed(record(), attempt=FAILED, seen=health(web=Status.FAILED)),
            replace(FRESH, unhealthy_since=NOW),
        ),
        (observed(record(), wanted=NO_SOURCE, attempt=FRESH), unresolved(FRESH, NO_SOURCE, NOW, None)),
        (observed(record("failed"), attempt=FAILED), FAILED),
        (observed(record("pending-install"), wanted=NO_SOURCE, attempt=WORKING), WORKING),
        (observed(release=helm_release({"suspend": True}), wanted=NO_SOURCE, attempt=FAILED), FAILED),
    ],
    ids=[
        "in sync",
        "in sync after failures that a crash kept from being forgotten",
        "in sync after looks that failed",
        "in sync, unhealthy",
        "unresolved",
        "failed",
        "under way, source away",
        "suspended",
    ],
)
def test_noticed(look: Any, after: Attempt) -> None:
    assert noticed(determine(look), look, None) == after


def test_looking_handles_what_asked_for_a_look() -> None:
    release = helm_release(reconcile_at="1", reset_at="2", force_at="3")
    assert looked(FRESH, release).handled == LastHandled(reconcile_at="1", reset_at="2")


def test_looking_at_nothing_asked_for_changes_nothing() -> None:
    assert looked(FRESH, helm_release()) is FRESH


# --- a step ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", [StepKind.PREPARE, StepKind.RESUME, StepKind.UNINSTALL_START])
def test_a_start_forgets_the_last_one(kind: StepKind) -> None:
    before = replace(WORKING, problem=HOOK_FAILED, recalled=True, failures=2)
    after = begin(before, Step(kind), helm_release(reconcile_at="1"))
    assert after == replace(
        before,
        problem=None,
        recalled=False,
        done=frozenset(),
        applied={},
        handled=LastHandled(reconcile_at="1"),
    )


def test_reset_forgets_failures() -> None:
    assert begin(FAILED, Step(StepKind.RESUME), helm_release(reset_at="1")).failures == 0
    dealt_with = replace(FAILED, handled=LastHandled(reset_at="1"))
    assert begin(dealt_with, Step(StepKind.RESUME), helm_release(reset_at="1")).failures == 2


def test_any_other_step_goes_on_from_where_the_action_is() -> None:
    troubled = replace(WORKING, problem=UNREACHABLE, transients=1)
    after = begin(troubled, Step(StepKind.PRUNE), helm_release(reconcile_at="1"))
    assert after == replace(WORKING, transients=1)


def test_a_forced_upgrade_is_owed_until_its_record_is_there() -> None:
    release = helm_release(force_at="1")
    begun = begin(FRESH, Step(StepKind.PREPARE), release)
    assert begun.forcing
    refused = advance(begun, Step(StepKind.PREPARE), Outcome(problem=HOOK_FAILED), None, NOW, None)
    assert refused.forcing
    assert begin(refused, Step(StepKind.PREPARE), release).forcing
    prepared = advance(begun, Step(StepKind.PREPARE), Outcome(plan=PLAN), None, NOW, None)
    assert not prepared.forcing


def test_a_step_adds_what_it_did() -> None:
    outcome = Outcome(applied=(APPLIED,), warnings=("deprecated",))
    before = replace(FRESH, plan=PLAN, transients=2, troubled_since=ago(seconds=3), next_attempt=ago(seconds=1))
    after = advance(before, Step(StepKind.APPLY), outcome, None, NOW, None)
    assert after == replace(
        FRESH,
        plan=PLAN,
        done=done(StepKind.APPLY),
        applied={APPLIED.ref.id: APPLIED},
    )


def test_a_step_may_bring_another_plan() -> None:
    other = action_plan("b", revision=2)
    assert advance(WORKING, Step(StepKind.RESUME), Outcome(plan=other), None, NOW, None).plan is other


def test_the_charts_in_the_chart_are_known_from_the_render_on() -> None:
    rendered = advance(WORKING, Step(StepKind.PREPARE), Outcome(plan=PLAN, bundled=BUNDLED), None, NOW, None)
    for kind, recorded in ((StepKind.APPLY, None), (StepKind.FINISH, None), (StepKind.FAIL, HOOK_FAILED)):
        assert advance(rendered, Step(kind), Outcome(), recorded, NOW, None).bundled == BUNDLED


def test_success_leaves_nothing_owed() -> None:
    before = replace(WORKING, failures=3, unhealthy_since=ago(hours=1), handled=LastHandled(force_at="1"))
    after = advance(before, Step(StepKind.FINISH), Outcome(), None, NOW, None)
    assert after == replace(FRESH, handled=LastHandled(force_at="1"))


def test_failure_keeps_the_plan_and_sets_the_next_attempt() -> None:
    before = replace(WORKING, failures=2)
    after = advance(before, Step(StepKind.FAIL), Outcome(), HOOK_FAILED, NOW, None)
    assert after == replace(
        FRESH,
        plan=PLAN,
        applied=WORKING.applied,
        problem=HOOK_FAILED,
        failures=3,
        next_attempt=ahead(seconds=40),
    )


def test_failure_with_a_fixed_pause() -> None:
    after = advance(WORKING, Step(StepKind.FAIL), Outcome(), HOOK_FAILED, NOW, 90.0)
    assert after.next_attempt == ahead(seconds=90)


def test_abandoning_leaves_no_plan() -> None:
    after = advance(WORKING, Step(StepKind.ABANDON), Outcome(), None, NOW, None)
    assert after == FRESH


_RECORDED_LATER = [
    step(StepKind.HOOK_START, 0, "pre-install"),
    step(StepKind.HOOK_END, 0, "post-upgrade"),
    step(StepKind.APPLY),
    step(StepKind.PRUNE),
    step(StepKind.FINISH),
]
_COUNTED = [
    *(Step(kind) for kind in StepKind if kind.value not in {each.kind.value for each in _RECORDED_LATER}),
    step(StepKind.HOOK_START, 0, "pre-delete"),
    step(StepKind.HOOK_END, 0, "post-delete"),
]


def _step_id(each: Step) -> str:
    return f"{each.kind.value} {each.event}".strip()


@pytest.mark.parametrize("which", _COUNTED, ids=_step_id)
def test_every_problem_that_no_fail_step_records_has_a_next_attempt(which: Step) -> None:
    """Without one the loop would try at once and for ever, or never."""
    after = advance(replace(WORKING, failures=1), which, Outcome(problem=REFUSED), HOOK_FAILED, NOW, None)
    assert (after.problem, after.failures, after.next_attempt) == (REFUSED, 2, ahead(seconds=20))
    assert which not in after.done


@pytest.mark.parametrize("which", _RECORDED_LATER, ids=_step_id)
def test_a_problem_within_an_action_is_recorded_at_once(which: Step) -> None:
    after = advance(replace(WORKING, failures=1), which, Outcome(problem=REFUSED), None, NOW, None)
    assert (after.problem, after.failures, after.next_attempt) == (REFUSED, 1, None)


@pytest.mark.parametrize("which", [*_COUNTED, *_RECORDED_LATER], ids=_step_id)
def test_transient_problems_are_no_failures(which: Step) -> None:
    first = advance(WORKING, which, Outcome(problem=UNREACHABLE), HOOK_FAILED, NOW, None)
    assert (first.problem, first.failures, first.transients) == (UNREACHABLE, 0, 1)
    assert (first.next_attempt, first.troubled_since) == (ahead(seconds=1), NOW)
    assert (first.done, first.plan) == (WORKING.done, WORKING.plan)
    second = advance(first, which, Outcome(problem=UNREACHABLE), HOOK_FAILED, ahead(seconds=1), None)
    assert (second.transients, second.next_attempt, second.troubled_since) == (2, ahead(seconds=3), NOW)


def test_transient_pauses_have_an_end() -> None:
    troubled = replace(WORKING, transients=50, troubled_since=NOW)
    after = advance(troubled, Step(StepKind.APPLY), Outcome(problem=UNREACHABLE), None, NOW, None)
    assert after.next_attempt == ahead(seconds=LONGEST_TRANSIENT_PAUSE)


@pytest.mark.parametrize(
    ("failures", "fixed", "pause"),
    [(1, None, 10), (2, None, 20), (4, None, 80), (7, None, LONGEST_PAUSE), (5000, None, LONGEST_PAUSE), (9, 30.0, 30)],
)
def test_retry_pause(failures: int, fixed: float | None, pause: float) -> None:
    assert retry_pause(failures, fixed) == timedelta(seconds=pause)


# --- after a restart -------------------------------------------------------------------------------------------------


def status_after(what: Problem | None, **more: Any) -> HelmReleaseStatus:
    """A status as a failure leaves it; `ready` gives the Ready condition's (status, reason, message)."""
    generation = more.pop("judged", 1)
    ready = more.pop(
        "ready", ("False", what.reason, f"{what.message}. {info(what.reason).next_step}") if what else None
    )
    conditions = ()
    if ready is not None:
        verdict, reason, message = ready
        conditions = set_condition(
            conditions, ConditionType.READY, verdict, reason, message, generation=generation, now=NOW
        )
    if more.pop("stalled", False):
        conditions = set_condition(
            conditions, ConditionType.STALLED, "True", Reason.MANIFEST_REFUSED, generation=generation, now=NOW
        )
    return HelmReleaseStatus(conditions=conditions, **more)


DUE = {"failures": 2, "next_attempt": ahead(minutes=1)}
REMEMBERED = Attempt(generation=1, failures=2, next_attempt=ahead(minutes=1))


@pytest.mark.parametrize(
    ("status", "attempt"),
    [
        (HelmReleaseStatus(), Attempt(generation=1)),
        (status_after(HOOK_FAILED, **DUE), replace(REMEMBERED, problem=HOOK_FAILED, recalled=True)),
        (
            status_after(REFUSED, failures=2, stalled=True),
            replace(REMEMBERED, problem=REFUSED, next_attempt=None, recalled=True),
        ),
        (status_after(HOOK_FAILED, judged=0, **DUE), REMEMBERED),
        (status_after(None, ready=("Unknown", Reason.PROGRESSING, "installing"), **DUE), REMEMBERED),
        (status_after(None, ready=("False", Reason.HEALTH_CHECK_FAILED, "sick")), Attempt(generation=1)),
        (
            status_after(None, last_handled=LastHandled(force_at="1")),
            Attempt(generation=1, handled=LastHandled(force_at="1")),
        ),
    ],
    ids=[
        "no status",
        "failed",
        "stalled",
        "failed for another generation",
        "killed within the next attempt",
        "unhealthy after it was installed",
        "requests dealt with",
    ],
)
def test_recall(status: HelmReleaseStatus, attempt: Attempt) -> None:
    assert recall(helm_release(status=status)) == attempt


def test_recall_of_a_reason_this_version_does_not_know() -> None:
    failed = status_after(HOOK_FAILED, **DUE)
    foreign = tuple(msgspec.structs.replace(condition, reason="FromTheFuture") for condition in failed.conditions)
    assert recall(helm_release(status=HelmReleaseStatus(conditions=foreign, **DUE))) == REMEMBERED


@pytest.mark.parametrize(
    "reason",
    [
        Reason.SOURCE_NOT_READY,
        Reason.DIGEST_MISMATCH,
        Reason.VERIFICATION_FAILED,
        Reason.CHART_INVALID,
        Reason.VALUES_ERROR,
        Reason.INVALID_SPEC,
    ],
)
@pytest.mark.parametrize("stalled", [False, True], ids=["paused", "stalled"])
def test_a_source_put_right_while_no_operator_ran_is_not_waited_for(reason: Reason, stalled: bool) -> None:
    recalled = recall(helm_release(status=status_after(problem(reason), stalled=stalled, **DUE)))
    assert adopt_input(recalled, 1, UNRESOLVED) == recalled, "the pause holds while it is as it was"
    found = recognise(recalled, HelmReleaseStatus(), desired())
    assert adopt_input(found, 1, "input-1") == FRESH


def test_a_source_that_still_fails_after_a_restart_keeps_its_pause() -> None:
    recalled = recall(helm_release(status=status_after(NO_SOURCE, **DUE)))
    again = unresolved(adopt_input(recalled, 1, UNRESOLVED), NO_SOURCE, NOW, None)
    assert (again.failures, again.next_attempt) == (2, ahead(minutes=1))


@pytest.mark.parametrize(
    ("chart", "values", "kept"),
    [
        ("sha256:" + "a" * 64, "hmac-sha256:v", True),
        ("sha256:" + "b" * 64, "hmac-sha256:v", False),
        ("sha256:" + "a" * 64, "hmac-sha256:other", False),
    ],
    ids=["the same", "another chart", "other values"],
)
def test_what_failed_before_a_restart_is_no_failure_of_another_input(chart: str, values: str, kept: bool) -> None:
    status = status_after(
        HOOK_FAILED,
        source=SourceStatus(url="oci://registry.example/charts/shop", digest=chart),
        values=ValuesStatus(digest=values),
        **DUE,
    )
    found = recognise(recall(helm_release(status=status)), status, desired())
    expected = replace(REMEMBERED, problem=HOOK_FAILED, recalled=True, input_digest="input-1") if kept else FRESH
    assert adopt_input(found, 1, "input-1") == expected
