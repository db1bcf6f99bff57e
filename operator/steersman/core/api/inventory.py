"""What a release owns: the entries of its ReleaseInventory and the head over them.

The planner reads and writes an `Inventory` as a whole. In the cluster it is one ReleaseInventory object or several
("pages": `core.api.paging` spreads the entries, `storage.inventory` keeps the objects), because an object may have
1.5 MiB and a release ten thousand objects. The identity of an entry is (g, k, ns, n); the version is a hint for
reaching the object.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from hashlib import sha256
from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from steersman.core.api.base import ApiStruct
from steersman.errors import StorageError

MAX_PAGE_ENTRIES = 2000
MAX_PAGE_BYTES = 512 * 1024
MAX_PAGES = 100

EntryKey = tuple[str, str, str, str]
"""(group, kind, namespace, name)."""


class InventoryEntry(ApiStruct, frozen=True, kw_only=True):
    """One object the release applied. The names are short because there may be ten thousand of them."""

    g: Annotated[str, Meta(description="API group; empty for the core group.", max_length=253)] = ""
    k: Annotated[str, Meta(description="Kind.", min_length=1, max_length=63)]
    ns: Annotated[str, Meta(description="Namespace; empty for cluster scope.", max_length=63)] = ""
    n: Annotated[str, Meta(description="Name.", min_length=1, max_length=253)]
    v: Annotated[str, Meta(description="API version it was last applied in, without the group.", max_length=63)] = ""
    uid: Annotated[
        str, Meta(description="uid of the object; empty until the API server has told it.", max_length=128)
    ] = ""
    revision: Annotated[int, Meta(description="Revision of the release that last applied it.", ge=0)] = 0
    fp: Annotated[
        str,
        Meta(description="Fingerprint of the fields that are ours in it; drift shows as another one.", max_length=128),
    ] = ""

    @property
    def key(self) -> EntryKey:
        """The identity of the object."""
        return (self.g, self.k, self.ns, self.n)


class InFlight(ApiStruct, frozen=True, kw_only=True):
    """A step that a crash must not leave half done, written before the step."""

    operation: Annotated[
        Literal["Recreate"],
        Meta(description="Recreate: this uid is being deleted so that the object can be created anew."),
    ]
    g: Annotated[str, Meta(description="API group; empty for the core group.", max_length=253)] = ""
    k: Annotated[str, Meta(description="Kind.", min_length=1, max_length=63)]
    ns: Annotated[str, Meta(description="Namespace; empty for cluster scope.", max_length=63)] = ""
    n: Annotated[str, Meta(description="Name.", min_length=1, max_length=253)]
    uid: Annotated[str, Meta(description="uid of the object that goes.", max_length=128)]

    @property
    def key(self) -> EntryKey:
        """The identity of the object."""
        return (self.g, self.k, self.ns, self.n)


class Yielded(ApiStruct, frozen=True, kw_only=True):
    """Fields of one object that were left to another field manager."""

    g: Annotated[str, Meta(description="API group; empty for the core group.", max_length=253)] = ""
    k: Annotated[str, Meta(description="Kind.", min_length=1, max_length=63)]
    ns: Annotated[str, Meta(description="Namespace; empty for cluster scope.", max_length=63)] = ""
    n: Annotated[str, Meta(description="Name.", min_length=1, max_length=253)]
    paths: Annotated[
        tuple[Annotated[str, Meta(max_length=512)], ...],
        Meta(
            description="The fields, as managedFields names them.",
            max_length=100,
            extra_json_schema={"x-kubernetes-list-type": "atomic"},
        ),
    ]
    manager: Annotated[str, Meta(description="The field manager they were left to.", max_length=128)] = ""

    @property
    def key(self) -> EntryKey:
        """The identity of the object."""
        return (self.g, self.k, self.ns, self.n)


class InventoryHead(ApiStruct, frozen=True, kw_only=True):
    """What holds for the inventory as a whole."""

    epoch: Annotated[
        int, Meta(description="Counts the writes of the inventory as a whole; the writer's fence.", ge=0)
    ] = 0
    revision: Annotated[
        int, Meta(description="The revision up to which the inventory holds every object applied.", ge=0)
    ] = 0
    cluster_uid: Annotated[
        str,
        Meta(description="uid of the kube-system namespace of the cluster the objects are in.", max_length=128),
    ] = msgspec.field(default="", name="clusterUID")
    in_flight: Annotated[
        tuple[InFlight, ...],
        Meta(
            description="Steps begun and not known to be finished.",
            max_length=100,
            extra_json_schema={"x-kubernetes-list-type": "atomic"},
        ),
    ] = ()
    yielded: Annotated[
        tuple[Yielded, ...],
        Meta(
            description="Fields left to other field managers.",
            max_length=200,
            extra_json_schema={"x-kubernetes-list-type": "atomic"},
        ),
    ] = ()


class InventorySpec(ApiStruct, frozen=True, kw_only=True):
    """`spec` of one ReleaseInventory object: one page."""

    page: Annotated[int, Meta(description="Number of this page, from 0.", ge=0, lt=MAX_PAGES)] = 0
    head: Annotated[
        InventoryHead | None,
        Meta(description="What holds for the inventory as a whole; on one of its pages."),
    ] = None
    count: Annotated[int, Meta(description="How many entries this page has.", ge=0)] = 0
    entries: Annotated[
        tuple[InventoryEntry, ...],
        Meta(
            description="The objects that the release owns.",
            max_length=MAX_PAGE_ENTRIES,
            extra_json_schema={"x-kubernetes-list-type": "atomic"},
        ),
    ] = ()


class InventoryConflict(StorageError):
    """A page was changed or deleted since it was read."""

    retryable = True
    transient = True


class InventoryUnreadable(StorageError):
    """A page that is no ReleaseInventory as we write them."""


@dataclass(frozen=True, slots=True)
class PageState:
    """A page as it is in the cluster, at the resourceVersion it was read or written at.

    `digest` is that of its spec, `leaving` says that somebody deleted it and only our finalizer holds it."""

    keys: frozenset[EntryKey]
    head: InventoryHead | None
    digest: str
    owner_uid: str
    uid: str
    resource_version: str
    leaving: bool = False


@dataclass(frozen=True, slots=True)
class Inventory:
    """The inventory of one HelmRelease (`namespace`, `name`, `owner_uid` are the HelmRelease's).

    `pages` is what storage knows of the cluster; the planner passes it on untouched and only replaces `head` and
    `entries` (`with_entries`, `with_head`).
    """

    namespace: str
    name: str
    owner_uid: str
    head: InventoryHead = field(default_factory=InventoryHead)
    entries: tuple[InventoryEntry, ...] = ()
    pages: Mapping[int, PageState] = field(default_factory=dict)

    @property
    def by_key(self) -> dict[EntryKey, InventoryEntry]:
        """The entries by identity."""
        return {entry.key: entry for entry in self.entries}

    def with_head(self, head: InventoryHead) -> Inventory:
        """The same entries under another head."""
        return replace(self, head=head)

    def with_entries(self, entries: Iterable[InventoryEntry]) -> Inventory:
        """The same head over other entries; of two with one identity the later counts."""
        return replace(self, entries=tuple({entry.key: entry for entry in entries}.values()))


def entries_digest(entries: Sequence[InventoryEntry]) -> str:
    """A digest of which objects are owned (identity and uid, in any order); fingerprints and revisions do not count."""
    hasher = sha256()
    for entry in sorted(entries, key=lambda entry: entry.key):
        hasher.update("\0".join((*entry.key, entry.uid, "\n")).encode("utf-8", "surrogateescape"))
    return f"sha256:{hasher.hexdigest()}"
