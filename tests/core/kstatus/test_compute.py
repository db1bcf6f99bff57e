"""kstatus: YAML in, status out. The rows of `ROWS` were also given to cli-utils' own `status.Compute`, with equal
statuses; `OURS` are those where this package says more."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from steersman.core import yaml
from steersman.core.kstatus.compute import Status, compute
from steersman.core.manifest.identity import KubernetesObject

NOW = datetime(2026, 1, 1, 12, 0, 0, tzinfo=UTC)

HEADS = {
    "ConfigMap": "v1",
    "Secret": "v1",
    "Pod": "v1",
    "Service": "v1",
    "PersistentVolumeClaim": "v1",
    "Deployment": "apps/v1",
    "StatefulSet": "apps/v1",
    "ReplicaSet": "apps/v1",
    "DaemonSet": "apps/v1",
    "Job": "batch/v1",
    "CronJob": "batch/v1",
    "PodDisruptionBudget": "policy/v1",
    "CustomResourceDefinition": "apiextensions.k8s.io/v1",
    "Widget": "example.com/v1",
}


def build(kind: str, text: str) -> KubernetesObject:
    obj = yaml.load_exact(text) or {}
    metadata = {"name": "web", "namespace": "demo"} | obj.pop("metadata", {})
    return {"apiVersion": HEADS[kind], "kind": kind, "metadata": metadata} | obj


GENERIC = [
    ("Widget", "", "Current", "is current"),
    ("Widget", "metadata: {deletionTimestamp: '2026-01-01T00:00:00Z'}", "Terminating", "is being deleted"),
    (
        "Widget",
        "metadata: {deletionTimestamp: '2026-01-01T00:00:00Z', finalizers: [a.b/c, d]}",
        "Terminating",
        "is being deleted; finalizers left: a.b/c, d",
    ),
    (
        "Widget",
        "{metadata: {generation: 2}, status: {observedGeneration: 1}}",
        "InProgress",
        "generation 2 was not looked at yet",
    ),
    ("Widget", "{metadata: {generation: 2}, status: {}}", "Current", "is current"),
    ("Widget", "{metadata: {generation: 2}, status: {observedGeneration: 2}}", "Current", "is current"),
    (
        "Widget",
        "status: {conditions: [{type: Reconciling, status: 'True', reason: Busy, message: working}]}",
        "InProgress",
        "working",
    ),
    (
        "Widget",
        "status: {conditions: [{type: Stalled, status: 'True', reason: NoHope, message: gave up}]}",
        "Failed",
        "gave up",
    ),
    (
        "Widget",
        "status: {conditions: [{type: Reconciling, status: 'True', message: a}, {type: Stalled, status: 'True'}]}",
        "InProgress",
        "a",
    ),
    ("Widget", "status: {conditions: [{type: Stalled, status: 'False'}]}", "Current", "is current"),
    ("Widget", "status: {conditions: [{type: Ready, status: 'True'}]}", "Current", "is current"),
    (
        "Widget",
        "status: {conditions: [{type: Ready, status: 'False', reason: Broken, message: no disk}]}",
        "InProgress",
        "no disk",
    ),
    ("Widget", "status: {conditions: [{type: Ready, status: Unknown, reason: Waiting}]}", "InProgress", "Waiting"),
    (
        "Deployment",
        "status: {conditions: [{type: Stalled, status: 'True', message: stuck}]}",
        "Failed",
        "stuck",
    ),
]

SIMPLE = [
    ("ConfigMap", "", "Current", "exists"),
    ("Secret", "", "Current", "exists"),
    ("CronJob", "", "Current", "exists"),
    ("PodDisruptionBudget", "", "Current", "exists"),
    ("PersistentVolumeClaim", "", "InProgress", "is not bound"),
    ("PersistentVolumeClaim", "status: {phase: Pending}", "InProgress", "is Pending"),
    ("PersistentVolumeClaim", "status: {phase: Bound}", "Current", "is bound"),
    ("Service", "spec: {type: ClusterIP}", "Current", "is ready"),
    ("Service", "spec: {type: LoadBalancer}", "InProgress", "has no cluster IP"),
    ("Service", "spec: {type: LoadBalancer, clusterIP: 10.0.0.1}", "Current", "is ready"),
    ("CustomResourceDefinition", "", "InProgress", "is not established"),
    (
        "CustomResourceDefinition",
        "status: {conditions: [{type: NamesAccepted, status: 'False', reason: ListKindConflict, message: taken}]}",
        "Failed",
        "taken",
    ),
    (
        "CustomResourceDefinition",
        "status: {conditions: [{type: Established, status: 'False', reason: Installing}]}",
        "InProgress",
        "is not established",
    ),
    (
        "CustomResourceDefinition",
        "status: {conditions: [{type: Established, status: 'False', reason: NotAccepted, message: names}]}",
        "Failed",
        "names",
    ),
    (
        "CustomResourceDefinition",
        "status: {conditions: [{type: NamesAccepted, status: 'True'}, {type: Established, status: 'True'}]}",
        "Current",
        "is established",
    ),
]

ROLLED_OUT = (
    "conditions: [{type: Progressing, status: 'True', reason: NewReplicaSetAvailable},"
    " {type: Available, status: 'True'}]"
)
ALL_THREE = "replicas: 3, updatedReplicas: 3, availableReplicas: 3, readyReplicas: 3"
DEPLOYMENTS = [
    ("", "InProgress", "0 of 1 replicas created"),
    ("{spec: {replicas: 3}, status: {replicas: 2}}", "InProgress", "2 of 3 replicas created"),
    (
        "status: {conditions: [{type: ReplicaFailure, status: 'True', reason: FailedCreate, message: exceeded quota}]}",
        "InProgress",
        "exceeded quota",
    ),
    ("{spec: {replicas: 3}, status: {replicas: 3, updatedReplicas: 1}}", "InProgress", "1 of 3 replicas updated"),
    (
        "{spec: {replicas: 3}, status: {replicas: 5, updatedReplicas: 3}}",
        "InProgress",
        "2 old replicas are pending termination",
    ),
    (
        "{spec: {replicas: 3}, status: {replicas: 3, updatedReplicas: 3, availableReplicas: 1}}",
        "InProgress",
        "1 of 3 updated replicas available",
    ),
    (
        "{spec: {replicas: 3}, status: {replicas: 3, updatedReplicas: 3, availableReplicas: 3, readyReplicas: 2}}",
        "InProgress",
        "2 of 3 replicas ready",
    ),
    (
        f"{{spec: {{replicas: 3, progressDeadlineSeconds: 600}}, status: {{{ALL_THREE}}}}}",
        "InProgress",
        "the new ReplicaSet is not available",
    ),
    (f"{{spec: {{replicas: 3}}, status: {{{ALL_THREE}}}}}", "InProgress", "is not available"),
    (
        f"{{spec: {{replicas: 3, progressDeadlineSeconds: 2147483647}}, status: {{{ALL_THREE}}}}}",
        "InProgress",
        "is not available",
    ),
    (
        f"{{spec: {{replicas: 3, progressDeadlineSeconds: 600}}, status: {{{ALL_THREE}, {ROLLED_OUT}}}}}",
        "Current",
        "3 of 3 replicas available",
    ),
    (f"{{spec: {{replicas: 0}}, status: {{{ROLLED_OUT}}}}}", "Current", "0 of 0 replicas available"),
    (
        "status: {conditions: [{type: Progressing, status: 'False', reason: ProgressDeadlineExceeded, message: late}]}",
        "Failed",
        "late",
    ),
]

STATEFUL_SETS = [
    ("", "InProgress", "0 of 1 replicas created"),
    ("spec: {updateStrategy: {type: OnDelete}}", "Current", "updates on deletion"),
    ("{spec: {replicas: 3}, status: {replicas: 3, readyReplicas: 1}}", "InProgress", "1 of 3 replicas ready"),
    (
        "{spec: {replicas: 1}, status: {replicas: 3, readyReplicas: 3}}",
        "InProgress",
        "2 replicas are pending termination",
    ),
    (
        "{spec: {replicas: 3, updateStrategy: {rollingUpdate: {partition: 0}}},"
        " status: {replicas: 3, readyReplicas: 3, updatedReplicas: 1}}",
        "InProgress",
        "1 of 3 replicas updated",
    ),
    (
        "{spec: {replicas: 3, updateStrategy: {rollingUpdate: {partition: 0}}},"
        " status: {replicas: 3, readyReplicas: 3, updatedReplicas: 3}}",
        "Current",
        "3 of 3 replicas ready",
    ),
    (
        "{spec: {replicas: 3, updateStrategy: {rollingUpdate: {partition: 2}}},"
        " status: {replicas: 3, readyReplicas: 3, updatedReplicas: 1}}",
        "Current",
        "3 of 3 replicas ready",
    ),
    (
        "{spec: {replicas: 2}, status: {replicas: 2, readyReplicas: 2, currentReplicas: 1}}",
        "InProgress",
        "1 of 2 replicas current",
    ),
    (
        "{spec: {replicas: 2}, status: {replicas: 2, readyReplicas: 2, currentReplicas: 2,"
        " currentRevision: a, updateRevision: b}}",
        "InProgress",
        "the update is still rolling out",
    ),
    (
        "{spec: {replicas: 2}, status: {replicas: 2, readyReplicas: 2, currentReplicas: 2,"
        " currentRevision: a, updateRevision: a}}",
        "Current",
        "2 of 2 replicas ready",
    ),
]

REPLICA_SETS = [
    ("", "InProgress", "0 of 1 replicas labelled"),
    (
        "status: {conditions: [{type: ReplicaFailure, status: 'True', reason: FailedCreate, message: no quota}]}",
        "InProgress",
        "no quota",
    ),
    ("{spec: {replicas: 2}, status: {fullyLabeledReplicas: 2}}", "InProgress", "0 of 2 replicas available"),
    (
        "{spec: {replicas: 2}, status: {fullyLabeledReplicas: 2, availableReplicas: 2, readyReplicas: 1}}",
        "InProgress",
        "1 of 2 replicas ready",
    ),
    (
        "{spec: {replicas: 1}, status: {replicas: 2, fullyLabeledReplicas: 2, availableReplicas: 2, readyReplicas: 2}}",
        "InProgress",
        "1 replicas are pending termination",
    ),
    (
        "{spec: {replicas: 2}, status: {replicas: 2, fullyLabeledReplicas: 2, availableReplicas: 2, readyReplicas: 2}}",
        "Current",
        "2 of 2 replicas available",
    ),
]

OBSERVED = "metadata: {generation: 1}, status: {observedGeneration: 1"
DAEMON_SETS = [
    ("", "InProgress", "was not looked at yet"),
    ("metadata: {generation: 1}", "InProgress", "was not looked at yet"),
    (f"{{{OBSERVED}}}}}", "InProgress", "has not counted its nodes yet"),
    (f"{{{OBSERVED}, desiredNumberScheduled: 2, currentNumberScheduled: 1}}}}", "InProgress", "1 of 2 pods scheduled"),
    (f"{{{OBSERVED}, desiredNumberScheduled: 2, currentNumberScheduled: 2}}}}", "InProgress", "0 of 2 pods updated"),
    (
        f"{{{OBSERVED}, desiredNumberScheduled: 2, currentNumberScheduled: 2, updatedNumberScheduled: 2}}}}",
        "InProgress",
        "0 of 2 pods available",
    ),
    (
        f"{{{OBSERVED}, desiredNumberScheduled: 2, currentNumberScheduled: 2, updatedNumberScheduled: 2,"
        " numberAvailable: 2, numberReady: 1}}",
        "InProgress",
        "1 of 2 pods ready",
    ),
    (
        f"{{{OBSERVED}, desiredNumberScheduled: 2, currentNumberScheduled: 2, updatedNumberScheduled: 2,"
        " numberAvailable: 2, numberReady: 2}}",
        "Current",
        "2 of 2 pods ready",
    ),
    (f"{{{OBSERVED}, desiredNumberScheduled: 0}}}}", "Current", "0 of 0 pods ready"),
]

PODS = [
    ("", "InProgress", "has no phase yet"),
    ("status: {phase: Succeeded}", "Current", "has succeeded"),
    ("status: {phase: Failed, message: evicted}", "Current", "has failed: evicted"),
    ("status: {phase: Failed}", "Current", "has failed: a container failed"),
    ("status: {phase: Running, conditions: [{type: Ready, status: 'True'}]}", "Current", "is ready"),
    ("status: {phase: Running}", "InProgress", "is running but not ready"),
    (
        "status: {phase: Running, containerStatuses: [{name: app, state: {running: {}}},"
        " {name: side, state: {waiting: {reason: CrashLoopBackOff, message: back-off}}}]}",
        "Failed",
        "container side keeps crashing",
    ),
    (
        "status: {phase: Running, containerStatuses: [{name: app, state: {waiting: {reason: ContainerCreating}}}]}",
        "InProgress",
        "container app: ContainerCreating",
    ),
    ("status: {phase: Pending}", "InProgress", "is pending"),
    (
        "status: {phase: Pending, containerStatuses:"
        " [{name: app, state: {waiting: {reason: ImagePullBackOff, message: not found}}}]}",
        "InProgress",
        "container app: ImagePullBackOff: not found",
    ),
    (
        "{metadata: {creationTimestamp: '2026-01-01T11:59:50Z'}, status: {phase: Pending, conditions:"
        " [{type: PodScheduled, status: 'False', reason: Unschedulable, message: 0/1 nodes are available}]}}",
        "InProgress",
        "0/1 nodes are available",
    ),
    (
        "{metadata: {creationTimestamp: '2026-01-01T11:59:40Z'}, status: {phase: Pending, conditions:"
        " [{type: PodScheduled, status: 'False', reason: Unschedulable, message: 0/1 nodes are available}]}}",
        "Failed",
        "0/1 nodes are available",
    ),
    (
        "{metadata: {creationTimestamp: '2026-01-01T11:00:00Z'}, status: {phase: Pending, conditions:"
        " [{type: PodScheduled, status: 'False', reason: SchedulingGated}]}}",
        "InProgress",
        "SchedulingGated",
    ),
]

JOBS = [
    ("", "InProgress", "has not started"),
    ("status: {startTime: '2026-01-01T00:00:00Z', active: 1}", "Current", "pods: 1 active"),
    ("status: {conditions: [{type: Complete, status: 'True'}]}", "Current", "is complete"),
    (
        "status: {conditions: [{type: Failed, status: 'True', reason: BackoffLimitExceeded, message: too often}]}",
        "Failed",
        "too often",
    ),
]

ROWS = [
    *GENERIC,
    *SIMPLE,
    *(("Deployment", *row) for row in DEPLOYMENTS),
    *(("StatefulSet", *row) for row in STATEFUL_SETS),
    *(("ReplicaSet", *row) for row in REPLICA_SETS),
    *(("DaemonSet", *row) for row in DAEMON_SETS),
    *(("Pod", *row) for row in PODS),
    *(("Job", *row) for row in JOBS),
]


@pytest.mark.parametrize(
    ("kind", "text", "status", "message"), ROWS, ids=[f"{row[0]}-{row[2]}-{row[3]}" for row in ROWS]
)
def test_status(kind: str, text: str, status: str, message: str) -> None:
    result = compute(build(kind, text), now=NOW)
    assert (result.status.value, result.message) == (status, message)
    assert result.reason


OURS = [
    # cli-utils has no rule for suspended Jobs, waits for the update of OnDelete DaemonSets, and takes a phase it does
    # not know for an error.
    ("Job", "{spec: {suspend: true}, status: {conditions: [{type: Suspended, status: 'True'}]}}", "Current"),
    (
        "DaemonSet",
        f"{{spec: {{updateStrategy: {{type: OnDelete}}}}, {OBSERVED}, desiredNumberScheduled: 1,"
        " currentNumberScheduled: 1, numberAvailable: 1, numberReady: 1}}",
        "Current",
    ),
    ("Pod", "status: {phase: Gone}", "Unknown"),
]


@pytest.mark.parametrize(("kind", "text", "status"), OURS)
def test_where_we_know_more_than_cli_utils(kind: str, text: str, status: str) -> None:
    assert compute(build(kind, text), now=NOW).status.value == status


@pytest.mark.parametrize(
    ("text", "status", "message"),
    [
        ("", "InProgress", "has no pods yet"),
        ("{spec: {suspend: true}}", "InProgress", "has no pods yet"),
        (
            "status: {startTime: '2026-01-01T00:00:00Z', active: 1, failed: 2}",
            "InProgress",
            "pods: 1 active, 2 failed",
        ),
        ("status: {conditions: [{type: Complete, status: 'True'}]}", "Current", "is complete"),
        ("status: {conditions: [{type: Failed, status: 'True', reason: DeadlineExceeded}]}", "Failed",
         "DeadlineExceeded"),
    ],
)  # fmt: skip
def test_a_job_that_is_waited_for(text: str, status: str, message: str) -> None:
    result = compute(build("Job", text), wait_for_jobs=True)
    assert (result.status.value, result.message) == (status, message)


def test_an_unschedulable_pod_without_a_clock() -> None:
    text = (
        "{metadata: {creationTimestamp: '2020-01-01T00:00:00Z'}, status: {phase: Pending, conditions:"
        " [{type: PodScheduled, status: 'False', reason: Unschedulable}]}}"
    )
    assert compute(build("Pod", text)).status is Status.IN_PROGRESS
    assert compute(build("Pod", text), now=NOW + timedelta(days=1)).status is Status.FAILED


def test_the_version_does_not_matter() -> None:
    obj = build("Deployment", "") | {"apiVersion": "apps/v9"}
    assert compute(obj).status is Status.IN_PROGRESS
    assert compute(obj | {"apiVersion": "extensions/v1beta1"}).status is Status.IN_PROGRESS
    assert compute(obj | {"apiVersion": "example.com/v1"}).status is Status.CURRENT


@pytest.mark.parametrize("kind", sorted(HEADS))
@pytest.mark.parametrize("status", ["text", [], None, {"conditions": "text"}, {"conditions": [None, "x"], "phase": 3}])
def test_objects_that_make_no_sense_do_not_break_it(kind: str, status: object) -> None:
    obj = build(kind, "") | {"status": status, "spec": {"replicas": "many", "updateStrategy": None}}
    assert compute(obj, now=NOW).status in Status
