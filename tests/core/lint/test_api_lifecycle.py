"""The table of deprecated and removed APIs."""

from __future__ import annotations

import pytest

from steersman.core.lint.api_lifecycle import deprecation_warning, gone_versions, lifecycle_of, replacements
from steersman.core.render.capabilities import DEFAULT_API_VERSIONS


@pytest.mark.parametrize(
    ("api_version", "kind", "version", "warning"),
    [
        (
            "extensions/v1beta1",
            "Ingress",
            (1, 14),
            "extensions/v1beta1 Ingress is deprecated in v1.14+, unavailable in v1.22+; use networking.k8s.io/v1 "
            "Ingress",
        ),
        ("extensions/v1beta1", "Ingress", (1, 13), ""),
        ("extensions/v1beta1", "Ingress", (2, 0), "extensions/v1beta1 Ingress is deprecated in v1.14+"),
        ("events.k8s.io/v1beta1", "EventList", (1, 30), "EventList is deprecated in v1.22+, unavailable in v1.25+"),
        ("rbac.authorization.k8s.io/v1beta1", "RoleList", (1, 30), "use rbac.authorization.k8s.io/v1 RoleList"),
        ("storage.k8s.io/v1beta1", "CSINodeList", (1, 30), "use storage.k8s.io/v1 CSINode"),
        ("networking.k8s.io/v1beta1", "IngressClass", (1, 30), "use networking.k8s.io/v1 IngressClassList"),
        ("autoscaling/v2beta2", "HorizontalPodAutoscaler", (1, 30), ""),
        ("example.com/v1beta1", "Ingress", (1, 30), ""),
        ("networking.k8s.io/v1", "Ingress", (1, 30), ""),
    ],
)
def test_what_helm_says(api_version: str, kind: str, version: tuple[int, int], warning: str) -> None:
    found = deprecation_warning(api_version, kind, version)
    assert found.endswith(warning) or found.startswith(warning)
    assert bool(found) is bool(warning)


def test_helm_names_no_replacement_where_we_do() -> None:
    event = lifecycle_of("events.k8s.io/v1beta1", "Event")
    assert event is not None
    assert event.replacement == "events.k8s.io/v1"
    assert "use" not in event.warning


def test_what_a_version_serves() -> None:
    assert "extensions/v1beta1" not in gone_versions((1, 21))
    assert gone_versions((1, 22)) >= {"extensions/v1beta1", "apps/v1beta1", "rbac.authorization.k8s.io/v1beta1"}
    assert "policy/v1beta1" not in gone_versions((1, 24))
    assert "networking.k8s.io/v1/Ingress" in set(replacements((1, 22)))
    assert "policy/v1/PodDisruptionBudget" not in set(replacements((1, 24)))


def test_replacements_are_versions_that_exist() -> None:
    assert {text.rpartition("/")[0] for text in replacements((1, 99))} - set(DEFAULT_API_VERSIONS) == {
        "apiregistration.k8s.io/v1"
    }
