"""The ends of an action: prune what left the release, write down what is owned and what is deployed, or that it failed.

Order matters for a crash: the inventory is written before the record says deployed, and no record is deleted that the
inventory has not taken in: the pending record and the inventory together always cover every object.
"""

from __future__ import annotations

from dataclasses import replace

import msgspec

from steersman.actions.base import Edges, Request
from steersman.actions.manifests import read_all, stored_objects
from steersman.core.api.conditions import Reason
from steersman.core.api.inventory import Inventory, InventoryEntry, InventoryHead
from steersman.core.manifest.identity import ObjectId, ObjectRef
from steersman.core.plan.attempt import Event, Outcome
from steersman.core.plan.decide import action_of
from steersman.core.plan.observed import Observed
from steersman.core.plan.prune import Candidate, Verdict, candidates, may_delete
from steersman.core.release.history import superseded_by, surplus
from steersman.core.release.model import Release, ReleaseStatus


class Prune:
    """Delete what earlier revisions applied and this one does not hold, by the safe rules."""

    async def run(self, request: Request, edges: Edges) -> Outcome:
        observed = request.observed
        plan = observed.attempt.plan
        assert plan is not None
        left = await leftovers(observed, plan.apply.ids, edges)
        kept: list[Event] = []
        for ref, live in await read_all([candidate.ref for candidate in left.values()], edges):
            verdict = may_delete(left[ref.id], live, observed.owner)
            if verdict.delete and live is not None:
                await edges.cluster.delete(ref, uid=live["metadata"]["uid"])
            elif not verdict.gone:
                kept.append(kept_event(ref, verdict))
        return Outcome(events=tuple(kept))


class Finish:
    """Write the inventory, mark what ran before superseded, then the record deployed; only then older records may go.

    As in Helm, deployed comes last: as long as the record is pending, a crash leads back here."""

    async def run(self, request: Request, edges: Edges) -> Outcome:
        observed = request.observed
        record = observed.newest
        assert record is not None
        await edges.inventories.write(_inventory(record, observed))
        done = "Upgrade complete" if action_of(record, observed) == "upgrade" else "Install complete"
        history = {old.revision: old for old in observed.records}
        for old in superseded_by(observed.records, record.revision):
            retired = old.with_status(ReleaseStatus.SUPERSEDED, old.description)
            history[old.revision] = await edges.records.update(retired)
        history[record.revision] = await edges.records.update(record.with_status(ReleaseStatus.DEPLOYED, done))
        limit = observed.release.spec.history_limit()
        for old in surplus(tuple(history.values()), limit, taken_in=record.revision):
            await edges.records.delete(old)
        reason = Reason.UPGRADE_SUCCEEDED if done.startswith("Upgrade") else Reason.INSTALL_SUCCEEDED
        return Outcome(events=(("Normal", reason.value, f"{record.chart.label} is revision {record.revision}"),))


class Fail:
    """Record the failure; what was deployed before stays deployed. A record being uninstalled stays that."""

    async def run(self, request: Request, edges: Edges) -> Outcome:
        observed, problem = request.observed, request.problem
        if observed.release.is_deleting:
            return Outcome()
        record = observed.newest
        assert record is not None
        assert problem is not None
        await set_back_inventory(observed, edges)
        what = "Upgrade" if action_of(record, observed) == "upgrade" else "Release"
        text = f'{what} "{record.name}" failed: {problem.message}'
        await edges.records.update(record.with_status(ReleaseStatus.FAILED, text))
        return Outcome()


async def set_back_inventory(observed: Observed, edges: Edges) -> None:
    """The newest revision does not complete: an inventory that had taken it in no longer claims to hold all of it.

    Something interrupted the action between inventory and record, and it was run once more since: an object that was
    gone by then has another uid than the inventory says."""
    record, inventory = observed.newest, observed.inventory
    if record is None or inventory is None or inventory.head.revision < record.revision:
        return
    before = inventory.head
    head = msgspec.structs.replace(before, epoch=before.epoch + 1, revision=record.revision - 1)
    await edges.inventories.write(inventory.with_head(head))


def kept_event(ref: ObjectRef, verdict: Verdict) -> Event:
    """The Event of an object that the rules do not allow to delete."""
    return "Normal", "Kept", f"kept {ref}: it {verdict.why}"


async def leftovers(observed: Observed, wanted: frozenset[ObjectId], edges: Edges) -> dict[ObjectId, Candidate]:
    """What the release may own beside `wanted`: the inventory and the records it has not taken in.

    A revision that Helm made on top of ours counts like our own: what it added leaves the release with it. Of a kind
    that the API server no longer knows nothing can be there. While nobody can tell, `knows` raises."""
    known = observed.inventory.head.revision if observed.inventory else 0
    newer = [record for record in observed.records if record.revision > known and observed.is_release_ours]
    owned = candidates(observed.inventory, await stored_objects(newer, observed, edges))
    return {
        identity: candidate
        for identity, candidate in owned.items()
        if identity not in wanted and await edges.cluster.knows(candidate.ref)
    }


def _inventory(record: Release, observed: Observed) -> Inventory:
    release, attempt = observed.release, observed.attempt
    before = observed.inventory or Inventory(release.namespace, release.name, release.uid)
    planned: frozenset[ObjectId] = attempt.plan.apply.ids if attempt.plan is not None else frozenset()
    entries = [
        InventoryEntry(
            g=item.ref.id.group,
            k=item.ref.id.kind,
            ns=item.ref.id.namespace,
            n=item.ref.id.name,
            v=item.ref.version,
            uid=item.uid,
            revision=record.revision,
            fp=item.fingerprint,
        )
        for identity, item in attempt.applied.items()
        if identity in planned
    ]
    head = _head_after(before.head, record.revision, observed.cluster_uid)
    return replace(before, owner_uid=release.uid).with_entries(entries).with_head(head)


def _head_after(head: InventoryHead, revision: int, cluster_uid: str) -> InventoryHead:
    """The head after a completed action: one epoch on, no step in flight."""
    return InventoryHead(epoch=head.epoch + 1, revision=revision, cluster_uid=cluster_uid, yielded=head.yielded)
