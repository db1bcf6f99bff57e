"""Apply one batch of the plan: server-side apply, each object under the uid we know, a few at a time.

Conflicts with other field managers follow `spec.apply.conflicts`; a batch whose errors are collected reports them in
the plan's order, and nothing after it is applied.
"""

from __future__ import annotations

from steersman.actions.base import Edges, Request, side_by_side
from steersman.actions.prepare import known_uids
from steersman.core.diff.fields import fingerprint
from steersman.core.manifest.identity import KubernetesObject
from steersman.core.plan.apply import Planned
from steersman.core.plan.attempt import Outcome
from steersman.core.plan.observed import AppliedObject, Observed
from steersman.core.plan.ownership import OwnershipConflict, ownership_problem
from steersman.errors import FieldConflictError, StaleObjectError
from steersman.ports import Applied

APPLIES_AT_ONCE = 8
STALE_TRIES = 4


class Apply:
    """One batch. Its objects are of one kind and may be applied side by side."""

    async def run(self, request: Request, edges: Edges) -> Outcome:
        observed = request.observed
        plan = observed.attempt.plan
        assert plan is not None
        batch = plan.apply.batches[request.step.index]
        uids = known_uids(observed)

        async def one(planned: Planned) -> tuple[AppliedObject, tuple[str, ...], str]:
            return await _apply(planned, uids.get(planned.ref.id, ""), observed, edges)

        done = await side_by_side(one, batch, at_once=APPLIES_AT_ONCE)
        return Outcome(
            applied=tuple(item for item, _, _ in done),
            warnings=tuple(warning for _, warnings, _ in done for warning in warnings),
            events=tuple(("Warning", "Conflict", taken) for _, _, taken in done if taken),
        )


async def _apply(
    planned: Planned, uid: str, observed: Observed, edges: Edges
) -> tuple[AppliedObject, tuple[str, ...], str]:
    """Apply one object; what was applied, the API server's warnings, and which fields were taken from whom."""
    guarded = _with_uid(planned.object, uid)
    for _ in range(STALE_TRIES):
        try:
            applied, taken = await _apply_once(guarded, planned, observed, edges)
        except StaleObjectError:
            guarded = await _look_again(planned, observed, edges)
            continue
        return _recorded(planned, applied), applied.warnings, taken
    applied, taken = await _apply_once(guarded, planned, observed, edges)
    return _recorded(planned, applied), applied.warnings, taken


async def _apply_once(obj: KubernetesObject, planned: Planned, observed: Observed, edges: Edges) -> tuple[Applied, str]:
    try:
        return await edges.cluster.apply(obj, force=False), ""
    except FieldConflictError as conflict:
        if observed.release.spec.apply.conflicts == "Fail":
            raise
        taken = f"{planned.ref}: took {conflict.summary()}"
    return await edges.cluster.apply(obj, force=True), taken


async def _look_again(planned: Planned, observed: Observed, edges: Edges) -> KubernetesObject:
    """Somebody wrote or replaced the object meanwhile: read it, see whose it is, and try with what is there now."""
    live = await edges.cluster.get(planned.ref)
    if live is None:
        return planned.object
    problem = ownership_problem(live, observed.owner)
    if problem:
        raise OwnershipConflict(((planned.ref.id, problem),))
    return _with_uid(planned.object, live["metadata"]["uid"])


def _with_uid(obj: KubernetesObject, uid: str) -> KubernetesObject:
    return {**obj, "metadata": {**obj["metadata"], "uid": uid}} if uid else obj


def _recorded(planned: Planned, applied: Applied) -> AppliedObject:
    metadata = applied.object["metadata"]
    return AppliedObject(planned.ref, metadata["uid"], metadata["resourceVersion"], fingerprint(applied.object))
