"""Facts of the cluster that decisions need: which cluster it is, which namespaces go, whether our CRD goes.

And the installation's key, a Secret of ours made once: digests of values are keyed with it.
"""

from __future__ import annotations

import base64
import secrets
from collections.abc import Iterable

from steersman.core.api.names import GROUP, HELM_RELEASES
from steersman.kube.errors import AlreadyExists
from steersman.kube.objects import Objects
from steersman.kube.resources import CUSTOM_RESOURCE_DEFINITIONS, NAMESPACES, SECRETS

INSTALLATION_SECRET = "steersman-installation"  # noqa: S105 - a name
_KEY_BYTES = 32


class ClusterFacts:
    """Asked for at start-up and while something is being deleted."""

    def __init__(self, objects: Objects) -> None:
        self._objects = objects
        self.cluster_uid = ""

    async def load(self) -> None:
        """Read the cluster's identity: the uid of kube-system."""
        namespace = await self._objects.get(NAMESPACES, "", "kube-system")
        self.cluster_uid = namespace["metadata"]["uid"] if namespace else ""

    async def terminating(self, namespaces: Iterable[str]) -> frozenset[str]:
        """Those of these namespaces that are being deleted, or gone."""
        going = set()
        for name in sorted(set(namespaces)):
            namespace = await self._objects.get(NAMESPACES, "", name)
            if namespace is None or namespace["metadata"].get("deletionTimestamp"):
                going.add(name)
        return frozenset(going)

    async def is_crd_deleting(self) -> bool:
        """Whether the CRD of HelmReleases is being deleted: then everything is let go, nothing uninstalled."""
        crd = await self._objects.get(CUSTOM_RESOURCE_DEFINITIONS, "", f"{HELM_RELEASES}.{GROUP}")
        return crd is None or bool(crd["metadata"].get("deletionTimestamp"))


async def installation_key(objects: Objects, namespace: str) -> bytes:
    """The key of this installation; made, and kept in a Secret, the first time."""
    found = await objects.get(SECRETS, namespace, INSTALLATION_SECRET)
    if found is None:
        key = base64.b64encode(secrets.token_bytes(_KEY_BYTES)).decode()
        body = {
            "apiVersion": "v1",
            "kind": "Secret",
            "metadata": {"name": INSTALLATION_SECRET, "namespace": namespace},
            "type": "Opaque",
            "data": {"key": key},
        }
        try:
            found = await objects.create(SECRETS, body)
        except AlreadyExists:
            return await installation_key(objects, namespace)
    return base64.b64decode(found["data"]["key"])
