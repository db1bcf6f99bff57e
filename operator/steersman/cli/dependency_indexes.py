"""The indexes of HTTP repositories that dependencies come from: each asked for once in a run, told in Helm's words.

Called by `dependency_remote`. Repositories that `helm repo add` knows are reached with what it wrote down for them;
user name and password of the command line are for registries, as with Helm, and go to none of these.
"""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import AsyncIterator, Callable, Iterable, Sequence
from urllib.parse import urlsplit

from steersman.cli.chartflags import ChartFlags
from steersman.cli.charts import os_error
from steersman.cli.helmrepos import HelmRepository, cached_index, without_userinfo
from steersman.cli.output import write_log
from steersman.cli.registries import Registries, advice
from steersman.core.chart.dependency_places import repository_of
from steersman.core.chart.index import Index
from steersman.core.golang.quote import quote
from steersman.errors import SourceError
from steersman.ports import Resolved
from steersman.registry.errors import RegistryUnavailable, UnreadableIndex
from steersman.registry.repository_charts import choose
from steersman.registry.source import Charts, ChartSources

_SCHEMES = ("http", "https")
_UNNAMED = "helm-manager-"
"""What Helm calls the cached index of a repository that has no name."""


class RepositoryIndexes:
    """Indexes by the URL of their repository."""

    def __init__(
        self, sources: ChartSources, flags: ChartFlags, added: Sequence[HelmRepository], *, refresh: bool
    ) -> None:
        self._sources = sources
        self._flags = flags._replace(username="", password="")
        self._added = added
        self._refresh = refresh
        self._asked: dict[str, asyncio.Task[Index]] = {}

    def charts(self, repository: str) -> Charts:
        """What a repository has. Raises SourceError."""
        flags, url = without_userinfo(self._flags, repository)
        access = Registries(flags).access_to_repository(url, self._repository(repository))
        return self._sources.source(access)

    async def resolve(self, repository: str, name: str, version: str) -> Resolved:
        """The version of a chart that is meant, with its digest. Raises SourceError."""
        index = await self._index(repository)
        found = choose(index, self._shown(repository), name, version)
        digest = found.digest or (await self.charts(repository).resolve(found.url)).digest
        return Resolved(found.url, found.entry.version, digest)

    async def tell(self, repositories: Iterable[str], tell: Callable[[str], None], *, with_unnamed: bool) -> None:
        """Say which indexes were asked for. Raises SourceError for a URL that no repository can have."""
        if not self._refresh:
            return
        urls = {url.removesuffix("/"): url for url in repositories}.values()
        named = [url for url in urls if self._repository(url) is not None]
        unnamed = [url for url in urls if url not in named]
        if unnamed and with_unnamed:
            tell("Getting updates for unmanaged Helm repositories...")
            async for line in self._outcomes(unnamed):
                tell(line)
        if named:
            tell("Hang tight while we grab the latest from your chart repositories...")
            async for line in self._outcomes(named):
                tell(line)
            tell("Update Complete. ⎈Happy Helming!⎈")

    async def give_up(self) -> None:
        """End what is still being asked."""
        for task in self._asked.values():
            task.cancel()
        await asyncio.gather(*self._asked.values(), return_exceptions=True)

    async def _outcomes(self, urls: Iterable[str]) -> AsyncIterator[str]:
        for url in urls:
            if (scheme := urlsplit(url).scheme) not in _SCHEMES:
                raise SourceError(
                    f"could not find protocol handler for: {scheme}", hint="repositories have https:// or oci:// URLs"
                )
            added = self._repository(url)
            try:
                await self._ask(url)
            except SourceError as error:
                place = quote(self._shown(url) if added is None else added.name)
                where = "" if added is None else f" ({self._shown(url)})"
                yield f"...Unable to get an update from the {place} chart repository{where}:\n\t{_problem(error)}"
            else:
                place = quote(self._shown(url) if added is None else added.name)
                yield f"...Successfully got an update from the {place} chart repository"

    async def _index(self, url: str) -> Index:
        try:
            return await self._ask(url)
        except SourceError as error:
            if not self._refresh:
                raise
            raise SourceError(
                f"looks like {quote(self._shown(url))} is not a valid chart repository or cannot be reached: "
                f"{_problem(error)}",
                hint=advice(error),
            ) from error

    async def _ask(self, url: str) -> Index:
        key = url.removesuffix("/")
        if key not in self._asked:
            self._asked[key] = asyncio.create_task(self._now(url) if self._refresh else self._cached(url))
        return await asyncio.shield(self._asked[key])

    async def _now(self, url: str) -> Index:
        index = await self.charts(url).index(self._shown(url))
        write_log([skipped.log_line(self._shown(url)) for skipped in index.skipped])
        return index

    async def _cached(self, url: str) -> Index:
        """What Helm has of it."""
        added = self._repository(url)
        name = added.name if added else f"{_UNNAMED}{hashlib.sha256(url.encode()).hexdigest()}"
        path = cached_index(name, self._flags)
        try:
            return await self.charts(url).index_in(path, str(path))
        except UnreadableIndex as error:
            problem = f"error loading {path}: {error.problem}"
        except OSError as error:
            problem = os_error(str(path), error)
        raise SourceError(
            f"no cached repository for {name} found. (try 'helm repo update'): {problem}",
            hint="or leave --skip-refresh out",
        )

    def _shown(self, url: str) -> str:
        """A URL without the user name and password that may be in it, which are used and not shown."""
        return without_userinfo(self._flags, url)[1]

    def _repository(self, url: str) -> HelmRepository | None:
        found = repository_of(url, self._added)
        assert found is None or isinstance(found, HelmRepository)
        return found


def _problem(error: SourceError) -> str:
    return error.problem if isinstance(error, UnreadableIndex | RegistryUnavailable) else error.message
