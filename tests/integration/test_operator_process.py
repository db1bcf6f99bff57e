"""`steersman run` as a process: its endpoints, its log, how it ends, the Lease, and an API server that goes away.

What it does to releases is tested elsewhere; here they only keep it busy.
"""

import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import psutil
import pytest
import yaml
from integration.operating import Bench, Object, PushedChart, ReleaseHandle, operating
from operators.process import NAMESPACE, ROOT, OperatorProcess
from prometheus_client.parser import text_string_to_metric_families
from testenv.instance import Instance
from testenv.servers import APISERVER

LEASE = f"/apis/coordination.k8s.io/v1/namespaces/{NAMESPACE}/leases/steersman"
RECORDS = "/api/v1/namespaces/{}/secrets?fieldSelector=type%3Dhelm.sh/release.v1"
LEASE_SECONDS = 15.0
IDENTITY = ("--identity", "steersman-0")
"""One identity for all: what a killed operator leaves held is taken back at once."""

HOOKED = {
    "templates/job.yaml": """\
apiVersion: batch/v1
kind: Job
metadata:
  name: before
  annotations: {helm.sh/hook: "pre-install,pre-upgrade"}
spec:
  template:
    spec:
      restartPolicy: Never
      containers: [{name: job, image: busybox}]
""",
    "templates/config.yaml": """\
apiVersion: v1
kind: ConfigMap
metadata: {name: web}
data: {text: {{ .Values.text }}}
""",
}
COUNT, KINDS = 200, 4
ON_ITS_WAY = timedelta(milliseconds=100)
MANY = """\
{{- range $kind := list "Secret" "ConfigMap" "ServiceAccount" "Role" }}
{{- range until (int $.Values.count) }}
---
apiVersion: {{ eq $kind "Role" | ternary "rbac.authorization.k8s.io/v1" "v1" }}
kind: {{ $kind }}
metadata: {name: "many-{{ . }}"}
{{- end }}
{{- end }}
"""


@pytest.fixture
def bench(own_control_plane: Instance, tmp_path: Path) -> Iterator[Bench]:
    """An operator of the test's own."""
    with operating(own_control_plane, tmp_path, *IDENTITY) as bench:
        yield bench
    # The next test reads a log of its own.
    bench.operator.log.rename(bench.operator.log.with_name(f"operator-{time.time():.0f}.log"))


@pytest.fixture
def hooked(bench: Bench) -> PushedChart:
    """A chart whose install takes a second, most of it waiting for a Job."""
    return bench.chart("web", HOOKED, values={"text": "one"})


def another(bench: Bench, identity: str, *arguments: str) -> OperatorProcess:
    """A second operator beside the bench's; started by the caller."""
    return OperatorProcess(bench.instance, "--identity", identity, *arguments, log=bench.folder / f"{identity}.log")


# --- endpoints ------------------------------------------------------------------------------------------------------


def test_endpoints_of_an_operator_at_work(bench: Bench, hooked: PushedChart) -> None:
    release = bench.release(bench.namespace("endpoints"), "telling-name").apply(hooked.by_digest())
    release.wait_ready()
    assert bench.operator.get("/healthz") == (200, "ok\n")
    assert bench.operator.get("/readyz") == (200, "ok\n")
    assert bench.operator.get("/nothing")[0] == 404
    code, text = bench.operator.get("/metrics")
    assert code == 200
    families = {family.name: family for family in text_string_to_metric_families(text)}
    samples = [sample for family in families.values() for sample in family.samples]
    assert all(name.startswith("steersman_") and family.documentation for name, family in families.items())
    assert {
        "steersman_steps",
        "steersman_step_seconds",
        "steersman_api_requests",
        "steersman_releases",
        "steersman_queue_length",
    } <= families.keys()
    assert {label for sample in samples for label in sample.labels} == {"step", "reason", "verb", "code", "le"}
    known = {(sample.name, *sample.labels.values()): sample.value for sample in samples}
    assert known["steersman_releases",] == 1
    assert known["steersman_queue_length",] == 0
    assert known["steersman_steps_total", "", "finish"] == 1
    assert not re.search(r"telling-name|endpoints-|sha256|steersman-0", text)


def test_silence_of_a_watch_makes_the_operator_sick_until_it_hears_again(
    own_control_plane: Instance, tmp_path: Path
) -> None:
    with operating(own_control_plane, tmp_path, *IDENTITY) as bench:
        forget_releases(bench)
    with operating(own_control_plane, tmp_path, *IDENTITY, "--silence=4") as bench:
        bench.until("/healthz fails", lambda: bench.operator.get("/healthz")[0] == 503, 20)
        assert re.fullmatch(r"a watch has heard nothing for \d+ s\n", bench.operator.get("/healthz")[1])
        assert bench.operator.get("/readyz")[0] == 503
        record = {
            "metadata": {"name": "sh.helm.release.v1.other.v1", "labels": {"owner": "helm", "name": "other"}},
            "type": "helm.sh/release.v1",
        }
        path = f"/api/v1/namespaces/{bench.namespace('silence')}/secrets"
        assert bench.instance.api.request("POST", path, body=record).ok
        bench.until("/healthz is well", lambda: bench.operator.get("/healthz")[0] == 200, 10)


# --- how it ends ----------------------------------------------------------------------------------------------------


def test_sigterm_ends_it_at_once_and_the_next_goes_on(bench: Bench, hooked: PushedChart) -> None:
    release = bench.release(bench.namespace("sigterm"), "web")
    began = datetime.now(UTC)
    release.apply(hooked.by_digest())
    bench.until("its hook runs", lambda: records(release))
    renderers = psutil.Process(bench.operator.pid).children(recursive=True)
    assert renderers
    assert bench.operator.stop() == 0
    assert lease(bench)["holderIdentity"] == ""
    assert not psutil.wait_procs(renderers, timeout=5)[1], "the renderer lives on"
    last = log_lines(bench.operator.log)[-1]
    assert last["message"] == "stopped"
    assert "Traceback" not in bench.operator.log.read_text()
    with another(bench, "steersman-1") as successor:
        successor.wait_ready(LEASE_SECONDS - 5)
        release.wait_ready(1)
        holding = next(line for line in log_lines(successor.log) if "holding lease" in line["message"])
        assert (datetime.fromisoformat(holding["timestamp"]) - began).total_seconds() < LEASE_SECONDS
    assert [record["metadata"]["labels"]["status"] for record in records(release)] == ["deployed"]


def test_sigterm_lets_the_step_under_way_end_and_begins_no_other(bench: Bench) -> None:
    chart = bench.chart("many", {"templates/all.yaml": MANY}, values={"count": COUNT})
    namespace = bench.namespace("step")
    secrets = f"/api/v1/namespaces/{namespace}/secrets?labelSelector=steersman.dev%2Fname"
    release = bench.release(namespace, "web").apply(chart.by_digest())
    bench.until("its first objects are there", lambda: (bench.read(secrets) or {})["items"])
    assert bench.operator.stop() == 0
    assert len((bench.read(secrets) or {})["items"]) == COUNT
    assert [record["metadata"]["labels"]["status"] for record in records(release)] == ["pending-install"]
    steps = [line["step"] for line in log_lines(bench.operator.log) if line["message"] == "step done"]
    assert steps.count("apply") < KINDS
    with another(bench, "steersman-1") as successor:
        successor.wait_ready()
        release.wait_ready(1)
    assert release.status()["inventory"]["total"] == KINDS * COUNT


def test_a_second_operator_waits_and_takes_over_when_the_first_is_killed(bench: Bench, hooked: PushedChart) -> None:
    namespace = bench.namespace("takeover")
    bench.release(namespace, "web").apply(hooked.by_digest()).wait_ready(1)
    with another(bench, "steersman-1") as second, another(bench, "steersman-2") as third:
        bench.until("the second waits", lambda: "waiting for lease" in second.tail())
        bench.until("the third waits", lambda: "waiting for lease" in third.tail())
        assert second.get("/healthz") == (200, "ok\n")
        assert second.get("/readyz") == (503, "waiting for the Lease, or for the first lists\n")
        assert third.stop() == 0
        assert "Traceback" not in third.log.read_text()
        assert lease(bench)["holderIdentity"] == "steersman-0"
        renderers = psutil.Process(bench.operator.pid).children(recursive=True)
        bench.operator.kill()
        assert renderers and not psutil.wait_procs(renderers, timeout=5)[1], "the renderer outlives its operator"
        release = bench.release(namespace, "web").apply(hooked.by_digest(), values={"text": "two"})
        second.wait_ready(LEASE_SECONDS + 15)
        release.wait_ready(2)
        assert lease(bench)["holderIdentity"] == "steersman-1"
        assert "first lists" not in second.get("/readyz")[1]


def test_a_lost_lease_ends_all_writes(bench: Bench, hooked: PushedChart) -> None:
    spec = {"holderIdentity": "thief", "leaseDurationSeconds": 15, "renewTime": f"{datetime.now(UTC):%FT%T.%fZ}"}
    changed = bench.instance.api.request(
        "PATCH", LEASE, body={"spec": spec}, content_type="application/merge-patch+json"
    )
    assert changed.ok
    deadline = time.monotonic() + LEASE_SECONDS
    while not has_ended(bench.operator) and time.monotonic() < deadline:
        # Work, so that there is something to write at any moment.
        bench.release(bench.namespace("lost"), "web").apply(hooked.by_digest())
        time.sleep(0.2)
    assert bench.operator.stop() == 1
    lines = log_lines(bench.operator.log)
    lost = next(line for line in lines if line["message"].startswith("lost lease"))
    assert lines[-1]["message"].startswith(f"the Lease {NAMESPACE}/steersman was lost")
    assert lease(bench)["holderIdentity"] == "thief"
    late = [each for each in writes_after(bench.instance, lost["timestamp"]) if "/events" not in each]
    assert late == []
    assert bench.instance.api.request("DELETE", LEASE).ok


# --- an API server that goes away -----------------------------------------------------------------------------------


def test_an_api_server_that_comes_back_finds_the_operator_at_work(bench: Bench, hooked: PushedChart) -> None:
    release = bench.release(bench.namespace("restart"), "web").apply(hooked.by_digest())
    bench.until("its hook runs", lambda: records(release))
    bench.instance.stop_server(APISERVER)
    bench.instance.start_server(APISERVER)
    with_operator(bench)
    release.wait_ready(1)
    release.apply(hooked.by_digest(), values={"text": "two"}).wait_ready(2)
    log = bench.operator.log.read_text()
    assert "Traceback" not in log
    assert " instead" not in log, "it watches less than before: the server refused it while it started"


def test_an_api_server_that_hangs_ends_the_operator_before_another_may_begin(bench: Bench, hooked: PushedChart) -> None:
    release = bench.release(bench.namespace("hang"), "web").apply(hooked.by_digest())
    release.wait_ready(1)
    with paused(bench.instance.processes[APISERVER]):
        asleep = time.monotonic()
        while not has_ended(bench.operator) and time.monotonic() < asleep + LEASE_SECONDS:
            time.sleep(0.1)
        assert has_ended(bench.operator)
    assert bench.operator.stop() == 1
    assert "not renewed in time" in bench.operator.log.read_text()
    assert "Traceback" not in bench.operator.log.read_text()
    bench.operator.start()
    bench.operator.wait_ready()
    release.apply(hooked.by_digest(), values={"text": "two"}).wait_ready(2)


# --- what it says ---------------------------------------------------------------------------------------------------

CANARY = "canary7f3e"
NUMBER = "735192468"
"""Passwords that must be found nowhere but where they belong."""

SECRETIVE = {
    "templates/secret.yaml": """\
apiVersion: v1
kind: Secret
metadata: {name: {{ .Release.Name }}}
immutable: {{ .Values.immutable }}
stringData:
  password: {{ .Values.password }}
  other: {{ .Values.other }}
""",
    "templates/deployment.yaml": """\
{{- if .Values.unschedulable }}
apiVersion: apps/v1
kind: Deployment
metadata: {name: {{ .Release.Name }}}
spec:
  selector: {matchLabels: {app: {{ .Release.Name }}}}
  template:
    metadata: {labels: {app: {{ .Release.Name }}}}
    spec:
      nodeSelector: {no: such}
      containers: [{name: web, image: nginx, env: [{name: PASSWORD, value: {{ .Values.password }}}]}]
{{- end }}
""",
    "values.schema.json": json.dumps({"properties": {"pin": {"type": "integer"}, "code": {"pattern": "^[0-9]+$"}}}),
}
MISTAKES: dict[str, tuple[dict[str, Any], str]] = {
    "unhealthy": ({"unschedulable": True}, "HealthCheckFailed"),
    "schema-type": ({"pin": CANARY}, "ValuesError"),
    "schema-pattern": ({"code": CANARY}, "ValuesError"),
    "number": ({"other": int(NUMBER)}, "ManifestRefused"),
    "yaml": ({"other": f"a: b: {CANARY}"}, "RenderFailed"),
}
"""By the release's name: values of an install that fails, and why it does."""


def test_neither_log_nor_status_nor_events_hold_values_or_secrets(bench: Bench) -> None:
    namespace = bench.namespace("canary")
    values = {"password": CANARY, "other": f"{CANARY}-too", "immutable": False}
    chart = bench.chart("secretive", SECRETIVE, values={"other": "x", "immutable": False, "unschedulable": False})
    for name, text in {"given": f"password: {CANARY}", "broken": f"password: {CANARY}: [{CANARY}"}.items():
        secret = {"metadata": {"name": name}, "stringData": {"values.yaml": text}}
        assert bench.instance.api.request("POST", f"/api/v1/namespaces/{namespace}/secrets", body=secret).ok
    source: Object = {"valuesFrom": [{"kind": "Secret", "name": "given"}]}
    installed = bench.release(namespace, "installed").apply(chart.by_digest(), values=values, **source)
    immutable = bench.release(namespace, "immutable")
    immutable.apply(chart.by_digest(), values={**values, "immutable": True})
    broken = bench.release(namespace, "broken")
    broken.apply(chart.by_digest(), valuesFrom=[{"kind": "Secret", "name": "broken"}])
    failing = {
        bench.release(namespace, name).apply(chart.by_digest(), values={**values, **wrong}, timeout="2s", **source): why
        for name, (wrong, why) in MISTAKES.items()
    }
    immutable.wait_ready(1)
    immutable.apply(chart.by_digest(), values={**values, "immutable": True, "password": f"{CANARY}-new"})
    installed.wait_ready(1)
    installed.apply(chart.by_digest(), values={**values, "other": f"{CANARY}-changed"}, **source).wait_ready(2)
    immutable.wait_condition("Ready", "False", "ImmutableField")
    broken.wait_condition("Ready", "False", "ValuesError")
    for release, why in failing.items():
        release.wait_condition("Ready", "False", why)
    installed.delete()
    installed.wait_gone()

    told = {"log": bench.operator.log.read_text(), "metrics": bench.operator.get("/metrics")[1]}
    told["events"] = json.dumps(bench.read(f"/apis/events.k8s.io/v1/namespaces/{namespace}/events"))
    for release in (immutable, broken, *failing):
        told[f"status of {release.name}"] = json.dumps(release.status())
    told["inventories"] = json.dumps(bench.read("/apis/steersman.dev/v1alpha1/releaseinventories"))
    assert [place for place, text in told.items() if CANARY in text or NUMBER in text] == []


def test_the_log_is_one_json_object_a_line(bench: Bench, hooked: PushedChart) -> None:
    """Releases of other tests, which failed, are looked at again by a new operator: they may warn."""
    namespace = bench.namespace("log")
    bench.release(namespace, "web").apply(hooked.by_digest()).wait_ready()
    bench.operator.stop()
    lines = log_lines(bench.operator.log)
    assert all({"level", "logger", "message", "timestamp"} <= line.keys() for line in lines)
    lines = [line for line in lines if line.get("release", f"{namespace}/web") == f"{namespace}/web"]
    assert {line["level"] for line in lines} == {"INFO"}
    steps = [line for line in lines if line["message"] == "step done"]
    assert [line["step"] for line in steps][:3] == ["add-finalizer", "prepare", "hook-start"]
    assert all({"release", "revision", "seconds"} <= line.keys() for line in steps)


# --- how it is called -----------------------------------------------------------------------------------------------


def run(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """`steersman run` with these arguments, which are expected to end it at once."""
    return subprocess.run(
        [sys.executable, "-m", "steersman", "run", *arguments],
        env={"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT / "operator"), **environment},
        capture_output=True, text=True, timeout=30, check=False,
    )  # fmt: skip


def test_help_explains_every_flag() -> None:
    done = run("--help")
    assert done.returncode == 0
    assert "keep every HelmRelease of the cluster" in " ".join(done.stdout.split())
    flags = re.findall(r"^  (?:-h, )?--([a-z-]+) (.*(?:\n {10,}.*)*)", done.stdout, re.MULTILINE)
    assert {flag for flag, _ in flags} == {
        "allow-local-registries", "allowed-registries",
        "cache-bytes", "cache-dir", "concurrency", "context", "enable-jinja-charts", "grace", "help",
        "http-host", "http-port", "identity", "kubeconfig", "log-level", "namespace",
        "renderer-socket", "renderers", "silence",
    }  # fmt: skip
    assert all(len(text.split()) > 4 for _, text in flags)
    assert "STEERSMAN_HTTP_PORT" in done.stdout


def kubeconfig(**changes: Any) -> str:
    config = {
        "apiVersion": "v1",
        "kind": "Config",
        "current-context": "here",
        "clusters": [{"name": "c", "cluster": {"server": "https://127.0.0.1:1"}}],
        "users": [{"name": "u", "user": {"token": CANARY}}],
        "contexts": [{"name": "here", "context": {"cluster": "c", "user": "u"}}],
    }
    return yaml.safe_dump({**config, **changes})


@pytest.mark.parametrize(
    ("arguments", "content", "says"),
    [
        pytest.param(["--kubeconfig", "nowhere"], None, "File 'nowhere' does not exist", id="no kubeconfig"),
        pytest.param(["--kubeconfig", "{}"], "just a text", "kubeconfig {}:", id="not a kubeconfig"),
        pytest.param(["--kubeconfig", "{}"], "a: b: c", "mapping values are not allowed", id="not YAML"),
        pytest.param(["--kubeconfig", "{}", "--context", "there"], kubeconfig(), "name there", id="no such context"),
        pytest.param(["--kubeconfig", "{}"], kubeconfig(users=[]), "cluster and a user", id="no user"),
        pytest.param([], None, "outside a cluster a kubeconfig has to be named", id="not in a cluster"),
        pytest.param(["--allowed-registries", ""], None, "it names no registry", id="allowing nothing"),
        pytest.param(["--allowed-registries", "h, h/c:1"], None, "'h/c:1' ends with a tag", id="a registry with a tag"),
        pytest.param(["--http-port", "x"], None, "--http-port", id="no number"),
        pytest.param(["--kubeconfig", "{}", "--http-host", "192.0.2.1"], kubeconfig(), "--http-host", id="no address"),
    ],
)
def test_wrong_arguments_end_it_with_a_reason(
    tmp_path: Path, arguments: list[str], content: str | None, says: str
) -> None:
    file = tmp_path / "kubeconfig"
    if content is not None:
        file.write_text(content)
    done = run(*(argument.format(file) for argument in arguments), STEERSMAN_CACHE_DIR=str(tmp_path))
    assert done.returncode == 1
    assert says.format(file) in done.stderr
    assert "Traceback" not in done.stderr
    assert len(done.stderr.strip().splitlines()) <= 2
    assert CANARY not in done.stderr


# --- helpers --------------------------------------------------------------------------------------------------------


def lease(bench: Bench) -> Object:
    found = bench.read(LEASE)
    assert found is not None
    spec: Object = found["spec"]
    return spec


def records(release: ReleaseHandle) -> list[Object]:
    """The Secrets with the release's revisions."""
    found = release.bench.read(RECORDS.format(release.namespace))
    assert found is not None
    items: list[Object] = found["items"]
    return items


def log_lines(path: Path) -> list[Object]:
    """Every line of a log; an AssertionError names one that is no JSON object."""
    lines = []
    for text in path.read_text().splitlines():
        assert text.startswith("{"), text
        lines.append(json.loads(text))
    return lines


def writes_after(instance: Instance, moment: str) -> list[str]:
    """The operator's writes that reached the API server after this moment, but those to the Lease. What was on its way
    then, in the kernel's buffers, was sent before."""
    found = []
    moment_after = datetime.fromisoformat(moment) + ON_ITS_WAY
    for text in instance.audit_log.read_text().splitlines():
        event = json.loads(text)
        late = datetime.fromisoformat(event["requestReceivedTimestamp"]) > moment_after
        reads = event["verb"] in ("get", "list", "watch")
        if (
            late
            and not reads
            and event.get("userAgent", "").startswith("steersman/")
            and "/leases/" not in (event["requestURI"])
        ):
            found.append(f"{event['verb']} {event['requestURI']}")
    return found


def forget_releases(bench: Bench) -> None:
    """Leave no HelmRelease, so that nothing but the release records is watched."""
    found = bench.read("/apis/steersman.dev/v1alpha1/helmreleases")
    assert found is not None
    for each in found["items"]:
        release = bench.release(each["metadata"]["namespace"], each["metadata"]["name"])
        release.patch({"spec": {"deletionPolicy": "Orphan"}})
        release.delete()
        release.wait_gone()


def has_ended(operator: OperatorProcess) -> bool:
    """Whether the process is over; its exit code stays for `stop`."""
    return psutil.Process(operator.pid).status() == psutil.STATUS_ZOMBIE


def with_operator(bench: Bench) -> None:
    """Start the operator again if it ended, as kubelet would: a slow restart of the server costs it the Lease."""
    time.sleep(1)
    if has_ended(bench.operator):
        assert bench.operator.stop() == 1
        bench.operator.start()
    bench.operator.wait_ready()


@contextmanager
def paused(pid: int) -> Iterator[None]:
    """A process that does not answer."""
    os.kill(pid, signal.SIGSTOP)
    try:
        yield
    finally:
        os.kill(pid, signal.SIGCONT)
