"""The entries of an inventory as references, for all who ask what a release owns: planner, actions, observer."""

from __future__ import annotations

from steersman.core.api.inventory import Inventory, InventoryEntry
from steersman.core.manifest.identity import ObjectId, ObjectRef


def owned(inventory: Inventory | None) -> tuple[tuple[ObjectRef, InventoryEntry], ...]:
    """Each owned object and its entry; none where there is no inventory."""
    entries = inventory.entries if inventory else ()
    return tuple((ObjectRef(ObjectId(entry.g, entry.k, entry.ns, entry.n), entry.v), entry) for entry in entries)
