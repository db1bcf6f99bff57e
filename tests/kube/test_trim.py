"""What is kept of an object in memory."""

from typing import Any

import msgspec
import orjson
import pytest

from steersman.core.diff.fields import fingerprint
from steersman.kube.trim import Decode, metadata_only, trimmed, whole

OURS = {
    "manager": "steersman",
    "operation": "Apply",
    "apiVersion": "apps/v1",
    "fieldsV1": {"f:spec": {"f:replicas": {}}},
}
THEIRS = {"manager": "kubectl", "operation": "Update", "apiVersion": "apps/v1", "fieldsV1": {"f:metadata": {}}}
SCALE = {**OURS, "operation": "Update", "subresource": "scale"}

DEPLOYMENT: dict[str, Any] = {
    "metadata": {
        "name": "web",
        "namespace": "demo",
        "uid": "u",
        "resourceVersion": "7",
        "generation": 2,
        "labels": {"app": "web"},
        "annotations": {"kubectl.kubernetes.io/last-applied-configuration": "{…}", "helm.sh/resource-policy": "keep"},
        "managedFields": [THEIRS, SCALE, OURS],
        "selfLink": "/x",
    },
    "spec": {"replicas": 3, "selector": {"matchLabels": {"app": "web"}}, "template": {"spec": {"containers": []}}},
    "status": {"replicas": 3, "conditions": [{"type": "Available", "status": "True"}]},
    "data": {"dropped": "yes"},
}


def decoded(decode: Decode, obj: dict[str, Any]) -> dict[str, Any]:
    return decode(orjson.dumps(obj))


def test_what_health_needs_stays() -> None:
    obj = decoded(trimmed("apps/v1", "Deployment"), DEPLOYMENT)
    assert obj == {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {
            "name": "web",
            "namespace": "demo",
            "uid": "u",
            "resourceVersion": "7",
            "generation": 2,
            "labels": {"app": "web"},
            "annotations": {"helm.sh/resource-policy": "keep"},
            "fp": fingerprint(DEPLOYMENT),
        },
        "spec": {"replicas": 3, "selector": {"matchLabels": {"app": "web"}}},
        "status": {"replicas": 3, "conditions": [{"type": "Available", "status": "True"}]},
    }


def test_without_our_entry_there_is_no_fingerprint() -> None:
    foreign = {"metadata": {"name": "a", "managedFields": [THEIRS, SCALE]}}
    assert decoded(trimmed("v1", "ConfigMap"), foreign)["metadata"]["fp"] == ""


def test_metadata_alone() -> None:
    obj = decoded(metadata_only("apps/v1", "Deployment"), DEPLOYMENT)
    assert obj["metadata"] == decoded(trimmed("apps/v1", "Deployment"), DEPLOYMENT)["metadata"]
    assert obj.keys() == {"apiVersion", "kind", "metadata"}


def test_the_whole_of_our_own_kinds() -> None:
    assert decoded(whole("apps/v1", "Deployment"), DEPLOYMENT) == {
        **DEPLOYMENT,
        "apiVersion": "apps/v1",
        "kind": "Deployment",
    }


@pytest.mark.parametrize("spec", ["text", 5, [1, 2], None, {}], ids=str)
def test_a_custom_resource_may_have_any_spec(spec: Any) -> None:
    assert decoded(trimmed("x/v1", "X"), {"metadata": {"name": "a"}, "spec": spec})["spec"] == spec


def test_what_is_no_object_is_an_error() -> None:
    with pytest.raises(msgspec.MsgspecError):
        trimmed("v1", "X")(b"[]")
