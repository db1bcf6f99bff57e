"""How hooks end."""

from __future__ import annotations

import pytest

from steersman.core import yaml
from steersman.core.kstatus.hooks import HookVerdict, hook_verdict


@pytest.mark.parametrize(
    ("text", "verdict"),
    [
        ("{apiVersion: v1, kind: ConfigMap}", HookVerdict(True, "exists")),
        ("{apiVersion: example.com/v1, kind: Job}", HookVerdict(True, "exists")),
        ("{apiVersion: batch/v1, kind: Job}", None),
        ("{apiVersion: batch/v1, kind: Job, status: {startTime: '2026-01-01T00:00:00Z', active: 1}}", None),
        (
            "{apiVersion: batch/v1, kind: Job, status: {conditions: [{type: Complete, status: 'True'}]}}",
            HookVerdict(True, "is complete"),
        ),
        (
            "{apiVersion: batch/v1, kind: Job, status: {conditions:"
            " [{type: Failed, status: 'True', reason: BackoffLimitExceeded, message: too often}]}}",
            HookVerdict(False, "BackoffLimitExceeded: too often"),
        ),
        ("{apiVersion: v1, kind: Pod, status: {phase: Running}}", None),
        ("{apiVersion: v1, kind: Pod, status: {phase: Succeeded}}", HookVerdict(True, "has succeeded")),
        (
            "{apiVersion: v1, kind: Pod, status: {phase: Failed, reason: Evicted}}",
            HookVerdict(False, "Evicted"),
        ),
        ("{apiVersion: v1, kind: Pod, status: {phase: Failed}}", HookVerdict(False, "a container failed")),
    ],
)
def test_verdicts(text: str, verdict: HookVerdict | None) -> None:
    assert hook_verdict(yaml.load_exact(text)) == verdict
