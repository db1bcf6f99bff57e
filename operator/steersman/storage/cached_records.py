"""Release records without a request per look: what is known of each, kept current by one metadata stream.

The stream tells name and resourceVersion of every record Secret; a record is read only when its resourceVersion is not
the one we hold. Our own writes go through here, so they are known before the stream tells of them.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable

from steersman.core.manifest.identity import KubernetesObject, ObjectId
from steersman.core.release.model import Release
from steersman.kube.client import KubeClient
from steersman.kube.objects import Objects
from steersman.kube.requests import Selection
from steersman.kube.resources import SECRETS
from steersman.kube.store import is_older
from steersman.kube.watch import Watched
from steersman.storage.secrets import RECORD_TYPE, SecretStore, read_record

Touched = Callable[[str, str], None]
"""Told namespace and name of a release whose records somebody changed."""

_ReleaseName = tuple[str, str]


class CachedRecords:
    """`ports.ReleaseStore` with a memory. Start it before the first look; without the stream it asks each time."""

    def __init__(self, client: KubeClient, store: SecretStore, touched: Touched) -> None:
        self._store = store
        self._objects = Objects(client)
        self._touched = touched
        self._versions: dict[_ReleaseName, dict[str, str]] = defaultdict(dict)
        self._records: dict[_ReleaseName, dict[str, Release]] = defaultdict(dict)
        selection = Selection(SECRETS, labels="owner=helm,name", fields=f"type={RECORD_TYPE}", metadata_only=True)
        self.watched = Watched(client, selection, self._changed)

    async def history(self, namespace: str, name: str) -> tuple[Release, ...]:
        """All revisions of a release, oldest first."""
        key = (namespace, name)
        if not self.watched.synced.is_set():
            return await self._read_all(key)
        for secret, version in tuple(self._versions.get(key, {}).items()):
            record = self._records.get(key, {}).get(secret)
            if record is None or record.resource_version != version:
                await self._read(key, secret)
        return _in_order(self._records.get(key, {}))

    async def create(self, release: Release) -> Release:
        """POST a new revision."""
        return self._keep(await self._store.create(release))

    async def update(self, release: Release) -> Release:
        """PUT with resourceVersion. After a conflict the record is read anew by the next look."""
        return self._keep(await self._store.update(release))

    async def delete(self, release: Release) -> None:
        """Delete one revision; absent is fine."""
        await self._store.delete(release)
        self._drop((release.storage_namespace, release.name), release.record_name)

    def _keep(self, release: Release) -> Release:
        key = (release.storage_namespace, release.name)
        self._versions[key][release.record_name] = release.resource_version
        self._records[key][release.record_name] = release
        return release

    def _drop(self, key: _ReleaseName, secret: str) -> None:
        self._versions[key].pop(secret, None)
        self._records[key].pop(secret, None)
        if not self._versions[key]:
            self._versions.pop(key, None)
            self._records.pop(key, None)

    async def _read(self, key: _ReleaseName, secret: str) -> None:
        live = await self._objects.get(SECRETS, key[0], secret)
        if live is None:
            self._drop(key, secret)
            return
        self._keep(await read_record(live))

    async def _read_all(self, key: _ReleaseName) -> tuple[Release, ...]:
        history = await self._store.history(*key)
        for record in history:
            self._keep(record)
        return history

    def _changed(self, identity: ObjectId, old: KubernetesObject | None, new: KubernetesObject | None) -> None:
        shown = new or old
        assert shown is not None
        metadata = shown["metadata"]
        key = (identity.namespace, (metadata.get("labels") or {}).get("name", ""))
        held = self._versions.get(key, {}).get(identity.name, "")
        version = metadata.get("resourceVersion", "")
        if new is None:
            if held:
                self._drop(key, identity.name)
                self._touched(*key)
            return
        if held == version or is_older(version, held):
            return
        self._versions[key][identity.name] = version
        self._touched(*key)


def _in_order(records: dict[str, Release]) -> tuple[Release, ...]:
    return tuple(sorted(records.values(), key=lambda record: record.revision))
