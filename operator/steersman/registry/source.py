"""Charts, wherever they are: the `ports.ChartSource` of the operator and the CLI.

`ChartSources` is one per process and owns what releases share: the cache, and what `asking` keeps (threads, clients,
circuits, running downloads). `source(access)` gives the view of one release: the same thing with its terms of access.
`oci://` is `oci_charts`' business, `http(s)://` is `repository_charts`'. The cache is shared by all releases of the
installation: who knows a digest may have the chart, as with images that a node has pulled.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

from steersman.core.chart.index import Index
from steersman.core.verification import Verification, Verified
from steersman.ports import Resolved
from steersman.registry.access import Access, Limits
from steersman.registry.asking import Asker
from steersman.registry.cache import ChartCache
from steersman.registry.errors import InvalidReference, RegistryUnavailable
from steersman.registry.index_store import IndexStore
from steersman.registry.metering import Meter, Unmetered
from steersman.registry.oci_charts import OciCharts
from steersman.registry.reach import Reach
from steersman.registry.repository_charts import RepositoryCharts
from steersman.registry.resilience import RetryPolicy
from steersman.registry.verifying import Now, Verifying

DEFAULT_THREADS = 8
OCI = "oci://"
_HTTP = ("http://", "https://")


class ChartSources:
    """What all releases share. `tell` hears of each failure that is followed by another try."""

    def __init__(
        self,
        cache: ChartCache,
        *,
        limits: Limits | None = None,
        retry: RetryPolicy | None = None,
        reach: Reach | None = None,
        threads: int = DEFAULT_THREADS,
        meter: Meter | None = None,
        tell: Callable[[RegistryUnavailable], None] | None = None,
        now: Now = lambda: datetime.now(UTC),
    ) -> None:
        self._cache = cache
        self._indexes = IndexStore(cache.root)
        self._asker = Asker(
            limits or Limits(), retry or RetryPolicy(), reach or Reach(), threads, meter or Unmetered(), tell
        )
        self._verifying = Verifying(self._asker, cache, now)

    def source(self, access: Access) -> Charts:
        """The charts as reached on these terms."""
        return Charts(
            OciCharts(self._asker, self._cache, self._verifying, access),
            RepositoryCharts(self._asker, self._cache, self._indexes, self._verifying, access),
        )

    @property
    def open_circuits(self) -> int:
        """How many hosts (on certain terms) are not asked now, because they failed again and again."""
        return self._asker.open_circuits

    @property
    def cache_bytes(self) -> int:
        """The size of the cache, as of its last write."""
        return self._cache.known_size()

    async def close(self) -> None:
        """End running downloads and close all connections."""
        self._indexes.close()
        await self._asker.close()


class Charts:
    """Charts on one set of terms. Implements `ports.ChartSource`."""

    def __init__(self, oci: OciCharts, repositories: RepositoryCharts) -> None:
        self._oci = oci
        self._repositories = repositories

    async def fetch(self, url: str, digest: str) -> bytes:
        """The chart archive of this digest, verified; from the cache without any request."""
        return await self._kind(url).fetch(url, digest)

    async def kept(self, url: str, digest: str) -> bytes | None:
        """The chart archive of this digest where the cache has it. Nobody is asked."""
        return await self._kind(url).kept(url, digest)

    async def resolve(
        self, url: str, version: str = "", version_filter: str = "", *, name: str = "", max_age: float = 0.0
    ) -> Resolved:
        """What an exact version or a range stands for now. With `name`, `url` is a repository of charts; an HTTP one
        must also be the `home` of the terms on which the archive is then fetched, and its index may be one that was
        asked for within `max_age` seconds."""
        if self._kind(url) is self._repositories:
            return await self._repositories.resolve(url, version, version_filter, name, max_age=max_age)
        return await self._oci.resolve(f"{url.rstrip('/')}/{name}" if name else url, version, version_filter)

    async def verify(self, url: str, digest: str, verification: Verification) -> Verified:
        """By whom the chart of this digest is signed. Raises VerificationFailed; what passed once is judged again from
        the cache, without any request."""
        return await self._kind(url).verify(url, digest, verification)

    async def verified_before(self, url: str, digest: str, verification: Verification) -> Verified | None:
        """The same where the cache alone says it, else None. Nobody is asked."""
        return await self._kind(url).verified_before(url, digest, verification)

    async def index(self, url: str) -> Index:
        """What an HTTP repository serves now: one conditional request."""
        return await self._repositories.index(url)

    async def index_in(self, path: Path, place: str) -> Index:
        """The index in a file of this machine, which messages call `place`. Raises OSError and UnreadableIndex."""
        return await self._repositories.index_in(path, place)

    def index_age(self, url: str) -> float:
        """Seconds since an HTTP repository was last asked for its index on these terms."""
        return self._repositories.index_age(url)

    def index_digest(self, url: str) -> str:
        """Digest of the index.yaml that an HTTP repository was last seen to serve, "" where none was."""
        return self._repositories.index_digest(url)

    async def locate(self, url: str, name: str, digest: str, version: str = "", *, max_age: float = 0.0) -> str:
        """The URL of a chart in an HTTP repository whose digest is known. The index may be one that was asked for
        within `max_age` seconds."""
        return await self._repositories.locate(url, name, digest, version, max_age=max_age)

    async def ping(self, url: str) -> None:
        """Ask the registry of an `oci://` URL whether it is one, and takes the credentials. Raises SourceError."""
        await self._oci.ping(url)

    async def tags(self, url: str) -> list[str]:
        """The tags of an `oci://` chart."""
        return await self._oci.tags(url)

    async def provenance(self, url: str) -> bytes | None:
        """The provenance file beside an archive at an HTTP URL, None where there is none."""
        return await self._repositories.provenance(url)

    def _kind(self, url: str) -> OciCharts | RepositoryCharts:
        if url.startswith(OCI):
            return self._oci
        if url.startswith(_HTTP):
            return self._repositories
        raise InvalidReference(url, "is not of the form oci://host/path/chart")
