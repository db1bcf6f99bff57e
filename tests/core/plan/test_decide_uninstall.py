"""`core.plan.decide`, uninstalls: what follows from a look at a HelmRelease that is being deleted."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

import pytest
from core.plan.builders import (
    ANCESTOR,
    NOW,
    UNREACHABLE,
    action_plan,
    ago,
    ahead,
    config_health,
    done,
    foreign,
    helm_release,
    hook,
    inventory,
    observed,
    problem,
    record,
    step,
)

from steersman.core.api.conditions import Reason
from steersman.core.api.helmrelease import HelmRelease
from steersman.core.kstatus.compute import Status
from steersman.core.kstatus.hooks import HookVerdict
from steersman.core.plan.decide import decide
from steersman.core.plan.decide_uninstall import GONE_POLL
from steersman.core.plan.decision import Decision, Retry, Run, Wait
from steersman.core.plan.observed import Attempt, Observed, Problem, Step, StepKind
from steersman.core.plan.state import determine
from steersman.core.release.model import Release

FRESH = Attempt(input_digest="deleting", generation=1)
PLAN = action_plan(deletions=("a", "b"))
START, END = StepKind.HOOK_START, StepKind.HOOK_END
LET_GO = Run(Step(StepKind.RELEASE_FINALIZER))
AGAIN = Run(Step(StepKind.UNINSTALL_START))
DENIED = problem(Reason.ACCESS_DENIED)
STILL_THERE = problem(Reason.UNINSTALL_FAILED)
GOING = {"a": Status.NOT_FOUND, "b": Status.TERMINATING}
GONE = {"a": Status.NOT_FOUND, "b": Status.NOT_FOUND}


@dataclass(frozen=True)
class Row:
    """One look and what is done about it."""

    id: str
    look: Observed
    decision: Decision


def deleted(spec: dict[str, Any] | None = None, *, at: datetime = NOW, **annotations: str) -> HelmRelease:
    return helm_release(spec, deleting=at, **annotations)


def uninstalling(*hooks: Any, at: datetime = NOW, **more: Any) -> Release:
    return record("uninstalling", hooks=hooks, begun=ago(days=1), deleted=at, **more)


def look(
    *records: Release, spec: dict[str, Any] | None = None, release: HelmRelease | None = None, **more: Any
) -> Observed:
    more = {"owned": inventory("a", "b"), **more}
    return observed(*records, release=release or deleted(spec), wanted=None, attempt=more.pop("attempt", FRESH), **more)


def underway(
    *steps: Step | StepKind, hooks: tuple[Any, ...] = (), memory: dict[str, Any] | None = None, **more: Any
) -> Observed:
    """An uninstall under way; `steps` were done after its start."""
    attempt = replace(FRESH, **{"plan": PLAN, "done": done(StepKind.UNINSTALL_START, *steps), **(memory or {})})
    newest = more.pop("newest", uninstalling(*hooks, at=more.pop("begun", NOW)))
    return look(*([newest] if newest else []), attempt=attempt, **more)


def failed(what: Problem, **more: Any) -> Attempt:
    return replace(FRESH, **{"problem": what, "failures": 1, "next_attempt": ahead(minutes=1), **more})


NAP = GONE_POLL
PRE = hook("backup", "pre-delete")
POST = hook("report", "post-delete")
BOTH = hook("both", "pre-delete", "post-delete", phase="Succeeded", started=ahead(seconds=1), ended=ahead(seconds=2))
INSTALLED = hook("migrate", "pre-install", "pre-delete", phase="Succeeded", started=ago(days=1), ended=ago(days=1))
RUNNING = hook("backup", "pre-delete", phase="Running", started=NOW)
BACKED_UP = hook("backup", "pre-delete", phase="Succeeded", started=NOW, ended=NOW)
PRE_DONE = (step(START, 0, "pre-delete"), step(END, 0, "pre-delete"), step(END, -1, "pre-delete"))
DELETED = StepKind.DELETE

LETTING_GO = [
    Row("nothing was ever installed", look(no_inventory=True), LET_GO),
    Row("Orphan", look(record(), spec={"deletionPolicy": "Orphan"}), LET_GO),
    Row("suspended", look(record(), spec={"suspend": True}), LET_GO),
    Row("our CRD is being deleted", look(record(), crd_deleting=True), LET_GO),
    Row("somebody else's release", look(foreign(), no_inventory=True), LET_GO),
    Row("uninstalled, history kept", look(record("uninstalled")), LET_GO),
    Row("letting go failed", look(record(), spec={"deletionPolicy": "Orphan"}, attempt=failed(DENIED)),
        Retry(ahead(minutes=1), DENIED)),
    Row("letting go failed, due",
        look(record(), spec={"deletionPolicy": "Orphan"}, attempt=failed(DENIED, next_attempt=NOW)), LET_GO),
]  # fmt: skip

STEPS = [
    Row("begin", look(record()), AGAIN),
    Row("begin in the middle of an install", look(record("pending-install"), no_inventory=True), AGAIN),
    Row("begin after a failed install", look(record("failed"), no_inventory=True), AGAIN),
    Row("begin for what a predecessor left", look(record(uid=ANCESTOR), dead_uids=frozenset({ANCESTOR})), AGAIN),
    Row("begin though the records are gone", look(), AGAIN),
    Row("begin though Helm deployed on top", look(record(), foreign(revision=2)), AGAIN),
    Row("begin again after a restart", look(uninstalling(PRE)), AGAIN),
    Row("pre-delete hook", underway(hooks=(PRE, POST)), Run(step(START, 0, "pre-delete"))),
    Row("a hook of the install runs anew", underway(hooks=(INSTALLED,)), Run(step(START, 0, "pre-delete"))),
    Row("pre-delete hook runs", underway(step(START, 0, "pre-delete"), hooks=(RUNNING,)),
        Wait(ahead(minutes=5), "waiting for the pre-delete hook Job backup")),
    Row("pre-delete hook ended",
        underway(step(START, 0, "pre-delete"), hooks=(RUNNING,), hook_verdicts={0: HookVerdict(True, "")}),
        Run(step(END, 0, "pre-delete"))),
    Row("pre-delete hook had run before a crash", underway(hooks=(BACKED_UP,)), Run(step(END, -1, "pre-delete"))),
    Row("hooks off", underway(hooks=(PRE,), spec={"uninstall": {"disableHooks": True}}), Run(Step(DELETED))),
    Row("hooks of a record that is not trusted",
        underway(hooks=(PRE,), memory={"plan": action_plan(revision=0, deletions=("a",))}), Run(Step(DELETED))),
    Row("no hooks where the namespace goes", underway(hooks=(PRE,), terminating=frozenset({"demo"})),
        Run(Step(DELETED))),
    Row("delete", underway(*PRE_DONE, hooks=(PRE,)), Run(Step(DELETED))),
    Row("wait", underway(DELETED, seen=config_health(**GOING)),
        Wait(NOW + NAP, "ConfigMap demo/b is still being deleted (1 left)")),
    Row("wait no longer than the timeout",
        underway(DELETED, seen=config_health(**GOING), spec={"uninstall": {"timeout": "5s"}}),
        Wait(ahead(seconds=5), "ConfigMap demo/b is still being deleted (1 left)")),
    Row("what was kept is not waited for",
        underway(DELETED, seen=config_health(a=Status.NOT_FOUND, kept=Status.CURRENT)), Run(Step(StepKind.PURGE))),
    Row("nothing was deleted",
        underway(DELETED, memory={"plan": action_plan()}, seen=config_health(kept=Status.CURRENT)),
        Run(Step(StepKind.PURGE))),
    Row("no wait", underway(DELETED, seen=config_health(**GOING), spec={"uninstall": {"disableWait": True}}),
        Run(Step(StepKind.PURGE))),
    Row("no wait where the namespace goes",
        underway(DELETED, seen=config_health(**GOING), terminating=frozenset({"demo"})), Run(Step(StepKind.PURGE))),
    Row("post-delete hook", underway(DELETED, hooks=(POST,), seen=config_health(**GONE)),
        Run(step(START, 0, "post-delete"))),
    Row("a hook of both events runs twice",
        underway(*PRE_DONE, DELETED, hooks=(BOTH,), seen=config_health(**GONE)), Run(step(START, 0, "post-delete"))),
    Row("purge", underway(DELETED, seen=config_health(**GONE)), Run(Step(StepKind.PURGE))),
    Row("finalizer", underway(DELETED, StepKind.PURGE, newest=None), LET_GO),
    Row("finalizer, history kept", underway(DELETED, StepKind.PURGE, newest=record("uninstalled")), LET_GO),
]  # fmt: skip

LATE = "still there after deletion: ConfigMap demo/b"
EARLIER = failed(STILL_THERE, plan=PLAN)
ORPHAN = {"uninstall": {"onFailure": "Orphan"}}

PROBLEMS = [
    Row("still there", underway(DELETED, seen=config_health(**GOING), begun=ago(minutes=5)),
        Run(Step(StepKind.FAIL), Problem(Reason.UNINSTALL_FAILED, LATE, True))),
    Row("still there, no record to tell since when",
        underway(DELETED, newest=None, seen=config_health(**GOING), release=deleted(at=ago(minutes=5))),
        Run(Step(StepKind.FAIL), Problem(Reason.UNINSTALL_FAILED, LATE, True))),
    Row("failed", look(uninstalling(), attempt=EARLIER, seen=config_health(**GOING)),
        Retry(ahead(minutes=1), STILL_THERE)),
    Row("failed, due",
        look(uninstalling(), attempt=replace(EARLIER, next_attempt=NOW), seen=config_health(**GOING)), AGAIN),
    Row("failed, gone by now", look(uninstalling(), attempt=EARLIER, seen=config_health(**GONE)), AGAIN),
    Row("failed, reset asked for", look(uninstalling(), attempt=EARLIER, release=deleted(reset_at="1")), AGAIN),
    Row("refused", underway(memory={"problem": DENIED, "next_attempt": ahead(minutes=1)}),
        Retry(ahead(minutes=1), DENIED)),
    Row("refused, though nothing is left",
        underway(DELETED, memory={"problem": DENIED, "next_attempt": ahead(minutes=1)}, seen=config_health(**GONE)),
        Retry(ahead(minutes=1), DENIED)),
    Row("refused, due", underway(memory={"problem": DENIED, "next_attempt": NOW}), AGAIN),
    Row("refused, Orphan", underway(memory={"problem": DENIED, "next_attempt": NOW}, spec=ORPHAN), LET_GO),
    Row("the API server is away", underway(memory={"problem": UNREACHABLE, "next_attempt": ahead(seconds=1)}),
        Retry(ahead(seconds=1), UNREACHABLE)),
    Row("the API server is away, Orphan",
        underway(memory={"problem": UNREACHABLE, "next_attempt": ahead(seconds=1)}, spec=ORPHAN),
        Retry(ahead(seconds=1), UNREACHABLE)),
    Row("the API server was away: the same step again",
        underway(DELETED, memory={"problem": UNREACHABLE, "next_attempt": NOW}, seen=config_health(**GONE)),
        Run(Step(StepKind.PURGE))),
]  # fmt: skip


@pytest.mark.parametrize("row", [*LETTING_GO, *STEPS, *PROBLEMS], ids=lambda row: row.id)
def test_uninstall(row: Row) -> None:
    assert decide(determine(row.look), row.look) == row.decision


@pytest.mark.parametrize("row", PROBLEMS, ids=lambda row: row.id)
def test_a_pause_ends_at_one_moment(row: Row) -> None:
    later = replace(row.look, now=row.look.now + timedelta(milliseconds=500))
    if isinstance(row.decision, Retry):
        assert decide(determine(later), later) == row.decision
