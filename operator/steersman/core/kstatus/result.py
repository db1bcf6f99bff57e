"""The verdict on an object."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from steersman.core.manifest.identity import KubernetesObject, split_api_version


class Status(StrEnum):
    """kstatus' six words."""

    IN_PROGRESS = "InProgress"
    FAILED = "Failed"
    CURRENT = "Current"
    TERMINATING = "Terminating"
    NOT_FOUND = "NotFound"
    UNKNOWN = "Unknown"


@dataclass(frozen=True, slots=True)
class StatusResult:
    """A status, a CamelCase reason, and a message that names the fact."""

    status: Status
    reason: str
    message: str


def current(message: str) -> StatusResult:
    """What was asked for."""
    return StatusResult(Status.CURRENT, "Current", message)


def in_progress(reason: str, message: str) -> StatusResult:
    """On its way."""
    return StatusResult(Status.IN_PROGRESS, reason, message)


def unknown(reason: str, message: str) -> StatusResult:
    """Nobody can tell."""
    return StatusResult(Status.UNKNOWN, reason, message)


def failed(reason: str, message: str) -> StatusResult:
    """Will not get there by itself."""
    return StatusResult(Status.FAILED, reason, message)


def kind_of(obj: KubernetesObject) -> tuple[str, str]:
    """Group and kind, by which rules are looked up: versions do not matter."""
    group, _ = split_api_version(str(obj.get("apiVersion") or ""))
    return group, str(obj.get("kind") or "")


def part(obj: KubernetesObject, name: str) -> dict[str, Any]:
    """A map inside an object (`spec`, `status`…); empty where it is absent."""
    found = obj.get(name)
    return found if isinstance(found, dict) else {}


def count(fields: dict[str, Any], name: str, default: int = 0) -> int:
    """An integer field, the default where it is absent or no integer."""
    found = fields.get(name)
    return found if isinstance(found, int) and not isinstance(found, bool) else default


def condition(obj: KubernetesObject, type_: str) -> dict[str, Any] | None:
    """The condition of this type."""
    conditions = part(obj, "status").get("conditions")
    if not isinstance(conditions, list):
        return None
    return next((item for item in conditions if isinstance(item, dict) and item.get("type") == type_), None)


def is_condition(obj: KubernetesObject, type_: str, status: str) -> bool:
    """Whether the condition is there with this status."""
    found = condition(obj, type_)
    return found is not None and found.get("status") == status


def text_of(found: dict[str, Any] | None, default: str = "") -> str:
    """A condition's message, else its reason."""
    if found is None:
        return default
    return str(found.get("message") or found.get("reason") or default)
