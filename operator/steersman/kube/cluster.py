"""`ports.Cluster` over the real API server: objects of releases, of any kind discovery knows.

Made by the app layer as `KubeCluster(client)`, called by actions and the controller. Kinds are resolved by
`kube.discovery`; a path the server does not know (a CRD just created or removed) is asked for again after a refresh.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from contextlib import AbstractContextManager, nullcontext
from typing import Protocol, TypeVar

from steersman.core.manifest.identity import KubernetesObject, ObjectId, ObjectRef, ref_of
from steersman.core.render.model import Capabilities
from steersman.kube.client import KubeClient
from steersman.kube.discovery import Discovery
from steersman.kube.errors import UnknownKind, UnknownResource
from steersman.kube.objects import Objects
from steersman.kube.requests import Propagation, Selection
from steersman.kube.resources import Resource
from steersman.ports import Applied

T = TypeVar("T")


class Witness(Protocol):
    """Who has to know of our writes: `KubeObserver`."""

    def writing(self, identity: ObjectId) -> AbstractContextManager[None]:
        """Entered while an apply of this object is under way."""
        ...

    def note(self, obj: KubernetesObject) -> None:
        """Told of an object as an apply left it."""
        ...


class KubeCluster:
    """The API server as actions see it. `witness` learns from the answers what it need not read then, and which
    events are our own."""

    def __init__(
        self, client: KubeClient, *, discovery: Discovery | None = None, witness: Witness | None = None
    ) -> None:
        self.objects = Objects(client)
        self.discovery = discovery or Discovery(client)
        self._witness = witness

    async def capabilities(self) -> Capabilities:
        """Version and API versions, as templates see them."""
        return await self.discovery.capabilities()

    async def is_namespaced(self, ref: ObjectRef) -> bool:
        """Whether the kind lives in namespaces. Raises UnknownKind or KindUnavailable."""
        return (await self.discovery.resolve(ref.api_version, ref.id.kind)).namespaced

    async def knows(self, ref: ObjectRef) -> bool:
        """Whether the cluster serves the kind. Raises KindUnavailable while its group does not answer."""
        try:
            await self.discovery.resolve(ref.api_version, ref.id.kind)
        except UnknownKind:
            return False
        return True

    async def get(self, ref: ObjectRef) -> KubernetesObject | None:
        """The live object, None when there is none."""
        return await self._reach(ref, lambda kind: self.objects.get(kind, ref.id.namespace, ref.id.name))

    async def list(self, ref: ObjectRef) -> KubernetesObject:
        """All objects of the kind in the namespace of `ref` ("": everywhere), as the list object of the API."""

        async def select(kind: Resource) -> KubernetesObject:
            listing = await self.objects.select(Selection(kind, ref.id.namespace))
            items = [{"apiVersion": ref.api_version, "kind": ref.id.kind, **item} for item in listing.items]
            return {
                "apiVersion": ref.api_version,
                "kind": f"{ref.id.kind}List",
                "metadata": {"resourceVersion": listing.resource_version},
                "items": items,
            }

        return await self._reach(ref, select)

    async def apply(self, obj: KubernetesObject, *, force: bool, dry_run: bool = False) -> Applied:
        """Server-side apply under the manager `steersman`. uid and resourceVersion in `obj` are preconditions."""
        ref = ref_of(obj)
        witness = None if dry_run else self._witness
        with witness.writing(ref.id) if witness else nullcontext():
            applied = await self._reach(ref, lambda kind: self.objects.apply(kind, obj, force=force, dry_run=dry_run))
            if witness:
                witness.note(applied.object)
        return applied

    async def delete(
        self,
        ref: ObjectRef,
        *,
        uid: str | None = None,
        resource_version: str | None = None,
        propagation: Propagation = "Background",
    ) -> bool:
        """DELETE with preconditions. False when the object (or that uid) is gone already."""
        return await self._reach(
            ref,
            lambda kind: self.objects.delete(
                kind,
                ref.id.namespace,
                ref.id.name,
                uid=uid,
                resource_version=resource_version,
                propagation=propagation,
            ),
        )

    async def refresh_discovery(self) -> None:
        """Forget what discovery said; the next question asks the server again."""
        self.discovery.invalidate()

    async def _reach(self, ref: ObjectRef, send: Callable[[Resource], Awaitable[T]]) -> T:
        """Send to where discovery says the kind is, again where the server disagrees and discovery changes its mind."""
        while True:
            resource = await self.discovery.resolve(ref.api_version, ref.id.kind)
            try:
                return await send(resource)
            except UnknownResource:
                if not await self.discovery.doubt(resource):
                    raise
