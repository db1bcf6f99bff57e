"""What a HelmRelease can ask for, one by one: values, sources, suspending, requests by annotation, CRDs, history.

The operator is real and so is the cluster; the chart renders whatever objects its values hold, so that each test says
what it needs. Failures and hooks are in test_operator_failures.py; whose objects are, pruning and deletion in
test_operator_objects.py.
"""

import base64
import json

import pytest
from integration.operating import (
    Bench,
    Object,
    PushedChart,
    ReleaseHandle,
    conditions,
    config_map,
)

DATA_TEMPLATE = """\
apiVersion: v1
kind: ConfigMap
metadata:
  name: {{ .Release.Name }}
data: {{- toYaml .Values.data | nindent 2 }}
"""


@pytest.fixture(scope="module")
def data(bench: Bench) -> PushedChart:
    return bench.chart("data", {"templates/data.yaml": DATA_TEMPLATE}, values={"data": {"from": "chart"}})


def test_what_a_chart_brings_in_charts_is_told(bench: Bench, release: ReleaseHandle) -> None:
    entries = [
        {"name": "lib", "version": "^1", "condition": "lib.on"},
        {"name": "other", "version": "1.x", "alias": "o"},
    ]
    metadata = {"apiVersion": "v2", "name": "parent", "version": "0.1.0", "dependencies": entries}
    inner = {name: {"apiVersion": "v2", "name": name, "version": "1.4.0"} for name in ("lib", "other")}
    files = {"Chart.yaml": metadata, **{f"charts/{name}/Chart.yaml": chart for name, chart in inner.items()}}
    texts = {name: json.dumps(document) for name, document in files.items()}
    chart = bench.chart("parent", {**texts, "templates/data.yaml": DATA_TEMPLATE}, values={"data": {"a": "b"}})
    release.apply(chart.by_digest(), values={"lib": {"on": False}})
    source = release.wait_ready(1)["source"]
    assert source["digest"] == chart.digest
    assert source["dependencies"] == [
        {"name": "lib", "version": "1.4.0"},
        {"name": "other", "version": "1.4.0"},
    ]


# --- values ---------------------------------------------------------------------------------------------------------


def test_values_come_from_config_maps_secrets_and_the_spec_in_this_order(
    bench: Bench, release: ReleaseHandle, data: PushedChart
) -> None:
    bench.kubectl.apply(
        config_map("base", {"values.yaml": "data: {a: base, b: base, c: base, d: base}"}),
        _secret("over", {"special.yaml": "data: {b: over, c: over, d: over}", "word": "a,b"}),
        namespace=release.namespace,
    )
    sources: list[Object] = [
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
    assert _history(bench, release) == [(3, "superseded"), (4, "deployed")]
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


def _history(bench: Bench, release: ReleaseHandle) -> list[tuple[int, str]]:
    found = bench.helm.json("history", release.name, "-n", release.namespace)
    return [(each["revision"], each["status"]) for each in found]


def _handled(obj: Object) -> Object:
    found: Object = obj["status"].get("lastHandled") or {}
    return found
