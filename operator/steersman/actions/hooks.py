"""Hooks, one at a time: start one (its phase stored first), end one, and clean up when all of an event have succeeded.

Between start and end the controller waits for the watch of the hook's object; nothing is held. Rules: Helm's
pkg/action/hooks.go.
"""

from __future__ import annotations

import asyncio
from dataclasses import replace

from steersman.actions.base import Edges, Request
from steersman.core.api.conditions import Reason
from steersman.core.api.names import ANNOTATION_HOOK_RUN
from steersman.core.kstatus.hooks import HookVerdict
from steersman.core.manifest.identity import KubernetesObject, ObjectRef, ref_of
from steersman.core.plan.attempt import Outcome
from steersman.core.plan.hooks import (
    BEFORE_CREATION,
    ON_FAILURE,
    ON_SUCCESS,
    event_hooks,
    hook_verdict,
    policies,
)
from steersman.core.plan.observed import AppliedObject, Observed, Problem, Step
from steersman.core.plan.ownership import OwnershipConflict, is_our_hook, stamp_hook
from steersman.core.release.model import HookPhase, HookRun, Release
from steersman.errors import ClusterError
from steersman.ports import Propagation

GONE_TRIES = 40
GONE_PAUSE = 0.25


class HookNotGone(ClusterError):
    """The object of an earlier run is still being deleted."""

    reason = "HookFailed"
    retryable = True
    transient = True


class HookStart:
    """Remove the object of an earlier run, record the hook as running, and create this run's.

    In this order: where the record says running, an object of this run is never one of an attempt before."""

    async def run(self, request: Request, edges: Edges) -> Outcome:
        observed, step = request.observed, request.step
        record, obj = _hook(observed, step)
        hook = record.hooks[step.index]
        run = f"{observed.release.uid}/{record.revision}/{step.event}"
        live = await edges.cluster.get(ref_of(obj))
        if live is not None and _is_of_run(live, run) and hook.last_run.phase is HookPhase.RUNNING:
            return Outcome(applied=(_seen(live),))
        if live is not None and not is_our_hook(live, observed.owner):
            raise OwnershipConflict(
                ((ref_of(obj).id, f"is not this release's, but the {step.event} hook is called so"),)
            )
        if live is not None and BEFORE_CREATION in policies(hook):
            await _delete_and_wait(ref_of(obj), live, "Background", edges)
        started = HookRun(HookPhase.RUNNING, started_at=edges.clock.now())
        await edges.records.update(record.with_hook_run(step.index, started))
        applied = await edges.cluster.apply(stamp_hook(obj, observed.owner, run), force=False)
        return Outcome(applied=(_seen(applied.object),), warnings=applied.warnings)


class HookEnd:
    """Record how the hook ended; a failed one ends the action. Index -1: all of the event have succeeded."""

    async def run(self, request: Request, edges: Edges) -> Outcome:
        observed, step = request.observed, request.step
        if step.index < 0:
            return await _clean_up(observed, step, edges)
        record, obj = _hook(observed, step)
        verdict = hook_verdict(observed, step.index) or HookVerdict(False, "did not end within its timeout")
        phase = HookPhase.SUCCEEDED if verdict.succeeded else HookPhase.FAILED
        ended = replace(record.hooks[step.index].last_run, phase=phase, completed_at=edges.clock.now())
        await edges.records.update(record.with_hook_run(step.index, ended))
        if verdict.succeeded:
            return Outcome()
        await _after_failure(observed, record, step, edges)
        message = f"{step.event} hook {ref_of(obj)} failed: {verdict.message}"
        return Outcome(problem=Problem(Reason.HOOK_FAILED, message, True))


def _hook(observed: Observed, step: Step) -> tuple[Release, KubernetesObject]:
    record, plan = observed.newest, observed.attempt.plan
    assert record is not None
    assert plan is not None
    return record, plan.hooks[step.index]


def _is_of_run(live: KubernetesObject, run: str) -> bool:
    return ((live["metadata"].get("annotations") or {}).get(ANNOTATION_HOOK_RUN)) == run


def _seen(live: KubernetesObject) -> AppliedObject:
    metadata = live["metadata"]
    return AppliedObject(ref_of(live), metadata["uid"], metadata["resourceVersion"], "")


async def _after_failure(observed: Observed, record: Release, step: Step, edges: Edges) -> None:
    """The failed hook goes if its policy says hook-failed, those before it if theirs says hook-succeeded."""
    order = event_hooks(record, step.event)
    await _delete_if(ON_FAILURE, step.index, observed, record, edges)
    for index in order[: order.index(step.index)]:
        await _delete_if(ON_SUCCESS, index, observed, record, edges)


async def _clean_up(observed: Observed, step: Step, edges: Edges) -> Outcome:
    record = observed.newest
    assert record is not None
    for index in reversed(event_hooks(record, step.event)):
        await _delete_if(ON_SUCCESS, index, observed, record, edges)
    return Outcome()


async def _delete_if(policy: str, index: int, observed: Observed, record: Release, edges: Edges) -> None:
    hook, plan = record.hooks[index], observed.attempt.plan
    assert plan is not None
    if policy not in policies(hook) or hook.kind == "CustomResourceDefinition":
        return
    ref = ref_of(plan.hooks[index])
    live = await edges.cluster.get(ref)
    if live is not None and is_our_hook(live, observed.owner):
        await edges.cluster.delete(ref, uid=live["metadata"]["uid"])


async def _delete_and_wait(ref: ObjectRef, live: KubernetesObject, how: Propagation, edges: Edges) -> None:
    """Objects of hooks are gone within moments; one that is not is tried again as a transient problem."""
    uid = live["metadata"]["uid"]
    await edges.cluster.delete(ref, uid=uid, propagation=how)
    for _ in range(GONE_TRIES):
        now = await edges.cluster.get(ref)
        if now is None or now["metadata"]["uid"] != uid:
            return
        await asyncio.sleep(GONE_PAUSE)
    raise HookNotGone(f"{ref} of an earlier run is still being deleted", hint="see its finalizers")
