"""Which kinds the cluster serves, where, and what templates see of it as `.Capabilities`.

One cache per process, shared by all workers: two requests map everything (aggregated discovery), a refresh sends their
ETags, and concurrent askers share it. A miss refreshes at most once per 5 s; after `invalidate` (a CRD was applied), an
Established CRD may still be missing for a moment, so misses keep asking for up to 10 s. Used by `kube.cluster` and
`kube.observer`.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass

import msgspec

from steersman.core.render.model import Capabilities
from steersman.errors import ClusterError
from steersman.kube import requests
from steersman.kube.answers import Asked
from steersman.kube.client import KubeClient, Response, decode_failure
from steersman.kube.discovery_documents import Index, IndexBuilder, legacy_group_versions
from steersman.kube.errors import KindUnavailable, UnknownKind
from steersman.kube.resources import Resource

_AGGREGATED = "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList,application/json"


class _Version(msgspec.Struct):
    gitVersion: str  # noqa: N815


@dataclass(frozen=True, slots=True)
class _Document:
    etag: str
    body: bytes
    aggregated: bool


@dataclass(frozen=True, slots=True)
class DiscoverySettings:
    """Seconds. `miss_pause`: between refreshes for kinds that are not there; after `invalidate` such a kind is looked
    for every `new_kind_pause` for `new_kind_patience`. `capabilities_age`: how late templates may see an API that
    somebody else installed; asking costs two conditional requests."""

    miss_pause: float = 5.0
    new_kind_patience: float = 10.0
    new_kind_pause: float = 0.5
    capabilities_age: float = 30.0


class Discovery:
    """The cache. Make one per client."""

    def __init__(
        self,
        client: KubeClient,
        settings: DiscoverySettings | None = None,
        *,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._client = client
        self._settings = settings or DiscoverySettings()
        self._clock = clock
        self._lock = asyncio.Lock()
        self._documents: dict[str, _Document] = {}
        self._read_from: tuple[_Document, _Document] | None = None
        self._index = Index()
        self._kube_version = ""
        self._asked_at = float("-inf")
        self._valid_since = clock()
        self._patient_until = float("-inf")

    def invalidate(self) -> None:
        """Kinds were just added or removed: ask the server again, and be patient with kinds that are not there yet."""
        self._valid_since = self._clock()
        self._patient_until = self._valid_since + self._settings.new_kind_patience

    async def resolve(self, api_version: str, kind: str) -> Resource:
        """The resource of a kind. Raises UnknownKind, or KindUnavailable where its group does not answer now."""
        await self._refresh(since=self._valid_since)
        while (resource := self._index.find(api_version, kind)) is None:
            patient = self._clock() < self._patient_until
            pause = self._settings.new_kind_pause if patient else self._settings.miss_pause
            if not await self._refresh(since=self._clock() - pause):
                if not patient:
                    raise self._missing(api_version, kind)
                await asyncio.sleep(pause)
        return resource

    async def doubt(self, resource: Resource) -> bool:
        """The server said 404 to this resource's path. True when asking once more is worth it."""
        if self._clock() < self._patient_until:
            await asyncio.sleep(self._settings.new_kind_pause)
            await self._refresh(since=self._clock() - self._settings.new_kind_pause)
            return True
        await self._refresh(since=self._clock() - self._settings.miss_pause)
        return self._index.find(resource.api_version, resource.kind) != resource

    async def capabilities(self) -> Capabilities:
        """The version and API versions that templates see, sorted (Helm's order is random)."""
        await self._refresh(since=max(self._valid_since, self._clock() - self._settings.capabilities_age))
        return Capabilities(self._kube_version, self._index.api_versions)

    def _missing(self, api_version: str, kind: str) -> ClusterError:
        if api_version in self._index.stale:
            return KindUnavailable(api_version, kind)
        return UnknownKind(api_version, kind)

    async def _refresh(self, *, since: float) -> bool:
        """Ask the server unless it was asked since then; True when it was asked now. Who waits shares the answer."""
        if self._asked_at >= since:
            return False
        async with self._lock:
            if self._asked_at >= since:
                return False
            asked_at = self._clock()
            core, groups, version = await asyncio.gather(
                self._document("/api"), self._document("/apis"), self._client.send(requests.raw_get("/version"))
            )
            if (core, groups) != self._read_from:
                self._index = await self._read(core, groups)
                self._read_from = core, groups
            self._kube_version = _kube_version(version)
            self._asked_at = asked_at
            return True

    async def _document(self, path: str) -> _Document:
        known = self._documents.get(path)
        request = requests.raw_get(path, accept=_AGGREGATED, etag=known.etag if known else "")
        response = await self._client.send(request)
        if known is not None and response.status == 304:
            return known
        aggregated = "as=APIGroupDiscoveryList" in response.headers.get("Content-Type", "")
        document = _Document(response.headers.get("ETag", ""), response.body, aggregated)
        self._documents[path] = document
        return document

    async def _read(self, core: _Document, groups: _Document) -> Index:
        builder = IndexBuilder()
        try:
            if core.aggregated and groups.aggregated:
                builder.add_aggregated(core.body)
                builder.add_aggregated(groups.body)
            else:
                await self._read_legacy(builder, core, groups)
        except msgspec.MsgspecError as error:
            raise decode_failure(Asked("get", "discovery"), error) from error
        return builder.build(self._index)

    async def _read_legacy(self, builder: IndexBuilder, core: _Document, groups: _Document) -> None:
        """A server without aggregated discovery: one request per group version, a failing one hides no other."""
        versions = legacy_group_versions(core.body, groups.body)
        paths = [f"/apis/{group}/{version}" if group else f"/api/{version}" for group, version in versions]
        answers = await asyncio.gather(
            *(self._client.send(requests.raw_get(path)) for path in paths), return_exceptions=True
        )
        for (group, version), answer in zip(versions, answers, strict=True):
            if isinstance(answer, ClusterError):
                builder.add_stale(group, version)
            elif isinstance(answer, BaseException):
                raise answer
            else:
                builder.add_legacy(group, version, answer.body)


def _kube_version(response: Response) -> str:
    try:
        return msgspec.json.decode(response.body, type=_Version).gitVersion
    except msgspec.MsgspecError as error:
        raise decode_failure(Asked("get", "/version"), error) from error
