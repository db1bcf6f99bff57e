"""Hooks of one event: which, in which order, until when, and how one ended. Rules: Helm's pkg/action/hooks.go."""

from __future__ import annotations

from datetime import datetime, timedelta

from steersman.core.kstatus.hooks import HookVerdict
from steersman.core.manifest.identity import ObjectRef
from steersman.core.plan.decision import Run, Wait
from steersman.core.plan.observed import Observed, Step, StepKind
from steersman.core.release.model import HookPhase, Release, ReleaseHook

BEFORE_CREATION = "before-hook-creation"
ON_SUCCESS = "hook-succeeded"
ON_FAILURE = "hook-failed"


def event_hooks(record: Release, event: str) -> tuple[int, ...]:
    """The places, in the record, of the hooks of an event: by weight, then name, else in the record's (kind) order."""
    wanted = [index for index, hook in enumerate(record.hooks) if event in hook.events]
    return tuple(sorted(wanted, key=lambda index: (record.hooks[index].weight, record.hooks[index].name)))


def policies(hook: ReleaseHook) -> tuple[str, ...]:
    """The hook's delete policies; before-hook-creation where it names none."""
    return hook.delete_policies or (BEFORE_CREATION,)


def hook_deadline(hook: ReleaseHook, timeout: timedelta, now: datetime) -> datetime:
    """Until when a started hook may take: each has the whole timeout of the action."""
    return (hook.last_run.started_at or now) + timeout


def hook_verdict(observed: Observed, index: int) -> HookVerdict | None:
    """How the started hook at this place ended; None while it runs."""
    return observed.hook_verdicts.get(index)


def vanished_verdict(ref: ObjectRef) -> HookVerdict:
    """How a started hook ended whose object is gone: what is not waited for had existed, which is all it was for."""
    if ref.id.kind in ("Job", "Pod"):
        return HookVerdict(False, "was deleted before it was seen to end")
    return HookVerdict(True, "existed")


def ran_for(hook: ReleaseHook, event: str, record: Release) -> bool:
    """Whether the hook's recorded run was for this event of this record's action.

    A record keeps one run a hook. A delete event's must be newer than the deletion's start; a hook of both events of an
    action cannot be told apart after a crash and runs again.
    """
    started = hook.last_run.started_at
    if started is None or hook.last_run.phase is HookPhase.NONE:
        return False
    prefix, _, action = event.partition("-")
    if prefix == "post" and f"pre-{action}" in hook.events:
        return False
    return action != "delete" or (record.deleted is not None and started >= record.deleted)


def next_hook_step(event: str, record: Release, observed: Observed, timeout: timedelta) -> Run | Wait | None:
    """What the hooks of an event ask for next, each within `timeout`; None when all have succeeded."""
    for index in event_hooks(record, event):
        hook = record.hooks[index]
        end = Step(StepKind.HOOK_END, index, event)
        if end in observed.attempt.done:
            continue
        phase = hook.last_run.phase
        if phase is HookPhase.SUCCEEDED and ran_for(hook, event, record):
            continue
        if Step(StepKind.HOOK_START, index, event) not in observed.attempt.done:
            return Run(Step(StepKind.HOOK_START, index, event))
        verdict = hook_verdict(observed, index)
        deadline = hook_deadline(hook, timeout, observed.now)
        if verdict is not None or observed.now >= deadline:
            return Run(end)
        return Wait(deadline, f"waiting for the {event} hook {hook.kind} {hook.name}")
    ended = Step(StepKind.HOOK_END, -1, event)
    if event_hooks(record, event) and ended not in observed.attempt.done:
        return Run(ended)
    return None
