"""Our own objects as the watches tell them: HelmReleases and the uids that are alive.

Filled by `controller.handlers` from kopf's events and by our own writes, whichever is newer.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from steersman.controller.queue import ReleaseKey
from steersman.core.api.helmrelease import HelmRelease


class ReleaseCache:
    """The newest known state of every HelmRelease."""

    def __init__(self) -> None:
        self._releases: dict[ReleaseKey, HelmRelease] = {}

    def __len__(self) -> int:
        return len(self._releases)

    def __iter__(self) -> Iterator[HelmRelease]:
        return iter(tuple(self._releases.values()))

    def get(self, key: ReleaseKey) -> HelmRelease | None:
        """The HelmRelease, None when it is gone."""
        return self._releases.get(key)

    def put(self, obj: dict[str, Any]) -> bool:
        """Take a state in; whether it asks for a look. Raises SpecError where the object cannot be read.

        Our own status writes come back as events that change nothing to act on."""
        release = HelmRelease.parse(obj)
        key = ReleaseKey(release.namespace, release.name)
        known = self._releases.get(key)
        if known is not None and not _is_newer(release, known):
            return False
        self._releases[key] = release
        return known is None or _moved(known, release)

    def drop(self, key: ReleaseKey, uid: str) -> None:
        """The HelmRelease of this uid is gone; a successor of the same name stays."""
        known = self._releases.get(key)
        if known is not None and known.uid == uid:
            del self._releases[key]

    def living(self) -> frozenset[str]:
        """The uids of all HelmReleases."""
        return frozenset(release.uid for release in self._releases.values())


def _is_newer(release: HelmRelease, known: HelmRelease) -> bool:
    """resourceVersions of one resource are numbers in order (KEP-5504), of two objects of one name too: an answer about
    the one before may come after the events of the next."""
    return int(release.resource_version or 0) > int(known.resource_version or 0)


def _moved(known: HelmRelease, release: HelmRelease) -> bool:
    """Whether anything but the status changed that a reconcile depends on."""
    return (
        known.uid != release.uid
        or known.generation != release.generation
        or known.is_deleting != release.is_deleting
        or known.has_finalizer != release.has_finalizer
        or known.requests() != release.requests()
    )
