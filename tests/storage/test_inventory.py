"""Inventories on a real API server: pages, conflicts, and deletions by hand."""

import contextlib
from dataclasses import replace
from typing import Any

import pytest

from steersman.core.api.helmrelease import HelmRelease
from steersman.core.api.inventory import (
    MAX_PAGE_ENTRIES,
    InFlight,
    Inventory,
    InventoryConflict,
    InventoryEntry,
    InventoryHead,
    Yielded,
)
from steersman.core.api.names import FINALIZER
from steersman.kube.objects import Objects
from steersman.kube.requests import Selection
from steersman.kube.resources import HELM_RELEASES, RELEASE_INVENTORIES
from steersman.storage.inventory import InventoryStorage

HEAD = InventoryHead(
    epoch=3,
    revision=7,
    cluster_uid="c-1",
    in_flight=(InFlight(operation="Recreate", g="batch", k="Job", ns="shop", n="j", uid="u-9"),),
    yielded=(Yielded(g="apps", k="Deployment", ns="shop", n="web", paths=(".spec.replicas",), manager="scaler"),),
)


def entry(number: int, **fields: Any) -> InventoryEntry:
    known = {"g": "apps", "k": "Deployment", "ns": "shop", "n": f"web-{number}", "v": "v1", "uid": f"u-{number}"}
    return InventoryEntry(**{**known, "revision": 7, "fp": "f", **fields})


async def helm_release(objects: Objects, namespace: str, name: str) -> HelmRelease:
    """A HelmRelease in the cluster, so that the garbage collector lets its inventory be."""
    chart = {"url": "oci://registry.example/c", "version": "1.0.0"}
    made = await objects.create(
        HELM_RELEASES,
        {
            "apiVersion": "steersman.dev/v1alpha1",
            "kind": "HelmRelease",
            "metadata": {"name": name, "namespace": namespace},
            "spec": {"chart": chart},
        },
    )
    return HelmRelease.parse(made)


def fresh(release: HelmRelease, entries: list[InventoryEntry]) -> Inventory:
    return Inventory(release.namespace, release.name, release.uid, HEAD).with_entries(entries)


async def pages(objects: Objects, release: HelmRelease) -> dict[str, dict[str, Any]]:
    selection = Selection(RELEASE_INVENTORIES, release.namespace, labels=f"steersman.dev/name={release.name}")
    return {page["metadata"]["name"]: page for page in (await objects.select(selection)).items}


async def test_what_is_written_is_read(inventories: InventoryStorage, objects: Objects, namespace: str) -> None:
    release = await helm_release(objects, namespace, "plain")
    assert await inventories.read(release) is None
    written = await inventories.write(fresh(release, [entry(1), entry(2, g="", ns="", uid="", fp="")]))
    assert await inventories.read(release) == written
    assert (written.head, len(written.entries)) == (HEAD, 2)
    (page,) = (await pages(objects, release)).values()
    assert page["metadata"]["name"] == "plain"
    assert page["metadata"]["finalizers"] == [FINALIZER]
    assert page["metadata"]["ownerReferences"][0]["uid"] == release.uid
    assert page["spec"]["head"]["clusterUID"] == "c-1"


async def test_nothing_changed_writes_nothing(inventories: InventoryStorage, objects: Objects, namespace: str) -> None:
    release = await helm_release(objects, namespace, "same")
    written = await inventories.write(fresh(release, [entry(1)]))
    assert await inventories.write(written) == written
    again = await inventories.read(release)
    assert again is not None
    assert await inventories.write(again.with_entries([entry(1)])) == written


async def test_large_inventories_have_pages_and_a_change_writes_one(
    inventories: InventoryStorage, objects: Objects, namespace: str
) -> None:
    release = await helm_release(objects, namespace, "large")
    entries = [entry(number) for number in range(2 * MAX_PAGE_ENTRIES + 1)]
    written = await inventories.write(fresh(release, entries))
    before = await pages(objects, release)
    assert {name: page["spec"]["count"] for name, page in before.items()} == {
        "large": 2000,
        "large.1": 2000,
        "large.2": 1,
    }
    changed = written.with_entries([*entries[:3000], entry(3000, fp="other"), *entries[3001:]])
    await inventories.write(changed)
    after = await pages(objects, release)
    version = "resourceVersion"
    assert [name for name in after if after[name]["metadata"][version] != before[name]["metadata"][version]] == [
        "large.1"
    ]
    read = await inventories.read(release)
    assert read is not None
    assert read.by_key == changed.by_key


async def test_of_two_writers_one_is_told(inventories: InventoryStorage, objects: Objects, namespace: str) -> None:
    release = await helm_release(objects, namespace, "race")
    first = await inventories.write(fresh(release, [entry(1)]))
    with pytest.raises(InventoryConflict, match=r"ReleaseInventory .*/race was changed by somebody else"):
        await inventories.write(fresh(release, [entry(2)]))
    await inventories.write(first.with_entries([entry(1), entry(3)]))
    with pytest.raises(InventoryConflict):
        await inventories.write(first.with_entries([]))


async def test_a_page_deleted_by_hand_loses_nothing(
    inventories: InventoryStorage, objects: Objects, namespace: str
) -> None:
    release = await helm_release(objects, namespace, "deleted")
    written = await inventories.write(fresh(release, [entry(1), entry(2)]))
    await objects.delete(RELEASE_INVENTORIES, namespace, "deleted")
    read = await inventories.read(release)
    assert read is not None
    assert (read.by_key, read.head) == (written.by_key, HEAD)
    moved = await inventories.write(read)
    assert set(await pages(objects, release)) == {"deleted.1"}
    again = await inventories.read(release)
    assert again == moved
    assert again is not None
    assert (again.by_key, again.head) == (written.by_key, HEAD)
    await inventories.write(again.with_entries([entry(1), entry(2), entry(3)]))
    assert set(await pages(objects, release)) == {"deleted.1"}


async def test_the_inventory_of_a_release_before_this_one_is_taken_over(
    inventories: InventoryStorage, objects: Objects, namespace: str
) -> None:
    release = await helm_release(objects, namespace, "again")
    await inventories.write(replace(fresh(release, [entry(1)]), owner_uid="an-older-uid"))
    # The cluster's garbage collector does not know that owner and may delete the page between reading and writing.
    for _ in range(3):
        read = await inventories.read(release)
        assert read is not None
        with contextlib.suppress(InventoryConflict):
            await inventories.write(read)
            break
    (page,) = (await pages(objects, release)).values()
    assert page["metadata"]["ownerReferences"][0]["uid"] == release.uid


async def test_delete_removes_every_page(inventories: InventoryStorage, objects: Objects, namespace: str) -> None:
    release = await helm_release(objects, namespace, "gone")
    written = await inventories.write(fresh(release, [entry(number) for number in range(2001)]))
    assert len(await pages(objects, release)) == 2
    await objects.delete(RELEASE_INVENTORIES, namespace, "gone.1")
    await inventories.delete(written)
    assert await pages(objects, release) == {}
    await inventories.delete(written)
    assert await inventories.read(release) is None


async def test_pages_without_a_head_say_complete_for_nothing(
    inventories: InventoryStorage, objects: Objects, namespace: str
) -> None:
    release = await helm_release(objects, namespace, "headless")
    page = {
        "apiVersion": "steersman.dev/v1alpha1",
        "kind": "ReleaseInventory",
        "metadata": {
            "name": "headless",
            "namespace": namespace,
            "labels": {"steersman.dev/name": "headless", "steersman.dev/inventory-page": "0"},
        },
        "spec": {"entries": [{"k": "ConfigMap", "n": "a"}]},
    }
    await objects.create(RELEASE_INVENTORIES, page)
    read = await inventories.read(release)
    assert read is not None
    assert (read.head, len(read.entries)) == (InventoryHead(), 1)
