"""Keys that are twice in lists that server-side apply merges by key."""

from __future__ import annotations

from typing import Any

import pytest

from steersman.core import yaml
from steersman.core.diff.duplicates import Duplicate, DuplicateKeys, duplicates, refuse_duplicates


def obj(api_version: str, kind: str, text: str) -> dict[str, Any]:
    fields = yaml.load_exact(text)
    metadata = {"name": "web", "namespace": "demo"} | fields.pop("metadata", {})
    return {"apiVersion": api_version, "kind": kind, "metadata": metadata} | fields


def pod_of(kind: str, text: str) -> dict[str, Any]:
    """An object of this kind with the pod spec `text`."""
    match kind:
        case "Pod":
            return obj("v1", kind, f"spec: {text}")
        case "CronJob":
            return obj("batch/v1", kind, f"spec: {{jobTemplate: {{spec: {{template: {{spec: {text}}}}}}}}}")
        case "Job":
            return obj("batch/v1", kind, f"spec: {{template: {{spec: {text}}}}}")
        case _:
            return obj("apps/v1", kind, f"spec: {{template: {{spec: {text}}}}}")


POD_SPECS = [
    ("{containers: [{name: a}, {name: a}]}", ".containers", '[name="a"]'),
    ("{initContainers: [{name: a}, {name: a}]}", ".initContainers", '[name="a"]'),
    ("{volumes: [{name: v}, {name: w}, {name: v}]}", ".volumes", '[name="v"]'),
    ("{imagePullSecrets: [{name: s}, {name: s}]}", ".imagePullSecrets", '[name="s"]'),
    ("{hostAliases: [{ip: 1.2.3.4}, {ip: 1.2.3.4}]}", ".hostAliases", '[ip="1.2.3.4"]'),
    (
        "{topologySpreadConstraints: [{topologyKey: z, whenUnsatisfiable: DoNotSchedule},"
        " {topologyKey: z, whenUnsatisfiable: DoNotSchedule}]}",
        ".topologySpreadConstraints",
        '[topologyKey="z",whenUnsatisfiable="DoNotSchedule"]',
    ),
    ("{containers: [{name: a, env: [{name: E}, {name: E}]}]}", '.containers[name="a"].env', '[name="E"]'),
    (
        "{containers: [{name: a, ports: [{containerPort: 80}, {containerPort: 80, protocol: TCP}]}]}",
        '.containers[name="a"].ports',
        '[containerPort=80,protocol="TCP"]',
    ),
    (
        "{initContainers: [{name: a, volumeMounts: [{mountPath: /x, name: v}, {mountPath: /x, name: w}]}]}",
        '.initContainers[name="a"].volumeMounts',
        '[mountPath="/x"]',
    ),
    (
        "{containers: [{name: a, resources: {claims: [{name: gpu}, {name: gpu}]}}]}",
        '.containers[name="a"].resources.claims',
        '[name="gpu"]',
    ),
]
PREFIXES = {
    "Pod": ".spec",
    "Deployment": ".spec.template.spec",
    "StatefulSet": ".spec.template.spec",
    "DaemonSet": ".spec.template.spec",
    "ReplicaSet": ".spec.template.spec",
    "Job": ".spec.template.spec",
    "CronJob": ".spec.jobTemplate.spec.template.spec",
}


@pytest.mark.parametrize("kind", PREFIXES)
@pytest.mark.parametrize(("text", "path", "key"), POD_SPECS, ids=[row[1] for row in POD_SPECS])
def test_in_pods(kind: str, text: str, path: str, key: str) -> None:
    assert list(duplicates(pod_of(kind, text))) == [Duplicate(PREFIXES[kind] + path, key)]


@pytest.mark.parametrize(
    ("api_version", "kind", "text", "path", "key"),
    [
        ("v1", "Service", "spec: {ports: [{port: 80}, {port: 80}]}", ".spec.ports", '[port=80,protocol="TCP"]'),
        ("v1", "ServiceAccount", "secrets: [{name: a}, {name: a}]", ".secrets", '[name="a"]'),
        (
            "admissionregistration.k8s.io/v1",
            "ValidatingWebhookConfiguration",
            "webhooks: [{name: a.b.c}, {name: a.b.c}]",
            ".webhooks",
            '[name="a.b.c"]',
        ),
        (
            "admissionregistration.k8s.io/v1",
            "MutatingWebhookConfiguration",
            "webhooks: [{name: a.b.c, matchConditions: [{name: m}, {name: m}]}]",
            '.webhooks[name="a.b.c"].matchConditions',
            '[name="m"]',
        ),
        ("example.com/v1", "Widget", "metadata: {finalizers: [a/b, a/b]}", ".metadata.finalizers", '[="a/b"]'),
        ("v1", "ConfigMap", "metadata: {ownerReferences: [{uid: u}, {uid: u}]}", ".metadata.ownerReferences",
         '[uid="u"]'),
    ],
)  # fmt: skip
def test_in_other_kinds(api_version: str, kind: str, text: str, path: str, key: str) -> None:
    assert list(duplicates(obj(api_version, kind, text))) == [Duplicate(path, key)]


@pytest.mark.parametrize(
    "obj",
    [
        pytest.param(pod_of("Pod", "{containers: [{name: a, args: [x, x]}], tolerations: [{}, {}]}"),
                     id="atomic lists"),
        pytest.param(pod_of("Pod", "{containers: [{name: a}, {name: b}]}"), id="two keys"),
        pytest.param(pod_of("Pod", "{containers: [{name: a, env: [{name: E}]}, {name: b, env: [{name: E}]}]}"),
                     id="in two containers"),
        pytest.param(pod_of("Pod", "{containers: [{name: a, ports: [{containerPort: 53, protocol: UDP},"
                                   " {containerPort: 53}]}]}"), id="two protocols"),
        pytest.param(obj("example.com/v1", "Deployment", "spec: {template: {spec: {volumes: [{name: a}, {name: a}]}}}"),
                     id="a kind of another group"),
        pytest.param(pod_of("Pod", "{containers: text, volumes: [null, 1, {}, {}], imagePullSecrets: {a: b}}"),
                     id="no sense at all"),
        pytest.param(obj("v1", "Service", "spec: null"), id="nothing there"),
    ],
)  # fmt: skip
def test_without(obj: dict[str, Any]) -> None:
    refuse_duplicates(obj)


def test_the_message_names_object_list_and_key() -> None:
    text = "{containers: [{name: a, env: [{name: E}, {name: E}, {name: E}, {name: F}, {name: F}]}]}"
    with pytest.raises(DuplicateKeys) as raised:
        refuse_duplicates(pod_of("Deployment", text))
    assert raised.value.message == (
        'Deployment demo/web: .spec.template.spec.containers[name="a"].env holds [name="E"] twice, '
        "which server-side apply refuses (+1 more)"
    )
    assert [duplicate.key for duplicate in raised.value.duplicates] == ['[name="E"]', '[name="F"]']
