"""What goes wrong on the way, and what follows: health that does not come, retries and their end, hooks, illness.

Failures are real: pods ask for a node that does not exist, Jobs have a second for it.
"""

import json

import pytest
from integration.operating import (
    Bench,
    Object,
    PushedChart,
    ReleaseHandle,
    conditions,
    config_map,
    deployment,
    hook_job,
    objects,
)

# --- failures -------------------------------------------------------------------------------------------------------


def test_an_upgrade_that_never_gets_healthy_is_told_and_cured(
    bench: Bench, release: ReleaseHandle, anything: PushedChart
) -> None:
    chart = anything.by_digest()
    release.apply(chart, values=objects(deployment("app")), upgrade={"timeout": "2s"})
    release.wait_ready(1)
    release.apply(chart, values=objects(deployment("app", healthy=False)), upgrade={"timeout": "2s"})
    ready = release.wait_condition("Ready", "False", "HealthCheckFailed")
    assert f"Deployment {release.namespace}/app" in ready["message"]
    assert "not ready within 2s" in ready["message"]
    status = release.status()
    found = {name: (each["status"], each["reason"]) for name, each in conditions(status).items()}
    assert found["Released"] == ("False", "UpgradeFailed")
    assert found["Reconciling"] == ("True", "ProgressingWithRetry")
    assert _history(bench, release) == [(1, "deployed"), (2, "failed")]
    assert status["failures"] >= 1
    assert status["nextAttempt"]
    release.apply(chart, values=objects(deployment("app"), config_map("more")), upgrade={"timeout": "60s"})
    status = release.wait_ready(3)
    assert status.get("failures", 0) == 0
    assert _history(bench, release) == [(1, "superseded"), (2, "failed"), (3, "deployed")]


def test_a_failed_install_is_resumed_in_its_revision(
    bench: Bench, release: ReleaseHandle, anything: PushedChart
) -> None:
    app = deployment("app")
    app["spec"]["template"]["spec"]["nodeSelector"] = {"made-for": release.namespace}
    chart, values = anything.by_digest(), objects(app)
    release.apply(chart, values=values, install={"timeout": "1s"})
    release.wait_condition("Ready", "False", "HealthCheckFailed")
    assert _history(bench, release) == [(1, "failed")]
    release.apply(chart, values=values, install={"timeout": "60s"})
    release.wait_condition("Ready", "Unknown", "Progressing")
    bench.kubectl("label", "nodes", "--all", f"made-for={release.namespace}")
    release.wait_ready(1)
    assert _history(bench, release) == [(1, "deployed")]


def test_a_change_of_the_spec_ends_a_wait_at_once(bench: Bench, release: ReleaseHandle, anything: PushedChart) -> None:
    chart = anything.by_digest()
    release.apply(chart, values=objects(config_map("a"), deployment("app", healthy=False)), timeout="10m")
    waiting = f"Deployment {release.namespace}/app"
    release.wait("it waits", lambda obj: waiting in conditions(obj["status"])["Ready"]["message"])
    release.apply(chart, values=objects(config_map("b")), timeout="10m")
    status = release.wait_ready(2, patience=30)
    assert status["inventory"]["total"] == 1
    assert bench.read(f"/apis/apps/v1/namespaces/{release.namespace}/deployments/app") is None
    assert bench.read(f"/api/v1/namespaces/{release.namespace}/configmaps/a") is None
    assert _history(bench, release) == [(1, "failed"), (2, "deployed")]


def test_stop_waits_for_a_change_of_the_spec(bench: Bench, release: ReleaseHandle, anything: PushedChart) -> None:
    chart = anything.by_digest()
    release.apply(chart, values=objects(config_map("a")))
    release.wait_ready(1)
    stop = {"timeout": "1s", "onFailure": "Stop"}
    release.apply(chart, values=objects(deployment("app", healthy=False)), upgrade=stop)
    release.wait_condition("Stalled", "True", "HealthCheckFailed")
    status = release.status()
    assert "nextAttempt" not in status
    assert "Reconciling" not in conditions(status)
    assert status["observedGeneration"] == 2
    release.apply(chart, values=objects(config_map("a"), config_map("b")), upgrade=stop)
    status = release.wait_ready(3)
    assert "Stalled" not in conditions(status)


def test_fail_fast_ends_the_wait_at_the_first_failed_object(release: ReleaseHandle, anything: PushedChart) -> None:
    values = objects(deployment("failing", healthy=False, deadline=1), deployment("waiting", healthy=False))
    release.apply(anything.by_digest(), values=values, timeout="10m", failFast=True)
    ready = release.wait_condition("Ready", "False", "HealthCheckFailed", patience=30)
    assert ready["message"].startswith(f"Deployment {release.namespace}/failing: ")
    assert "not ready within" not in ready["message"]


def test_without_fail_fast_every_object_is_waited_for(release: ReleaseHandle, anything: PushedChart) -> None:
    values = objects(deployment("failing", healthy=False, deadline=1), deployment("waiting", healthy=False))
    release.apply(anything.by_digest(), values=values, timeout="4s")
    ready = release.wait_condition("Ready", "False", "HealthCheckFailed")
    assert ready["message"].startswith(f"not ready within 4s: Deployment {release.namespace}/failing: ")
    assert f"Deployment {release.namespace}/waiting: " in ready["message"]


def test_disable_wait_is_ready_at_once(bench: Bench, release: ReleaseHandle, anything: PushedChart) -> None:
    values = objects(deployment("app", healthy=False))
    release.apply(anything.by_digest(), values=values, install={"disableWait": True}, timeout="10m")
    status = release.wait_ready(1)
    assert conditions(status)["Released"]["status"] == "True"
    assert (status["inventory"]["total"], status["inventory"]["ready"]) == (1, 0)
    (culprit,) = status["inventory"]["notReady"]
    assert culprit["id"] == f"Deployment {release.namespace}/app"
    assert _history(bench, release) == [(1, "deployed")]


def test_jobs_are_waited_for_unless_told_otherwise(bench: Bench, release: ReleaseHandle, anything: PushedChart) -> None:
    job = hook_job("work", "no hook", succeeds=False)
    del job["metadata"]["annotations"], job["spec"]["activeDeadlineSeconds"]
    release.apply(anything.by_digest(), values=objects(job), timeout="1s")
    ready = release.wait_condition("Ready", "False", "HealthCheckFailed")
    assert f"Job {release.namespace}/work" in ready["message"]
    release.apply(anything.by_digest(), values=objects(job), timeout="1s", install={"disableWaitForJobs": True})
    release.wait_ready(1)
    assert _history(bench, release) == [(1, "deployed")]


@pytest.mark.slow  # an illness is told when it lasted half a minute
def test_a_release_that_falls_ill_says_so_and_recovers(
    bench: Bench, release: ReleaseHandle, anything: PushedChart
) -> None:
    release.apply(anything.by_digest(), values=objects(deployment("app")))
    release.wait_ready(1)
    _patch_pod(bench, release, {"nodeSelector": {"there-is": "no-such-node"}})
    ready = release.wait_condition("Ready", "False", "HealthCheckFailed")
    assert f"Deployment {release.namespace}/app" in ready["message"]
    assert release.wait_condition("Healthy", "False")["reason"] == "HealthCheckFailed"
    assert release.status()["release"]["revision"] == 1, "nothing is wrong with the revision"
    _patch_pod(bench, release, {"nodeSelector": None})
    status = release.wait_ready(1)
    assert conditions(status)["Healthy"]["status"] == "True"


def test_reset_at_forgets_failures_and_tries_now(bench: Bench, release: ReleaseHandle, anything: PushedChart) -> None:
    install = {"timeout": "1s", "retryInterval": "1h"}
    release.apply(anything.by_digest(), values=objects(deployment("app", healthy=False)), install=install)
    release.wait_condition("Ready", "False", "HealthCheckFailed")
    before = release.status()
    assert before["failures"] == 1
    release.annotate(reset_at="first")
    status = release.wait(
        "failed anew", lambda obj: obj["status"].get("nextAttempt", before["nextAttempt"]) != before["nextAttempt"]
    )
    assert status["lastHandled"]["resetAt"] == "first"
    assert status["failures"] == 1
    assert status["release"]["revision"] == 1, "the same input resumes its revision"


# --- hooks ----------------------------------------------------------------------------------------------------------


def test_a_failed_hook_is_named_and_nothing_after_it_happens(
    bench: Bench, release: ReleaseHandle, anything: PushedChart
) -> None:
    chart = anything.by_digest()
    first = hook_job("first", "pre-install", policy="before-hook-creation,hook-succeeded")
    bad = hook_job("second", "pre-install", succeeds=False)
    release.apply(chart, values=objects(first, bad, config_map("after")))
    ready = release.wait_condition("Ready", "False", "HookFailed")
    assert f"pre-install hook Job {release.namespace}/second failed" in ready["message"]
    assert bench.read(f"/api/v1/namespaces/{release.namespace}/configmaps/after") is None
    jobs = f"/apis/batch/v1/namespaces/{release.namespace}/jobs/"
    assert bench.read(f"{jobs}second") is not None, "a failed hook stays, for people to see why"
    bench.until("the hook before it is cleaned up", lambda: bench.read(f"{jobs}first") is None)
    assert _history(bench, release) == [(1, "failed")]
    good = hook_job("second", "pre-install")
    release.apply(chart, values=objects(first, good, config_map("after")))
    release.wait_ready(2)
    assert bench.read(f"/api/v1/namespaces/{release.namespace}/configmaps/after") is not None


def test_a_failed_hook_goes_where_its_policy_says_so(
    bench: Bench, release: ReleaseHandle, anything: PushedChart
) -> None:
    bad = hook_job("bad", "post-install", succeeds=False, policy="hook-failed")
    release.apply(anything.by_digest(), values=objects(bad, config_map("before")))
    ready = release.wait_condition("Ready", "False", "HookFailed")
    assert f"post-install hook Job {release.namespace}/bad failed" in ready["message"]
    assert bench.read(f"/api/v1/namespaces/{release.namespace}/configmaps/before") is not None
    path = f"/apis/batch/v1/namespaces/{release.namespace}/jobs/bad"
    bench.until("the failed hook is deleted", lambda: bench.read(path) is None)


def test_disabled_hooks_are_recorded_and_not_run(bench: Bench, release: ReleaseHandle, anything: PushedChart) -> None:
    values = objects(hook_job("never", "pre-install", succeeds=False), config_map("a"))
    release.apply(anything.by_digest(), values=values, install={"disableHooks": True})
    release.wait_ready(1)
    assert bench.read(f"/apis/batch/v1/namespaces/{release.namespace}/jobs/never") is None
    told = bench.helm.json("status", "probe", "-n", release.namespace)
    assert [each["name"] for each in told["hooks"]] == ["never"]


def test_hooks_run_by_weight_around_the_objects(bench: Bench, release: ReleaseHandle, anything: PushedChart) -> None:
    heavy, light = hook_job("a-heavy", "pre-install"), hook_job("z-light", "pre-install")
    heavy["metadata"]["annotations"]["helm.sh/hook-weight"] = "5"
    light["metadata"]["annotations"]["helm.sh/hook-weight"] = "-5"
    last = hook_job("last", "post-install")
    release.apply(anything.by_digest(), values=objects(last, heavy, light, config_map("a")))
    release.wait_ready(1)
    told = bench.helm.json("status", "probe", "-n", release.namespace)
    runs = {each["name"]: each["last_run"] for each in told["hooks"]}
    assert {run["phase"] for run in runs.values()} == {"Succeeded"}
    order = sorted(runs, key=lambda name: runs[name]["started_at"])
    assert order == ["z-light", "a-heavy", "last"]
    made = bench.read(f"/api/v1/namespaces/{release.namespace}/configmaps/a")
    assert made is not None


# --- helpers --------------------------------------------------------------------------------------------------------


def _patch_pod(bench: Bench, release: ReleaseHandle, spec: Object) -> None:
    """Change the pods of Deployment app by hand."""
    change = json.dumps({"spec": {"template": {"spec": spec}}})
    bench.kubectl("patch", "deployment", "app", "-n", release.namespace, "-p", change)


def _history(bench: Bench, release: ReleaseHandle) -> list[tuple[int, str]]:
    found = bench.helm.json("history", release.name, "-n", release.namespace)
    return [(each["revision"], each["status"]) for each in found]
