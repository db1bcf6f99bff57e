"""An operator at work on a control plane of its own, and what tests do with one: push charts, apply HelmReleases, wait.

A module has its own by the fixture `bench` of conftest.py, since one operator works per control plane; it defines that
fixture again, with `operating(...)`, where the operator is to have other arguments.

Every wait that ends in vain tells what the HelmRelease says of itself, its Events, and the end of the operator's log.
"""

import base64
import re
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import yaml
from operators.process import OperatorProcess
from testenv import namespaces
from testenv.clients import Helm, Kubectl
from testenv.instance import Instance

PATIENCE = 90.0
"""Seconds a wait may take: generous, for a machine that does other things too."""
PAUSE = 0.1
RELEASES = "/apis/steersman.dev/v1alpha1/namespaces/{}/helmreleases/{}"

Object = dict[str, Any]
T = TypeVar("T")

ANYTHING = {"templates/objects.yaml": "{{- range .Values.objects }}\n---\n{{ toYaml . }}\n{{- end }}\n"}
"""A chart that renders the objects its values hold: for `Bench.chart`, and `objects(...)` as values."""


@dataclass(frozen=True)
class PushedChart:
    """A chart in the registry of the instance."""

    url: str
    digest: str
    version: str
    package: Path

    def by_digest(self) -> Object:
        """`spec.chart` that pins it."""
        return {"url": self.url, "digest": self.digest, "insecure": True}

    def by_version(self, wanted: str, **more: Any) -> Object:
        """`spec.chart` that follows a version or range."""
        return {"url": self.url, "version": wanted, "insecure": True, **more}


@dataclass(frozen=True)
class Bench:
    """A control plane, its registry, the operator, and the real helm and kubectl as the admin."""

    instance: Instance
    operator: OperatorProcess
    helm: Helm
    kubectl: Kubectl
    folder: Path

    def namespace(self, prefix: str = "test") -> str:
        """A namespace nobody else uses."""
        return namespaces.create(self.instance.api, prefix)

    def push(self, package: Path) -> PushedChart:
        """Push a packaged chart with helm."""
        name, version = self._named(package)
        repository = f"oci://{self.instance.registry}/charts"
        said = self.helm("push", "--plain-http", str(package), repository)
        digest = re.search(r"sha256:[0-9a-f]{64}", said.stdout + said.stderr)
        assert digest is not None, said
        return PushedChart(f"{repository}/{name}", digest.group(), version, package)

    def chart(
        self, name: str, files: Mapping[str, str], *, version: str = "0.1.0", values: Object | None = None
    ) -> PushedChart:
        """Write a chart of these files (`templates/x.yaml` → text), package it and push it."""
        source = self.folder / f"{name}-{version}" / name
        metadata = {"apiVersion": "v2", "name": name, "version": version, "appVersion": "1.0"}
        texts = {"Chart.yaml": yaml.safe_dump(metadata), "values.yaml": yaml.safe_dump(values or {}), **files}
        for path, text in texts.items():
            (source / path).parent.mkdir(parents=True, exist_ok=True)
            (source / path).write_text(text)
        self.helm("package", str(source), "--destination", str(source.parent))
        return self.push(source.parent / f"{name}-{version}.tgz")

    def secret(self, namespace: str, name: str, **data: str) -> None:
        """Make or change a Secret; the data's keys as they are."""
        encoded = {key: base64.b64encode(text.encode()).decode() for key, text in data.items()}
        self.kubectl.apply(
            {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": name}, "data": encoded}, namespace=namespace
        )

    def repository(self, namespace: str, name: str) -> "RepositoryHandle":
        """A ChartRepository by name; nothing is made yet."""
        return RepositoryHandle(self, namespace, name)

    def release(self, namespace: str, name: str) -> "ReleaseHandle":
        """A HelmRelease by name; nothing is made yet."""
        return ReleaseHandle(self, namespace, name)

    def read(self, path: str) -> Object | None:
        """What the API server has at this path, None where there is nothing."""
        answer = self.instance.api.request("GET", path)
        if answer.status == 404:
            return None
        assert answer.ok, answer.body.decode()
        found: Object = answer.json()
        return found

    def until(
        self, what: str, look: Callable[[], T | None], patience: float = PATIENCE, told: Callable[[], str] = str
    ) -> T:
        """Look until it gives something true; that. Else fail with what `told` says and the end of the log."""
        deadline = time.monotonic() + patience
        while time.monotonic() < deadline:
            found = look()
            if found:
                return found
            time.sleep(PAUSE)
        log = self.operator.tail(40)
        raise AssertionError(f"not within {patience:.0f} s: {what}\n{told()}\n--- the operator's log ends with\n{log}")

    @staticmethod
    def _named(package: Path) -> tuple[str, str]:
        """Name and version of `name-1.2.3.tgz`."""
        match = re.fullmatch(r"(.+?)-(v?\d+\.\d+\.\d+.*)\.tgz", package.name)
        assert match is not None, package
        return match[1], match[2]


@dataclass(frozen=True)
class ReleaseHandle:
    """One HelmRelease."""

    bench: Bench
    namespace: str
    name: str

    @property
    def path(self) -> str:
        """Of the object, at the API server."""
        return RELEASES.format(self.namespace, self.name)

    def apply(self, chart: Object, *, annotations: Mapping[str, str] | None = None, **spec: Any) -> "ReleaseHandle":
        """Make it so: what an earlier call set and this one leaves out goes."""
        document = {
            "apiVersion": "steersman.dev/v1alpha1",
            "kind": "HelmRelease",
            "metadata": {"name": self.name, "namespace": self.namespace, "annotations": dict(annotations or {})},
            "spec": {"chart": chart, **spec},
        }
        answer = self.bench.instance.api.apply(self.path, yaml.safe_dump(document).encode())
        assert answer.ok, answer.body.decode()
        return self

    def annotate(self, **annotations: str) -> None:
        """Set our annotations: `annotate(force_at="1")` is `steersman.dev/force-at: "1"`."""
        named = {f"steersman.dev/{key.replace('_', '-')}": value for key, value in annotations.items()}
        self.patch({"metadata": {"annotations": named}})

    def patch(self, change: Object) -> None:
        """A merge patch."""
        answer = self.bench.instance.api.request(
            "PATCH", self.path, body=change, content_type="application/merge-patch+json"
        )
        assert answer.ok, answer.body.decode()

    def delete(self) -> None:
        """Ask for its deletion."""
        answer = self.bench.instance.api.request("DELETE", self.path)
        assert answer.ok, answer.body.decode()

    def object(self) -> Object | None:
        """As it is now, None when it is gone."""
        return self.bench.read(self.path)

    def status(self) -> Object:
        """Its status now; empty where there is none."""
        found: Object = (self.object() or {}).get("status") or {}
        return found

    def wait_ready(self, revision: int | None = None, patience: float = PATIENCE) -> Object:
        """Until Ready is True for the present generation (and the release at this revision, if given); the status."""

        def look(obj: Object) -> bool:
            at = obj["status"].get("release", {}).get("revision")
            return is_condition(obj, "Ready", "True") and revision in (None, at)

        return self.wait(f"Ready at revision {revision or 'any'}", look, patience)

    def wait_condition(self, type_: str, status: str, reason: str | None = None, patience: float = PATIENCE) -> Object:
        """Until a condition of the present generation has this status (and reason); the condition."""
        what = f"{type_}={status} {reason or ''}"
        found = self.wait(what, lambda obj: is_condition(obj, type_, status, reason), patience)
        return conditions(found)[type_]

    def wait(self, what: str, look: Callable[[Object], bool], patience: float = PATIENCE) -> Object:
        """Until the object, which has a status, is as `look` wants it; the status."""

        def fitting() -> Object | None:
            obj = self.object()
            return obj["status"] if obj is not None and obj.get("status") and look(obj) else None

        return self.bench.until(f"{self.name}: {what}", fitting, patience, self.describe)

    def wait_gone(self, patience: float = PATIENCE) -> None:
        """Until the API server has it no more."""
        self.bench.until(f"{self.name} is gone", lambda: self.object() is None, patience, self.describe)

    def events(self) -> list[tuple[str, str]]:
        """(reason, message) of the Events about it, in no order."""
        path = f"/apis/events.k8s.io/v1/namespaces/{self.namespace}/events"
        found = (self.bench.read(path) or {}).get("items", [])
        about = [event for event in found if event["regarding"].get("kind") == "HelmRelease"]
        return [(event["reason"], event["note"]) for event in about if event["regarding"]["name"] == self.name]

    def wait_event(self, reason: str, part: str = "") -> str:
        """Until an Event of this reason has `part` in its message; the message."""

        def look() -> str | None:
            return next((note for why, note in self.events() if why == reason and part in note), None)

        return self.bench.until(f"{self.name}: an Event {reason} with {part!r}", look, told=self.describe)

    def describe(self) -> str:
        """Status and Events, for failures."""
        obj = self.object()
        if obj is None:
            return f"there is no HelmRelease {self.namespace}/{self.name}"
        shown = {"generation": obj["metadata"]["generation"], "status": obj.get("status"), "events": self.events()}
        return yaml.safe_dump(shown, sort_keys=False, width=160)


@dataclass(frozen=True)
class RepositoryHandle:
    """One ChartRepository."""

    bench: Bench
    namespace: str
    name: str

    @property
    def path(self) -> str:
        """Of the object, at the API server."""
        return f"/apis/steersman.dev/v1alpha1/namespaces/{self.namespace}/chartrepositories/{self.name}"

    @property
    def chart(self) -> Object:
        """`spec.chart.repository` that names it."""
        return {"ref": {"name": self.name}}

    def apply(self, **spec: Any) -> "RepositoryHandle":
        """Make it so."""
        document = {
            "apiVersion": "steersman.dev/v1alpha1",
            "kind": "ChartRepository",
            "metadata": {"name": self.name, "namespace": self.namespace},
            "spec": spec,
        }
        answer = self.bench.instance.api.apply(self.path, yaml.safe_dump(document).encode())
        assert answer.ok, answer.body.decode()
        return self

    def status(self) -> Object:
        """Its status now; empty where there is none."""
        found: Object = (self.bench.read(self.path) or {}).get("status") or {}
        return found

    def wait(self, status: str, part: str = "") -> Object:
        """Until Ready has this status for the present generation, with `part` in its message; the whole status."""

        def look() -> Object | None:
            obj = self.bench.read(self.path)
            if obj is None or not is_condition(obj, "Ready", status):
                return None
            found: Object = obj["status"]
            return found if part in conditions(found)["Ready"]["message"] else None

        what = f"{self.name}: Ready={status} {part}"
        return self.bench.until(what, look, told=lambda: yaml.safe_dump(self.status(), width=160))


@contextmanager
def operating(
    instance: Instance, folder: Path, *arguments: str, environment: Mapping[str, str] | None = None
) -> Iterator[Bench]:
    """A ready operator (with these arguments of `steersman run`) on the instance, until the block ends."""
    helm = Helm.at(folder / "helm", instance.kubeconfig)
    kubectl = Kubectl.at(instance.kubeconfig, folder / "kubectl")
    log, cache = instance.logs / "operator.log", folder / "cache"
    process = OperatorProcess(instance, *arguments, log=log, cache=cache, environment=environment)
    with process as operator:
        operator.wait_ready()
        yield Bench(instance, operator, helm, kubectl, folder)


def objects(*items: Object) -> Object:
    """Values of a chart of ANYTHING."""
    return {"objects": list(items)}


def config_map(name: str, data: Mapping[str, str] | None = None, *, kept: bool = False) -> Object:
    """A ConfigMap; one to be `kept` says so by Helm's annotation."""
    metadata: Object = {"name": name}
    if kept:
        metadata["annotations"] = {"helm.sh/resource-policy": "keep"}
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata, "data": dict(data or {"key": "value"})}


def deployment(name: str, *, healthy: bool = True, deadline: int = 600) -> Object:
    """A Deployment of one pod. One that is not healthy asks for a node that does not exist, and counts as failed when
    its deadline (in seconds) is over."""
    labels = {"app": name}
    pod: Object = {"containers": [{"name": "app", "image": "registry.example/app:1"}]}
    if not healthy:
        pod["nodeSelector"] = {"there-is": "no-such-node"}
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": name},
        "spec": {
            "progressDeadlineSeconds": deadline,
            "selector": {"matchLabels": labels},
            "template": {"metadata": {"labels": labels}, "spec": pod},
        },
    }


def hook_job(name: str, events: str, *, succeeds: bool = True, policy: str = "before-hook-creation") -> Object:
    """A Job that is a hook. One that is to fail asks for a node that does not exist and has a second for it."""
    pod: Object = {"restartPolicy": "Never", "containers": [{"name": "job", "image": "registry.example/job:1"}]}
    if not succeeds:
        pod["nodeSelector"] = {"there-is": "no-such-node"}
    return {
        "apiVersion": "batch/v1",
        "kind": "Job",
        "metadata": {"name": name, "annotations": {"helm.sh/hook": events, "helm.sh/hook-delete-policy": policy}},
        "spec": {"template": {"spec": pod}, **({} if succeeds else {"activeDeadlineSeconds": 1})},
    }


def conditions(status: Object) -> dict[str, Object]:
    """Conditions by type."""
    return {each["type"]: each for each in status.get("conditions", [])}


def is_condition(obj: Object, type_: str, status: str, reason: str | None = None) -> bool:
    """Whether a condition says this of the present generation."""
    found = conditions(obj.get("status") or {}).get(type_)
    return (
        found is not None
        and found["status"] == status
        and reason in (None, found["reason"])
        and found.get("observedGeneration") == obj["metadata"]["generation"]
    )
