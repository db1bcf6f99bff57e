"""What the health of a release's objects amounts to: for the wait of an action, and for people."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

from steersman.core.kstatus.compute import Status, compute
from steersman.core.manifest.identity import KubernetesObject, ObjectId, ObjectRef
from steersman.core.plan.observed import ObjectHealth

HEALTH_DEBOUNCE = timedelta(seconds=30)
"""How long an installed release may be unhealthy before its status says so: rollouts by hand and node drains pass."""

_WORST_FIRST = {
    Status.FAILED: 0,
    Status.NOT_FOUND: 1,
    Status.UNKNOWN: 2,
    Status.TERMINATING: 3,
    Status.IN_PROGRESS: 4,
    Status.CURRENT: 5,
}


def judge(
    refs: Sequence[ObjectRef],
    live: Mapping[ObjectId, KubernetesObject | None],
    *,
    wait_for_jobs: bool,
    now: datetime | None = None,
    may_vanish: frozenset[ObjectId] = frozenset(),
) -> tuple[ObjectHealth, ...]:
    """kstatus' verdict on each object. A paused Deployment counts as current, as in Helm's wait. Without `now` an
    unschedulable Pod stays in progress however old it is. Objects that `may_vanish` are done when they are gone:
    finished Jobs that something cleans up."""
    return tuple(_judge(ref, live.get(ref.id), wait_for_jobs, now, ref.id in may_vanish) for ref in refs)


def _judge(
    ref: ObjectRef, obj: KubernetesObject | None, wait_for_jobs: bool, now: datetime | None, may_vanish: bool
) -> ObjectHealth:
    if obj is None and may_vanish:
        return ObjectHealth(ref, Status.CURRENT, "Vanished", "has finished and was cleaned up")
    if obj is None:
        return ObjectHealth(ref, Status.NOT_FOUND, "NotFound", "does not exist")
    if ref.id.kind == "Deployment" and (obj.get("spec") or {}).get("paused"):
        return ObjectHealth(ref, Status.CURRENT, "Paused", "is paused")
    result = compute(obj, wait_for_jobs=wait_for_jobs, now=now)
    return ObjectHealth(ref, result.status, result.reason, result.message)


def all_current(health: Sequence[ObjectHealth]) -> bool:
    """Whether every object is what was asked for (true of none)."""
    return all(item.status is Status.CURRENT for item in health)


def is_settled(health: Sequence[ObjectHealth]) -> bool:
    """Whether nothing more can be expected of any object: each is current or failed."""
    return all(item.status in (Status.CURRENT, Status.FAILED) for item in health)


def culprits(health: Sequence[ObjectHealth]) -> tuple[ObjectHealth, ...]:
    """What is not current, the worst first, else in order of identity."""
    return tuple(
        sorted(
            (item for item in health if item.status is not Status.CURRENT),
            key=lambda item: (_WORST_FIRST[item.status], item.ref.id),
        )
    )


def describe(health: Sequence[ObjectHealth], shown: int = 3) -> str:
    """One line, culprits first: `Deployment demo/web: 0 of 1 replicas available; 2 of 3 objects ready`."""
    waiting = culprits(health)
    named = "; ".join(f"{item.ref}: {item.message or item.reason}" for item in waiting[:shown])
    more = f"; +{len(waiting) - shown} more" if len(waiting) > shown else ""
    return f"{named}{more} ({len(health) - len(waiting)} of {len(health)} objects ready)"
