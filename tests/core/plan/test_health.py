"""`core.plan.health`: what the health of a release's objects amounts to."""

from typing import Any

import pytest
from core.plan.builders import config_map, deployment_ref, health

from steersman.core.kstatus.compute import Status
from steersman.core.manifest.identity import KubernetesObject, ObjectId, ObjectRef, ref_of
from steersman.core.plan.health import all_current, culprits, describe, is_settled, judge

CURRENT, FAILED, GOING = Status.CURRENT, Status.FAILED, Status.IN_PROGRESS
READY = {"type": "Available", "status": "True"}
ROLLED_OUT = {"type": "Progressing", "status": "True", "reason": "NewReplicaSetAvailable"}
STUCK = {"type": "Progressing", "status": "False", "reason": "ProgressDeadlineExceeded"}
COUNTS = {"replicas": 1, "updatedReplicas": 1, "readyReplicas": 1, "availableReplicas": 1}


def deployment(*conditions: dict[str, str], paused: bool = False) -> KubernetesObject:
    status = {"observedGeneration": 1, "conditions": list(conditions), **(COUNTS if READY in conditions else {})}
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": "web", "namespace": "demo", "generation": 1},
        "spec": {"replicas": 1, "progressDeadlineSeconds": 600, **({"paused": True} if paused else {})},
        "status": status,
    }


def job(*conditions: str) -> KubernetesObject:
    return {
        "apiVersion": "batch/v1",
        "kind": "Job",
        "metadata": {"name": "seed", "namespace": "demo"},
        "status": {
            "startTime": "2026-01-01T00:00:00Z",
            "conditions": [{"type": t, "status": "True"} for t in conditions],
        },
    }


@pytest.mark.parametrize(
    ("live", "status"),
    [
        (deployment(READY, ROLLED_OUT), CURRENT),
        (deployment(), GOING),
        (deployment(STUCK), FAILED),
        (deployment(STUCK, paused=True), CURRENT),
        (None, Status.NOT_FOUND),
    ],
    ids=["rolled out", "rolling out", "stuck", "paused", "missing"],
)
def test_judge(live: KubernetesObject | None, status: Status) -> None:
    ref = deployment_ref("web")
    (verdict,) = judge([ref], {ref.id: live}, wait_for_jobs=True)
    assert (verdict.ref, verdict.status) == (ref, status)
    assert verdict.reason


@pytest.mark.parametrize(
    ("live", "waiting", "not_waiting"),
    [(job(), GOING, CURRENT), (job("Complete"), CURRENT, CURRENT), (job("Failed"), FAILED, FAILED)],
    ids=["running", "complete", "failed"],
)
def test_jobs_are_waited_for_unless_told_not_to(live: KubernetesObject, waiting: Status, not_waiting: Status) -> None:
    ref = ref_of(live)
    assert [judge([ref], {ref.id: live}, wait_for_jobs=wanted)[0].status for wanted in (True, False)] == [
        waiting,
        not_waiting,
    ]


def test_what_nobody_told_of_is_missing() -> None:
    refs = [ref_of(config_map(name)) for name in ("b", "a")]
    verdicts = judge(refs, {refs[0].id: config_map("b")}, wait_for_jobs=True)
    assert [(verdict.ref, verdict.status) for verdict in verdicts] == [
        (refs[0], CURRENT),
        (refs[1], Status.NOT_FOUND),
    ]


@pytest.mark.parametrize(
    ("states", "current", "settled"),
    [
        ({}, True, True),
        ({"a": CURRENT}, True, True),
        ({"a": CURRENT, "b": FAILED}, False, True),
        ({"a": FAILED, "b": GOING}, False, False),
        ({"a": CURRENT, "b": Status.NOT_FOUND}, False, False),
        ({"a": CURRENT, "b": Status.TERMINATING}, False, False),
        ({"a": CURRENT, "b": Status.UNKNOWN}, False, False),
    ],
    ids=["nothing", "all current", "ended", "under way", "missing", "terminating", "unknown"],
)
def test_summary(states: dict[str, Any], current: bool, settled: bool) -> None:
    seen = health(**states)
    assert (all_current(seen), is_settled(seen)) == (current, settled)


def test_culprits_worst_first_then_by_name() -> None:
    seen = health(z=GOING, y=Status.TERMINATING, x=Status.UNKNOWN, w=Status.NOT_FOUND, v=FAILED, b=FAILED, c=CURRENT)
    assert [item.ref.id.name for item in culprits(seen)] == ["b", "v", "w", "x", "y", "z"]


def test_describe_names_three_whatever_the_order() -> None:
    seen = health(e=GOING, d=GOING, c=GOING, b=FAILED, a=CURRENT)
    text = describe(seen)
    assert text == (
        "Deployment demo/b: is Failed; Deployment demo/c: is InProgress; Deployment demo/d: is InProgress; +1 more "
        "(1 of 5 objects ready)"
    )
    assert describe(tuple(reversed(seen))) == text


def test_a_job_that_was_cleaned_up_is_done() -> None:
    ref = ObjectRef(ObjectId("batch", "Job", "demo", "seed"), "v1")
    (missing,) = judge([ref], {ref.id: None}, wait_for_jobs=True)
    (vanished,) = judge([ref], {ref.id: None}, wait_for_jobs=True, may_vanish=frozenset({ref.id}))
    assert (missing.status, vanished.status) == (Status.NOT_FOUND, Status.CURRENT)
