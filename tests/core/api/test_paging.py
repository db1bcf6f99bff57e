"""How inventories are spread over pages: that no order of crashes forgets an entry, and what is written."""

from dataclasses import replace
from typing import Any

import msgspec
import pytest

from steersman.core.api.inventory import (
    MAX_PAGE_BYTES,
    MAX_PAGE_ENTRIES,
    Inventory,
    InventoryEntry,
    InventoryHead,
    InventorySpec,
    PageState,
    entries_digest,
)
from steersman.core.api.paging import PageWrite, newest_head, page_writes, spec_digest

HEAD = InventoryHead(epoch=1, revision=1, cluster_uid="c")


def entry(number: int, **fields: Any) -> InventoryEntry:
    return InventoryEntry(**{"k": "ConfigMap", "ns": "shop", "n": f"c{number}", **fields})


def empty() -> Inventory:
    return Inventory("team", "web", "u-1", HEAD)


def stored(inventory: Inventory, write: PageWrite) -> Inventory:
    """The inventory after one page was written."""
    state = PageState(
        keys=frozenset(entry.key for entry in write.spec.entries),
        head=write.spec.head,
        digest=spec_digest(write.spec),
        owner_uid=inventory.owner_uid,
        uid="u",
        resource_version="1",
    )
    return replace(inventory, pages={**inventory.pages, write.number: state})


def saved(inventory: Inventory) -> Inventory:
    """The inventory after all pages were written."""
    for write in page_writes(inventory):
        inventory = stored(inventory, write)
    return inventory


def written(inventory: Inventory) -> list[tuple[int, int, bool]]:
    """(page, entries, has the head) of each write, in order."""
    return [(write.number, write.spec.count, write.spec.head is not None) for write in page_writes(inventory)]


def leaving(inventory: Inventory, number: int) -> Inventory:
    """Somebody deleted this page."""
    return replace(inventory, pages={**inventory.pages, number: replace(inventory.pages[number], leaving=True)})


FULL = [entry(number) for number in range(MAX_PAGE_ENTRIES)]


def test_even_an_empty_inventory_has_its_head() -> None:
    assert written(empty()) == [(0, 0, True)]


def test_what_is_there_is_not_written_again() -> None:
    inventory = saved(empty().with_entries([entry(1), entry(2)]))
    assert written(inventory) == []
    assert written(inventory.with_entries([entry(1), entry(2)])) == []
    assert written(inventory.with_entries([entry(1)])) == [(0, 1, True)]
    assert written(inventory.with_head(replace_head(revision=2))) == [(0, 2, True)]
    assert written(replace(inventory, owner_uid="u-2")) == [(0, 2, True)]


def replace_head(**fields: Any) -> InventoryHead:
    return InventoryHead(**{"epoch": 1, "revision": 1, "cluster_uid": "c", **fields})


def test_the_head_is_written_last() -> None:
    assert written(empty().with_entries([*FULL, entry(-1)])) == [(1, 1, False), (0, MAX_PAGE_ENTRIES, True)]


def test_entries_stay_on_their_page() -> None:
    inventory = saved(empty().with_entries([*FULL, entry(-1), entry(-2)]))
    assert written(inventory.with_entries([*FULL[1:], entry(-1), entry(-2)])) == [(0, MAX_PAGE_ENTRIES - 1, True)]
    assert written(inventory.with_entries([*FULL, entry(-1, fp="new"), entry(-2)])) == [(1, 2, False)]
    assert written(inventory.with_entries(FULL)) == [(1, 0, False)]


def test_new_entries_go_where_there_is_room() -> None:
    inventory = saved(empty().with_entries([*FULL, entry(-1)]))
    assert written(inventory.with_entries([*FULL[1:], entry(-1), entry(-2), entry(-3)])) == [
        (1, 2, False),
        (0, MAX_PAGE_ENTRIES, True),
    ]


def test_pages_are_bounded_in_bytes() -> None:
    large = [entry(number, fp="f" * 128, uid="u" * 128, n="n" * 240 + f"{number:06}") for number in range(2000)]
    writes = page_writes(empty().with_entries(large))
    assert len(writes) == 3
    assert sum(write.spec.count for write in writes) == 2000
    for write in writes:
        assert len(msgspec.json.encode(write.spec.entries)) <= MAX_PAGE_BYTES + 2


def test_a_page_that_outgrew_its_bounds_hands_entries_on_before_it_drops_them() -> None:
    small = [entry(number, n="n" * 200 + f"{number:06}") for number in range(1700)]
    inventory = saved(empty().with_entries(small))
    grown = [entry(number, n="n" * 200 + f"{number:06}", uid="u" * 36, fp="f" * 40) for number in range(1700)]
    numbers = written(inventory.with_entries(grown))
    assert [number for number, _, _ in numbers] == [1, 0]
    assert sum(count for _, count, _ in numbers) == 1700


@pytest.mark.parametrize(
    "change",
    [
        pytest.param(lambda inv: inv.with_entries([*FULL, entry(-1)]), id="grows"),
        pytest.param(lambda inv: inv.with_entries(FULL[500:1500]), id="shrinks"),
        pytest.param(lambda inv: inv.with_entries([*FULL[1000:], *(entry(-n) for n in range(1, 3000))]), id="both"),
        pytest.param(lambda inv: leaving(inv, 0), id="page 0 deleted"),
        pytest.param(lambda inv: leaving(leaving(inv, 0), 1), id="all deleted"),
    ],
)
def test_a_crash_between_two_writes_forgets_nothing(change: Any) -> None:
    before = saved(empty().with_entries([*FULL, *(entry(10_000 + number) for number in range(900))]))
    after = change(before)
    kept = {item.key for item in before.entries} & {item.key for item in after.entries}
    cluster = after
    for write in page_writes(after):
        cluster = stored(cluster, write)
        on_pages = {key for page in cluster.pages.values() for key in page.keys}
        assert kept <= on_pages
        if write.spec.head is not None:
            assert {item.key for item in after.entries} <= on_pages
    living = {key for page in cluster.pages.values() if not page.leaving for key in page.keys}
    assert living == {item.key for item in after.entries}


def test_an_entry_on_two_pages_ends_on_one() -> None:
    inventory = saved(empty().with_entries([*FULL, entry(-1)]))
    twice = replace(inventory.pages[1], keys=frozenset({entry(-1).key, FULL[0].key}), digest="")
    again = saved(replace(inventory, pages={**inventory.pages, 1: twice}))
    assert sum(FULL[0].key in page.keys for page in again.pages.values()) == 1


def test_of_two_heads_the_newer_counts() -> None:
    inventory = saved(empty().with_entries([*FULL, entry(-1)]))
    newer = replace(inventory.pages[1], head=replace_head(epoch=9))
    pages = {**inventory.pages, 1: newer}
    assert newest_head(pages.values()).epoch == 9
    assert written(replace(inventory, pages=pages, head=replace_head(epoch=10)))[-1] == (1, 1, True)


def test_the_digest_of_entries_is_that_of_which_objects_there_are() -> None:
    digest = entries_digest([entry(1, uid="a"), entry(2)])
    assert digest == entries_digest([entry(2, fp="other", revision=9), entry(1, uid="a")])
    assert digest != entries_digest([entry(1, uid="b"), entry(2)])
    assert digest != entries_digest([entry(1, uid="a")])


def test_of_two_entries_with_one_identity_the_later_counts() -> None:
    assert empty().with_entries([entry(1, uid="a"), entry(1, uid="b")]).entries == (entry(1, uid="b"),)
    assert empty().with_entries([entry(1)]).by_key == {entry(1).key: entry(1)}
    assert spec_digest(InventorySpec()) == spec_digest(InventorySpec(entries=()))
