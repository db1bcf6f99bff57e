"""The verdict on one object: generic checks first, the rule of its kind, generic checks again."""

from __future__ import annotations

from datetime import datetime

from steersman.core.kstatus.generic import after_kind, before_kind
from steersman.core.kstatus.pods import pod
from steersman.core.kstatus.result import Status as Status
from steersman.core.kstatus.result import StatusResult as StatusResult
from steersman.core.kstatus.result import kind_of
from steersman.core.kstatus.rules import RULES, job_completion
from steersman.core.manifest.identity import KubernetesObject


def compute(obj: KubernetesObject, *, wait_for_jobs: bool = False, now: datetime | None = None) -> StatusResult:
    """The status of a live object. With `wait_for_jobs` a Job is current only when it is complete; without `now` an
    unschedulable pod is in progress however long it has been so."""
    early = before_kind(obj)
    if early is not None:
        return early
    match kind_of(obj):
        case "", "Pod":
            return pod(obj, now)
        case "batch", "Job" if wait_for_jobs:
            return job_completion(obj)
        case kind:
            rule = RULES.get(kind)
            return after_kind(obj) if rule is None else rule(obj)
