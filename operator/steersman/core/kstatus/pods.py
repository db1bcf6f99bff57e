"""The rule of Pods."""

from __future__ import annotations

from typing import Any

from steersman.core.kstatus.result import (
    StatusResult,
    condition,
    current,
    failed,
    in_progress,
    is_condition,
    part,
    text_of,
)
from steersman.core.manifest.identity import KubernetesObject


def pod(obj: KubernetesObject) -> StatusResult:
    """A Pod. An ended one is current, whichever way it ended (hooks judge otherwise).

    kstatus gives an unschedulable pod 15 seconds; without a clock here it stays in progress and the wait's own timeout
    ends it, with the scheduler's message."""
    phase = part(obj, "status").get("phase")
    match phase:
        case "Succeeded":
            return current("has succeeded")
        case "Failed":
            return current(f"has failed: {part(obj, 'status').get('message') or 'a container failed'}")
        case "Running":
            return _running(obj)
        case "Pending":
            scheduled = condition(obj, "PodScheduled")
            if scheduled is not None and scheduled.get("status") == "False":
                return in_progress(str(scheduled.get("reason") or "Unschedulable"), text_of(scheduled))
            return in_progress("PodPending", _waiting(obj) or "is pending")
        case None:
            return in_progress("PodNotObserved", "has no phase yet")
        case _:
            return failed("UnknownPhase", f"is in the unknown phase {phase}")


def _running(obj: KubernetesObject) -> StatusResult:
    if is_condition(obj, "Ready", "True"):
        return current("is ready")
    looping = next((item for item in _containers(obj) if _waits_for(item) == "CrashLoopBackOff"), None)
    if looping is not None:
        return failed("CrashLoopBackOff", f"container {looping.get('name')} keeps crashing")
    return in_progress("PodRunningNotReady", _waiting(obj) or "is running but not ready")


def _containers(obj: KubernetesObject) -> list[dict[str, Any]]:
    found = part(obj, "status").get("containerStatuses")
    return [item for item in found if isinstance(item, dict)] if isinstance(found, list) else []


def _waits_for(container: dict[str, Any]) -> str:
    return str(((container.get("state") or {}).get("waiting") or {}).get("reason") or "")


def _waiting(obj: KubernetesObject) -> str:
    """What the first waiting container waits for."""
    for container in _containers(obj):
        waiting = (container.get("state") or {}).get("waiting")
        if waiting:
            detail = f": {waiting['message']}" if waiting.get("message") else ""
            return f"container {container.get('name')}: {waiting.get('reason')}{detail}"
    return ""
