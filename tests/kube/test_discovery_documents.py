"""Discovery documents in both formats give the same index."""

import orjson
import pytest

from steersman.kube.discovery_documents import Index, IndexBuilder, legacy_group_versions

CORE = {
    "items": [
        {
            "metadata": {},
            "versions": [
                {
                    "version": "v1",
                    "resources": [
                        {
                            "resource": "pods",
                            "responseKind": {"group": "", "version": "", "kind": "Pod"},
                            "scope": "Namespaced",
                            "verbs": ["get", "list", "watch"],
                            "subresources": [
                                {"subresource": "eviction", "responseKind": {"group": "policy", "kind": "Eviction"}},
                                {"subresource": "log", "responseKind": {"kind": "Pod"}},
                                {"subresource": "odd"},
                            ],
                        },
                        {"resource": "nodes", "responseKind": {"kind": "Node"}, "scope": "Cluster", "verbs": ["get"]},
                    ],
                }
            ],
        }
    ]
}
GROUPS = {
    "items": [
        {
            "metadata": {"name": "apps"},
            "versions": [
                {
                    "version": "v1",
                    "freshness": "Current",
                    "resources": [
                        {
                            "resource": "deployments",
                            "responseKind": {"kind": "Deployment"},
                            "scope": "Namespaced",
                            "verbs": ["patch"],
                            "subresources": [{"subresource": "scale", "responseKind": {"kind": "Scale"}}],
                        }
                    ],
                }
            ],
        },
        {"metadata": {"name": "metrics.k8s.io"}, "versions": [{"version": "v1beta1", "freshness": "Stale"}]},
    ]
}
EXPECTED_NAMES = (
    *("apps/v1", "apps/v1/Deployment", "apps/v1/Scale", "metrics.k8s.io/v1beta1"),
    *("v1", "v1/Eviction", "v1/Node", "v1/Pod"),
)


def aggregated() -> Index:
    builder = IndexBuilder()
    builder.add_aggregated(orjson.dumps(CORE))
    builder.add_aggregated(orjson.dumps(GROUPS))
    return builder.build(Index())


def legacy() -> Index:
    pods = {"name": "pods", "kind": "Pod", "namespaced": True, "verbs": ["get", "list", "watch"]}
    eviction = {"name": "pods/eviction", "kind": "Eviction", "namespaced": True, "verbs": ["create"]}
    nodes = {"name": "nodes", "kind": "Node", "namespaced": False, "verbs": ["get"]}
    deployments = {"name": "deployments", "kind": "Deployment", "namespaced": True, "verbs": ["patch"]}
    scale = {"name": "deployments/scale", "kind": "Scale", "namespaced": True, "verbs": ["get"]}
    builder = IndexBuilder()
    builder.add_legacy("", "v1", orjson.dumps({"resources": [pods, eviction, nodes]}))
    builder.add_legacy("apps", "v1", orjson.dumps({"resources": [deployments, scale]}))
    builder.add_stale("metrics.k8s.io", "v1beta1")
    return builder.build(Index())


@pytest.mark.parametrize("index", [aggregated(), legacy()], ids=["aggregated", "legacy"])
def test_index(index: Index) -> None:
    assert index.api_versions == EXPECTED_NAMES
    assert index.stale == {"metrics.k8s.io/v1beta1"}
    pod, node = index.find("v1", "Pod"), index.find("v1", "Node")
    assert pod is not None
    assert node is not None
    assert (pod.plural, pod.namespaced, pod.verbs) == ("pods", True, {"get", "list", "watch"})
    assert (node.plural, node.namespaced) == ("nodes", False)
    assert index.find("v1", "Eviction") is None, "a subresource is no kind of its own"


def test_the_two_formats_agree() -> None:
    assert aggregated() == legacy()


def test_what_was_known_of_a_stale_group_stays_known() -> None:
    current = {"resource": "nodes", "responseKind": {"kind": "NodeMetrics"}, "scope": "Cluster", "verbs": ["get"]}
    groups = {
        "items": [
            {"metadata": {"name": "metrics.k8s.io"}, "versions": [{"version": "v1beta1", "resources": [current]}]}
        ]
    }
    before = IndexBuilder()
    before.add_aggregated(orjson.dumps(groups))
    after = IndexBuilder()
    after.add_aggregated(orjson.dumps(GROUPS))
    assert after.build(before.build(Index())).find("metrics.k8s.io/v1beta1", "NodeMetrics") is not None


def test_a_group_that_is_not_listed_any_more_is_forgotten() -> None:
    assert IndexBuilder().build(aggregated()).find("apps/v1", "Deployment") is None


def test_legacy_group_versions() -> None:
    core = orjson.dumps({"kind": "APIVersions", "versions": ["v1"]})
    groups = orjson.dumps({"groups": [{"name": "apps", "versions": [{"groupVersion": "apps/v1", "version": "v1"}]}]})
    assert legacy_group_versions(core, groups) == [("", "v1"), ("apps", "v1")]
