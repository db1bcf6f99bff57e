"""Requests as they go over the wire."""

from urllib.parse import parse_qs, urlsplit

import orjson
import pytest

from steersman.kube import requests
from steersman.kube.requests import Request, Selection
from steersman.kube.resources import CONFIG_MAPS, NAMESPACES, SECRETS, Resource

DEPLOYMENTS = Resource("apps", "v1", "Deployment", "deployments")
CLUSTER_ROLES = Resource("rbac.authorization.k8s.io", "v1", "ClusterRole", "clusterroles", namespaced=False)

PATHS: dict[str, tuple[str, str]] = {
    "core": (CONFIG_MAPS.path("ns", "a"), "/api/v1/namespaces/ns/configmaps/a"),
    "group": (DEPLOYMENTS.path("ns", "a", "scale"), "/apis/apps/v1/namespaces/ns/deployments/a/scale"),
    "everywhere": (DEPLOYMENTS.path(), "/apis/apps/v1/deployments"),
    "cluster scope drops the namespace": (NAMESPACES.path("ns", "a"), "/api/v1/namespaces/a"),
    "a name with a colon": (
        CLUSTER_ROLES.path("", "system:x"),
        "/apis/rbac.authorization.k8s.io/v1/clusterroles/system:x",
    ),
    "a name that would leave its path": (
        CONFIG_MAPS.path("ns", "../a?b"),
        "/api/v1/namespaces/ns/configmaps/..%2Fa%3Fb",
    ),
}


@pytest.mark.parametrize(("path", "expected"), PATHS.values(), ids=PATHS.keys())
def test_path(path: str, expected: str) -> None:
    assert path == expected


def query(request: Request) -> dict[str, list[str]]:
    return parse_qs(urlsplit(request.target).query)


INTENT = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "a", "namespace": "ns"}}


def test_apply() -> None:
    request = requests.apply(CONFIG_MAPS, INTENT, force=True, dry_run=True)
    assert (request.method, request.content_type) == ("PATCH", "application/apply-patch+yaml")
    assert query(request) == {
        "fieldManager": ["steersman"],
        "fieldValidation": ["Strict"],
        "force": ["true"],
        "dryRun": ["All"],
    }
    assert str(request.asked) == "apply (dry run) ConfigMap ns/a"
    assert request.repeatable


def test_apply_to_status_has_its_own_manager() -> None:
    request = requests.apply(CONFIG_MAPS, INTENT, manager="steersman-status", subresource="status")
    assert urlsplit(request.target).path.endswith("/configmaps/a/status")
    assert query(request)["fieldManager"] == ["steersman-status"]


def test_delete_with_preconditions() -> None:
    request = requests.delete(CONFIG_MAPS, "ns", "a", uid="u", resource_version="7", propagation="Orphan")
    assert request.body is not None
    assert orjson.loads(request.body) == {
        "apiVersion": "v1",
        "kind": "DeleteOptions",
        "propagationPolicy": "Orphan",
        "preconditions": {"uid": "u", "resourceVersion": "7"},
    }
    assert request.repeatable


@pytest.mark.parametrize(
    "request_",
    [
        requests.create(CONFIG_MAPS, INTENT),
        requests.replace(CONFIG_MAPS, INTENT),
        requests.patch(CONFIG_MAPS, "ns", "a", {}),
        requests.delete(CONFIG_MAPS, "ns", "a"),
    ],
    ids=["create", "replace", "patch", "delete without uid"],
)
def test_what_is_not_sent_twice(request_: Request) -> None:
    assert not request_.repeatable
    assert request_.writes


def test_patches_are_told_apart_by_their_shape() -> None:
    assert requests.patch(CONFIG_MAPS, "ns", "a", [{"op": "remove"}]).content_type == "application/json-patch+json"
    assert requests.patch(CONFIG_MAPS, "ns", "a", {"data": {}}).content_type == "application/merge-patch+json"


def test_a_list_is_consistent_and_paged() -> None:
    selection = Selection(SECRETS, labels="a=b,c", fields="type!=helm.sh/release.v1", metadata_only=True)
    request = requests.listing(selection, continue_token="more")
    assert query(request) == {
        "limit": ["500"],
        "continue": ["more"],
        "labelSelector": ["a=b,c"],
        "fieldSelector": ["type!=helm.sh/release.v1"],
    }
    assert "PartialObjectMetadataList" in request.accept
    assert str(request.asked) == "list secrets"


def test_a_watch_asks_for_bookmarks() -> None:
    request = requests.watching(Selection(CONFIG_MAPS, "ns"), "42", 300)
    assert query(request) == {
        "watch": ["true"],
        "allowWatchBookmarks": ["true"],
        "resourceVersion": ["42"],
        "timeoutSeconds": ["300"],
    }
    assert str(request.asked) == "watch configmaps in namespace ns"
