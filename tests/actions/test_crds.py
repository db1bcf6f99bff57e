"""`actions.crds`: the files of a chart's crds/, and when they count as served."""

from typing import Any

import pytest
from actions.world import MemoryCluster, World, edges_of

from steersman.actions.base import Edges
from steersman.actions.crds import CrdNotEstablished, apply_crds
from steersman.core.manifest.identity import KubernetesObject, ref_of
from steersman.core.render.model import CrdFile
from steersman.ports import Applied

SERVED = [{"type": "Established", "status": "True"}]
REFUSED = [{"type": "NamesAccepted", "status": "False", "message": "plural is taken"}]


class Serving(MemoryCluster):
    """An API server that judges CRDs at once, as `conditions` say."""

    conditions = SERVED
    refreshed = 0

    async def apply(self, obj: KubernetesObject, *, force: bool, dry_run: bool = False) -> Applied:
        applied = await super().apply(obj, force=force, dry_run=dry_run)
        ref = ref_of(obj)
        self._world.objects[ref.id] = {**self._world.objects[ref.id], "status": {"conditions": self.conditions}}
        return applied

    async def refresh_discovery(self) -> None:
        self.refreshed += 1


def crd(name: str, **spec: Any) -> KubernetesObject:
    return {
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": {"name": name},
        "spec": spec,
    }


def files(*objects: KubernetesObject) -> list[CrdFile]:
    return [CrdFile(f"shop/crds/{number}.yaml", "", (obj,)) for number, obj in enumerate(objects)]


def setting() -> tuple[World, Serving, Edges]:
    world = World()
    cluster = Serving(world)
    edges = edges_of(world)
    return world, cluster, Edges(**{**{name: getattr(edges, name) for name in edges.__slots__}, "cluster": cluster})


async def test_what_is_not_there_is_created_and_discovery_asked_again() -> None:
    world, cluster, edges = setting()
    assert await apply_crds(files(crd("as.x.io"), crd("bs.x.io")), replace_existing=False, edges=edges)
    assert world.names("CustomResourceDefinition") == ["as.x.io", "bs.x.io"]
    assert cluster.refreshed == 1


@pytest.mark.parametrize(
    ("replacing", "scope"), [(False, "Namespaced"), (True, "Cluster")], ids=["Create", "CreateReplace"]
)
async def test_what_is_there_is_replaced_only_when_asked(replacing: bool, scope: str) -> None:
    world, cluster, edges = setting()
    world.place({**crd("as.x.io", scope="Namespaced"), "status": {"conditions": SERVED}}, generation=1)
    changed = await apply_crds(files(crd("as.x.io", scope="Cluster")), replace_existing=replacing, edges=edges)
    assert (changed, cluster.refreshed) == (replacing, int(replacing))
    assert world.get("as.x.io", "CustomResourceDefinition")["spec"]["scope"] == scope


async def test_crds_are_not_stamped() -> None:
    world, _, edges = setting()
    await apply_crds(files(crd("as.x.io")), replace_existing=False, edges=edges)
    assert "labels" not in world.get("as.x.io", "CustomResourceDefinition")["metadata"]


async def test_other_objects_in_the_folder_are_left_alone() -> None:
    world, _, edges = setting()
    other = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "a", "namespace": "demo"}}
    assert not await apply_crds(files(other), replace_existing=True, edges=edges)
    assert world.objects == {}


async def test_a_crd_that_the_server_refuses_to_serve_is_named() -> None:
    _, cluster, edges = setting()
    cluster.conditions = REFUSED
    with pytest.raises(
        CrdNotEstablished, match=r"CustomResourceDefinition as\.x\.io was not accepted: plural is taken"
    ):
        await apply_crds(files(crd("as.x.io")), replace_existing=False, edges=edges)
