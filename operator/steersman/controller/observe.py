"""One look at a HelmRelease: everything `determine` and `decide` need, read from caches and watches.

The only reads of the loop. Each costs no request while nothing moved.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from steersman.actions.base import Edges
from steersman.controller.cache import ReleaseCache
from steersman.controller.desired import Resolver
from steersman.core.api.helmrelease import HelmRelease
from steersman.core.api.inventory import Inventory
from steersman.core.api.names import LABEL_RELEASE_UID
from steersman.core.kstatus.hooks import HookVerdict, hook_verdict
from steersman.core.manifest.identity import ObjectId, ObjectRef, ref_of
from steersman.core.plan.attempt import UNRESOLVED, adopt_input, recognise
from steersman.core.plan.health import judge
from steersman.core.plan.hooks import vanished_verdict
from steersman.core.plan.inventory import owned
from steersman.core.plan.observed import Attempt, Desired, ObjectHealth, Observed, Problem, Step, StepKind
from steersman.core.release.model import Release, ReleaseStatus
from steersman.kube.facts import ClusterFacts


class Looker:
    """Looks at HelmReleases."""

    def __init__(self, edges: Edges, resolver: Resolver, cache: ReleaseCache, facts: ClusterFacts) -> None:
        self._edges = edges
        self._resolver = resolver
        self._cache = cache
        self._facts = facts

    async def look(self, release: HelmRelease, attempt: Attempt) -> Observed:
        """Everything that is known of this HelmRelease now."""
        now = self._edges.clock.now()
        desired: Desired | Problem | None = None
        if not release.is_deleting:
            desired = await self._resolver.resolve(release, now)
        attempt = recognise(attempt, release.status, desired)
        attempt = adopt_input(attempt, release.generation, _input_of(desired))
        records = await self._edges.records.history(release.storage_namespace, release.release_name)
        inventory = await self._edges.inventories.read(release)
        self._edges.observer.track((release.namespace, release.name), _owned(inventory, attempt))
        return Observed(
            release=release,
            now=now,
            desired=desired,
            records=records,
            inventory=inventory,
            health=await self._health(release, records, inventory, attempt, now),
            attempt=attempt,
            cluster_uid=self._facts.cluster_uid,
            hook_verdicts=await self._hook_verdicts(attempt),
            dead_uids=self._dead(records),
            terminating=await self._facts.terminating(_namespaces(release)) if release.is_deleting else frozenset(),
            crd_deleting=await self._facts.is_crd_deleting() if release.is_deleting else False,
        )

    def _dead(self, records: tuple[Release, ...]) -> frozenset[str]:
        uids = {record.labels.get(LABEL_RELEASE_UID, "") for record in records}
        return frozenset(uid for uid in uids if uid and not self._cache.is_living(uid))

    async def _health(
        self,
        release: HelmRelease,
        records: tuple[Release, ...],
        inventory: Inventory | None,
        attempt: Attempt,
        now: datetime,
    ) -> tuple[ObjectHealth, ...]:
        refs = _judged(records, inventory, attempt)
        live = await self._edges.observer.live(refs)
        is_upgrade = any(record.status in ("deployed", "superseded") for record in records[:-1])
        policy = release.spec.upgrade if is_upgrade else release.spec.install
        return judge(
            refs,
            live,
            wait_for_jobs=not policy.disable_wait_for_jobs,
            now=now,
            may_vanish=_may_vanish(refs, attempt),
        )

    async def _hook_verdicts(self, attempt: Attempt) -> Mapping[int, HookVerdict]:
        """How the hooks that were started in this attempt ended."""
        if attempt.plan is None:
            return {}
        started = {
            step.index: ref_of(attempt.plan.hooks[step.index])
            for step in attempt.done
            if step.kind is StepKind.HOOK_START and Step(StepKind.HOOK_END, step.index, step.event) not in attempt.done
        }
        live = await self._edges.observer.live(tuple(started.values()))
        found = {}
        for index, ref in started.items():
            obj = live.get(ref.id)
            verdict = hook_verdict(obj) if obj is not None else vanished_verdict(ref)
            if verdict is not None:
                found[index] = verdict
        return found


def _namespaces(release: HelmRelease) -> tuple[str, ...]:
    return release.namespace, release.target_namespace, release.storage_namespace


def _input_of(desired: Desired | Problem | None) -> str:
    """What the attempt is for: an input, a deletion, or something that is not known yet."""
    match desired:
        case Desired():
            return desired.input_digest
        case None:
            return "deleting"
        case Problem():
            return UNRESOLVED


def _owned(inventory: Inventory | None, attempt: Attempt) -> set[ObjectRef]:
    """Everything whose changes matter to the release: what it owns, and what its action applies, hooks too."""
    refs = set(_entries(inventory))
    if attempt.plan is not None:
        refs |= {planned.ref for planned in attempt.plan.apply.objects}
        refs |= {ref_of(hook) for hook in attempt.plan.hooks}
    return refs


def _entries(inventory: Inventory | None) -> tuple[ObjectRef, ...]:
    return tuple(ref for ref, _ in owned(inventory))


def _may_vanish(refs: tuple[ObjectRef, ...], attempt: Attempt) -> frozenset[ObjectId]:
    """The Jobs that are done when they are gone: under way those with a TTL; of an installed release all of them, for
    they were complete when it became Ready."""
    plan = attempt.plan
    if plan is None:
        return frozenset(ref.id for ref in refs if (ref.id.group, ref.id.kind) == ("batch", "Job"))
    return frozenset(
        planned.ref.id
        for planned in plan.apply.objects
        if planned.ref.id.kind == "Job" and "ttlSecondsAfterFinished" in (planned.object.get("spec") or {})
    )


def _judged(records: tuple[Release, ...], inventory: Inventory | None, attempt: Attempt) -> tuple[ObjectRef, ...]:
    """The objects whose health matters now: those of the action under way or failed, those being deleted, else all that
    we own."""
    plan = attempt.plan
    if plan is not None and plan.deletions:
        return plan.deletions
    newest = records[-1] if records else None
    unfinished = newest is not None and (newest.status.is_pending or newest.status is ReleaseStatus.FAILED)
    if plan is not None and newest is not None and unfinished and plan.revision == newest.revision:
        return tuple(planned.ref for planned in plan.apply.objects if planned.ref.id in attempt.applied)
    return _entries(inventory)
