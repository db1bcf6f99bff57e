"""The verdict on one object: generic checks first, the rule of its kind, generic checks again."""

from __future__ import annotations

from steersman.core.kstatus.generic import after_kind, before_kind
from steersman.core.kstatus.result import Status as Status
from steersman.core.kstatus.result import StatusResult as StatusResult
from steersman.core.kstatus.rules import RULES, job_completion
from steersman.core.manifest.identity import KubernetesObject, split_api_version


def compute(obj: KubernetesObject, *, wait_for_jobs: bool = False) -> StatusResult:
    """The status of a live object. With `wait_for_jobs` a Job is current only when it is complete."""
    early = before_kind(obj)
    if early is not None:
        return early
    group, _ = split_api_version(str(obj.get("apiVersion") or ""))
    key = (group, str(obj.get("kind") or ""))
    if wait_for_jobs and key == ("batch", "Job"):
        return job_completion(obj)
    rule = RULES.get(key)
    return (rule(obj) if rule is not None else None) or after_kind(obj)
