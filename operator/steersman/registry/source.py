"""Charts from OCI registries: the `ports.ChartSource` of the operator and the CLI.

`ChartSources` is one per process and owns what releases share: the cache, the threads, the clients, running downloads
and a circuit per host. `source(access)` gives the view of one release: the same thing with its terms of access.

A chart whose digest is known comes from the cache without any request. However many ask for the same one at the same
time, it is read or downloaded once. Blocking work (oras, disk, hashing) runs in a few threads; waiting for a retry
holds none. The cache is shared by all releases of the installation: who knows a digest may have the chart, as with
images that a node has pulled.
"""

from __future__ import annotations

import asyncio
import logging
import random
import time
from collections import defaultdict
from collections.abc import Awaitable, Callable, Coroutine, Hashable
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any, TypeVar

from steersman.errors import SourceError
from steersman.ports import Resolved
from steersman.registry.access import Access, Limits
from steersman.registry.cache import ChartCache
from steersman.registry.clients import ClientPool
from steersman.registry.errors import DigestMismatch, InvalidReference, RegistryUnavailable, TagNotFound
from steersman.registry.manifest import parse_manifest
from steersman.registry.reference import ChartReference, is_digest, tag_of_version, version_of_tag
from steersman.registry.resilience import Circuit, RetryPolicy
from steersman.registry.versions import choose_tag, is_complete, may_be_tag

if TYPE_CHECKING:
    from steersman.registry.oci import RegistryClient

_logger = logging.getLogger(__name__)
_T = TypeVar("_T")

DEFAULT_THREADS = 4
# A download is a token, a manifest and a blob; each has its own deadline within the client.
_REQUESTS_PER_QUESTION = 3


class ChartSources:
    """What all releases share."""

    def __init__(
        self,
        cache: ChartCache,
        *,
        limits: Limits | None = None,
        retry: RetryPolicy | None = None,
        threads: int = DEFAULT_THREADS,
    ) -> None:
        self._cache = cache
        self._limits = limits or Limits()
        self._retry = retry or RetryPolicy()
        self._clients = ClientPool(self._limits)
        self._threads = ThreadPoolExecutor(threads, thread_name_prefix="registry")
        self._circuits: defaultdict[tuple[str, Access], Circuit] = defaultdict(Circuit)
        self._flights: dict[Hashable, asyncio.Task[Any]] = {}

    def source(self, access: Access) -> OciSource:
        """The charts as reached on these terms."""
        return OciSource(self, access)

    async def close(self) -> None:
        """End running downloads and close all connections. A thread in the middle of a read ends with its timeout."""
        flights = list(self._flights.values())
        for flight in flights:
            flight.cancel()
        await asyncio.gather(*flights, return_exceptions=True)
        self._threads.shutdown(wait=False, cancel_futures=True)
        self._clients.close()

    async def once(self, key: Hashable, work: Callable[[], Coroutine[Any, Any, _T]]) -> _T:
        """Run `work` unless it is running under this key already; everybody gets its outcome.

        A caller that is cancelled leaves the work to the others."""
        flight = self._flights.get(key)
        if flight is None:
            flight = asyncio.get_running_loop().create_task(work())
            self._flights[key] = flight
            flight.add_done_callback(lambda done: self._landed(key, done))
        return await asyncio.shield(flight)

    async def kept(self, reference: ChartReference, digest: str) -> bytes | None:
        """The archive of this manifest digest, if the cache has it."""
        return await self._in_thread(self._from_cache, reference, digest)

    async def load(self, reference: ChartReference, digest: str, access: Access) -> bytes:
        """The archive of this manifest digest, from the cache or else from the registry."""
        kept = await self.kept(reference, digest)
        if kept is not None:
            return kept
        return await self.ask(reference, access, lambda client: self._download(client, reference, digest))

    async def ask(self, reference: ChartReference, access: Access, question: Callable[[RegistryClient], _T]) -> _T:
        """Put one question to the registry, again while it is unavailable and the retry policy allows."""
        # By the terms too: a release that asks for TLS where there is none must not stop those that know better.
        circuit = self._circuits[reference.api_host, access]
        attempt = 0
        while True:
            attempt += 1
            circuit.check(reference.place, time.monotonic())
            try:
                answer = await self._attempt(reference, access, question)
            except RegistryUnavailable as error:
                circuit.failed(error.problem, time.monotonic())
                pause = self._retry.pause(attempt, error.retry_after, random.uniform)
                if pause is None:
                    raise
                await asyncio.sleep(pause)
            except SourceError:
                circuit.answered()
                raise
            else:
                circuit.answered()
                return answer

    async def _attempt(self, reference: ChartReference, access: Access, question: Callable[[RegistryClient], _T]) -> _T:
        def run() -> _T:
            with self._clients.client(reference, access) as client:
                return question(client)

        # The client's own deadlines come first; this one is for a host that sends its headers byte by byte.
        try:
            async with asyncio.timeout(self._limits.total_seconds * _REQUESTS_PER_QUESTION):
                return await self._in_thread(run)
        except TimeoutError as error:
            raise RegistryUnavailable(reference.place, "no whole answer in time") from error

    def _from_cache(self, reference: ChartReference, digest: str) -> bytes | None:
        manifest = self._cache.get(digest)
        if manifest is None:
            return None
        return self._cache.get(parse_manifest(manifest, reference.place).content.digest)

    def _download(self, client: RegistryClient, reference: ChartReference, digest: str) -> bytes:
        data = self._cache.get(digest)
        if data is None:
            data = client.manifest(digest)
        manifest = parse_manifest(data, reference.place)
        self._cache.put(digest, data)
        if manifest.is_legacy:
            _logger.warning("%s: its layer has a media type from before Helm 3.1; push it again", reference.place)
        chart = client.blob(manifest.content)
        self._cache.put(manifest.content.digest, chart)
        return chart

    def _in_thread(self, work: Callable[..., _T], *arguments: Any) -> Awaitable[_T]:
        return asyncio.get_running_loop().run_in_executor(self._threads, work, *arguments)

    def _landed(self, key: Hashable, done: asyncio.Task[Any]) -> None:
        del self._flights[key]
        if not done.cancelled():
            done.exception()  # seen: every caller may have been cancelled meanwhile


class OciSource:
    """Charts on one set of terms. Implements `ports.ChartSource`."""

    def __init__(self, sources: ChartSources, access: Access) -> None:
        self._sources = sources
        self._access = access

    async def fetch(self, url: str, digest: str) -> bytes:
        """The chart archive of this OCI manifest digest, verified; from the cache without any request."""
        reference = ChartReference.parse(url)
        if not is_digest(digest):
            raise InvalidReference(f"{url}@{digest}", "has no digest of sha256: and 64 hexadecimal digits")
        _check_pin(reference, digest)
        key = ("chart", reference.place, digest, self._access)
        return await self._sources.once(key, lambda: self._sources.load(reference, digest, self._access))

    async def kept(self, url: str, digest: str) -> bytes | None:
        """The chart archive of this manifest digest where the cache has it. No registry is asked."""
        return await self._sources.kept(ChartReference.parse(url), digest)

    async def resolve(self, url: str, version: str = "", version_filter: str = "") -> Resolved:
        """What an exact version or a range stands for now: a HEAD request, and for ranges the list of tags."""
        reference = ChartReference.parse(url)
        key = ("version", reference, version, version_filter, self._access)
        return await self._sources.once(key, lambda: self._resolve(reference, url, version, version_filter))

    async def _resolve(self, reference: ChartReference, url: str, version: str, version_filter: str) -> Resolved:
        if reference.digest and not reference.tag and not version:
            return Resolved(url, "", reference.digest)
        tag, digest = await self._tag(reference, url, version, version_filter)
        _check_pin(reference, digest)
        return Resolved(url, version_of_tag(tag), digest)

    async def _tag(self, reference: ChartReference, url: str, version: str, version_filter: str) -> tuple[str, str]:
        """The tag that is meant, and its digest."""
        wanted = tag_of_version(version) if may_be_tag(version) else ""
        if reference.tag:
            if version and wanted != reference.tag:
                raise InvalidReference(url, f"names the tag {reference.tag!r}, but chart.version is {version!r}")
            wanted = reference.tag
        if wanted:
            try:
                return wanted, await self._digest(reference, wanted)
            except TagNotFound:
                if reference.tag or is_complete(version):
                    raise
        tags = await self._sources.ask(reference, self._access, lambda client: client.tags())
        chosen = choose_tag(tags, version, version_filter, reference.place)
        return chosen, await self._digest(reference, chosen)

    async def _digest(self, reference: ChartReference, tag: str) -> str:
        return await self._sources.ask(reference, self._access, lambda client: client.digest_of_tag(tag))


def _check_pin(reference: ChartReference, digest: str) -> None:
    if reference.digest and reference.digest != digest:
        raise DigestMismatch(reference.place, "the digest in chart.url", wanted=digest, got=reference.digest)
