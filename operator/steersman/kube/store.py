"""The newest known state of the objects of one kind, by identity.

Fed by `kube.watch` (lists and events) and by answers to our own writes; the two arrive in any order, so an older state
never replaces a newer one. No I/O. `kube.observer` keeps one per kind, the controller one per kind it follows itself.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import TypeAlias

from steersman.core.manifest.identity import KubernetesObject, ObjectId
from steersman.kube.requests import Selection

OnChange: TypeAlias = Callable[[ObjectId, KubernetesObject | None, KubernetesObject | None], None]
"""Told the identity, the state before (None: unknown) and the state now (None: gone from the selection)."""


def is_older(version: str, than: str) -> bool:
    """Whether one resourceVersion is older than another of the same kind. They are ordered numbers (a guarantee since
    Kubernetes 1.35, true before); of anything else the one that came last counts as newer."""
    return version.isdecimal() and than.isdecimal() and int(version) < int(than)


class Store:
    """Objects by identity. All of one kind; `group` and `kind` make their identities."""

    def __init__(self, group: str, kind: str, on_change: OnChange | None = None) -> None:
        self._group = group
        self._kind = kind
        self._on_change = on_change
        self._objects: dict[ObjectId, KubernetesObject] = {}

    def __len__(self) -> int:
        return len(self._objects)

    def __iter__(self) -> Iterator[ObjectId]:
        return iter(self._objects)

    def get(self, identity: ObjectId) -> KubernetesObject | None:
        """The newest known state, None when there is none."""
        return self._objects.get(identity)

    def identify(self, obj: KubernetesObject) -> ObjectId:
        """The identity of an object of this kind."""
        metadata = obj["metadata"]
        return ObjectId(self._group, self._kind, metadata.get("namespace") or "", metadata["name"])

    def put(self, obj: KubernetesObject) -> None:
        """Take this state unless a newer one is known."""
        identity = self.identify(obj)
        known = self._objects.get(identity)
        if _supersedes(obj, known):
            self._objects[identity] = obj
            self._tell(identity, known, obj)

    def note(self, obj: KubernetesObject) -> None:
        """The same, telling nobody: for answers to our own writes."""
        identity = self.identify(obj)
        if _supersedes(obj, self._objects.get(identity)):
            self._objects[identity] = obj

    def drop(self, identity: ObjectId, version: str) -> None:
        """It is gone, as of this resourceVersion."""
        known = self._objects.get(identity)
        if known is None or is_older(version, _version(known)):
            return
        del self._objects[identity]
        self._tell(identity, known, None)

    def replace(self, selection: Selection, objects: Iterable[KubernetesObject], version: str) -> None:
        """A new list of the selection: what is not in it is gone, unless we know it from after that list."""
        present = set()
        for obj in objects:
            present.add(self.identify(obj))
            self.put(obj)
        for identity in [each for each in self._objects if each not in present]:
            if not selection.namespace or identity.namespace == selection.namespace:
                self.drop(identity, version)

    def clear(self) -> None:
        """Forget everything; each object counts as gone."""
        for identity, known in list(self._objects.items()):
            del self._objects[identity]
            self._tell(identity, known, None)

    def _tell(self, identity: ObjectId, old: KubernetesObject | None, new: KubernetesObject | None) -> None:
        if self._on_change is not None:
            self._on_change(identity, old, new)


def _supersedes(obj: KubernetesObject, known: KubernetesObject | None) -> bool:
    if known is None:
        return True
    return _version(obj) != _version(known) and not is_older(_version(obj), _version(known))


def _version(obj: KubernetesObject) -> str:
    version: str = obj["metadata"].get("resourceVersion", "")
    return version
