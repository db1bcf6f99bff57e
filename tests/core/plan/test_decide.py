"""`core.plan.decide`: what follows from a look. Uninstalls are in `test_decide_uninstall.py`."""

from dataclasses import dataclass, replace
from datetime import timedelta

import pytest
from core.plan.builders import (
    ANCESTOR,
    NO_SOURCE,
    NO_VALUES,
    NOW,
    REFUSED,
    UNREACHABLE,
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
    observed,
    problem,
    record,
    step,
)

from steersman.core.api.conditions import Reason
from steersman.core.api.status import HelmReleaseStatus, LastHandled, ReleaseSummary
from steersman.core.kstatus.compute import Status
from steersman.core.kstatus.hooks import HookVerdict
from steersman.core.plan.decide import decide
from steersman.core.plan.decision import Decision, Done, Retry, Run, Stalled, Wait
from steersman.core.plan.observed import Attempt, Observed, Problem, Step, StepKind
from steersman.core.plan.state import determine

FRESH = Attempt(input_digest="input-1", generation=1)
NEW = desired("input-2")
UNHEALTHY = problem(Reason.HEALTH_CHECK_FAILED)
HOOK_FAILED = problem(Reason.HOOK_FAILED)
STOP = {"install": {"onFailure": "Stop"}, "upgrade": {"onFailure": "Stop"}}
OPEN = {"install": {"onFailure": "Retry"}}
DAY = {"interval": "24h"}


@dataclass(frozen=True)
class Row:
    """One look and what is done about it."""

    id: str
    look: Observed
    decision: Decision


def check(row: Row) -> None:
    assert decide(determine(row.look), row.look) == row.decision


def ids(row: Row) -> str:
    return row.id


def run(kind: StepKind, index: int = 0, event: str = "", because: Problem | None = None) -> Run:
    return Run(step(kind, index, event), because)


def failed_with(what: Problem, **more: object) -> Attempt:
    """The memory after a failure; the next attempt is due in a minute unless `more` says otherwise."""
    fields = {"problem": what, "failures": 1, "next_attempt": ahead(minutes=1), **more}
    return replace(FRESH, **fields)


# --- beginning -------------------------------------------------------------------------------------------------------

BARE = helm_release(finalizer=False)
RESET = helm_release(reset_at="1")
HELD = failed_with(HOOK_FAILED)
DUE = failed_with(HOOK_FAILED, next_attempt=NOW)

BEGINNINGS = [
    Row("finalizer first", observed(release=BARE), run(StepKind.ADD_FINALIZER)),
    Row("finalizer first, on what a predecessor installed",
        observed(record(uid=ANCESTOR), dead_uids=frozenset({ANCESTOR}), release=BARE), run(StepKind.ADD_FINALIZER)),
    Row("finalizer first, in the middle of an install", observed(record("pending-install"), release=BARE),
        run(StepKind.ADD_FINALIZER)),
    Row("finalizer refused", observed(release=BARE, attempt=HELD), Retry(ahead(minutes=1), HOOK_FAILED)),
    Row("finalizer refused, due", observed(release=BARE, attempt=DUE), run(StepKind.ADD_FINALIZER)),
    Row("no finalizer for Helm's release", observed(foreign(), release=BARE),
        Stalled(determine(observed(foreign())).problem)),
    Row("install", observed(), run(StepKind.PREPARE)),
    Row("upgrade", observed(record(), wanted=NEW), run(StepKind.PREPARE)),
    Row("after an uninstall", observed(record("uninstalled")), run(StepKind.PREPARE)),
    Row("over Helm's revision", observed(record(), foreign(revision=2)), run(StepKind.PREPARE)),
    Row("over Helm's dead action", observed(record(), foreign("pending-upgrade", revision=2, begun=ago(hours=1))),
        run(StepKind.PREPARE)),
    Row("forced", observed(record(), release=helm_release(force_at="1")), run(StepKind.PREPARE)),
    Row("other input while under way", observed(record("pending-install"), wanted=NEW), run(StepKind.ABANDON)),
    Row("other input while under way, abandoning failed",
        observed(record("pending-install"), wanted=NEW, attempt=failed_with(UNREACHABLE)),
        Retry(ahead(minutes=1), UNREACHABLE)),
    Row("other input after a failure", observed(record("failed"), wanted=NEW), run(StepKind.PREPARE)),
    Row("preparing failed", observed(attempt=HELD), Retry(ahead(minutes=1), HOOK_FAILED)),
    Row("preparing failed, due", observed(attempt=DUE), run(StepKind.PREPARE)),
    Row("preparing failed, reset asked for", observed(attempt=HELD, release=RESET), run(StepKind.PREPARE)),
    Row("preparing was refused", observed(attempt=failed_with(REFUSED)), Stalled(REFUSED)),
    Row("preparing was refused, long ago", observed(attempt=failed_with(REFUSED, next_attempt=ago(hours=1))),
        Stalled(REFUSED)),
    Row("preparing was refused, reset asked for", observed(attempt=failed_with(REFUSED), release=RESET),
        run(StepKind.PREPARE)),
    Row("preparing failed, Stop", observed(attempt=HELD, release=helm_release(STOP)), Stalled(HOOK_FAILED)),
    Row("preparing failed for the API server, Stop",
        observed(attempt=failed_with(UNREACHABLE), release=helm_release(STOP)), Retry(ahead(minutes=1), UNREACHABLE)),
    Row("forced upgrade refused", observed(record(), attempt=failed_with(REFUSED, forcing=True)), Stalled(REFUSED)),
    Row("forced upgrade failed", observed(record(), attempt=replace(HELD, forcing=True)),
        Retry(ahead(minutes=1), HOOK_FAILED)),
]  # fmt: skip


@pytest.mark.parametrize("row", BEGINNINGS, ids=ids)
def test_beginning(row: Row) -> None:
    check(row)


# --- what is not worked on -------------------------------------------------------------------------------------------

ELSEWHERE = HelmReleaseStatus(
    release=ReleaseSummary(name="web", namespace="demo", revision=1, status="deployed", cluster_uid="cluster-0")
)
LOCK = observed(record(), foreign("pending-upgrade", revision=2, begun=ago(minutes=4)))

RANGE = {"chart": {"url": "oci://r.example/c/shop", "version": "1.x"}}
UNSIGNED = problem(Reason.VERIFICATION_FAILED, retryable=False)

STANDSTILLS = [
    Row("suspended", observed(record("failed"), release=helm_release({"suspend": True})), Done()),
    Row("suspended before anything", observed(release=helm_release({"suspend": True}, finalizer=False)), Done()),
    Row("let go", observed(release=helm_release(deleting=NOW, finalizer=False), wanted=None), Done()),
    Row("another cluster", observed(release=helm_release(status=ELSEWHERE)),
        Stalled(Problem(Reason.CLUSTER_CHANGED,
                        "release was installed in the cluster cluster-0, this is cluster-1", False))),
    Row("Helm at work", LOCK,
        Retry(ahead(minutes=6), Problem(Reason.FOREIGN_ACTION_IN_PROGRESS, determine(LOCK).reason, True))),
    Row("values missing", observed(wanted=NO_VALUES), Stalled(NO_VALUES)),
    Row("values missing, reconcile asked for", observed(wanted=NO_VALUES, release=helm_release(reconcile_at="1")),
        Stalled(NO_VALUES)),
    Row("source away", observed(wanted=NO_SOURCE, attempt=failed_with(NO_SOURCE)), Retry(ahead(minutes=1), NO_SOURCE)),
    Row("source away, Stop",
        observed(record(), wanted=NO_SOURCE, attempt=failed_with(NO_SOURCE), release=helm_release(STOP)),
        Retry(ahead(minutes=1), NO_SOURCE)),
    Row("a range whose chart is refused",
        observed(record(), release=helm_release(RANGE), wanted=UNSIGNED), Stalled(UNSIGNED, ahead(minutes=10))),
    Row("a pinned chart that is refused", observed(record(), wanted=UNSIGNED), Stalled(UNSIGNED)),
    Row("a range whose values are wrong", observed(release=helm_release(RANGE), wanted=NO_VALUES), Stalled(NO_VALUES)),
    Row("in sync", observed(record()), Done(ahead(hours=1))),
    Row("in sync, own interval", observed(record(), release=helm_release(DAY)), Done(ahead(hours=24))),
    Row("in sync, chart by range",
        observed(record(), wanted=replace(desired(), ask_again=ahead(minutes=10))), Done(ahead(minutes=10))),
    Row("in sync, chart by range asked rarely",
        observed(record(), wanted=replace(desired(), ask_again=ahead(hours=3))), Done(ahead(hours=1))),
    Row("unhealthy for ten seconds",
        observed(record(), seen=health(web=Status.FAILED), attempt=replace(FRESH, unhealthy_since=ago(seconds=10))),
        Done(ahead(seconds=20))),
    Row("unhealthy for long",
        observed(record(), seen=health(web=Status.FAILED), attempt=replace(FRESH, unhealthy_since=ago(hours=2))),
        Done(ahead(hours=1))),
]  # fmt: skip


@pytest.mark.parametrize("row", STANDSTILLS, ids=ids)
def test_standstill(row: Row) -> None:
    check(row)


# --- an action, step by step -----------------------------------------------------------------------------------------

MIGRATE = hook("migrate", "pre-install", "pre-upgrade")
PREPARE_DB = hook("db", "pre-install", weight=-5)
NOTIFY = hook("notify", "post-install")
PLAN = action_plan("a")
START, END = StepKind.HOOK_START, StepKind.HOOK_END
APPLIED = done(step(StepKind.APPLY), StepKind.PRUNE)
STARTED = step(START, 0, "pre-install")
ENDED = step(END, 0, "pre-install")
CLEANED = step(END, -1, "pre-install")
CURRENT = config_health(a=Status.CURRENT)


def underway(*steps: Step | StepKind, status: str = "pending-install", **more: object) -> Observed:
    """An install under way, `steps` of which are done; its hooks are by default `migrate` before and none after."""
    hooks = more.pop("hooks", (MIGRATE,))
    newest = record(status, hooks=hooks, begun=more.pop("begun", NOW))
    attempt = replace(FRESH, plan=PLAN, done=done(*steps), **more.pop("memory", {}))
    return observed(newest, attempt=attempt, **more)


def succeeded_hook(name: str, event: str, **more: object) -> object:
    return hook(name, event, phase="Succeeded", started=ago(seconds=30), ended=ago(seconds=20), **more)


RUNNING = hook("migrate", "pre-install", phase="Running", started=ago(minutes=1))
WAITING = Wait(ahead(minutes=4), "waiting for the pre-install hook Job migrate")

ACTIONS = [
    Row("after a restart", observed(record("pending-install")), run(StepKind.RESUME)),
    Row("the plan in memory is another revision's",
        observed(record("superseded"), record("pending-upgrade", revision=2), attempt=replace(FRESH, plan=PLAN)),
        run(StepKind.RESUME)),
    Row("first hook", underway(), run(START, 0, "pre-install")),
    Row("hooks by weight", underway(hooks=(MIGRATE, PREPARE_DB)), run(START, 1, "pre-install")),
    Row("hook runs", underway(STARTED, hooks=(RUNNING,)), WAITING),
    Row("hook ended", underway(STARTED, hooks=(RUNNING,), hook_verdicts={0: HookVerdict(True, "")}),
        run(END, 0, "pre-install")),
    Row("hook failed", underway(STARTED, hooks=(RUNNING,), hook_verdicts={0: HookVerdict(False, "")}),
        run(END, 0, "pre-install")),
    Row("hook took too long", underway(STARTED, hooks=(RUNNING,), now=ahead(minutes=4)), run(END, 0, "pre-install")),
    Row("hook took too long for its own timeout",
        underway(STARTED, hooks=(RUNNING,), release=helm_release({"install": {"timeout": "30s"}})),
        run(END, 0, "pre-install")),
    Row("second hook after the first", underway(step(START, 1, "pre-install"), step(END, 1, "pre-install"),
        hooks=(MIGRATE, PREPARE_DB)), run(START, 0, "pre-install")),
    Row("all hooks ended", underway(STARTED, ENDED), run(END, -1, "pre-install")),
    Row("hooks cleaned up", underway(STARTED, ENDED, CLEANED), run(StepKind.APPLY)),
    Row("hooks off", underway(release=helm_release({"install": {"disableHooks": True}})), run(StepKind.APPLY)),
    Row("no hooks", underway(hooks=()), run(StepKind.APPLY)),
    Row("hook succeeded before a crash", underway(hooks=(succeeded_hook("migrate", "pre-install"),)),
        run(END, -1, "pre-install")),
    Row("hook failed before a crash", underway(hooks=(hook("migrate", "pre-install", phase="Failed", started=NOW),)),
        run(START, 0, "pre-install")),
    Row("hook ran before a crash", underway(hooks=(RUNNING,)), run(START, 0, "pre-install")),
    Row("applied", underway(step(StepKind.APPLY), hooks=()), run(StepKind.PRUNE)),
    Row("pruned, not healthy", underway(*APPLIED, hooks=(), seen=config_health(a=Status.IN_PROGRESS)),
        Wait(ahead(minutes=5), "ConfigMap demo/a: InProgress (0 of 1 objects ready)")),
    Row("pruned, healthy", underway(*APPLIED, hooks=(NOTIFY,), seen=CURRENT), run(START, 0, "post-install")),
    Row("pruned, no wait", underway(*APPLIED, hooks=(), seen=health(web=Status.FAILED),
        release=helm_release({"install": {"disableWait": True}})), run(StepKind.FINISH)),
    Row("healthy, no hooks after", underway(*APPLIED, hooks=(), seen=CURRENT), run(StepKind.FINISH)),
    Row("unhealthy while a post hook runs",
        underway(*APPLIED, step(START, 0, "post-install"), seen=health(web=Status.IN_PROGRESS),
                 hooks=(hook("notify", "post-install", phase="Running", started=NOW),), now=ahead(minutes=4)),
        Wait(ahead(minutes=5), "waiting for the post-install hook Job notify")),
    Row("everything done", underway(*APPLIED, step(START, 0, "post-install"), step(END, 0, "post-install"),
        step(END, -1, "post-install"), hooks=(NOTIFY,), seen=CURRENT), run(StepKind.FINISH)),
    Row("an upgrade runs upgrade hooks", underway(status="pending-upgrade"), run(START, 0, "pre-upgrade")),
    Row("an upgrade's own timeout", underway(*APPLIED, status="pending-upgrade", hooks=(),
        seen=health(web=Status.IN_PROGRESS), release=helm_release({"upgrade": {"timeout": "1m"}})),
        Wait(ahead(minutes=1), "Deployment demo/web: is InProgress (0 of 1 objects ready)")),
    Row("a hook of both events, second run",
        underway(*APPLIED, STARTED, ENDED, CLEANED, seen=CURRENT,
                 hooks=(hook("both", "pre-install", "post-install", phase="Succeeded", started=NOW, ended=NOW),)),
        run(START, 0, "post-install")),
]  # fmt: skip


@pytest.mark.parametrize("row", ACTIONS, ids=ids)
def test_action(row: Row) -> None:
    check(row)


# --- the wait for health ---------------------------------------------------------------------------------------------

ONE_FAILED = health(web=Status.FAILED, db=Status.IN_PROGRESS)
ALL_ENDED = health(web=Status.FAILED, db=Status.CURRENT)
SLOW_HOOK = succeeded_hook("migrate", "pre-install")


def failing(message: str) -> Run:
    return run(StepKind.FAIL, because=Problem(Reason.HEALTH_CHECK_FAILED, message, True))


def waiting(**more: object) -> Observed:
    return underway(*APPLIED, step(END, -1, "pre-install"), hooks=more.pop("hooks", ()), **more)


WAITS = [
    Row("one failed, another may still get ready", waiting(seen=ONE_FAILED),
        Wait(ahead(minutes=5),
             "Deployment demo/web: is Failed; Deployment demo/db: is InProgress (0 of 2 objects ready)")),
    Row("one failed, failFast", waiting(seen=ONE_FAILED, release=helm_release({"failFast": True})),
        failing("Deployment demo/web: is Failed; Deployment demo/db: is InProgress (0 of 2 objects ready)")),
    Row("nothing more to come", waiting(seen=ALL_ENDED),
        failing("Deployment demo/web: is Failed (1 of 2 objects ready)")),
    Row("missing", waiting(seen=health(web=Status.FAILED, db=Status.NOT_FOUND)),
        Wait(ahead(minutes=5),
             "Deployment demo/web: is Failed; Deployment demo/db: is NotFound (0 of 2 objects ready)")),
    Row("too late", waiting(seen=health(web=Status.IN_PROGRESS), now=ahead(minutes=5)),
        failing("not ready within 5m: Deployment demo/web: is InProgress (0 of 1 objects ready)")),
    Row("too late by seconds", waiting(seen=health(web=Status.IN_PROGRESS), now=ahead(seconds=90),
        release=helm_release({"timeout": "90s"})),
        failing("not ready within 90s: Deployment demo/web: is InProgress (0 of 1 objects ready)")),
    Row("the clock starts when the last hook ended",
        waiting(seen=health(web=Status.IN_PROGRESS), hooks=(SLOW_HOOK,), begun=ago(minutes=4)),
        Wait(ago(seconds=20) + timedelta(minutes=5), "Deployment demo/web: is InProgress (0 of 1 objects ready)")),
    Row("the clock outlives a restart",
        waiting(seen=health(web=Status.IN_PROGRESS), begun=ago(minutes=3)),
        Wait(ahead(minutes=2), "Deployment demo/web: is InProgress (0 of 1 objects ready)")),
    Row("healthy at last, though late", waiting(seen=health(web=Status.CURRENT), now=ahead(hours=1)),
        run(StepKind.FINISH)),
    Row("nothing to wait for", waiting(), run(StepKind.FINISH)),
]  # fmt: skip


@pytest.mark.parametrize("row", WAITS, ids=ids)
def test_wait(row: Row) -> None:
    check(row)


# --- when a step went wrong ------------------------------------------------------------------------------------------

TROUBLE = {"problem": UNREACHABLE, "transients": 1, "troubled_since": ago(seconds=1), "next_attempt": ahead(seconds=1)}

STEP_PROBLEMS = [
    Row("a hook failed", underway(memory={"problem": HOOK_FAILED}), run(StepKind.FAIL, because=HOOK_FAILED)),
    Row("an object was refused", underway(memory={"problem": REFUSED}), run(StepKind.FAIL, because=REFUSED)),
    Row("the failure could not be recorded", underway(memory={"problem": REFUSED, "next_attempt": ahead(seconds=10)}),
        Retry(ahead(seconds=10), REFUSED)),
    Row("the API server is away", underway(memory=TROUBLE), Retry(ahead(seconds=1), UNREACHABLE)),
    Row("the API server is away, the step is due", underway(memory={**TROUBLE, "next_attempt": NOW}),
        run(START, 0, "pre-install")),
    Row("the same step again, not the whole action", underway(STARTED, ENDED, CLEANED, step(StepKind.APPLY),
        memory={**TROUBLE, "next_attempt": NOW}), run(StepKind.PRUNE)),
    Row("away for the whole timeout",
        underway(memory={**TROUBLE, "next_attempt": NOW, "troubled_since": ago(minutes=5)}),
        run(StepKind.FAIL, because=UNREACHABLE)),
    Row("away late in a long action", underway(memory={**TROUBLE, "next_attempt": NOW}, begun=ago(hours=1)),
        run(START, 0, "pre-install")),
    Row("resuming failed, due",
        observed(record("pending-install"), attempt=replace(FRESH, **{**TROUBLE, "next_attempt": NOW})),
        run(StepKind.RESUME)),
    Row("a problem of before the restart", observed(record("pending-install"),
        attempt=failed_with(UNHEALTHY, recalled=True)), run(StepKind.RESUME)),
]  # fmt: skip


@pytest.mark.parametrize("row", STEP_PROBLEMS, ids=ids)
def test_step_problem(row: Row) -> None:
    check(row)


# --- after a failed action -------------------------------------------------------------------------------------------


def gave_up(what: Problem | None = UNHEALTHY, **more: object) -> Observed:
    """A failed install, in memory `what`, due in a minute."""
    memory = failed_with(what, **more.pop("memory", {})) if what is not None else FRESH
    return observed(record("failed"), attempt=memory, **more)


WITH_PLAN = {"plan": PLAN}
OTHER_PLAN = {"plan": action_plan("a", revision=7)}

FAILURES = [
    Row("pause", gave_up(), Retry(ahead(minutes=1), UNHEALTHY)),
    Row("due", gave_up(memory={"next_attempt": NOW}), run(StepKind.RESUME)),
    Row("nothing is remembered", gave_up(None), run(StepKind.RESUME)),
    Row("nothing is remembered, Stop", gave_up(None, release=helm_release(STOP)), run(StepKind.RESUME)),
    Row("the generation changed, not the input", observed(record("failed"), release=helm_release(generation=2)),
        run(StepKind.RESUME)),
    Row("recalled after a restart", gave_up(memory={"recalled": True}), Retry(ahead(minutes=1), UNHEALTHY)),
    Row("Stop", gave_up(release=helm_release(STOP)), Stalled(UNHEALTHY)),
    Row("Stop, due", gave_up(release=helm_release(STOP), memory={"next_attempt": NOW}), Stalled(UNHEALTHY)),
    Row("Stop is the install's own", gave_up(release=helm_release({"upgrade": {"onFailure": "Stop"}})),
        Retry(ahead(minutes=1), UNHEALTHY)),
    Row("Stop, reset asked for", gave_up(release=helm_release(STOP, reset_at="1")), run(StepKind.RESUME)),
    Row("reset asked for", gave_up(release=RESET), run(StepKind.RESUME)),
    Row("reset asked for and dealt with", gave_up(release=RESET, memory={"handled": LastHandled(reset_at="1")}),
        Retry(ahead(minutes=1), UNHEALTHY)),
    Row("refused", gave_up(REFUSED), Stalled(REFUSED)),
    Row("refused, but worth another try", gave_up(problem(Reason.MANIFEST_REFUSED)),
        Retry(ahead(minutes=1), problem(Reason.MANIFEST_REFUSED))),
    Row("became healthy", gave_up(seen=CURRENT, memory=WITH_PLAN), run(StepKind.RESUME)),
    Row("became healthy, Stop", gave_up(seen=CURRENT, memory=WITH_PLAN, release=helm_release(STOP)),
        run(StepKind.RESUME)),
    Row("only what ran before is healthy", gave_up(seen=CURRENT), Retry(ahead(minutes=1), UNHEALTHY)),
    Row("health of another revision", gave_up(seen=CURRENT, memory=OTHER_PLAN), Retry(ahead(minutes=1), UNHEALTHY)),
    Row("healthy, but a hook had failed", gave_up(HOOK_FAILED, seen=CURRENT, memory=WITH_PLAN),
        Retry(ahead(minutes=1), HOOK_FAILED)),
    Row("health unknown", gave_up(memory=WITH_PLAN), Retry(ahead(minutes=1), UNHEALTHY)),
]  # fmt: skip


@pytest.mark.parametrize("row", FAILURES, ids=ids)
def test_failure(row: Row) -> None:
    check(row)


@pytest.mark.parametrize("row", [*BEGINNINGS, *STANDSTILLS, *FAILURES], ids=ids)
def test_a_pause_ends_at_one_moment(row: Row) -> None:
    """Looking again a second later moves no deadline: a `Retry` that moved along would never come, and would be a
    status write each time."""
    later = replace(row.look, now=row.look.now + timedelta(seconds=1))
    if isinstance(row.decision, Retry):
        assert decide(determine(later), later) == row.decision
