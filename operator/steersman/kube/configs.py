"""`ports.Configs`: ConfigMaps and Secrets that specs refer to, read once a resourceVersion.

One metadata stream a kind, started with the first reference to it, tells of changes; the controller is told which
object moved and wakes the HelmReleases that refer to it.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal

from steersman.core.manifest.identity import KubernetesObject, ObjectId
from steersman.core.values.sources import config_data
from steersman.kube.client import KubeClient
from steersman.kube.objects import Objects
from steersman.kube.requests import Selection
from steersman.kube.resources import CONFIG_MAPS, SECRETS
from steersman.kube.store import is_older
from steersman.kube.watch import Watched
from steersman.ports import ConfigData

Kind = Literal["ConfigMap", "Secret"]

_SELECTIONS = {
    "ConfigMap": Selection(CONFIG_MAPS, metadata_only=True),
    "Secret": Selection(SECRETS, fields="type!=helm.sh/release.v1", metadata_only=True),
}


class KubeConfigs:
    """The cache. `moved` is told kind, namespace and name of every object that changes after it was first read."""

    def __init__(self, client: KubeClient, moved: Callable[[str, str, str], None]) -> None:
        self._client = client
        self._objects = Objects(client)
        self._moved = moved
        self._watched: dict[str, Watched] = {}
        self._known: dict[ObjectId, ConfigData | None] = {}
        self._reading: dict[ObjectId, str | None] = {}
        """What is being read, with the resourceVersion that the stream told meanwhile (None: nothing, "": gone)."""

    async def read(self, kind: Kind, namespace: str, name: str) -> ConfigData | None:
        """The object, None where there is none."""
        identity = ObjectId("", kind, namespace, name)
        await self._watch(kind)
        if identity in self._known:
            return self._known[identity]
        self._reading[identity] = None
        try:
            config = await self._fetch(kind, namespace, name)
        finally:
            told = self._reading.pop(identity, None)
        if told is None or told == _version(config) or is_older(told, _version(config)):
            self._known[identity] = config
        else:  # the answer was overtaken by a change: whoever asked looks again
            self._moved(kind, namespace, name)
        return config

    def forget(self, kind: str, namespace: str, name: str) -> None:
        """No spec refers to this object any more: its data need not stay in memory."""
        self._known.pop(ObjectId("", kind, namespace, name), None)

    @property
    def silence(self) -> float:
        """Seconds since the most silent stream last heard anything."""
        return max((watched.silence for watched in self._watched.values() if watched.failed is None), default=0.0)

    async def stop(self) -> None:
        """End the streams."""
        for watched in self._watched.values():
            await watched.stop()

    async def _watch(self, kind: Kind) -> None:
        if kind not in self._watched:
            self._watched[kind] = Watched(self._client, _SELECTIONS[kind], self._changed)
            self._watched[kind].start()

    async def _fetch(self, kind: Kind, namespace: str, name: str) -> ConfigData | None:
        found = await self._objects.get(CONFIG_MAPS if kind == "ConfigMap" else SECRETS, namespace, name)
        return decode_config(found) if found is not None else None

    def _changed(self, identity: ObjectId, old: KubernetesObject | None, new: KubernetesObject | None) -> None:
        del old
        version = new["metadata"].get("resourceVersion", "") if new else ""
        if identity in self._reading:
            self._reading[identity] = version
        if identity not in self._known or version == _version(self._known[identity]):
            return
        del self._known[identity]
        self._moved(identity.kind, identity.namespace, identity.name)


def _version(config: ConfigData | None) -> str:
    return config.resource_version if config is not None else ""


def decode_config(obj: KubernetesObject) -> ConfigData:
    """A ConfigMap or Secret as bytes by key."""
    return ConfigData(obj["metadata"]["resourceVersion"], config_data(obj))
