"""ReleaseInventories in the cluster: implements `ports.InventoryStore` over `kube.objects`.

The observer reads them, the finish and delete steps write them. A page is an object in the HelmRelease's namespace,
owned by it, with our finalizer, so that deleting one by hand loses nothing: what was on it is written anew before it
goes. Updates carry uid and resourceVersion. How entries are spread over pages is `core.api.paging`'s.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import Any

import msgspec

from steersman.core.api import names
from steersman.core.api.helmrelease import HelmRelease
from steersman.core.api.inventory import (
    Inventory,
    InventoryConflict,
    InventoryEntry,
    InventorySpec,
    InventoryUnreadable,
    PageState,
)
from steersman.core.api.paging import PageWrite, newest_head, page_writes, spec_digest
from steersman.core.manifest.identity import KubernetesObject
from steersman.errors import AbsentError, StaleObjectError
from steersman.kube.errors import AlreadyExists
from steersman.kube.objects import Objects
from steersman.kube.requests import Selection
from steersman.kube.resources import RELEASE_INVENTORIES


class InventoryStorage:
    """ReleaseInventories, read and written whole."""

    def __init__(self, objects: Objects) -> None:
        self._objects = objects

    async def read(self, release: HelmRelease) -> Inventory | None:
        """The inventory of a HelmRelease, None when there is none. Raises InventoryUnreadable for a damaged page.

        Pages of a HelmRelease of the same name before this one are taken over: what it owned must not be forgotten."""
        pages = [_read(page) for page in await self._pages(release.namespace, release.name)]
        if not pages:
            return None
        states = {spec.page: state for spec, state in pages}
        return Inventory(
            namespace=release.namespace,
            name=release.name,
            owner_uid=release.uid,
            head=newest_head(states.values()),
            entries=_merge(spec.entries for spec, _ in pages),
            pages=states,
        )

    async def write(self, inventory: Inventory) -> Inventory:
        """Write the pages that differ; the inventory as it is then in the cluster. Raises InventoryConflict."""
        pages = dict(inventory.pages)
        for write in page_writes(inventory):
            pages[write.number] = await self._write(inventory, write)
        for number, page in inventory.pages.items():
            if page.leaving:
                await self._let_go(inventory.namespace, page_name(inventory.name, number), page)
                del pages[number]
        return replace(inventory, pages=pages)

    async def delete(self, inventory: Inventory) -> None:
        """Drop the finalizers and delete every page; absent is fine."""
        for page in await self._pages(inventory.namespace, inventory.name):
            _, state = _read(page)
            name = page["metadata"]["name"]
            await self._let_go(inventory.namespace, name, state)
            await self._objects.delete(RELEASE_INVENTORIES, inventory.namespace, name, uid=state.uid)

    async def _pages(self, namespace: str, name: str) -> list[KubernetesObject]:
        labels = f"{names.LABEL_NAME}={name},{names.LABEL_PAGE}"
        return (await self._objects.select(Selection(RELEASE_INVENTORIES, namespace, labels=labels))).items

    async def _write(self, inventory: Inventory, write: PageWrite) -> PageState:
        page = _object(inventory, write)
        try:
            if write.before is None:
                written = await self._objects.create(RELEASE_INVENTORIES, page)
            else:
                written = await self._objects.replace(RELEASE_INVENTORIES, page)
        except (AlreadyExists, StaleObjectError, AbsentError) as error:
            raise _conflict(inventory.namespace, page["metadata"]["name"]) from error
        return _state(written, write.spec)

    async def _let_go(self, namespace: str, name: str, page: PageState) -> None:
        change = {"metadata": {"uid": page.uid, "resourceVersion": page.resource_version, "finalizers": None}}
        try:
            await self._objects.patch(RELEASE_INVENTORIES, namespace, name, change)
        except AbsentError:
            return
        except StaleObjectError as error:
            raise _conflict(namespace, name) from error


def page_name(name: str, number: int) -> str:
    """The name of a page: the HelmRelease's for page 0, which is the only one of most releases."""
    return f"{name}.{number}" if number else name


def _conflict(namespace: str, name: str) -> InventoryConflict:
    return InventoryConflict(
        f"ReleaseInventory {namespace}/{name} was changed by somebody else", hint="it is read again by itself"
    )


def _merge(pages: Iterable[tuple[InventoryEntry, ...]]) -> tuple[InventoryEntry, ...]:
    """All entries; of an object on two pages, which only a crash leaves, the one of the newest revision."""
    merged: dict[tuple[str, str, str, str], InventoryEntry] = {}
    for entry in (entry for entries in pages for entry in entries):
        known = merged.get(entry.key)
        if known is None or known.revision <= entry.revision:
            merged[entry.key] = entry
    return tuple(merged.values())


def _object(inventory: Inventory, write: PageWrite) -> KubernetesObject:
    metadata: dict[str, Any] = {
        "name": page_name(inventory.name, write.number),
        "namespace": inventory.namespace,
        "labels": {names.LABEL_NAME: inventory.name, names.LABEL_PAGE: str(write.number)},
        "finalizers": [names.FINALIZER],
        "ownerReferences": [
            {
                "apiVersion": names.API_VERSION,
                "kind": names.HELM_RELEASE,
                "name": inventory.name,
                "uid": inventory.owner_uid,
                "controller": True,
            }
        ],
    }
    if write.before is not None:
        metadata |= {"uid": write.before.uid, "resourceVersion": write.before.resource_version}
    return {
        "apiVersion": names.API_VERSION,
        "kind": names.RELEASE_INVENTORY,
        "metadata": metadata,
        "spec": msgspec.to_builtins(write.spec),
    }


def _read(page: KubernetesObject) -> tuple[InventorySpec, PageState]:
    metadata = page["metadata"]
    try:
        spec = msgspec.convert(page.get("spec"), InventorySpec)
    except msgspec.ValidationError as error:
        raise InventoryUnreadable(
            f"ReleaseInventory {metadata['namespace']}/{metadata['name']} cannot be read: {error}",
            hint="restore it from a backup; nothing is pruned or deleted meanwhile",
        ) from error
    return spec, _state(page, spec)


def _state(page: KubernetesObject, spec: InventorySpec) -> PageState:
    metadata = page["metadata"]
    owners = metadata.get("ownerReferences") or ()
    return PageState(
        keys=frozenset(entry.key for entry in spec.entries),
        head=spec.head,
        digest=spec_digest(spec),
        owner_uid=next((owner["uid"] for owner in owners if owner["kind"] == names.HELM_RELEASE), ""),
        uid=metadata["uid"],
        resource_version=metadata["resourceVersion"],
        leaving="deletionTimestamp" in metadata,
    )
