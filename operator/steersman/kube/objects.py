"""Reading and writing objects whose kind is known as a `Resource`: what `KubeCluster` and our own stores stand on.

`storage` keeps release records and inventories with it, `controller` writes status, `lease` and `events` their objects.
It settles unknown outcomes: after a lost answer a POST or PUT is not sent again blindly, the object is read first
(section 1 of the apply contract).
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

import msgspec

from steersman.core.api.names import MANAGER_OBJECTS, MANAGER_OWN
from steersman.core.manifest.identity import KubernetesObject
from steersman.errors import AbsentError, ClusterError
from steersman.kube import requests
from steersman.kube.answers import Answer, Asked
from steersman.kube.client import KubeClient, decode_failure
from steersman.kube.errors import (
    AlreadyExists,
    NamespaceTerminating,
    Recreated,
    ServerError,
    StaleObject,
    Unreachable,
)
from steersman.kube.intent import as_sent, contains, without_identity
from steersman.kube.requests import Propagation, Request, Selection
from steersman.kube.resources import Resource
from steersman.ports import Applied

SETTLE_TRIES = 3


@dataclass(frozen=True, slots=True)
class Listing:
    """All objects of a selection at one resourceVersion (of the first page). Items of built-in kinds carry no
    apiVersion and kind, as the API server sends them."""

    items: list[KubernetesObject]
    resource_version: str


class _ListMetadata(msgspec.Struct):
    resourceVersion: str = ""  # noqa: N815
    continue_: str = msgspec.field(name="continue", default="")


class _List(msgspec.Struct):
    items: list[msgspec.Raw] | None = None
    metadata: _ListMetadata = msgspec.field(default_factory=_ListMetadata)


_list_decoder = msgspec.json.Decoder(_List)


class Objects:
    """The operations. Holds no state but the client."""

    def __init__(self, client: KubeClient) -> None:
        self.client = client

    async def get(self, resource: Resource, namespace: str, name: str) -> KubernetesObject | None:
        """The live object, None when there is none."""
        try:
            response = await self.client.send(requests.get(resource, namespace, name))
        except AbsentError:
            return None
        return _object(response.json())

    async def select(self, selection: Selection, *, page: int = requests.PAGE) -> Listing:
        """The whole selection, so many objects a page."""
        return await read_list(self.client, selection, lambda raw: _object(msgspec.json.decode(raw)), page=page)

    async def apply(
        self,
        resource: Resource,
        obj: KubernetesObject,
        *,
        manager: str = MANAGER_OBJECTS,
        force: bool = False,
        dry_run: bool = False,
    ) -> Applied:
        """Server-side apply of the intent (`intent.as_sent`)."""
        request = requests.apply(resource, as_sent(obj), manager=manager, force=force, dry_run=dry_run)
        response = await self.client.send(request)
        return Applied(_object(response.json()), response.status == 201, response.warnings())

    async def apply_status(
        self, resource: Resource, obj: KubernetesObject, *, manager: str = MANAGER_OWN
    ) -> KubernetesObject:
        """Server-side apply of `.status` of one of our own objects; metadata.resourceVersion is a precondition."""
        request = requests.apply(resource, obj, manager=manager, force=True, subresource="status")
        response = await self.client.send(request)
        return _object(response.json())

    async def create(
        self, resource: Resource, obj: KubernetesObject, *, manager: str = MANAGER_OWN
    ) -> KubernetesObject:
        """POST. Raises AlreadyExists. After a lost answer an object that says all of ours counts as created."""
        request = requests.create(resource, obj, manager=manager)
        if "name" not in obj["metadata"]:
            return await self._write(request)  # a generated name cannot be read back

        async def settle() -> KubernetesObject | None:
            live = await self.get(resource, *_place(obj))
            if live is not None and not _says(live, obj):
                raise AlreadyExists(request.asked, Answer(409, "AlreadyExists"))
            return live

        return await self._settled(request, settle, unknown=(Unreachable, ServerError))

    async def replace(
        self, resource: Resource, obj: KubernetesObject, *, manager: str = MANAGER_OWN
    ) -> KubernetesObject:
        """PUT with the object's resourceVersion. Raises StaleObject when somebody wrote something else meanwhile."""
        request = requests.replace(resource, obj, manager=manager)

        async def settle() -> KubernetesObject | None:
            live = await self.get(resource, *_place(obj))
            if live is None:
                raise Recreated(request.asked, Answer(409, "Conflict"))
            if live["metadata"]["resourceVersion"] == obj["metadata"].get("resourceVersion"):
                return None
            if not _says(live, obj):
                raise StaleObject(request.asked, Answer(409, "Conflict"))
            return live

        # aiohttp itself sends a PUT again when a connection from the pool turns out to be closed, and the second one is
        # stale if the first arrived.
        return await self._settled(request, settle, unknown=(Unreachable, ServerError, StaleObject))

    async def patch(
        self,
        resource: Resource,
        namespace: str,
        name: str,
        change: list[dict[str, Any]] | dict[str, Any],
        *,
        manager: str = MANAGER_OWN,
        subresource: str = "",
    ) -> KubernetesObject:
        """A JSON patch (list) or merge patch (dict). Put `metadata.resourceVersion` in it to guard it."""
        request = requests.patch(resource, namespace, name, change, manager=manager, subresource=subresource)
        return await self._write(request)

    async def delete(
        self,
        resource: Resource,
        namespace: str,
        name: str,
        *,
        uid: str | None = None,
        resource_version: str | None = None,
        propagation: Propagation = "Background",
    ) -> bool:
        """DELETE. False when the object, or that uid, is gone already; StaleObject for another resourceVersion."""
        request = requests.delete(
            resource, namespace, name, uid=uid, resource_version=resource_version, propagation=propagation
        )
        try:
            await self.client.send(request)
        except (AbsentError, Recreated):
            return False
        except NamespaceTerminating:
            return True  # the namespace itself, which is being deleted already
        return True

    async def _write(self, request: Request) -> KubernetesObject:
        return _object((await self.client.send(request)).json())

    async def _settled(
        self,
        request: Request,
        settle: Callable[[], Awaitable[KubernetesObject | None]],
        *,
        unknown: tuple[type[ClusterError], ...],
    ) -> KubernetesObject:
        """Send; where that leaves the outcome unknown ask `settle` what became of it, and send again if nothing did."""
        for _ in range(SETTLE_TRIES - 1):
            try:
                return await self._write(request)
            except unknown:
                done = await settle()
                if done is not None:
                    return done
        return await self._write(request)


async def read_list(
    client: KubeClient,
    selection: Selection,
    decode: Callable[[msgspec.Raw], KubernetesObject],
    *,
    page: int = requests.PAGE,
) -> Listing:
    """All pages of a list, each item decoded by `decode`; `kube.watch` decodes less than everything."""
    items: list[KubernetesObject] = []
    version = token = ""
    while True:
        request = requests.listing(selection, limit=page, continue_token=token)
        response = await client.send(request)
        try:
            part = _list_decoder.decode(response.body)
            items += [decode(raw) for raw in part.items or ()]
        except msgspec.MsgspecError as error:
            raise decode_failure(request.asked, error) from error
        version = version or part.metadata.resourceVersion
        token = part.metadata.continue_
        if not token:
            return Listing(items, version)


def _says(live: KubernetesObject, obj: KubernetesObject) -> bool:
    return contains(live, without_identity(as_sent(obj)))


def _place(obj: KubernetesObject) -> tuple[str, str]:
    metadata = obj["metadata"]
    return metadata.get("namespace") or "", metadata.get("name") or ""


def _object(data: Any) -> KubernetesObject:
    if not isinstance(data, dict):
        raise Unreachable(Asked("read", "answer"), "the answer is no Kubernetes object", sent=True)
    return data
