"""Our checks of rendered objects: removed APIs, keys that are twice in a list."""

from __future__ import annotations

import pytest
from core.lint.folders import CHART_YAML, ours

INGRESS = "apiVersion: extensions/v1beta1\nkind: Ingress\nmetadata: {name: web}\n"
REMOVED = (
    "Ingress web: extensions/v1beta1 is not served since Kubernetes 1.22 (deprecated in 1.14); use "
    "networking.k8s.io/v1 "
    "[steersman/removed-api]"
)
SUBCHART = {"charts/sub/Chart.yaml": CHART_YAML.replace("app", "sub")}


def asking(question: str) -> str:
    return (
        f'{{{{ if .Capabilities.APIVersions.Has "{question}" }}}}apiVersion: networking.k8s.io/v1\n'
        "{{ else }}apiVersion: extensions/v1beta1\n{{ end }}kind: Ingress\nmetadata: {name: web}\n"
    )


@pytest.mark.parametrize(
    ("files", "version", "lines"),
    [
        pytest.param({"templates/a.yaml": INGRESS}, "", [f"[WARNING] templates/a.yaml: {REMOVED}"], id="no-version"),
        pytest.param({"templates/a.yaml": INGRESS}, "1.22", [f"[ERROR] templates/a.yaml: {REMOVED}"], id="removed"),
        pytest.param({"templates/a.yaml": INGRESS}, "1.21", [], id="deprecated-only"),
        pytest.param(
            {**SUBCHART, "charts/sub/templates/a.yaml": INGRESS},
            "1.30.2-gke.1",
            [f"[ERROR] charts/sub/templates/a.yaml: {REMOVED}"],
            id="subchart",
        ),
        pytest.param(
            {
                "templates/a.yaml": "kind: List\nmetadata: {name: l}\n"
                "items: [{apiVersion: extensions/v1beta1, kind: Ingress, metadata: {name: web}}]"
            },
            "1.22",
            [f"[ERROR] templates/a.yaml: {REMOVED}"],
            id="list",
        ),
        pytest.param(
            {
                **SUBCHART,
                "charts/sub/crds/a.yaml": "apiVersion: apiextensions.k8s.io/v1beta1\nkind: CustomResourceDefinition\n"
                "metadata: {name: a.example.com}",
            },
            "1.22",
            [
                "[ERROR] charts/sub/crds/a.yaml: CustomResourceDefinition a.example.com: "
                "apiextensions.k8s.io/v1beta1 is not "
                "served since Kubernetes 1.22 (deprecated in 1.16); use apiextensions.k8s.io/v1 [steersman/removed-api]"
            ],
            id="crd",
        ),
        pytest.param(
            {"templates/a.yaml": "apiVersion: policy/v1beta1\nkind: PodSecurityPolicy\nmetadata: {generateName: p-}"},
            "1.25",
            [
                "[ERROR] templates/a.yaml: PodSecurityPolicy p-*: policy/v1beta1 is not served since Kubernetes 1.25 "
                "(deprecated in 1.21); nothing replaces it [steersman/removed-api]"
            ],
            id="no-replacement",
        ),
        pytest.param({"templates/a.yaml": asking("networking.k8s.io/v1/Ingress")}, "1.22", [], id="asks-for-the-kind"),
        pytest.param({"templates/a.yaml": asking("networking.k8s.io/v1")}, "1.22", [], id="asks-for-the-version"),
        pytest.param(
            {"templates/a.yaml": asking("example.com/v1")},
            "1.22",
            [f"[ERROR] templates/a.yaml: {REMOVED}"],
            id="asks-for-something-else",
        ),
        pytest.param(
            {
                "templates/a.yaml": '{{ if .Capabilities.APIVersions.Has "policy/v1beta1" }}apiVersion: '
                "policy/v1beta1\n"
                "kind: PodDisruptionBudget\nmetadata: {name: a}{{ end }}"
            },
            "1.25",
            [],
            id="asks-for-the-old-version",
        ),
    ],
)
def test_removed_apis(files: dict[str, str], version: str, lines: list[str]) -> None:
    assert ours(files, kube_version=version) == lines


def test_duplicate_keys() -> None:
    service = "apiVersion: v1\nkind: Service\nmetadata: {name: a}\nspec: {ports: [{port: 80}, {port: 80}]}\n"
    assert ours({**SUBCHART, "templates/a.yaml": service, "charts/sub/templates/b.yaml": service}) == [
        f'[ERROR] {path}: Service a: .spec.ports holds [port=80,protocol="TCP"] twice, which server-side apply refuses '
        "[steersman/duplicate-key]"
        for path in ("charts/sub/templates/b.yaml", "templates/a.yaml")
    ]


def test_only_helm() -> None:
    assert ours({"templates/a.yaml": INGRESS}, kube_version="1.30", only_helm=True) == []
