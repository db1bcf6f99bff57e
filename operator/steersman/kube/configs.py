"""`ports.Configs`: ConfigMaps, Secrets and ServiceAccounts that specs refer to, read once a resourceVersion.

One metadata stream a kind, started with the first reference to it, tells of changes; the controller is told which
object moved and wakes those that refer to it. A ServiceAccount moves with each of its image pull secrets too: nobody
else knows that they matter.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from steersman.core.manifest.identity import KubernetesObject, ObjectId
from steersman.core.values.sources import config_data
from steersman.kube.client import KubeClient
from steersman.kube.objects import Objects
from steersman.kube.requests import Selection
from steersman.kube.resources import CONFIG_MAPS, SECRETS, SERVICE_ACCOUNTS, Resource
from steersman.kube.store import is_older
from steersman.kube.watch import Watched
from steersman.ports import AccountData, ConfigData

Kind = Literal["ConfigMap", "Secret"]
_Read = ConfigData | AccountData

SERVICE_ACCOUNT = "ServiceAccount"


@dataclass(frozen=True, slots=True)
class _Reading:
    """How a kind is read."""

    resource: Resource
    selection: Selection
    decode: Callable[[KubernetesObject], _Read]


class KubeConfigs:
    """The cache. `moved` is told kind, namespace and name of every object that changes after it was first read."""

    def __init__(self, client: KubeClient, moved: Callable[[str, str, str], None]) -> None:
        self._client = client
        self._objects = Objects(client)
        self._moved = moved
        self._watched: dict[str, Watched] = {}
        self._known: dict[ObjectId, _Read | None] = {}
        self._reading: dict[ObjectId, str | None] = {}
        """What is being read, with the resourceVersion that the stream told meanwhile (None: nothing, "": gone)."""
        self._pulling: dict[ObjectId, set[str]] = {}
        """The Secrets that ServiceAccounts pull images with, each with the names of those accounts."""

    async def read(self, kind: Kind, namespace: str, name: str) -> ConfigData | None:
        """The object, None where there is none."""
        found = await self._read(ObjectId("", kind, namespace, name))
        assert not isinstance(found, AccountData)
        return found

    async def account(self, namespace: str, name: str) -> AccountData | None:
        """The ServiceAccount, None where there is none."""
        found = await self._read(ObjectId("", SERVICE_ACCOUNT, namespace, name))
        assert not isinstance(found, ConfigData)
        for secret in found.pull_secrets if found is not None else ():
            self._pulling.setdefault(ObjectId("", "Secret", namespace, secret), set()).add(name)
        return found

    def forget(self, kind: str, namespace: str, name: str) -> None:
        """No spec refers to this object any more: its data need not stay in memory."""
        identity = ObjectId("", kind, namespace, name)
        if identity not in self._pulling:
            self._known.pop(identity, None)

    @property
    def silence(self) -> float:
        """Seconds since the most silent stream last heard anything."""
        return max((watched.silence for watched in self._watched.values() if watched.failed is None), default=0.0)

    async def stop(self) -> None:
        """End the streams."""
        for watched in self._watched.values():
            await watched.stop()

    async def _read(self, identity: ObjectId) -> _Read | None:
        how = _READINGS[identity.kind]
        if identity.kind not in self._watched:
            self._watched[identity.kind] = Watched(self._client, how.selection, self._changed)
            self._watched[identity.kind].start()
        if identity in self._known:
            return self._known[identity]
        self._reading[identity] = None
        try:
            found = await self._objects.get(how.resource, identity.namespace, identity.name)
            read = how.decode(found) if found is not None else None
        finally:
            told = self._reading.pop(identity, None)
        if told is None or told == _version(read) or is_older(told, _version(read)):
            self._known[identity] = read
        else:  # the answer was overtaken by a change: whoever asked looks again
            self._tell(identity)
        return read

    def _changed(self, identity: ObjectId, old: KubernetesObject | None, new: KubernetesObject | None) -> None:
        del old
        version = new["metadata"].get("resourceVersion", "") if new else ""
        if identity in self._reading:
            self._reading[identity] = version
        if identity not in self._known or version == _version(self._known[identity]):
            return
        del self._known[identity]
        self._tell(identity)

    def _tell(self, identity: ObjectId) -> None:
        self._moved(identity.kind, identity.namespace, identity.name)
        for account in self._pulling.get(identity, ()):
            self._moved(SERVICE_ACCOUNT, identity.namespace, account)


def decode_config(obj: KubernetesObject) -> ConfigData:
    """A ConfigMap or Secret as bytes by key."""
    return ConfigData(obj["metadata"]["resourceVersion"], config_data(obj))


def decode_account(obj: KubernetesObject) -> AccountData:
    """What of a ServiceAccount matters to sources."""
    metadata = obj["metadata"]
    secrets = tuple(str(item["name"]) for item in obj.get("imagePullSecrets") or () if item.get("name"))
    return AccountData(metadata["resourceVersion"], metadata["uid"], secrets, metadata.get("annotations") or {})


def _version(read: _Read | None) -> str:
    return read.resource_version if read is not None else ""


_READINGS = {
    "ConfigMap": _Reading(CONFIG_MAPS, Selection(CONFIG_MAPS, metadata_only=True), decode_config),
    "Secret": _Reading(
        SECRETS, Selection(SECRETS, fields="type!=helm.sh/release.v1", metadata_only=True), decode_config
    ),
    SERVICE_ACCOUNT: _Reading(SERVICE_ACCOUNTS, Selection(SERVICE_ACCOUNTS, metadata_only=True), decode_account),
}
