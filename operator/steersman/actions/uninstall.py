"""Uninstalling, and letting go: pre-delete hooks, objects in uninstall order, wait, post-delete hooks, records,
finalizer.

What is deleted comes from the inventory and the records it has not taken in; every deletion is checked by the safe
rules of `core.plan.prune` and carries the uid. The order of things is that of Helm's pkg/action/uninstall.go.
"""

from __future__ import annotations

from dataclasses import replace

from steersman.actions.base import Edges, Request
from steersman.actions.finish import kept_event, leftovers, set_back_inventory
from steersman.actions.manifests import read_all, scoped
from steersman.core.manifest.identity import ObjectRef
from steersman.core.manifest.order import UNINSTALL_ORDER, sort_by_kind
from steersman.core.plan.apply import ApplyPlan
from steersman.core.plan.attempt import Event, Outcome
from steersman.core.plan.observed import ActionPlan, Observed
from steersman.core.plan.prune import may_delete
from steersman.core.release.digest import record_digest
from steersman.core.release.model import Release, ReleaseStatus
from steersman.ports import Propagation

_PROPAGATION: dict[str, Propagation] = {"background": "Background", "foreground": "Foreground", "orphan": "Orphan"}


class AddFinalizer:
    """Our finalizer, before the first write: from then on a deletion waits for us."""

    async def run(self, request: Request, edges: Edges) -> Outcome:
        await edges.releases.add_finalizer(request.observed.release)
        return Outcome()


class UninstallStart:
    """Say in the record that uninstalling began, and find out what there is to delete."""

    async def run(self, request: Request, edges: Edges) -> Outcome:
        observed = request.observed
        record = _trusted(observed)
        hooks = [await scoped(hook, observed, edges) for hook in record.hooks] if record else []
        owned = await leftovers(observed, frozenset(), edges)
        deletions = sort_by_kind([candidate.ref for candidate in owned.values()], UNINSTALL_ORDER)
        if record is not None and record.status is not ReleaseStatus.UNINSTALLING:
            if record.status is not ReleaseStatus.DEPLOYED:
                await set_back_inventory(observed, edges)
            text = "Deletion in progress (or silently failed)"
            begun = record.with_status(ReleaseStatus.UNINSTALLING, text)
            await edges.records.update(replace(begun, deleted=edges.clock.now()))
        revision = record.revision if record is not None else 0
        return Outcome(plan=ActionPlan(revision, ApplyPlan(()), tuple(hooks), tuple(deletions)))


class Delete:
    """Delete every object that the rules allow to delete; the rest is named and left."""

    async def run(self, request: Request, edges: Edges) -> Outcome:
        observed = request.observed
        plan = observed.attempt.plan
        assert plan is not None
        owned = await leftovers(observed, frozenset(), edges)
        how = _PROPAGATION[observed.release.spec.uninstall.deletion_propagation]
        kept: list[Event] = []
        going: list[ObjectRef] = []
        for ref, live in await read_all(plan.deletions, edges):
            candidate = owned.get(ref.id)
            if candidate is None or live is None:
                continue
            verdict = may_delete(candidate, live, observed.owner)
            if verdict.delete:
                await edges.cluster.delete(ref, uid=live["metadata"]["uid"], propagation=how)
                going.append(ref)
            elif verdict.leaving:
                going.append(ref)
            elif not verdict.gone:
                kept.append(kept_event(ref, verdict))
        return Outcome(plan=replace(plan, deletions=tuple(going)), events=tuple(kept))


class Purge:
    """The records and the inventory go (or the records stay, marked uninstalled, with keepHistory)."""

    async def run(self, request: Request, edges: Edges) -> Outcome:
        observed = request.observed
        records = observed.records if observed.is_release_ours else ()
        if observed.release.spec.uninstall.keep_history and records:
            await edges.records.update(records[-1].with_status(ReleaseStatus.UNINSTALLED, "Uninstallation complete"))
        else:
            for record in records:
                await edges.records.delete(record)
        return Outcome(events=(("Normal", "UninstallSucceeded", "the release is uninstalled"),))


class ReleaseFinalizer:
    """Let the HelmRelease go: its inventory first, then our finalizer."""

    async def run(self, request: Request, edges: Edges) -> Outcome:
        observed = request.observed
        if observed.inventory is not None:
            await edges.inventories.delete(observed.inventory)
        await edges.releases.drop_finalizer(observed.release)
        return Outcome()


def _trusted(observed: Observed) -> Release | None:
    """The newest record, if it is ours and still what we wrote: one that was changed is neither hooked nor deleted
    from."""
    record = observed.newest
    if record is None or not observed.is_ours(record):
        return None
    known = {snapshot.revision: snapshot.digest for snapshot in observed.release.status.history}
    digest = known.get(record.revision, "")
    return record if not digest or digest == record_digest(record) else None
