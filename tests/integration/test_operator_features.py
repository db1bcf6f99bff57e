"""What a HelmRelease can ask for, one by one: values, sources, timing, failures, hooks, requests by annotation.

The operator is real and so is the cluster; the chart renders whatever objects its values hold, so that each test says
what it needs. Whose objects are, pruning and deletion are in test_operator_objects.py.
"""

import base64
import json
from collections.abc import Iterator

import pytest
from integration.operating import (
    ANYTHING,
    Bench,
    Object,
    PushedChart,
    ReleaseHandle,
    conditions,
    config_map,
    deployment,
    hook_job,
    objects,
    operating,
)
from testenv.instance import Instance

DATA_TEMPLATE = """\
apiVersion: v1
kind: ConfigMap
metadata:
  name: {{ .Release.Name }}
data: {{- toYaml .Values.data | nindent 2 }}
"""


@pytest.fixture(scope="module")
def bench(own_control_plane: Instance, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bench]:
    with operating(own_control_plane, tmp_path_factory.mktemp("bench")) as bench:
        yield bench


@pytest.fixture(scope="module")
def anything(bench: Bench) -> PushedChart:
    return bench.chart("anything", ANYTHING)


@pytest.fixture(scope="module")
def data(bench: Bench) -> PushedChart:
    return bench.chart("data", {"templates/data.yaml": DATA_TEMPLATE}, values={"data": {"from": "chart"}})


@pytest.fixture
def release(bench: Bench) -> ReleaseHandle:
    """A HelmRelease to be, in a namespace of its own."""
    return bench.release(bench.namespace("features"), "probe")


# --- values ---------------------------------------------------------------------------------------------------------


def test_values_come_from_config_maps_secrets_and_the_spec_in_this_order(
    bench: Bench, release: ReleaseHandle, data: PushedChart
) -> None:
    bench.kubectl.apply(
        config_map("base", {"values.yaml": "data: {a: base, b: base, c: base, d: base}"}),
        _secret("over", {"special.yaml": "data: {b: over, c: over, d: over}", "word": "a,b"}),
        namespace=release.namespace,
    )
    sources = [
        {"kind": "ConfigMap", "name": "base"},
        {"kind": "Secret", "name": "over", "valuesKey": "special.yaml"},
        {"kind": "Secret", "name": "over", "valuesKey": "word", "targetPath": "data.c", "literal": True},
        {"kind": "ConfigMap", "name": "absent", "optional": True},
    ]
    release.apply(data.by_digest(), valuesFrom=sources, values={"data": {"d": "spec"}})
    status = release.wait_ready(1)
    assert _data(bench, release) == {"from": "chart", "a": "base", "b": "over", "c": "a,b", "d": "spec"}
    used = status["values"]["from"]
    assert [(each["kind"], each["name"]) for each in used] == [(each["kind"], each["name"]) for each in sources]
    assert [bool(each.get("resourceVersion")) for each in used] == [True, True, True, False]
    assert bench.helm.json("get", "values", "probe", "-n", release.namespace) == {
        "data": {"a": "base", "b": "over", "c": "a,b", "d": "spec"}
    }


def test_a_changed_secret_is_an_upgrade_by_itself(bench: Bench, release: ReleaseHandle, data: PushedChart) -> None:
    bench.kubectl.apply(_secret("word", {"values.yaml": "data: {word: one}"}), namespace=release.namespace)
    release.apply(data.by_digest(), valuesFrom=[{"kind": "Secret", "name": "word"}])
    before = release.wait_ready(1)
    bench.kubectl.apply(_secret("word", {"values.yaml": "data: {word: two}"}), namespace=release.namespace)
    after = release.wait_ready(2)
    assert _data(bench, release)["word"] == "two"
    assert after["values"]["digest"] != before["values"]["digest"]
    assert "one" not in json.dumps(after)


def test_a_secret_that_changes_nothing_makes_no_revision(
    bench: Bench, release: ReleaseHandle, data: PushedChart
) -> None:
    bench.kubectl.apply(_secret("word", {"values.yaml": "data: {word: one}"}), namespace=release.namespace)
    release.apply(data.by_digest(), valuesFrom=[{"kind": "Secret", "name": "word"}])
    before = release.wait_ready(1)
    bench.kubectl.apply(_secret("word", {"values.yaml": "data:\n  word: 'one'"}), namespace=release.namespace)
    release.wait("the Secret was read again", lambda obj: obj["status"]["values"]["from"] != before["values"]["from"])
    assert release.wait_ready()["release"]["revision"] == 1


def test_a_missing_secret_is_named_and_cured_by_its_creation(
    bench: Bench, release: ReleaseHandle, data: PushedChart
) -> None:
    release.apply(data.by_digest(), valuesFrom=[{"kind": "Secret", "name": "late"}])
    message = release.wait_condition("Ready", "False", "ValuesError")["message"]
    assert f"Secret {release.namespace}/late does not exist" in message
    bench.kubectl.apply(_secret("late", {"other": "x"}), namespace=release.namespace)
    release.wait(
        "the key is named", lambda obj: "has no key values.yaml" in conditions(obj["status"])["Ready"]["message"]
    )
    bench.kubectl.apply(_secret("late", {"values.yaml": "data: {word: late}"}), namespace=release.namespace)
    status = release.wait_ready(1)
    assert _data(bench, release)["word"] == "late"
    assert "Stalled" not in conditions(status)


# --- sources --------------------------------------------------------------------------------------------------------


def test_a_version_range_resolves_to_a_digest_that_shows(bench: Bench, release: ReleaseHandle) -> None:
    template = {"templates/data.yaml": DATA_TEMPLATE}
    pushed = {
        version: bench.chart("ranged", template, version=version, values={"data": {"version": version}})
        for version in ("1.0.0", "1.1.0", "1.2.0-beta.1", "2.0.0")
    }
    release.apply(pushed["1.0.0"].by_version("1.x"))
    source = release.wait_ready(1)["source"]
    assert (source["version"], source["digest"]) == ("1.1.0", pushed["1.1.0"].digest)
    assert source["url"] == pushed["1.1.0"].url
    assert source["resolvedAt"]
    assert _data(bench, release) == {"version": "1.1.0"}
    release.apply(pushed["1.0.0"].by_version(">=1.0.0-0 <2", versionFilter="beta"))
    source = release.wait_ready(2)["source"]
    assert (source["version"], source["digest"]) == ("1.2.0-beta.1", pushed["1.2.0-beta.1"].digest)
    assert _data(bench, release) == {"version": "1.2.0-beta.1"}


def test_an_upgrade_of_the_chart_is_one_revision_more(bench: Bench, release: ReleaseHandle) -> None:
    template = {"templates/data.yaml": DATA_TEMPLATE}
    one, two = (
        bench.chart("stepped", template, version=version, values={"data": {}}) for version in ("1.0.0", "1.0.1")
    )
    release.apply(one.by_digest())
    release.wait_ready(1)
    release.apply(two.by_digest())
    status = release.wait_ready(2)
    assert status["release"]["chart"] == "stepped-1.0.1"
    assert [each["chart"] for each in status["history"]] == ["stepped-1.0.1", "stepped-1.0.0"]


# --- suspend and requests -------------------------------------------------------------------------------------------


def test_suspended_nothing_happens_until_it_is_resumed(bench: Bench, release: ReleaseHandle, data: PushedChart) -> None:
    release.apply(data.by_digest(), values={"data": {"word": "one"}})
    release.wait_ready(1)
    release.apply(data.by_digest(), values={"data": {"word": "two"}}, suspend=True)
    suspended = release.wait_condition("Ready", "Unknown", "Suspended")
    assert suspended["observedGeneration"] == 2
    bench.helm("upgrade", "probe", str(data.package), "-n", release.namespace, "--set", "data.word=prompt",
               "--force-conflicts")  # fmt: skip
    release.annotate(reconcile_at="now", force_at="now", reset_at="now")
    marker = bench.release(release.namespace, "marker").apply(data.by_digest())
    marker.wait_ready()  # whatever was going to happen to the suspended one had its turn
    assert _data(bench, release)["word"] == "prompt"
    assert release.status()["release"]["revision"] == 2, "what is there is told, also of what somebody else did"
    release.apply(data.by_digest(), values={"data": {"word": "two"}})
    release.wait_ready(3)
    assert _data(bench, release)["word"] == "two"


def test_reconcile_at_is_handled_without_a_revision(bench: Bench, release: ReleaseHandle, data: PushedChart) -> None:
    release.apply(data.by_digest())
    release.wait_ready(1)
    release.annotate(reconcile_at="first")
    status = release.wait("handled", lambda obj: _handled(obj).get("reconcileAt") == "first")
    assert status["release"]["revision"] == 1
    assert conditions(status)["Ready"]["status"] == "True"


def test_force_at_is_an_upgrade_though_nothing_changed(bench: Bench, release: ReleaseHandle, data: PushedChart) -> None:
    release.apply(data.by_digest())
    release.wait_ready(1)
    release.annotate(force_at="first")
    status = release.wait_ready(2)
    assert status["lastHandled"]["forceAt"] == "first"
    assert [each["revision"] for each in status["history"]] == [2, 1]
    release.annotate(reconcile_at="look")
    status = release.wait("handled", lambda obj: _handled(obj).get("reconcileAt") == "look")
    assert status["release"]["revision"] == 2, "one request, one revision"


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
    assert [(each["revision"], each["status"]) for each in _history(bench, release)] == [
        (1, "deployed"),
        (2, "failed"),
    ]
    assert status["failures"] >= 1
    assert status["nextAttempt"]
    release.apply(chart, values=objects(deployment("app"), config_map("more")), upgrade={"timeout": "60s"})
    status = release.wait_ready(3)
    assert status.get("failures", 0) == 0
    assert [(each["revision"], each["status"]) for each in _history(bench, release)] == [
        (1, "superseded"),
        (2, "failed"),
        (3, "deployed"),
    ]


def test_a_failed_install_is_resumed_in_its_revision(
    bench: Bench, release: ReleaseHandle, anything: PushedChart
) -> None:
    chart, values = anything.by_digest(), objects(deployment("app", healthy=False))
    release.apply(chart, values=values, install={"timeout": "1s"})
    release.wait_condition("Ready", "False", "HealthCheckFailed")
    assert [(each["revision"], each["status"]) for each in _history(bench, release)] == [(1, "failed")]
    release.apply(chart, values=values, install={"timeout": "60s"})
    release.wait_condition("Ready", "Unknown", "Progressing")
    _patch_pod(bench, release, {"nodeSelector": None})
    release.wait_ready(1)
    assert [(each["revision"], each["status"]) for each in _history(bench, release)] == [(1, "deployed")]


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
    assert [(each["revision"], each["status"]) for each in _history(bench, release)] == [
        (1, "failed"),
        (2, "deployed"),
    ]


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
    assert [(each["revision"], each["status"]) for each in _history(bench, release)] == [(1, "deployed")]


def test_jobs_are_waited_for_unless_told_otherwise(bench: Bench, release: ReleaseHandle, anything: PushedChart) -> None:
    job = hook_job("work", "no hook", succeeds=False)
    del job["metadata"]["annotations"], job["spec"]["activeDeadlineSeconds"]
    release.apply(anything.by_digest(), values=objects(job), timeout="1s")
    ready = release.wait_condition("Ready", "False", "HealthCheckFailed")
    assert f"Job {release.namespace}/work" in ready["message"]
    release.apply(anything.by_digest(), values=objects(job), timeout="1s", install={"disableWaitForJobs": True})
    release.wait_ready(1)
    assert [(each["revision"], each["status"]) for each in _history(bench, release)] == [(1, "deployed")]


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
    (recorded,) = _history(bench, release)
    assert (recorded["revision"], recorded["status"]) == (1, "failed")
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


# --- CRDs and look-ups ----------------------------------------------------------------------------------------------


def test_crds_come_before_the_templates_that_use_them(bench: Bench, release: ReleaseHandle) -> None:
    template = """\
{{- if .Capabilities.APIVersions.Has "example.com/v1/Widget" }}
apiVersion: example.com/v1
kind: Widget
metadata: {name: {{ .Release.Name }}}
spec: {size: 1}
{{- end }}
"""
    one = bench.chart("widgets", {"crds/widget.yaml": _crd("size"), "templates/widget.yaml": template})
    release.apply(one.by_digest())
    status = release.wait_ready(1)
    assert status["inventory"]["total"] == 1, "the Widget is of the release, its CRD is not"
    assert bench.read(f"/apis/example.com/v1/namespaces/{release.namespace}/widgets/probe") is not None
    files = {"crds/widget.yaml": _crd("size", "colour"), "templates/widget.yaml": template}
    two = bench.chart("widgets", files, version="0.2.0")
    release.apply(two.by_digest())
    release.wait_ready(2)
    assert _crd_fields(bench) == {"size"}, "as Helm: an upgrade leaves CRDs alone"
    release.apply(two.by_digest(), values={"another": "revision"}, upgrade={"crds": "CreateReplace"})
    release.wait_ready(3)
    assert _crd_fields(bench) == {"size", "colour"}
    release.delete()
    release.wait_gone()
    assert _crd_fields(bench) == {"size", "colour"}


def test_templates_can_look_up_live_objects(bench: Bench, release: ReleaseHandle) -> None:
    template = """\
apiVersion: v1
kind: ConfigMap
metadata: {name: copy}
data: {word: {{ (lookup "v1" "ConfigMap" .Release.Namespace "original").data.word }}}
"""
    chart = bench.chart("lookup", {"templates/copy.yaml": template})
    bench.kubectl.apply(config_map("original", {"word": "found"}), namespace=release.namespace)
    release.apply(chart.by_digest())
    release.wait_ready(1)
    copy = bench.read(f"/api/v1/namespaces/{release.namespace}/configmaps/copy")
    assert copy is not None
    assert copy["data"] == {"word": "found"}


# --- history and namespaces -----------------------------------------------------------------------------------------


def test_max_history_keeps_the_newest_revisions(bench: Bench, release: ReleaseHandle, data: PushedChart) -> None:
    for revision in range(1, 5):
        release.apply(data.by_digest(), values={"data": {"revision": str(revision)}}, maxHistory=2)
        release.wait_ready(revision)
    assert [(each["revision"], each["status"]) for each in _history(bench, release)] == [
        (3, "superseded"),
        (4, "deployed"),
    ]
    assert [each["revision"] for each in release.status()["history"]] == [4, 3]


def test_records_may_be_kept_elsewhere(bench: Bench, release: ReleaseHandle, data: PushedChart) -> None:
    records = bench.namespace("records")
    release.apply(data.by_digest(), storageNamespace=records)
    status = release.wait_ready(1)
    assert status["release"]["namespace"] == release.namespace
    stored = ("get", "secrets", "-l", "owner=helm", "-o", "name", "-n")
    assert bench.kubectl(*stored, records).stdout == "secret/sh.helm.release.v1.probe.v1\n"
    assert bench.kubectl(*stored, release.namespace).stdout == ""
    release.delete()
    release.wait_gone()
    assert bench.kubectl(*stored, records).stdout == ""


def test_create_namespace_makes_it_once_and_leaves_it(bench: Bench, release: ReleaseHandle, data: PushedChart) -> None:
    target = f"{release.namespace}-target"
    release.apply(data.by_digest(), targetNamespace=target)
    ready = release.wait_condition("Ready", "False")
    assert target in ready["message"]
    release.apply(data.by_digest(), targetNamespace=target, install={"createNamespace": True})
    status = release.wait_ready()
    assert status["release"]["namespace"] == target
    (listed,) = bench.helm.json("list", "-n", target)
    assert (listed["name"], listed["status"]) == ("probe", "deployed")
    made = bench.read(f"/api/v1/namespaces/{target}")
    assert made is not None
    assert made["metadata"]["labels"]["name"] == target
    assert "steersman.dev/name" not in made["metadata"]["labels"]
    release.delete()
    release.wait_gone()
    made = bench.read(f"/api/v1/namespaces/{target}")
    assert made is not None
    assert made["status"]["phase"] == "Active"


# --- helpers --------------------------------------------------------------------------------------------------------


def _secret(name: str, data: dict[str, str]) -> Object:
    encoded = {key: base64.b64encode(value.encode()).decode() for key, value in data.items()}
    return {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": name}, "data": encoded}


def _crd(*fields: str) -> str:
    spec = {"type": "object", "properties": {name: {"x-kubernetes-preserve-unknown-fields": True} for name in fields}}
    schema = {"type": "object", "properties": {"spec": spec}}
    names = {"kind": "Widget", "listKind": "WidgetList", "plural": "widgets", "singular": "widget"}
    version = {"name": "v1", "served": True, "storage": True, "schema": {"openAPIV3Schema": schema}}
    crd = {
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": {"name": "widgets.example.com"},
        "spec": {"group": "example.com", "scope": "Namespaced", "names": names, "versions": [version]},
    }
    return json.dumps(crd)


def _crd_fields(bench: Bench) -> set[str]:
    """The fields of a Widget's spec that the cluster knows."""
    found = bench.read("/apis/apiextensions.k8s.io/v1/customresourcedefinitions/widgets.example.com")
    assert found is not None
    schema = found["spec"]["versions"][0]["schema"]["openAPIV3Schema"]
    return set(schema["properties"]["spec"]["properties"])


def _data(bench: Bench, release: ReleaseHandle) -> dict[str, str]:
    """The data of the ConfigMap that the chart `data` makes."""
    found = bench.read(f"/api/v1/namespaces/{release.namespace}/configmaps/{release.name}")
    assert found is not None
    data: dict[str, str] = found.get("data") or {}
    return data


def _history(bench: Bench, release: ReleaseHandle) -> list[Object]:
    found: list[Object] = bench.helm.json("history", release.name, "-n", release.namespace)
    return found


def _patch_pod(bench: Bench, release: ReleaseHandle, spec: Object) -> None:
    """Change the pods of Deployment app by hand."""
    change = json.dumps({"spec": {"template": {"spec": spec}}})
    bench.kubectl("patch", "deployment", "app", "-n", release.namespace, "-p", change)


def _handled(obj: Object) -> Object:
    found: Object = obj["status"].get("lastHandled") or {}
    return found
