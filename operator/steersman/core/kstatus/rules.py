"""One rule a kind, in a table by (group, kind). The rule of Pods is in `pods`."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TypeAlias

from steersman.core.kstatus.result import (
    StatusResult,
    condition,
    count,
    current,
    failed,
    in_progress,
    is_condition,
    part,
    text_of,
)
from steersman.core.manifest.identity import KubernetesObject

Rule: TypeAlias = Callable[[KubernetesObject], StatusResult]

NO_PROGRESS_DEADLINE = 2147483647


def always_current(obj: KubernetesObject) -> StatusResult:
    """Kinds that are what they are as soon as they exist."""
    del obj
    return current("exists")


def deployment(obj: KubernetesObject) -> StatusResult:
    """A Deployment, by its own status."""
    spec, status = part(obj, "spec"), part(obj, "status")
    progressing = condition(obj, "Progressing")
    if progressing is not None and progressing.get("reason") == "ProgressDeadlineExceeded":
        return failed("ProgressDeadlineExceeded", text_of(progressing))
    wanted = count(spec, "replicas", 1)
    there, updated = count(status, "replicas"), count(status, "updatedReplicas")
    available, ready = count(status, "availableReplicas"), count(status, "readyReplicas")
    if wanted > there:
        return in_progress("LessReplicas", _refused(obj) or f"{there} of {wanted} replicas created")
    if wanted > updated:
        return in_progress("LessUpdated", f"{updated} of {wanted} replicas updated")
    if there > wanted:
        return in_progress("ExtraPods", f"{there - wanted} old replicas are pending termination")
    if updated > available:
        return in_progress("LessAvailable", f"{available} of {updated} updated replicas available")
    if wanted > ready:
        return in_progress("LessReady", f"{ready} of {wanted} replicas ready")
    deadline = count(spec, "progressDeadlineSeconds", NO_PROGRESS_DEADLINE)
    rolled_out = is_condition(obj, "Progressing", "True") and (progressing or {}).get("reason") == (
        "NewReplicaSetAvailable"
    )
    if not rolled_out and deadline != NO_PROGRESS_DEADLINE:
        return in_progress("ReplicaSetNotAvailable", "the new ReplicaSet is not available")
    if not is_condition(obj, "Available", "True"):
        return in_progress("DeploymentNotAvailable", "is not available")
    return current(f"{wanted} of {wanted} replicas available")


def stateful_set(obj: KubernetesObject) -> StatusResult:
    """A StatefulSet; with OnDelete nobody knows what is wanted, so it is current."""
    spec, status = part(obj, "spec"), part(obj, "status")
    strategy = part(spec, "updateStrategy")
    if strategy.get("type") == "OnDelete":
        return current("updates on deletion")
    wanted = count(spec, "replicas", 1)
    there, ready = count(status, "replicas"), count(status, "readyReplicas")
    if wanted > there:
        return in_progress("LessReplicas", f"{there} of {wanted} replicas created")
    if wanted > ready:
        return in_progress("LessReady", f"{ready} of {wanted} replicas ready")
    if there > wanted:
        return in_progress("ExtraPods", f"{there - wanted} replicas are pending termination")
    rolling = part(strategy, "rollingUpdate")
    if "partition" in rolling:  # the API server sets 0 where a chart is silent
        to_update, updated = wanted - count(rolling, "partition"), count(status, "updatedReplicas")
        if updated < to_update:
            return in_progress("PartitionRollout", f"{updated} of {to_update} replicas updated")
        return current(f"{ready} of {wanted} replicas ready")
    if wanted > count(status, "currentReplicas"):
        return in_progress("LessCurrent", f"{count(status, 'currentReplicas')} of {wanted} replicas current")
    if status.get("currentRevision") != status.get("updateRevision"):
        return in_progress("RevisionMismatch", "the update is still rolling out")
    return current(f"{wanted} of {wanted} replicas ready")


def replica_set(obj: KubernetesObject) -> StatusResult:
    """A ReplicaSet."""
    spec, status = part(obj, "spec"), part(obj, "status")
    if is_condition(obj, "ReplicaFailure", "True"):
        return in_progress("ReplicaFailure", text_of(condition(obj, "ReplicaFailure")))
    wanted, there = count(spec, "replicas", 1), count(status, "replicas")
    for field, reason, word in (
        ("fullyLabeledReplicas", "LessLabelled", "labelled"),
        ("availableReplicas", "LessAvailable", "available"),
        ("readyReplicas", "LessReady", "ready"),
    ):
        if wanted > count(status, field):
            return in_progress(reason, f"{count(status, field)} of {wanted} replicas {word}")
    if there > wanted:
        return in_progress("ExtraPods", f"{there - wanted} replicas are pending termination")
    return current(f"{wanted} of {wanted} replicas available")


def daemon_set(obj: KubernetesObject) -> StatusResult:
    """A DaemonSet; one that updates on deletion is not asked how many pods are updated."""
    metadata, spec, status = part(obj, "metadata"), part(obj, "spec"), part(obj, "status")
    if metadata.get("generation") is None or status.get("observedGeneration") is None:
        return in_progress("NoObservedGeneration", "was not looked at yet")
    wanted = count(status, "desiredNumberScheduled", -1)
    if wanted < 0:
        return in_progress("NoDesiredNumber", "has not counted its nodes yet")
    on_delete = part(spec, "updateStrategy").get("type") == "OnDelete"
    for field, word in (
        ("currentNumberScheduled", "scheduled"),
        ("updatedNumberScheduled", "updated"),
        ("numberAvailable", "available"),
        ("numberReady", "ready"),
    ):
        if field == "updatedNumberScheduled" and on_delete:
            continue
        if wanted > count(status, field):
            return in_progress(f"Less{word.capitalize()}", f"{count(status, field)} of {wanted} pods {word}")
    return current(f"{wanted} of {wanted} pods ready")


def job(obj: KubernetesObject) -> StatusResult:
    """A Job: started counts as current (`job_completion` waits for the end)."""
    ended = _job_end(obj)
    if ended is not None:
        return ended
    if part(obj, "spec").get("suspend") and is_condition(obj, "Suspended", "True"):
        return current("is suspended")
    if not part(obj, "status").get("startTime"):
        return in_progress("JobNotStarted", "has not started")
    return current(_job_counts(obj))


def job_completion(obj: KubernetesObject) -> StatusResult:
    """A Job that is waited for: complete or failed, everything else is on its way."""
    return _job_end(obj) or in_progress("JobInProgress", _job_counts(obj))


def persistent_volume_claim(obj: KubernetesObject) -> StatusResult:
    """A PersistentVolumeClaim."""
    phase = part(obj, "status").get("phase")
    return current("is bound") if phase == "Bound" else in_progress("NotBound", f"is {phase or 'not bound'}")


def service(obj: KubernetesObject) -> StatusResult:
    """A Service; the address of a load balancer is not waited for."""
    spec = part(obj, "spec")
    if spec.get("type") == "LoadBalancer" and not spec.get("clusterIP"):
        return in_progress("NoIPAssigned", "has no cluster IP")
    return current("is ready")


def custom_resource_definition(obj: KubernetesObject) -> StatusResult:
    """A CustomResourceDefinition."""
    names, established = condition(obj, "NamesAccepted"), condition(obj, "Established")
    if names is not None and names.get("status") == "False":
        return failed(str(names.get("reason") or "NamesNotAccepted"), text_of(names))
    if established is not None and established.get("status") == "True":
        return current("is established")
    if established is not None and established.get("status") == "False" and established.get("reason") != "Installing":
        return failed(str(established.get("reason") or "NotEstablished"), text_of(established))
    return in_progress("Installing", "is not established")


def _job_end(obj: KubernetesObject) -> StatusResult | None:
    if is_condition(obj, "Complete", "True"):
        return current("is complete")
    if is_condition(obj, "Failed", "True"):
        end = condition(obj, "Failed")
        return failed(str((end or {}).get("reason") or "JobFailed"), text_of(end, "has failed"))
    return None


def _job_counts(obj: KubernetesObject) -> str:
    status = part(obj, "status")
    counts = [f"{status[key]} {key}" for key in ("active", "succeeded", "failed") if status.get(key)]
    return f"pods: {', '.join(counts)}" if counts else "has no pods yet"


def _refused(obj: KubernetesObject) -> str:
    """Why no pod may be created (quota, pod security, a webhook), where the Deployment says so."""
    refusal = condition(obj, "ReplicaFailure")
    return text_of(refusal) if refusal is not None and refusal.get("status") == "True" else ""


RULES: Mapping[tuple[str, str], Rule] = {
    ("", "ConfigMap"): always_current,
    ("", "Secret"): always_current,
    ("batch", "CronJob"): always_current,
    ("apps", "Deployment"): deployment,
    ("extensions", "Deployment"): deployment,
    ("apps", "StatefulSet"): stateful_set,
    ("apps", "ReplicaSet"): replica_set,
    ("extensions", "ReplicaSet"): replica_set,
    ("apps", "DaemonSet"): daemon_set,
    ("extensions", "DaemonSet"): daemon_set,
    ("batch", "Job"): job,
    ("", "PersistentVolumeClaim"): persistent_volume_claim,
    ("policy", "PodDisruptionBudget"): always_current,
    ("", "Service"): service,
    ("apiextensions.k8s.io", "CustomResourceDefinition"): custom_resource_definition,
}
