"""What people get wrong: for each, the reason and the message they read, and that what was running goes on as it was.

`CASES` are mistakes in an upgrade of a release that runs: nothing may be written but the HelmRelease's own status. The
tests after it are mistakes of a first install, mistakes that are cured without a change of the spec (a retry follows or
a watch tells), and what the API server refuses before the operator ever sees it.
"""

import gzip
import hashlib
import http.client
import http.server
import json
import re
import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager, nullcontext
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from integration.operating import Bench, Object, PushedChart, ReleaseHandle, conditions, operating
from packing import packed
from testenv.instance import Instance
from testenv.ports import LOOPBACK, free_ports

CONFIG_TYPE = "application/vnd.cncf.helm.config.v1+json"
CONTENT_TYPE = "application/vnd.cncf.helm.chart.content.v1.tar+gzip"
MANIFEST_TYPE = "application/vnd.oci.image.manifest.v1+json"
LACKING = "apiVersion: v2\nname: lacking\nversion: 0.1.0\ndependencies: [{name: lib, version: ^1}]\n"
ABSENT = "sha256:" + "5" * 64
DEPLOYMENT = "apps/v1/namespaces/{}/deployments/probe-app"
ATTEMPTS = 90.0
"""Seconds in which another attempt must come: a registry that failed often is asked less often."""
LONGEST = 600
"""Characters that a message may have: more is not read in the last column of a table."""

TEMPLATES = {
    "templates/config.yaml": """\
apiVersion: v1
kind: ConfigMap
metadata:
  name: {{ .Release.Name }}-config
data:
  greeting: {{ .Values.greeting | quote }}
""",
    "templates/app.yaml": """\
apiVersion: apps/v1
kind: Deployment
metadata:
  name: {{ .Release.Name }}-app
spec:
  replicas: {{ .Values.replicas }}
  selector:
    matchLabels: {app: {{ .Values.selector }}}
  template:
    metadata:
      labels: {app: {{ .Values.selector }}}
    spec:
      containers:
        - name: app
          image: registry.example/app:1
          env: {{- toYaml .Values.env | nindent 12 }}
""",
    "templates/checks.yaml": """\
{{- if .Values.needs }}
{{ required "needs.password must be set" .Values.needs.password }}
{{- end }}
{{- if .Values.broken }}
{{ .Values.broken.list.first }}
{{- end }}
""",
    "templates/more.yaml": "{{ with .Values.more }}{{ toYaml . }}{{ end }}\n",
    "values.schema.json": json.dumps({"properties": {"replicas": {"type": "integer", "maximum": 9}}}),
}
VALUES = {"greeting": "hello", "replicas": 1, "selector": "one", "env": [{"name": "A", "value": "1"}]}


@dataclass(frozen=True)
class Charts:
    """What is in the registry."""

    probe: PushedChart
    config: str
    """Digest of the probe chart's config, which is a blob and no manifest."""
    broken: PushedChart
    """Its archive is no gzip stream."""
    lacking: PushedChart
    """Its charts/ has not what its Chart.yaml lists, which `helm package` would not pack."""
    image: PushedChart
    """Its media types are those of a container image."""
    near: PushedChart
    far: PushedChart
    """Two that the operator has never had: what it has by digest it takes from its cache."""


@pytest.fixture(scope="module")
def bench(own_control_plane: Instance, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bench]:
    with operating(own_control_plane, tmp_path_factory.mktemp("bench")) as bench:
        yield bench


@pytest.fixture(scope="module")
def charts(bench: Bench) -> Charts:
    probe = bench.chart("probe", TEMPLATES, values=VALUES)
    config = json.loads(fetch(bench, f"/v2/charts/probe/manifests/{probe.digest}"))["config"]["digest"]
    return Charts(
        probe,
        config,
        pushed(bench, "broken", b"this is no archive", CONFIG_TYPE, CONTENT_TYPE),
        pushed(bench, "lacking", packed({"Chart.yaml": LACKING}, "lacking"), CONFIG_TYPE, CONTENT_TYPE),
        pushed(bench, "image", gzip.compress(b""), "application/vnd.oci.image.config.v1+json", "application/x-layer"),
        bench.chart("near", TEMPLATES, values=VALUES),
        bench.chart("far", TEMPLATES, values=VALUES),
    )


# --- an upgrade that cannot be --------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Case:
    """A mistake in the spec of a running release, and what it is told."""

    reason: str
    says: tuple[str, ...]
    values: Object = field(default_factory=dict)
    chart: Callable[[Charts], Object] | None = None
    spec: Object = field(default_factory=dict)
    stalled: bool = True


CASES = {
    "absent-digest": Case(
        "SourceNotReady",
        ("/charts/probe", f"{ABSENT} was not found", "spec.chart.digest"),
        chart=lambda charts: {**charts.probe.by_digest(), "digest": ABSENT},
        stalled=False,
    ),
    "digest-of-a-blob": Case(
        "SourceNotReady",
        ("/charts/probe", "not found", "spec.chart.digest"),
        chart=lambda charts: {**charts.probe.by_digest(), "digest": charts.config},
        stalled=False,
    ),
    "digest-of-an-image": Case(
        "ChartInvalid",
        ("/charts/image", "not a Helm chart", "application/vnd.oci.image.config.v1+json", "helm push"),
        chart=lambda charts: charts.image.by_digest(),
    ),
    "broken-archive": Case(
        "ChartInvalid",
        ("/charts/broken", "gzip", "push"),
        chart=lambda charts: charts.broken.by_digest(),
    ),
    "missing-dependency": Case(
        "ChartInvalid",
        ("/charts/lacking", "found in Chart.yaml, but missing in charts/ directory: lib", "helm dependency build"),
        chart=lambda charts: charts.lacking.by_digest(),
    ),
    "unknown-version": Case(
        "SourceNotReady",
        ("/charts/probe", "9.9.9", "spec.chart.version"),
        chart=lambda charts: charts.probe.by_version("9.9.9"),
        stalled=False,
    ),
    "unknown-range": Case(
        "SourceNotReady",
        ("/charts/probe", ">=9", "0.1.0", "spec.chart.version"),
        chart=lambda charts: charts.probe.by_version(">=9"),
        stalled=False,
    ),
    "no-range": Case(
        "InvalidSpec",
        ("spec.chart.version", "one dot two"),
        chart=lambda charts: charts.probe.by_version("one dot two"),
    ),
    "wrong-version-for-digest": Case(
        "DigestMismatch",
        ("0.1.0", "spec.chart.version", "2.x"),
        chart=lambda charts: {**charts.probe.by_digest(), "version": "2.x"},
    ),
    "failing-template": Case(
        "RenderFailed",
        ("probe/templates/checks.yaml:5:10", "nil pointer", "Correct the value"),
        values={"broken": {"yes": True}},
    ),
    "required-value": Case(
        "RenderFailed",
        ("probe/templates/checks.yaml:2:", "needs.password must be set"),
        values={"needs": {"user": "me"}},
    ),
    "no-object": Case(
        "RenderFailed",
        ("probe/templates/more.yaml", "must be YAML maps with apiVersion, kind and metadata"),
        values={"more": "just text"},
    ),
    "schema": Case(
        "ValuesError",
        ("at '/replicas': maximum: got 12, want 9", "spec.values"),
        values={"replicas": 12},
    ),
    "refused-manifest": Case(
        "ManifestRefused",
        ("Deployment", "probe-app", "spec.replicas", "greater than or equal to 0"),
        values={"replicas": -1},
    ),
    "unknown-field": Case(
        "ManifestRefused",
        ("Deployment", "probe-app", "valueTo", "field not declared in schema"),
        values={"env": [{"name": "A", "valueTo": "1"}]},
    ),
    "immutable-field": Case(
        "ImmutableField",
        ("Deployment", "probe-app", "spec.selector", "Put the old value back"),
        values={"selector": "two"},
    ),
    "duplicate-keys": Case(
        "ManifestRefused",
        ("Deployment", "probe-app", ".env", '[name="A"]', "twice"),
        values={"env": [{"name": "A", "value": "1"}, {"name": "A", "value": "2"}]},
    ),
    "unknown-kind": Case(
        "ManifestRefused",
        ("Widget", "example.com/v1", "CustomResourceDefinition"),
        values={"more": {"apiVersion": "example.com/v1", "kind": "Widget", "metadata": {"name": "w"}}},
        stalled=False,
    ),
    "absent-namespace": Case(
        "ManifestRefused",
        ("namespace nowhere", "does not exist. Create it", "spec.install.createNamespace"),
        values={
            "more": {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "c", "namespace": "nowhere"}},
        },
        stalled=False,
    ),
    "values-secret-missing": Case(
        "ValuesError",
        ("spec.valuesFrom", "Secret", "/nobody", "does not exist", "reate it"),
        spec={"valuesFrom": [{"kind": "Secret", "name": "nobody"}]},
    ),
    "values-key-missing": Case(
        "ValuesError",
        ("spec.valuesFrom", "ConfigMap", "/kube-root-ca.crt", "no key values.yaml", "spec.valuesFrom[].valuesKey"),
        spec={"valuesFrom": [{"kind": "ConfigMap", "name": "kube-root-ca.crt"}]},
    ),
    "values-no-map": Case(
        "ValuesError",
        ("ConfigMap", "/kube-root-ca.crt", "key ca.crt", "YAML map"),
        spec={"valuesFrom": [{"kind": "ConfigMap", "name": "kube-root-ca.crt", "valuesKey": "ca.crt"}]},
    ),
    "registry-secret-missing": Case(
        "SourceNotReady",
        ("spec.chart.secretRef", "/nobody", "does not exist", "reate it"),
        chart=lambda charts: {**charts.probe.by_digest(), "digest": ABSENT, "secretRef": {"name": "nobody"}},
        stalled=False,
    ),
}


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_a_mistake_in_an_upgrade_is_told_and_changes_nothing(bench: Bench, charts: Charts, case: Case) -> None:
    namespace = bench.namespace("mistake")
    release = bench.release(namespace, "probe").apply(charts.probe.by_digest())
    release.wait_ready(revision=1)
    before = left_as(bench, namespace)

    chart = case.chart(charts) if case.chart else charts.probe.by_digest()
    release.apply(chart, values=case.values, **case.spec)
    told = release.wait_condition("Ready", "False", case.reason)

    assert_readable(told["message"], *case.says)
    assert_goes_on(release, stalled=case.stalled)
    assert left_as(bench, namespace) == before
    # Put right, the release is what it was, and so needs no revision.
    release.apply(charts.probe.by_digest())
    release.wait_ready(revision=1)
    assert left_as(bench, namespace) == before


def test_a_field_that_cannot_change_changes_with_its_object(bench: Bench, charts: Charts) -> None:
    """What the message offers: delete the object, then ask for another attempt."""
    namespace = bench.namespace("immutable")
    release = bench.release(namespace, "probe").apply(charts.probe.by_digest())
    release.wait_ready(revision=1)
    release.apply(charts.probe.by_digest(), values={"selector": "two"})
    told = release.wait_condition("Ready", "False", "ImmutableField")
    assert "steersman.dev/reset-at" in told["message"]

    bench.kubectl("delete", "deployment", "probe-app", "-n", namespace)
    release.annotate(reset_at="1")
    release.wait_ready(revision=2)


def test_an_object_of_somebody_else_is_left_alone(bench: Bench, charts: Charts) -> None:
    """Until it is gone and another attempt is asked for, as the message says."""
    namespace = bench.namespace("foreign")
    hold(bench, namespace, "ConfigMap", {"theirs": "yes"}, name="probe-config")
    release = bench.release(namespace, "probe").apply(charts.probe.by_digest())
    told = release.wait_condition("Ready", "False", "OwnershipConflict")
    assert_readable(told["message"], f"ConfigMap {namespace}/probe-config", "nothing was changed", "reset-at")
    assert_goes_on(release, stalled=True)
    assert bench.helm.json("list", "-n", namespace) == []
    assert bench.read(f"/apis/{DEPLOYMENT.format(namespace)}") is None

    bench.kubectl("delete", "configmap", "probe-config", "-n", namespace)
    release.annotate(reset_at="1")
    release.wait_ready(revision=1)


def test_a_release_of_helm_is_left_alone(bench: Bench, charts: Charts) -> None:
    namespace = bench.namespace("helms")
    bench.helm("install", "probe", str(charts.probe.package), "-n", namespace)
    before = bench.helm.json("list", "-n", namespace)
    release = bench.release(namespace, "probe").apply(charts.probe.by_digest())
    told = release.wait_condition("Ready", "False", "OwnershipConflict")
    assert_readable(told["message"], "Helm release probe", f"helm uninstall -n {namespace} probe", "spec.releaseName")
    assert_goes_on(release, stalled=True)
    assert bench.helm.json("list", "-n", namespace) == before


def test_the_last_column_shows_the_message(bench: Bench, charts: Charts) -> None:
    namespace = bench.namespace("column")
    release = bench.release(namespace, "probe").apply(charts.probe.by_digest(), values={"replicas": 12})
    told = release.wait_condition("Ready", "False", "ValuesError")
    heading, line = bench.kubectl("get", "hrel", "-n", namespace).stdout.splitlines()
    assert heading.split() == ["NAME", "READY", "VERSION", "REV", "AGE", "STATUS"]
    assert line.endswith(told["message"])


# --- a first install ------------------------------------------------------------------------------------------------


def test_a_refused_object_fails_the_install_until_the_spec_changes(bench: Bench, charts: Charts) -> None:
    """There is nothing to protect yet, so the API server judges by being asked in earnest: revision 1 is on record."""
    namespace = bench.namespace("refused")
    release = bench.release(namespace, "probe").apply(charts.probe.by_digest(), values={"replicas": -1})
    told = release.wait_condition("Ready", "False", "ManifestRefused")
    assert_readable(told["message"], "apply Deployment", "probe-app", "spec.replicas", "Correct the chart")
    assert_goes_on(release, stalled=True)
    assert [(each["revision"], each["status"]) for each in bench.helm.json("list", "-n", namespace)] == [
        ("1", "failed")
    ]
    release.apply(charts.probe.by_digest())
    release.wait_ready(revision=2)


def test_a_cause_that_goes_away_is_noticed(bench: Bench, charts: Charts) -> None:
    """No spec changes: another attempt comes by itself. Side by side, since each waits for it."""
    cured = [mistake(bench, charts) for mistake in (unpushed_digest, unpushed_tag, closed_port, no_crd, no_namespace)]
    with ExitStack() as stack:
        for each in cured:
            told = each.release.wait_condition("Ready", "False", each.reason, patience=ATTEMPTS)
            assert_readable(told["message"], *each.says)
            assert_goes_on(each.release, stalled=False)
            stack.enter_context(each.cure())
        for each in cured:
            each.release.wait_ready(revision=1, patience=ATTEMPTS)


@dataclass(frozen=True)
class Curable:
    """A release that waits for something, what it says meanwhile, and how that comes about."""

    release: ReleaseHandle
    reason: str
    says: tuple[str, ...]
    cure: Callable[[], AbstractContextManager[Any]]


def unpushed_digest(bench: Bench, charts: Charts) -> Curable:
    chart = {**charts.near.by_digest(), "url": f"oci://{bench.instance.registry}/charts/late-digest"}
    release = bench.release(bench.namespace("late"), "digest").apply(chart)
    return Curable(
        release,
        "SourceNotReady",
        ("/charts/late-digest", f"{charts.near.digest} was not found"),
        lambda: closing_nothing(copied(bench, charts.near, "late-digest")),
    )


def unpushed_tag(bench: Bench, charts: Charts) -> Curable:
    chart = {"url": f"oci://{bench.instance.registry}/charts/late-tag", "version": "0.1.0", "insecure": True}
    release = bench.release(bench.namespace("late"), "tag").apply(chart)
    return Curable(
        release,
        "SourceNotReady",
        ("/charts/late-tag", "0.1.0", "spec.chart.version"),
        lambda: closing_nothing(copied(bench, charts.probe, "late-tag")),
    )


def closed_port(bench: Bench, charts: Charts) -> Curable:
    (port,) = free_ports(1)
    chart = {**charts.far.by_digest(), "url": f"oci://{LOOPBACK}:{port}/charts/far"}
    release = bench.release(bench.namespace("late"), "port").apply(chart)
    return Curable(
        release,
        "SourceNotReady",
        (f"{LOOPBACK}:{port}/charts/far", "registry unavailable", "refused"),
        lambda: forwarding(port, bench.instance.registry),
    )


def no_crd(bench: Bench, charts: Charts) -> Curable:
    widget = {"apiVersion": "late.example.com/v1", "kind": "Widget", "metadata": {"name": "w"}}
    release = bench.release(bench.namespace("late"), "crd").apply(charts.probe.by_digest(), values={"more": widget})
    return Curable(
        release,
        "ManifestRefused",
        ("no kind Widget in late.example.com/v1", "CustomResourceDefinition"),
        lambda: closing_nothing(bench.kubectl.apply(definition("late.example.com", "Widget"))),
    )


def no_namespace(bench: Bench, charts: Charts) -> Curable:
    target = f"{bench.namespace('late')}-target"
    release = bench.release(bench.namespace("late"), "probe")
    release.apply(charts.probe.by_digest(), targetNamespace=target)
    return Curable(
        release,
        "ManifestRefused",
        (f"namespace {target} does not exist", "spec.install.createNamespace"),
        lambda: closing_nothing(bench.kubectl("create", "namespace", target)),
    )


# --- what a watch tells ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["Secret", "ConfigMap"])
def test_missing_values_are_noticed_when_they_come(bench: Bench, charts: Charts, kind: str) -> None:
    """First the object is missing, then its key, then what is in it is no map, then all is well."""
    namespace = bench.namespace("values")
    reference = {"kind": kind, "name": "mine", "valuesKey": "mine.yaml"}
    release = bench.release(namespace, "probe").apply(charts.probe.by_digest(), valuesFrom=[reference])
    told = release.wait_condition("Ready", "False", "ValuesError")
    assert_readable(told["message"], f"spec.valuesFrom: {kind} {namespace}/mine does not exist. Create it")
    for data, said in (({"other": "a: 1"}, "has no key mine.yaml"), ({"mine.yaml": "- secret-item"}, "a YAML map")):
        hold(bench, namespace, kind, data)
        message = release.wait(said, lambda obj, said=said: said in ready(obj)["message"])["conditions"][0]["message"]
        assert "secret-item" not in message
        assert_goes_on(release, stalled=True)
    hold(bench, namespace, kind, {"mine.yaml": "greeting: ahoy"})
    release.wait_ready(revision=1)
    assert bench.helm.json("get", "values", "probe", "-n", namespace) == {"greeting": "ahoy"}


def test_a_missing_registry_secret_is_noticed_when_it_comes(bench: Bench, charts: Charts) -> None:
    namespace = bench.namespace("login")
    chart = {**charts.probe.by_version("0.1.0"), "secretRef": {"name": "login"}}
    release = bench.release(namespace, "probe").apply(chart)
    told = release.wait_condition("Ready", "False", "SourceNotReady")
    assert_readable(told["message"], f"Secret {namespace}/login, which spec.chart.secretRef names", "Create it")
    hold(bench, namespace, "Secret", {"username": "me"}, name="login")
    told = release.wait("asks for the password", lambda obj: "password" in ready(obj)["message"])
    assert_readable(
        conditions(told)["Ready"]["message"], f"Secret {namespace}/login: unusable registry credentials", "password"
    )
    hold(bench, namespace, "Secret", {"username": "me", "password": "hunter2"}, name="login")
    release.wait_ready(revision=1)
    assert "hunter2" not in bench.operator.log.read_text()


# --- what the API server refuses ------------------------------------------------------------------------------------

PINNED = {"url": "oci://registry.example/charts/probe", "digest": ABSENT}


@pytest.mark.parametrize(
    ("spec", "says"),
    [
        ({"chart": {**PINNED, "digest": "sha256:123"}}, "spec.chart.digest"),
        ({"chart": {**PINNED, "url": "oci://registry.example/charts/probe:1.0"}}, "without tag or digest"),
        ({"chart": {**PINNED, "url": "https://registry.example/probe"}}, "for a repository with an index.yaml set"),
        ({"chart": {"url": PINNED["url"]}}, "needs `digest` or `version`"),
        ({"chart": PINNED, "values": "replicas: 2"}, "spec.values"),
        ({"chart": PINNED, "values": ["replicas"]}, "spec.values"),
        ({"chart": PINNED, "valuesFrom": [{"kind": "Pod", "name": "x"}]}, "spec.valuesFrom[0].kind"),
        ({"chart": PINNED, "timeout": "5 minutes"}, "spec.timeout"),
        ({"chart": PINNED, "upgrade": {"onFailure": "Rollback"}}, "spec.upgrade.onFailure"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_the_api_server_names_the_field(bench: Bench, spec: Object, says: str) -> None:
    document = {"apiVersion": "steersman.dev/v1alpha1", "kind": "HelmRelease", "metadata": {"name": "x"}, "spec": spec}
    refused = bench.kubectl("apply", "--server-side", "-f", "-", stdin=json.dumps(document), check=False)
    assert refused.returncode != 0
    assert says in refused.stderr


# --- helpers --------------------------------------------------------------------------------------------------------


def left_as(bench: Bench, namespace: str) -> Object:
    """What runs, as far as an operator could have touched it. A controller keeps the Deployment's status, and with it
    its resourceVersion, in motion: there the generation and the time of our last apply tell."""
    config = bench.read(f"/api/v1/namespaces/{namespace}/configmaps/probe-config")
    app = bench.read(f"/apis/{DEPLOYMENT.format(namespace)}")
    assert config is not None and app is not None
    records = bench.read(f"/api/v1/namespaces/{namespace}/secrets")
    ours = [entry for entry in app["metadata"]["managedFields"] if entry["manager"] == "steersman"]
    return {
        "config": (config["metadata"]["uid"], config["metadata"]["resourceVersion"]),
        "app": (app["metadata"]["uid"], app["metadata"]["generation"], ours),
        "records": [(each["metadata"]["name"], each["metadata"]["resourceVersion"]) for each in records["items"]],
        "helm": bench.helm.json("list", "-n", namespace),
    }


def assert_goes_on(release: ReleaseHandle, *, stalled: bool) -> None:
    """Stalled, or with another attempt in sight; never both."""
    status = release.status()
    now = conditions(status)
    assert ("Stalled" in now) == stalled, now
    assert ("Reconciling" in now) != stalled, now
    assert ("nextAttempt" in status) != stalled, status


def assert_readable(message: str, *parts: str) -> None:
    """A message for people: it has what it must say, and nothing that a program left in it."""
    print(f"MESSAGE {message}")
    for part in parts:
        assert part in message, message
    assert len(message) <= LONGEST, f"{len(message)} characters: {message}"
    assert not re.search(r"\bNone\b|<[a-z_]+\.|\bobject at 0x|Traceback|dict_|\bb'|  |\.\.|\. \.|::|\n\n", message), (
        message
    )
    assert message[-1] in ".)", message


def fetch(bench: Bench, path: str) -> bytes:
    """What the registry has at a path."""
    return asked(bench.instance.registry, "GET", path, accept=MANIFEST_TYPE)[1]


def asked(
    registry: str, method: str, path: str, body: bytes | None = None, *, content_type: str = "", accept: str = "*/*"
) -> tuple[http.client.HTTPResponse, bytes]:
    """One request to a registry."""
    connection = http.client.HTTPConnection(registry, timeout=30)
    try:
        headers = {"Accept": accept, **({"Content-Type": content_type} if content_type else {})}
        connection.request(method, path, body=body, headers=headers)
        answer = connection.getresponse()
        return answer, answer.read()
    finally:
        connection.close()


def pushed(bench: Bench, name: str, archive: bytes, config_type: str, content_type: str) -> PushedChart:
    """An artifact of these bytes and media types, as `helm push` would not make it."""
    registry = bench.instance.registry
    config = json.dumps({"name": name, "version": "0.1.0", "apiVersion": "v2"}).encode()
    manifest = {
        "schemaVersion": 2,
        "mediaType": MANIFEST_TYPE,
        "config": uploaded(registry, name, config, config_type),
        "layers": [uploaded(registry, name, archive, content_type)],
    }
    body = json.dumps(manifest).encode()
    answer, said = asked(registry, "PUT", f"/v2/charts/{name}/manifests/0.1.0", body, content_type=MANIFEST_TYPE)
    assert answer.status == http.client.CREATED, said
    return PushedChart(f"oci://{registry}/charts/{name}", digest_of(body), "0.1.0", Path(name))


def uploaded(registry: str, name: str, blob: bytes, media_type: str) -> Object:
    """Upload a blob; its descriptor."""
    begun, said = asked(registry, "POST", f"/v2/charts/{name}/blobs/uploads/")
    assert begun.status == http.client.ACCEPTED, said
    location = begun.headers["Location"].partition(registry)[2]
    path = f"{location}&digest={digest_of(blob)}"
    done, said = asked(registry, "PUT", path, blob, content_type="application/octet-stream")
    assert done.status == http.client.CREATED, said
    return {"mediaType": media_type, "digest": digest_of(blob), "size": len(blob)}


def copied(bench: Bench, chart: PushedChart, name: str) -> None:
    """Copy a chart, digest and all, into another repository."""
    registry = bench.instance.registry
    origin = chart.url.rpartition("/")[2]
    body = fetch(bench, f"/v2/charts/{origin}/manifests/{chart.digest}")
    manifest = json.loads(body)
    for blob in (manifest["config"], *manifest["layers"]):
        data = fetch(bench, f"/v2/charts/{origin}/blobs/{blob['digest']}")
        assert uploaded(registry, name, data, blob["mediaType"])["digest"] == blob["digest"]
    answer, said = asked(registry, "PUT", f"/v2/charts/{name}/manifests/0.1.0", body, content_type=MANIFEST_TYPE)
    assert answer.status == http.client.CREATED, said


@contextmanager
def forwarding(port: int, registry: str) -> Iterator[None]:
    """The registry at another port too."""

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            answer, body = asked(registry, "GET", self.path, accept=self.headers["Accept"] or "*/*")
            self.send_response(answer.status)
            self.send_header("Content-Type", answer.headers["Content-Type"] or "")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Nothing: the test tells what matters."""

    with http.server.ThreadingHTTPServer((LOOPBACK, port), Handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield
        finally:
            server.shutdown()
            thread.join()


def closing_nothing(_done: object) -> AbstractContextManager[None]:
    """For a cure that needs no end."""
    return nullcontext()


def definition(group: str, kind: str) -> Object:
    """A CustomResourceDefinition."""
    plural = f"{kind.lower()}s"
    schema = {"openAPIV3Schema": {"type": "object", "x-kubernetes-preserve-unknown-fields": True}}
    return {
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": {"name": f"{plural}.{group}"},
        "spec": {
            "group": group,
            "scope": "Namespaced",
            "names": {"kind": kind, "plural": plural, "singular": kind.lower()},
            "versions": [{"name": "v1", "served": True, "storage": True, "schema": schema}],
        },
    }


def hold(bench: Bench, namespace: str, kind: str, data: dict[str, str], name: str = "mine") -> None:
    """A ConfigMap or Secret with exactly this in it."""
    field = "stringData" if kind == "Secret" else "data"
    document = {"apiVersion": "v1", "kind": kind, "metadata": {"name": name}, field: data}
    bench.kubectl("apply", "-n", namespace, "--server-side", "-f", "-", stdin=json.dumps(document))


def ready(obj: Object) -> Object:
    """The condition Ready."""
    return conditions(obj["status"])["Ready"]


def digest_of(data: bytes) -> str:
    return "sha256:" + hashlib.sha256(data).hexdigest()
