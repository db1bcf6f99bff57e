"""`core.plan.hooks`: which hooks, in which order, until when, and whether one has run already."""

from datetime import datetime, timedelta

import pytest
from core.plan.builders import NOW, ago, ahead, config_map, deployment_ref, hook, observed, record

from steersman.core.kstatus.hooks import HookVerdict
from steersman.core.manifest.identity import ObjectId, ObjectRef, ref_of
from steersman.core.plan.hooks import (
    event_hooks,
    hook_deadline,
    hook_verdict,
    policies,
    ran_for,
    vanished_verdict,
)
from steersman.core.release.model import ReleaseHook


def test_hooks_of_an_event_by_weight_then_name_then_place() -> None:
    hooks = (
        hook("z", "pre-install", weight=5),
        hook("b", "pre-install"),
        hook("a", "pre-install", kind="ServiceAccount"),
        hook("a", "pre-install"),
        hook("other", "post-install", weight=-10),
        hook("first", "pre-upgrade", "pre-install", weight=-1),
    )
    assert event_hooks(record(hooks=hooks), "pre-install") == (5, 2, 3, 1, 0)


def test_no_hooks_of_an_event() -> None:
    assert event_hooks(record(hooks=(hook("a", "test"),)), "pre-install") == ()


def test_default_policy_removes_the_earlier_run() -> None:
    assert policies(hook("a", "test")) == ("before-hook-creation",)
    assert policies(hook("a", "test", policies=("hook-succeeded",))) == ("hook-succeeded",)


@pytest.mark.parametrize(("started", "deadline"), [(ago(minutes=2), ahead(minutes=3)), (None, ahead(minutes=5))])
def test_each_hook_has_the_whole_timeout(started: datetime | None, deadline: datetime) -> None:
    assert hook_deadline(hook("a", "test", started=started), timedelta(minutes=5), NOW) == deadline


def test_verdict_of_a_hook() -> None:
    verdict = HookVerdict(True, "complete")
    look = observed(record(hooks=(hook("a", "test"),)), hook_verdicts={0: verdict})
    assert hook_verdict(look, 0) is verdict
    assert hook_verdict(look, 1) is None


@pytest.mark.parametrize(
    ("ref", "succeeded"),
    [
        (ObjectRef(ObjectId("batch", "Job", "demo", "a"), "v1"), False),
        (ObjectRef(ObjectId("", "Pod", "demo", "a"), "v1"), False),
        (ref_of(config_map("a")), True),
        (deployment_ref("a"), True),
    ],
    ids=lambda value: value.id.kind if isinstance(value, ObjectRef) else None,
)
def test_a_hook_that_vanished_is_not_waited_for(ref: ObjectRef, succeeded: bool) -> None:
    assert vanished_verdict(ref).succeeded is succeeded


INSTALLED, DELETED = ago(hours=1), NOW
BEFORE, AFTER = ago(minutes=1), ahead(minutes=1)


@pytest.mark.parametrize(
    ("which", "event", "ran"),
    [
        (hook("a", "pre-install"), "pre-install", False),
        (hook("a", "pre-install", phase="Succeeded", started=BEFORE), "pre-install", True),
        (hook("a", "pre-install", "pre-upgrade", phase="Succeeded", started=BEFORE), "pre-upgrade", True),
        (hook("a", "pre-install", "post-install", phase="Succeeded", started=BEFORE), "pre-install", True),
        (hook("a", "pre-install", "post-install", phase="Succeeded", started=BEFORE), "post-install", False),
        (hook("a", "pre-delete", phase="Succeeded", started=AFTER), "pre-delete", True),
        (hook("a", "pre-delete", phase="Succeeded", started=DELETED), "pre-delete", True),
        (hook("a", "pre-install", "pre-delete", phase="Succeeded", started=BEFORE), "pre-delete", False),
        (hook("a", "pre-delete", "post-delete", phase="Succeeded", started=AFTER), "pre-delete", True),
        (hook("a", "pre-delete", "post-delete", phase="Succeeded", started=AFTER), "post-delete", False),
        (hook("a", "post-delete", phase="Succeeded", started=AFTER), "post-delete", True),
    ],
    ids=[
        "never",
        "in this action",
        "for either action",
        "both events: the first",
        "both events: the second",
        "in this uninstall",
        "in its first second",
        "in the install only",
        "both delete events: the first",
        "both delete events: the second",
        "after the deletion",
    ],
)
def test_ran_for(which: ReleaseHook, event: str, ran: bool) -> None:
    assert ran_for(which, event, record("uninstalling", hooks=(which,), begun=INSTALLED, deleted=DELETED)) is ran


def test_no_delete_hook_has_run_before_deletion_began() -> None:
    which = hook("a", "pre-delete", phase="Succeeded", started=BEFORE)
    assert not ran_for(which, "pre-delete", record(hooks=(which,)))
