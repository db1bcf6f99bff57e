"""Charts, wherever they are: the `ports.ChartSource` of the operator and the CLI.

`ChartSources` is one per process and owns what releases share: the cache, and what `asking` keeps (threads, clients,
circuits, running downloads). `source(access)` gives the view of one release: the same thing with its terms of access.
`oci://` is `oci_charts`' business, `http(s)://` is `repository_charts`'. The cache is shared by all releases of the
installation: who knows a digest may have the chart, as with images that a node has pulled.
"""

from __future__ import annotations

from datetime import UTC, datetime

from steersman.core.verification import Verification, Verified
from steersman.ports import Resolved
from steersman.registry.access import Access, Limits
from steersman.registry.asking import Asker
from steersman.registry.cache import ChartCache
from steersman.registry.errors import InvalidReference
from steersman.registry.oci_charts import OciCharts
from steersman.registry.reach import Reach
from steersman.registry.resilience import RetryPolicy
from steersman.registry.verifying import Now, Verifying

DEFAULT_THREADS = 4
OCI = "oci://"


class ChartSources:
    """What all releases share."""

    def __init__(
        self,
        cache: ChartCache,
        *,
        limits: Limits | None = None,
        retry: RetryPolicy | None = None,
        reach: Reach | None = None,
        threads: int = DEFAULT_THREADS,
        now: Now = lambda: datetime.now(UTC),
    ) -> None:
        self._cache = cache
        self._asker = Asker(limits or Limits(), retry or RetryPolicy(), reach or Reach(), threads)
        self._verifying = Verifying(self._asker, cache, now)

    def source(self, access: Access) -> Charts:
        """The charts as reached on these terms."""
        return Charts(OciCharts(self._asker, self._cache, self._verifying, access))

    async def close(self) -> None:
        """End running downloads and close all connections."""
        await self._asker.close()


class Charts:
    """Charts on one set of terms. Implements `ports.ChartSource`."""

    def __init__(self, oci: OciCharts) -> None:
        self._oci = oci

    async def fetch(self, url: str, digest: str) -> bytes:
        """The chart archive of this digest, verified; from the cache without any request."""
        return await self._kind(url).fetch(url, digest)

    async def kept(self, url: str, digest: str) -> bytes | None:
        """The chart archive of this digest where the cache has it. Nobody is asked."""
        return await self._kind(url).kept(url, digest)

    async def resolve(self, url: str, version: str = "", version_filter: str = "", *, name: str = "") -> Resolved:
        """What an exact version or a range stands for now. With `name`, `url` is a repository of charts."""
        charts = self._kind(url)
        return await charts.resolve(f"{url.rstrip('/')}/{name}" if name else url, version, version_filter)

    async def verify(self, url: str, digest: str, verification: Verification) -> Verified:
        """By whom the chart of this digest is signed. Raises VerificationFailed; what passed once is judged again from
        the cache, without any request."""
        return await self._kind(url).verify(url, digest, verification)

    def _kind(self, url: str) -> OciCharts:
        if url.startswith(OCI):
            return self._oci
        raise InvalidReference(url, "is not of the form oci://host/path/chart")
