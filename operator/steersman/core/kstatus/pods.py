"""The rule of Pods, which alone needs the time: an unschedulable pod is given 15 seconds before it counts as failed."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any, Final

from steersman.core.kstatus.result import (
    StatusResult,
    condition,
    current,
    failed,
    in_progress,
    is_condition,
    part,
    text_of,
    unknown,
)
from steersman.core.manifest.identity import KubernetesObject

SCHEDULE_WINDOW: Final = timedelta(seconds=15)


def pod(obj: KubernetesObject, now: datetime | None = None) -> StatusResult:
    """A Pod. An ended one is current, whichever way it ended (hooks judge otherwise)."""
    status = part(obj, "status")
    match status.get("phase"):
        case "Succeeded":
            return current("has succeeded")
        case "Failed":
            return current(f"has failed: {status.get('message') or status.get('reason') or 'a container failed'}")
        case "Running":
            return _running(obj)
        case "Pending":
            return _pending(obj, now)
        case None | "":
            return in_progress("PodNotObserved", "has no phase yet")
        case phase:
            return unknown("UnknownPhase", f"is in the unknown phase {phase}")


def _pending(obj: KubernetesObject, now: datetime | None) -> StatusResult:
    scheduled = condition(obj, "PodScheduled")
    if scheduled is None or scheduled.get("status") != "False":
        return in_progress("PodPending", _waiting(obj) or "is pending")
    reason, message = str(scheduled.get("reason") or "PodNotScheduled"), text_of(scheduled)
    if reason == "Unschedulable" and now is not None and _age(obj, now) > SCHEDULE_WINDOW:
        return failed(reason, message)
    return in_progress(reason, message)


def _age(obj: KubernetesObject, now: datetime) -> timedelta:
    created = part(obj, "metadata").get("creationTimestamp")
    return now - datetime.fromisoformat(created) if isinstance(created, str) else timedelta()


def _running(obj: KubernetesObject) -> StatusResult:
    if is_condition(obj, "Ready", "True"):
        return current("is ready")
    looping = [
        str(item.get("name")) for item in _containers(obj) if _waiting_of(item).get("reason") == "CrashLoopBackOff"
    ]
    if looping:
        return failed("CrashLoopBackOff", f"container {', '.join(looping)} keeps crashing")
    return in_progress("PodRunningNotReady", _waiting(obj) or "is running but not ready")


def _containers(obj: KubernetesObject) -> list[dict[str, Any]]:
    found = part(obj, "status").get("containerStatuses")
    return [item for item in found if isinstance(item, dict)] if isinstance(found, list) else []


def _waiting_of(container: dict[str, Any]) -> dict[str, Any]:
    return part(part(container, "state"), "waiting")


def _waiting(obj: KubernetesObject) -> str:
    """What the first waiting container waits for."""
    for container in _containers(obj):
        waiting = _waiting_of(container)
        if waiting:
            detail = f": {waiting['message']}" if waiting.get("message") else ""
            return f"container {container.get('name')}: {waiting.get('reason')}{detail}"
    return ""
