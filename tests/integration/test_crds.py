"""The CRDs on a real API server: what is refused, and that the refusal names the field and the remedy."""

import itertools
import json
import time
from collections.abc import Callable
from typing import Any

import pytest
from integration.crd_tables import (
    ACCEPTED_CHARTS,
    ACCEPTED_REPOSITORIES,
    DIGEST,
    DURATION,
    NAME_RULE,
    PINNED,
    REFUSED_CHARTS,
    REFUSED_REPOSITORIES,
    SHARED,
    TERMS,
    at,
)
from testenv.api import Answer
from testenv.clients import Kubectl
from testenv.instance import Instance
from testenv.layout import REPOSITORY

from steersman.core.api.crd import all_crds, chart_repository, helm_release

Apply = Callable[..., Answer]


@pytest.fixture(scope="module")
def crds(control_plane: Instance, kubectl: Kubectl) -> Instance:
    """The shared control plane with our CRDs."""
    for name, crd in all_crds().items():
        kubectl("apply", "--server-side", "--force-conflicts", "-f", str(REPOSITORY / "crds" / name))
        kubectl("wait", "--for=condition=Established", f"crd/{crd['metadata']['name']}", "--timeout=30s")
    _await_discovery(kubectl)
    return control_plane


def _await_discovery(kubectl: Kubectl) -> None:
    """Established may precede discovery, which kubectl asks for short names."""
    deadline = time.monotonic() + 30
    while kubectl("explain", "hrel", check=False).returncode != 0:
        assert time.monotonic() < deadline, "the CRDs never showed in discovery"
        time.sleep(0.1)


@pytest.fixture(scope="module")
def apply(crds: Instance, namespace: str) -> Apply:
    """Server-side apply of a HelmRelease, strict as kubectl does it; a dry run unless `keep`."""

    def send(
        spec: Any,
        *,
        name: str = "web",
        keep: bool = False,
        kind: str = "HelmRelease",
        plural: str = "helmreleases",
    ) -> Answer:
        document = {
            "apiVersion": "steersman.dev/v1alpha1",
            "kind": kind,
            "metadata": {"name": name},
            "spec": spec,
        }
        query = "fieldManager=test&force=true&fieldValidation=Strict" + ("" if keep else "&dryRun=All")
        return crds.api.request(
            "PATCH",
            f"/apis/steersman.dev/v1alpha1/namespaces/{namespace}/{plural}/{name}?{query}",
            body=json.dumps(document).encode(),
            content_type="application/apply-patch+yaml",
        )

    return send


def values_from(**fields: Any) -> dict[str, Any]:
    """A right spec with one entry of valuesFrom."""
    return at("valuesFrom", [{"kind": "Secret", "name": "s", **fields}])


ACCEPTED = ACCEPTED_CHARTS | {
    "the least": at("chart", PINNED),
    "names": {**at("releaseName", "a.b-c"), "targetNamespace": "shop", "storageNamespace": "vault"},
    "values": at("values", {"a": None, "b": [1, {"c": None}], "d": {"e": 1.5}}),
    "valuesFrom": at(
        "valuesFrom",
        [
            {"kind": "ConfigMap", "name": "c"},
            {"kind": "Secret", "name": "s", "valuesKey": "a_b.c", "targetPath": r"a\.b.c[0].d", "literal": True},
            {"kind": "Secret", "name": "s", "optional": True},
        ],
    ),
    "times": {**at("interval", "10s"), "timeout": "1.5h", "maxHistory": 0},
    "install": at(
        "install",
        {
            "timeout": "1s",
            "crds": "CreateReplace",
            "createNamespace": True,
            "disableHooks": True,
            "disableWait": True,
            "disableWaitForJobs": True,
            "onFailure": "Stop",
            "retryInterval": "1m",
        },
    ),
    "upgrade": at(
        "upgrade",
        {
            "timeout": "168h",
            "crds": "Create",
            "disableHooks": True,
            "disableWait": True,
            "disableWaitForJobs": True,
            "onFailure": "Stop",
            "retryInterval": "1m",
        },
    ),
    "uninstall": at(
        "uninstall",
        {
            "timeout": "1m",
            "onFailure": "Orphan",
            "keepHistory": True,
            "deletionPropagation": "foreground",
            "disableHooks": True,
            "disableWait": True,
        },
    ),
    "the rest": {**at("apply.conflicts", "Fail"), "suspend": True, "failFast": True, "deletionPolicy": "Orphan"},
}


@pytest.mark.parametrize("spec", ACCEPTED.values(), ids=ACCEPTED.keys())
def test_accepted(apply: Apply, spec: dict[str, Any]) -> None:
    answer = apply(spec)
    assert answer.ok, answer.body


REFUSED: dict[str, tuple[Any, str, str]] = (
    REFUSED_CHARTS
    | {
        # case: (spec, field that the message names, remedy in the message)
        "no spec": (None, "spec", "must be of type object"),
        "no chart": ({}, "spec.chart", "Required value"),
        "release name": (at("releaseName", "Web"), "spec.releaseName", NAME_RULE),
        "release name too long": (at("releaseName", "a" * 54), "spec.releaseName", "may not be more than 53"),
        "target namespace": (at("targetNamespace", "a.b"), "spec.targetNamespace", NAME_RULE),
        "storage namespace": (at("storageNamespace", "-a"), "spec.storageNamespace", NAME_RULE),
        "values": (at("values", ["a"]), "spec.values", "object"),
        "valuesFrom kind": (values_from(kind="Pod"), "spec.valuesFrom[0].kind", '"ConfigMap", "Secret"'),
        "valuesFrom without a kind": (at("valuesFrom", [{"name": "a"}]), "spec.valuesFrom[0].kind", "Required value"),
        "valuesFrom without a name": (
            at("valuesFrom", [{"kind": "Secret"}]),
            "spec.valuesFrom[0].name",
            "Required value",
        ),
        "valuesFrom name": (values_from(name="A"), "spec.valuesFrom[0].name", NAME_RULE),
        "valuesFrom key": (
            values_from(valuesKey="a/b"),
            "spec.valuesFrom[0].valuesKey",
            "must be a key of a ConfigMap",
        ),
        "valuesFrom path": (
            values_from(targetPath="a=b"),
            "spec.valuesFrom[0].targetPath",
            "must be a path like a.b[0].c",
        ),
        "valuesFrom optional": (values_from(optional="yes"), "spec.valuesFrom[0].optional", "boolean"),
        "literal without a path": (
            values_from(literal=True),
            "spec.valuesFrom[0].literal",
            "set targetPath, or remove",
        ),
        "too many valuesFrom": (
            at("valuesFrom", [{"kind": "Secret", "name": "s"}] * 33),
            "spec.valuesFrom",
            "must have at most 32 items",
        ),
        "interval": (at("interval", "5 minutes"), "spec.interval", DURATION),
        "interval too short": (at("interval", "100ms"), "spec.interval", "must be 10s or longer"),
        "timeout": (at("timeout", "10"), "spec.timeout", DURATION),
        "timeout of nothing": (at("timeout", "0s"), "spec.timeout", "must be 1s or longer"),
        "timeout too long": (at("timeout", "169h"), "spec.timeout", "must be 168h or shorter"),
        "suspend": (at("suspend", "true"), "spec.suspend", "boolean"),
        "history": (at("maxHistory", -1), "spec.maxHistory", "greater than or equal to 0"),
        "history too long": (at("maxHistory", 1001), "spec.maxHistory", "less than or equal to 1000"),
        "history as text": (at("maxHistory", "5"), "spec.maxHistory", "expected numeric"),
        "conflicts": (at("apply.conflicts", "Yield"), "spec.apply.conflicts", '"Fail", "Force"'),
        "fail fast": (at("failFast", 1), "spec.failFast", "boolean"),
        "deletion policy": (at("deletionPolicy", "Keep"), "spec.deletionPolicy", '"Delete", "Orphan"'),
        "install crds": (at("install.crds", "Replace"), "spec.install.crds", '"Create", "CreateReplace", "Skip"'),
        "upgrade crds": (at("upgrade.crds", "Replace"), "spec.upgrade.crds", '"Create", "CreateReplace", "Skip"'),
        "uninstall onFailure": (at("uninstall.onFailure", "Retry"), "spec.uninstall.onFailure", '"Block", "Orphan"'),
        "propagation": (
            at("uninstall.deletionPropagation", "Background"),
            "spec.uninstall.deletionPropagation",
            '"background", "foreground", "orphan"',
        ),
        "a field that is not there": (at("driftDetection", {}), "spec.driftDetection", "field not declared in schema"),
    }
    | {
        f"{action} {field}": (at(f"{action}.{field}", value), f"spec.{action}.{field}", remedy)
        for action, (field, value, remedy) in itertools.chain(
            itertools.product(
                ("install", "upgrade"),
                (
                    ("timeout", "soon", DURATION),
                    ("onFailure", "Rollback", '"Retry", "Stop"'),
                    ("retryInterval", "1s", "must be 10s or longer"),
                    ("disableHooks", "no", "boolean"),
                    ("disableWait", "no", "boolean"),
                    ("disableWaitForJobs", "no", "boolean"),
                ),
            ),
            itertools.product(
                ("uninstall",),
                (
                    ("timeout", "soon", DURATION),
                    ("keepHistory", "no", "boolean"),
                    ("disableHooks", "no", "boolean"),
                    ("disableWait", "no", "boolean"),
                ),
            ),
            (("install", ("createNamespace", "no", "boolean")),),
        )
    }
)


@pytest.mark.parametrize("field", TERMS)
def test_who_names_a_chart_repository_brings_no_terms(apply: Apply, field: str) -> None:
    answer = apply(at("chart", {**SHARED, field: TERMS[field]}))
    assert not answer.ok
    message = answer.json()["message"]
    assert "spec.chart.repository.ref names a ChartRepository, which brings its own terms of access" in message
    assert f"{field}" in message.partition("remove ")[2].partition(" from spec.chart")[0], message


@pytest.mark.parametrize(("spec", "field", "remedy"), REFUSED.values(), ids=REFUSED.keys())
def test_refused(apply: Apply, spec: Any, field: str, remedy: str) -> None:
    answer = apply(spec)
    assert not answer.ok
    message = answer.json()["message"]
    assert field in message.replace(".spec.", "spec."), message
    assert remedy in message, message


def test_every_field_of_the_spec_is_refused_somewhere() -> None:
    """The table above is complete: each leaf of the schema is wrong in at least one row."""

    def leaves(schema: dict[str, Any], path: str) -> list[str]:
        if schema.get("properties"):
            return [leaf for name, part in schema["properties"].items() for leaf in leaves(part, f"{path}.{name}")]
        if "items" in schema and schema["items"].get("properties"):
            return leaves(schema["items"], f"{path}[0]")
        return [path]

    schema = helm_release()["spec"]["versions"][0]["schema"]["openAPIV3Schema"]["properties"]["spec"]
    assert set(leaves(schema, "spec")) - {field for _, field, _ in REFUSED.values()} == set()


@pytest.mark.parametrize("spec", ACCEPTED_REPOSITORIES.values(), ids=ACCEPTED_REPOSITORIES.keys())
def test_accepted_repositories(apply: Apply, spec: dict[str, Any]) -> None:
    answer = apply(spec, kind="ChartRepository", plural="chartrepositories")
    assert answer.ok, answer.body


@pytest.mark.parametrize(("spec", "field", "remedy"), REFUSED_REPOSITORIES.values(), ids=REFUSED_REPOSITORIES.keys())
def test_refused_repositories(apply: Apply, spec: dict[str, Any], field: str, remedy: str) -> None:
    answer = apply(spec, kind="ChartRepository", plural="chartrepositories")
    assert not answer.ok
    message = answer.json()["message"]
    assert field in message.replace(".spec.", "spec."), message
    assert remedy in message, message


def test_every_field_of_a_repository_is_refused_somewhere() -> None:
    schema = chart_repository()["spec"]["versions"][0]["schema"]["openAPIV3Schema"]["properties"]["spec"]
    wrong = {field.split(".")[1] for _, field, _ in REFUSED_REPOSITORIES.values()}
    assert set(schema["properties"]) - wrong == set()


@pytest.mark.parametrize(
    ("length", "release_name", "message"),
    [
        pytest.param(53, None, None, id="as long as a release name may be"),
        pytest.param(54, None, "set spec.releaseName to a shorter one", id="too long for a release name"),
        pytest.param(63, "web", None, id="as long as a label value may be"),
        pytest.param(64, "web", "choose a shorter name", id="too long for a label value"),
    ],
)
def test_the_length_of_the_name(apply: Apply, length: int, release_name: str | None, message: str | None) -> None:
    spec = at("chart", PINNED) | ({"releaseName": release_name} if release_name else {})
    answer = apply(spec, name="a" * length)
    assert answer.ok is (message is None)
    if message is not None:
        assert "metadata.name" in answer.json()["message"]
        assert message in answer.json()["message"]


@pytest.mark.parametrize("field", ["releaseName", "targetNamespace", "storageNamespace"])
@pytest.mark.parametrize(
    ("before", "after"),
    [
        pytest.param("one", "two", id="changed"),
        pytest.param("one", None, id="removed"),
        pytest.param(None, "one", id="added"),
    ],
)
def test_where_a_release_is_cannot_change(apply: Apply, field: str, before: str | None, after: str | None) -> None:
    name = f"{field.lower()}-{before}-{after}".lower()
    chart = at("chart", PINNED)
    assert apply(chart | ({field: before} if before else {}), name=name, keep=True).ok
    answer = apply(chart | ({field: after} if after else {}), name=name)
    assert not answer.ok
    assert f"spec.{field} cannot be changed, added or removed" in answer.json()["message"]
    assert "Put it back" in answer.json()["message"]
    same = apply(chart | {"suspend": True} | ({field: before} if before else {}), name=name)
    assert same.ok, same.body


def test_defaults_are_those_of_leaves_only(apply: Apply) -> None:
    spec = apply(at("install", {}) | {"valuesFrom": [{"kind": "Secret", "name": "s"}]}).json()["spec"]
    assert spec == {
        "chart": {**PINNED, "insecure": False, "passCredentials": False, "provider": "generic"},
        "deletionPolicy": "Delete",
        "failFast": False,
        "install": {
            "crds": "Create",
            "createNamespace": False,
            "disableHooks": False,
            "disableWait": False,
            "disableWaitForJobs": False,
            "onFailure": "Retry",
        },
        "suspend": False,
        "valuesFrom": [{"kind": "Secret", "literal": False, "name": "s", "optional": False}],
    }


def test_values_reach_us_as_they_were_written(apply: Apply) -> None:
    values = {"a": None, "b": [1, 2.5, "3", True, {"c": None}], "d": {}, "e": []}
    assert apply(at("values", values)).json()["spec"]["values"] == values


def test_kubectl_shows_the_message_in_its_own_lines(crds: Instance, kubectl: Kubectl, namespace: str) -> None:
    document = {
        "apiVersion": "steersman.dev/v1alpha1",
        "kind": "HelmRelease",
        "metadata": {"name": "bad"},
        "spec": {"chart": {"url": "https://h/c", "version": "1"}, "timeout": "soon"},
    }
    result = kubectl("apply", "-n", namespace, "-f", "-", stdin=json.dumps(document), check=False)
    assert result.returncode == 1
    assert 'spec.chart.url: Invalid value: "https://h/c": spec.chart.url must be oci://' in result.stderr
    assert f'spec.timeout: Invalid value: "soon": spec.timeout {DURATION}' in result.stderr


@pytest.fixture
def ready_release(apply: Apply, crds: Instance, namespace: str) -> str:
    """A HelmRelease with a status as the controller writes it."""
    assert apply(at("chart", PINNED), name="ready", keep=True).ok
    condition = {
        "type": "Ready",
        "status": "False",
        "reason": "HealthCheckFailed",
        "message": "Deployment web: 0 of 1 ready",
        "lastTransitionTime": "2026-01-01T00:00:00Z",
    }
    release = {"name": "ready", "namespace": namespace, "revision": 7, "status": "deployed", "chart": "web-1.2.3"}
    document = {
        "apiVersion": "steersman.dev/v1alpha1",
        "kind": "HelmRelease",
        "metadata": {"name": "ready"},
        "status": {
            "conditions": [condition],
            "source": {"url": PINNED["url"], "version": "1.2.3", "digest": DIGEST},
            "release": release,
        },
    }
    path = f"/apis/steersman.dev/v1alpha1/namespaces/{namespace}/helmreleases/ready/status"
    answer = crds.api.apply(path, json.dumps(document).encode())
    assert answer.ok, answer.body
    return "ready"


def test_columns(kubectl: Kubectl, namespace: str, ready_release: str) -> None:
    header, row = kubectl("get", "hrel", "-n", namespace, ready_release).stdout.splitlines()
    assert header.split() == ["NAME", "READY", "VERSION", "REV", "AGE", "STATUS"]
    assert row.split()[:4] == ["ready", "False", "1.2.3", "7"]
    assert row.endswith("Deployment web: 0 of 1 ready")
    header, row = kubectl("get", "hrel", "-n", namespace, ready_release, "-o", "wide").stdout.splitlines()
    assert header.split() == ["NAME", "READY", "VERSION", "REV", "AGE", "CHART", "DIGEST", "STATUS"]
    assert row.split()[5:7] == ["web-1.2.3", DIGEST]


def test_explain_tells_what_a_field_means(kubectl: Kubectl, crds: Instance) -> None:
    assert "the HelmRelease's own name when left out" in kubectl("explain", "hrel.spec.releaseName").stdout


def test_a_page_of_an_inventory_is_bounded(crds: Instance, namespace: str) -> None:
    entries = [{"k": "ConfigMap", "n": f"c{number}"} for number in range(2001)]
    document = {
        "apiVersion": "steersman.dev/v1alpha1",
        "kind": "ReleaseInventory",
        "metadata": {"name": "big"},
        "spec": {"entries": entries},
    }
    answer = crds.api.request(
        "POST", f"/apis/steersman.dev/v1alpha1/namespaces/{namespace}/releaseinventories", body=document
    )
    assert not answer.ok
    assert "spec.entries: Too many: 2001: must have at most 2000 items" in answer.json()["message"]
