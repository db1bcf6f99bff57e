"""What the core says of fields and lists, held against the real API server."""

from __future__ import annotations

from typing import Any

import pytest

from steersman.core.diff.duplicates import duplicates
from steersman.core.diff.fields import own_entry, owned_paths
from steersman.core.manifest.identity import KubernetesObject
from steersman.kube.cluster import KubeCluster
from steersman.kube.errors import FieldConflict, TypedPatchRefused
from steersman.kube.objects import Objects


def deployment(namespace: str, name: str, container: dict[str, Any], **pod: Any) -> KubernetesObject:
    template = {
        "metadata": {"labels": {"app": name}},
        "spec": {"containers": [{"name": "app", "image": "nginx"} | container], **pod},
    }
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": name, "namespace": namespace},
        "spec": {"replicas": 0, "selector": {"matchLabels": {"app": name}}, "template": template},
    }


TWICE = [
    {"env": [{"name": "E", "value": "1"}, {"name": "E", "value": "2"}]},
    {"ports": [{"containerPort": 80}, {"containerPort": 80, "protocol": "TCP"}]},
    {"volumeMounts": [{"mountPath": "/x", "name": "v"}, {"mountPath": "/x", "name": "w"}]},
]


@pytest.mark.parametrize("container", TWICE, ids=[next(iter(row)) for row in TWICE])
async def test_the_duplicates_we_name_are_those_the_server_refuses(
    cluster: KubeCluster, namespace: str, container: dict[str, Any]
) -> None:
    intent = deployment(namespace, "twice", container)
    (duplicate,) = duplicates(intent)
    with pytest.raises(TypedPatchRefused) as caught:
        await cluster.apply(intent, force=False)
    assert (caught.value.path, caught.value.duplicate_key) == (duplicate.path, duplicate.key)


async def test_lists_we_do_not_name_may_hold_equal_items(cluster: KubeCluster, namespace: str) -> None:
    toleration = {"key": "a", "operator": "Exists"}
    intent = deployment(namespace, "atomic", {"args": ["x", "x"]}, tolerations=[toleration, toleration])
    assert list(duplicates(intent)) == []
    assert (await cluster.apply(intent, force=False)).created


async def test_owned_paths_are_written_as_conflicts_are(cluster: KubeCluster, objects: Objects, namespace: str) -> None:
    container = {"env": [{"name": "E", "value": "1"}], "ports": [{"containerPort": 80, "name": "http"}]}
    applied = await cluster.apply(deployment(namespace, "owned", container), force=False)
    paths = owned_paths(own_entry(applied.object))
    app = '.spec.template.spec.containers[name="app"]'
    port = f'{app}.ports[containerPort=80,protocol="TCP"]'
    assert {".spec.replicas", app, f"{app}.image", f'{app}.env[name="E"].value', port, f"{port}.name"} <= paths

    other = {
        "image": "httpd",
        "env": [{"name": "E", "value": "2"}],
        "ports": [{"containerPort": 80, "name": "web"}],
    }
    resource = await cluster.discovery.resolve("apps/v1", "Deployment")
    with pytest.raises(FieldConflict) as caught:
        await objects.apply(resource, deployment(namespace, "owned", other), manager="other")
    contested = {owner.field for owner in caught.value.owners}
    assert contested == {f"{app}.image", f'{app}.env[name="E"].value', f"{port}.name"}
    assert contested <= paths
