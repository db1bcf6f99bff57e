"""`ports.HelmReleases`: finalizer and status of HelmReleases. Every answer goes into the cache, so that our own write
is known before its event comes back."""

from __future__ import annotations

from steersman.controller.cache import ReleaseCache
from steersman.controller.queue import ObjectKey
from steersman.core.api.helmrelease import HelmRelease
from steersman.core.api.names import API_VERSION, FINALIZER, HELM_RELEASE
from steersman.core.api.status import HelmReleaseStatus
from steersman.core.manifest.identity import KubernetesObject
from steersman.errors import AbsentError
from steersman.kube.objects import Objects
from steersman.kube.resources import HELM_RELEASES


class KubeHelmReleases:
    """Writes to HelmReleases."""

    def __init__(self, objects: Objects, cache: ReleaseCache) -> None:
        self._objects = objects
        self._cache = cache

    async def add_finalizer(self, release: HelmRelease) -> None:
        """Put our finalizer on it, with resourceVersion."""
        await self._finalizers(release, [*release.finalizers, FINALIZER])

    async def drop_finalizer(self, release: HelmRelease) -> None:
        """Take our finalizer off; the object being gone is fine."""
        try:
            await self._finalizers(release, [each for each in release.finalizers if each != FINALIZER])
        except AbsentError:
            self._cache.drop(ObjectKey(release.namespace, release.name), release.uid)

    async def write_status(self, release: HelmRelease, status: HelmReleaseStatus) -> None:
        """Write the whole status by server-side apply, with resourceVersion. The object being gone is fine."""
        intent: KubernetesObject = {
            "apiVersion": API_VERSION,
            "kind": HELM_RELEASE,
            "metadata": {
                "name": release.name,
                "namespace": release.namespace,
                "uid": release.uid,
                "resourceVersion": release.resource_version,
            },
            "status": status.to_dict(),
        }
        try:
            self._cache.put(await self._objects.apply_status(HELM_RELEASES, intent))
        except AbsentError:
            return

    async def _finalizers(self, release: HelmRelease, finalizers: list[str]) -> None:
        change = {"metadata": {"resourceVersion": release.resource_version, "finalizers": finalizers}}
        self._cache.put(await self._objects.patch(HELM_RELEASES, release.namespace, release.name, change))
