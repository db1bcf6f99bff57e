"""How a hook ended: Jobs and Pods are waited for, every other kind is done as soon as it exists."""

from __future__ import annotations

from dataclasses import dataclass

from steersman.core.kstatus.result import Status, kind_of, part
from steersman.core.kstatus.rules import job_completion
from steersman.core.manifest.identity import KubernetesObject


@dataclass(frozen=True, slots=True)
class HookVerdict:
    """Whether the hook succeeded, and what to say of it."""

    succeeded: bool
    message: str


def hook_verdict(obj: KubernetesObject) -> HookVerdict | None:
    """The verdict on a hook's live object, None while it runs."""
    match kind_of(obj):
        case "batch", "Job":
            return _job(obj)
        case "", "Pod":
            return _pod(obj)
        case _:
            return HookVerdict(True, "exists")


def _job(obj: KubernetesObject) -> HookVerdict | None:
    result = job_completion(obj)
    match result.status:
        case Status.CURRENT:
            return HookVerdict(True, result.message)
        case Status.FAILED:
            return HookVerdict(False, f"{result.reason}: {result.message}")
        case _:
            return None


def _pod(obj: KubernetesObject) -> HookVerdict | None:
    status = part(obj, "status")
    match status.get("phase"):
        case "Succeeded":
            return HookVerdict(True, "has succeeded")
        case "Failed":
            return HookVerdict(False, str(status.get("message") or status.get("reason") or "a container failed"))
        case _:
            return None
