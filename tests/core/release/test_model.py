"""Whose record it is, and small changes to it."""

from datetime import UTC, datetime

import pytest

from steersman.core.manifest.model import Hook
from steersman.core.release.model import (
    HookPhase,
    HookRun,
    Release,
    ReleaseChart,
    ReleaseHook,
    ReleaseStatus,
    record_labels,
)

NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)
HOOK = Hook("p", "kind: Job\n", "Job", "h", ("pre-install",), 3, ("hook-failed",), (), {"kind": "Job"})


def release(revision: int = 3, labels: dict[str, str] | None = None) -> Release:
    chart = ReleaseChart({"name": "web", "version": "1.2.3"})
    hooks = (ReleaseHook.of(HOOK), ReleaseHook.of(HOOK))
    return Release("web", "shop", revision, ReleaseStatus.DEPLOYED, chart, hooks=hooks, labels=labels or {})


@pytest.mark.parametrize(
    ("revision", "labels", "ours", "of_u1"),
    [
        pytest.param(3, {}, False, False, id="Helm's"),
        pytest.param(3, record_labels("u-1", 3), True, True, id="written by this one"),
        pytest.param(3, record_labels("u-2", 3), True, False, id="written by another"),
        pytest.param(4, record_labels("u-1", 3), False, False, id="Helm's, with the labels of ours before it"),
    ],
)
def test_whose_record_it_is(revision: int, labels: dict[str, str], ours: bool, of_u1: bool) -> None:
    record = release(revision, labels)
    assert (record.is_ours, record.written_by("u-1")) == (ours, of_u1)


def test_names() -> None:
    record = release()
    assert (record.record_name, record.storage_namespace) == ("sh.helm.release.v1.web.v3", "shop")
    assert (record.chart.label, record.chart.app_version) == ("web-1.2.3", "")


def test_a_rendered_hook_has_not_run() -> None:
    hook = ReleaseHook.of(HOOK)
    assert (hook.manifest, hook.weight, hook.last_run) == ("kind: Job\n", 3, HookRun())


def test_a_run_of_one_hook_leaves_the_others() -> None:
    run = HookRun(HookPhase.RUNNING, NOON)
    changed = release().with_hook_run(1, run)
    assert [hook.last_run for hook in changed.hooks] == [HookRun(), run]


@pytest.mark.parametrize("status", ReleaseStatus)
def test_which_states_are_pending(status: ReleaseStatus) -> None:
    assert status.is_pending == status.startswith("pending-")
