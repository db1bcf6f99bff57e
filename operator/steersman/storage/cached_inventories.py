"""ReleaseInventories without a request per look: pages' resourceVersions come by events, contents are kept.

The controller feeds `seen` with the first list and with kopf's events; an inventory is read again only when a page has
another resourceVersion than the one we read or wrote.
"""

from __future__ import annotations

from collections import defaultdict

from steersman.core.api.helmrelease import HelmRelease
from steersman.core.api.inventory import Inventory
from steersman.core.api.names import LABEL_NAME
from steersman.core.manifest.identity import KubernetesObject
from steersman.kube.store import is_older
from steersman.storage.inventory import InventoryStorage, page_name

_Key = tuple[str, str]


class CachedInventories:
    """`ports.InventoryStore` with a memory."""

    def __init__(self, storage: InventoryStorage) -> None:
        self._storage = storage
        self._pages: dict[_Key, dict[str, str]] = defaultdict(dict)
        self._known: dict[_Key, Inventory] = {}

    def seen(self, page: KubernetesObject, *, gone: bool = False) -> _Key | None:
        """Take in what the watch tells of a page; the HelmRelease to look at, None where nothing is news."""
        metadata = page["metadata"]
        key = (metadata["namespace"], (metadata.get("labels") or {}).get(LABEL_NAME, ""))
        version = metadata.get("resourceVersion", "")
        held = self._pages.get(key, {}).get(metadata["name"], "")
        if gone:
            if not held or is_older(version, held):
                return None
            self._drop(key, metadata["name"])
            return key
        if held == version or is_older(version, held):
            return None
        self._pages[key][metadata["name"]] = version
        return key

    async def read(self, release: HelmRelease) -> Inventory | None:
        """The inventory of a HelmRelease, None when there is none."""
        key = (release.namespace, release.name)
        pages = self._pages.get(key)
        if not pages:
            return None
        known = self._known.get(key)
        if known is None or known.owner_uid != release.uid or _versions(known) != pages:
            known = await self._storage.read(release)
            self._remember(key, known)
        return known

    async def write(self, inventory: Inventory) -> Inventory:
        """Write the pages that differ."""
        written = await self._storage.write(inventory)
        self._remember((inventory.namespace, inventory.name), written)
        return written

    async def delete(self, inventory: Inventory) -> None:
        """Delete every page."""
        await self._storage.delete(inventory)
        self._remember((inventory.namespace, inventory.name), None)

    def _drop(self, key: _Key, page: str) -> None:
        del self._pages[key][page]
        if not self._pages[key]:
            self._remember(key, None)

    def _remember(self, key: _Key, inventory: Inventory | None) -> None:
        if inventory is None:
            self._known.pop(key, None)
            self._pages.pop(key, None)
            return
        self._known[key] = inventory
        self._pages[key] = _versions(inventory)


def _versions(inventory: Inventory) -> dict[str, str]:
    return {page_name(inventory.name, number): page.resource_version for number, page in inventory.pages.items()}
