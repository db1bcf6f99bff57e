"""How an inventory's entries are spread over pages, and in which order pages are written.

`storage.inventory` calls it. The writes are not one transaction, and the process may die between any two of them. What
must hold at every moment: an entry that is owned before and after is on some page, and a head that says "complete for
revision R" is there only when all entries are. Hence:

- an entry stays on its page; new ones go to the first page with room;
- a page that outgrew its bounds hands entries on only to pages that are written before it;
- the page with the head is written last;
- pages are not merged again. An empty page is a few hundred bytes, and goes with the release.

A page that somebody deleted counts as gone already: its entries are written to other pages before it is let go.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from hashlib import sha256

import msgspec

from steersman.core.api.inventory import (
    MAX_PAGE_BYTES,
    MAX_PAGE_ENTRIES,
    Inventory,
    InventoryEntry,
    InventoryHead,
    InventorySpec,
    PageState,
)


@dataclass(frozen=True, slots=True)
class PageWrite:
    """One page to write: a new one where there is no `before`."""

    number: int
    spec: InventorySpec
    before: PageState | None


def page_writes(inventory: Inventory) -> tuple[PageWrite, ...]:
    """The pages that differ from the cluster, in the order in which they must be written."""
    living = {number: page for number, page in inventory.pages.items() if not page.leaving}
    head_page = _head_page(inventory.pages, living)
    bins = {number: _Bin() for number in sorted({*living, head_page})}
    arrivals = _keep_in_place(inventory, living, bins)
    overfull = [number for number in bins if bins[number].is_overfull]
    receivers = {number: page for number, page in bins.items() if number not in overfull}
    movers = [entry for number in overfull for entry in bins[number].shrink()]
    _place(movers, {number: page for number, page in receivers.items() if number != head_page}, bins, inventory.pages)
    _place(arrivals, receivers, bins, inventory.pages)
    order = [number for number in bins if number not in overfull and number != head_page]
    order += [number for number in overfull if number != head_page] + [head_page]
    writes = (
        PageWrite(
            number, bins[number].spec(number, inventory.head if number == head_page else None), living.get(number)
        )
        for number in order
    )
    return tuple(write for write in writes if _differs(write, inventory))


def newest_head(pages: Iterable[PageState]) -> InventoryHead:
    """The head: of several, which only a crash leaves, the one with the highest epoch."""
    heads = [page.head for page in pages if page.head is not None]
    return max(heads, key=lambda head: head.epoch, default=InventoryHead())


def spec_digest(spec: InventorySpec) -> str:
    """A digest of a page's content, to tell whether it has to be written."""
    return sha256(msgspec.json.encode(spec)).hexdigest()


def _head_page(pages: Mapping[int, PageState], living: Mapping[int, PageState]) -> int:
    """The page that has the newest head, else the first number that is free."""
    with_head = {number: page.head for number, page in living.items() if page.head is not None}
    if with_head:
        return max(with_head, key=lambda number: with_head[number].epoch)
    return _free_number(pages)


def _free_number(taken: Iterable[int]) -> int:
    numbers = set(taken)
    return next(number for number in range(len(numbers) + 1) if number not in numbers)


@dataclass(slots=True)
class _Bin:
    """The entries of one page while they are being spread."""

    entries: list[InventoryEntry] = field(default_factory=list)
    size: int = 0

    @property
    def is_overfull(self) -> bool:
        return len(self.entries) > MAX_PAGE_ENTRIES or self.size > MAX_PAGE_BYTES

    def add(self, entry: InventoryEntry) -> None:
        self.entries.append(entry)
        self.size += _size(entry)

    def has_room(self, entry: InventoryEntry) -> bool:
        return len(self.entries) < MAX_PAGE_ENTRIES and self.size + _size(entry) <= MAX_PAGE_BYTES

    def shrink(self) -> list[InventoryEntry]:
        """Take entries off the end until the page is within its bounds."""
        removed = []
        while self.is_overfull:
            entry = self.entries.pop()
            self.size -= _size(entry)
            removed.append(entry)
        return removed

    def spec(self, number: int, head: InventoryHead | None) -> InventorySpec:
        return InventorySpec(page=number, head=head, count=len(self.entries), entries=tuple(self.entries))


def _size(entry: InventoryEntry) -> int:
    return len(msgspec.json.encode(entry)) + 1


def _keep_in_place(
    inventory: Inventory, living: Mapping[int, PageState], bins: Mapping[int, _Bin]
) -> list[InventoryEntry]:
    """Put every entry back on its page; the ones that have none are left over."""
    home = {key: number for number, page in living.items() for key in page.keys}
    arrivals = []
    for entry in inventory.entries:
        number = home.get(entry.key)
        if number is None:
            arrivals.append(entry)
        else:
            bins[number].add(entry)
    return arrivals


def _place(
    entries: Iterable[InventoryEntry],
    receivers: dict[int, _Bin],
    bins: dict[int, _Bin],
    pages: Mapping[int, PageState],
) -> None:
    """Put entries on the first of these pages with room, making new pages as needed."""
    for entry in entries:
        target = next((page for page in receivers.values() if page.has_room(entry)), None)
        if target is None:
            number = _free_number({*pages, *bins})
            target = bins[number] = receivers[number] = _Bin()
        target.add(entry)


def _differs(write: PageWrite, inventory: Inventory) -> bool:
    before = write.before
    return before is None or before.digest != spec_digest(write.spec) or before.owner_uid != inventory.owner_uid
