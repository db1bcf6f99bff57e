"""What holds for every kind: deletion, generations, the conditions Reconciling, Stalled and Ready."""

from __future__ import annotations

from steersman.core.kstatus.result import (
    Status,
    StatusResult,
    condition,
    current,
    failed,
    in_progress,
    part,
    text_of,
)
from steersman.core.manifest.identity import KubernetesObject


def before_kind(obj: KubernetesObject) -> StatusResult | None:
    """The checks that come before the rule of the kind (G1 to G3)."""
    metadata = part(obj, "metadata")
    if metadata.get("deletionTimestamp"):
        return StatusResult(Status.TERMINATING, "Terminating", _terminating(metadata.get("finalizers") or ()))
    observed, generation = part(obj, "status").get("observedGeneration"), metadata.get("generation")
    if observed is not None and generation is not None and observed != generation:
        return in_progress("LatestGenerationNotObserved", f"generation {generation} was not looked at yet")
    return _abnormal(obj)


def after_kind(obj: KubernetesObject) -> StatusResult:
    """The checks for kinds without a rule of their own (G5 and G6): nothing said means current."""
    ready = condition(obj, "Ready")
    match (ready or {}).get("status"):
        case "True" | None:
            return current("is current")
        case _:
            return in_progress(str((ready or {}).get("reason") or "NotReady"), text_of(ready, "is not ready"))


def _abnormal(obj: KubernetesObject) -> StatusResult | None:
    """Reconciling and Stalled, whichever comes first in the list."""
    conditions = part(obj, "status").get("conditions")
    for item in conditions if isinstance(conditions, list) else ():
        if not isinstance(item, dict) or item.get("status") != "True":
            continue
        if item.get("type") == "Reconciling":
            return in_progress(str(item.get("reason") or "Reconciling"), text_of(item, "is being reconciled"))
        if item.get("type") == "Stalled":
            return failed(str(item.get("reason") or "Stalled"), text_of(item, "is stalled"))
    return None


def _terminating(finalizers: tuple[str, ...] | list[str]) -> str:
    return f"is being deleted; finalizers left: {', '.join(finalizers)}" if finalizers else "is being deleted"
