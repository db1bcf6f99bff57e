"""Charts of HTTP repositories for one command: by `--repo URL`, by the name that `helm repo add` gave the repository,
or an archive by its URL.

Called by `sources`; imported only by commands that need it. What is found, and how it is told when it is not, is
Helm's; that a digest in an index must hold is ours.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from steersman.cli.charts import LocatedChart, os_error
from steersman.cli.helmrepos import (
    NO_CACHED_INDEX,
    UPDATE,
    HelmRepository,
    cached_index,
    helm_repositories,
    repository_at,
    repository_named,
    without_userinfo,
)
from steersman.cli.output import write_log
from steersman.cli.registries import Registries, advice
from steersman.core.chart.index import ChartVersion, Index
from steersman.core.chart.versions import InvalidVersion, is_range
from steersman.core.golang.quote import quote
from steersman.core.manifest.log import log_line
from steersman.errors import SourceError, SteersmanError
from steersman.registry.access import Access
from steersman.registry.errors import (
    AccessDenied,
    ChartNotFound,
    DigestMismatch,
    InvalidReference,
    NoMatchingVersion,
    NotAChart,
    RegistryUnavailable,
    TlsProblem,
    UnreadableIndex,
)
from steersman.registry.repository_charts import Found, choose, counted, similar
from steersman.registry.urls import HttpUrl

if TYPE_CHECKING:
    from steersman.cli.chartflags import ChartFlags
    from steersman.registry.source import Charts


class Repositories:
    """Repositories as these flags reach them."""

    def __init__(self, flags: ChartFlags) -> None:
        self._flags, self._repo = without_userinfo(flags, flags.repo)
        self._registries = Registries(self._flags)

    def from_repo(self, name: str, version: str) -> LocatedChart:
        """A chart of the repository that --repo names. Raises SourceError, in Helm's words."""
        return asyncio.run(self._from_repo(name, version))

    def named(self, reference: str, version: str) -> LocatedChart:
        """A chart by `repository/chart`, from the index that `helm repo update` got. Raises SourceError, in Helm's
        words."""
        return asyncio.run(self._named(reference, version))

    def archive(self, url: str) -> LocatedChart:
        """The archive at a URL, which is of whatever version it is. Raises SourceError."""
        return asyncio.run(self._archive(url))

    async def now(self) -> Index:
        """What the repository that --repo names serves now. Raises SourceError, in Helm's words."""
        async with self._registries.sources() as sources:
            return await _served(sources.source(self._registries.access_to_repository(self._repo)), self._repo)

    async def cached(self, added: HelmRepository) -> Index:
        """What a repository that was added had when Helm last asked it. Raises SourceError, in Helm's words."""
        async with self._registries.sources() as sources:
            return await _cached(sources.source(Access()), added, self._flags)

    async def _from_repo(self, name: str, version: str) -> LocatedChart:
        access = self._registries.access_to_repository(self._repo)
        async with self._registries.sources() as sources:
            source = sources.source(access)
            index = await _served(source, self._repo)
            what = f"chart {quote(name)}"
            if version:
                what += f" version {quote(version)}"
            found = _chosen(index, self._repo, name, version, absent=f"{what} not found in {self._repo} repository",
                            without_urls=f"{what} has no downloadable URLs")  # fmt: skip
            return await self._fetched(source, found)

    async def _named(self, reference: str, version: str) -> LocatedChart:
        alias, _, name = reference.partition("/")
        added = repository_named(alias, helm_repositories(self._flags))
        access = self._registries.access_to_repository(added.url, added)
        async with self._registries.sources() as sources:
            source = sources.source(access)
            index = await _cached(source, added, self._flags)
            what = f"chart {quote(name)} matching {version} not found in {alias} index. {UPDATE}"
            found = _chosen(index, added.url, name, version, absent=f"{what}: {_cause(index, name, version)}",
                            without_urls=f"chart {quote(reference)} has no downloadable URLs")  # fmt: skip
            return await self._fetched(source, found)

    async def _archive(self, url: str) -> LocatedChart:
        flags, url = without_userinfo(self._flags, url)
        registries = Registries(flags)
        added = repository_at(url, helm_repositories(flags))
        access = registries.access_to_repository(url if added is None else added.url, added)
        async with registries.sources() as sources:
            source = sources.source(access)
            return await self._fetched(source, Found(ChartVersion("", ""), url, ""))

    async def _fetched(self, source: Charts, found: Found) -> LocatedChart:
        with _failed_fetch(found.url):
            digest = found.digest or (await source.resolve(found.url)).digest
            archive = await source.fetch(found.url, digest)
        if self._flags.verify:
            from steersman.cli.verifying import verify_pulled

            await verify_pulled(source, found.url, digest, self._flags.keyring, shown=found.url)
        return LocatedChart(HttpUrl.parse(found.url).place, archive)


async def _served(source: Charts, url: str) -> Index:
    """What a repository serves now. Raises SourceError, in Helm's words."""
    scheme = urlsplit(url).scheme
    if scheme not in ("http", "https"):
        raise SourceError(
            f"could not find protocol handler for: {scheme}",
            hint="a repository is at https://host/path or oci://host/path",
        )
    try:
        index = await source.index(url)
    except SourceError as error:
        raise SourceError(
            f"looks like {quote(url)} is not a valid chart repository or cannot be reached: {_said(error, url)}",
            hint=_advice(error),
        ) from error
    write_log([skipped.log_line(url) for skipped in index.skipped])
    return index


async def _cached(source: Charts, added: HelmRepository, flags: ChartFlags) -> Index:
    """What a repository that was added had when Helm last asked it. Raises SourceError, in Helm's words."""
    path = cached_index(added.name, flags)
    try:
        index = await source.index_in(path, str(path))
    except UnreadableIndex as error:
        problem, hint = f"error loading {path}: {error.problem}", error.hint
    except OSError as error:
        problem, hint = os_error(str(path), error), ""
    else:
        write_log([skipped.log_line(str(path)) for skipped in index.skipped])
        return index
    raise SourceError(f"{NO_CACHED_INDEX}: {problem}", hint=hint)


def _chosen(index: Index, url: str, name: str, version: str, *, absent: str, without_urls: str) -> Found:
    """The version that is meant; Helm says so where it is not the one that was asked for."""
    try:
        found = choose(index, url, name, version)
    except ChartNotFound as error:
        raise SourceError(absent, hint=_similar(index, name)) from error
    except NoMatchingVersion as error:
        newest = ", ".join(error.newest)
        hint = f"newest versions: {newest}; pre-releases match only with --devel or a range that names one (>=1.0.0-0)"
        raise SourceError(absent, hint=hint if newest else "the index lists no version of it") from error
    except InvalidVersion as error:
        hint = f"--version takes 1.2.3, or a range like >=1.2.0 <2.0.0: {error.problem}"
        raise SourceError(absent, hint=hint) from error
    except UnreadableIndex as error:
        entry = index.get(name, version)
        raise SourceError(without_urls if entry is not None and not entry.urls else error.message) from error
    if version and found.entry.version != version and not is_range(version):
        message = "unable to find exact version requested; falling back to closest available version"
        line = log_line("WARN", message, chart=name, requested=version, selected=found.entry.version)
        write_log([line])
    return found


def _cause(index: Index, name: str, version: str) -> str:
    """What Helm's index says about a chart that it does not give."""
    if name not in index:
        return "no chart name found"
    if not index.versions(name):
        return "no chart version found"
    try:
        index.get(name, version)
    except InvalidVersion as error:
        return error.problem
    return f"no chart version found for {name}-{version}"


def _similar(index: Index, name: str) -> str:
    near = similar(index, name)
    return f"it has {', '.join(near)}" if near else f"it has {counted(len(index))}; `steersman search` lists them"


@contextmanager
def _failed_fetch(url: str) -> Iterator[None]:
    try:
        yield
    except SourceError as error:
        error.message = _said(error, url)
        error.hint = _advice(error)
        raise


def _advice(error: SourceError) -> str:
    match error:
        case ChartNotFound(what="index.yaml", place=place) if place.endswith("/index.yaml/index.yaml"):
            return "leave /index.yaml out of the URL: it is looked for below that"
        case ChartNotFound(what="index.yaml"):
            return "check that the URL is that of a chart repository: index.yaml must lie directly below it"
        case UnreadableIndex():
            return error.hint
        case ChartNotFound():
            return "check the URL; a repository may also hide what the credentials may not see"
        case DigestMismatch():
            return "nothing of it was used: the chart was replaced after the index was made (`helm repo index`)"
        case InvalidReference():
            return "--plain-http allows it" if "TLS" in error.problem else "check the URL"
        case NotAChart():
            return "the URL must be that of an archive that `helm package` makes"
        case RegistryUnavailable(tls=TlsProblem.PLAIN_HTTP):
            return "it seems to speak plain HTTP: write http:// in place of https://"
        case RegistryUnavailable(tls=TlsProblem.OTHER):
            return "see whether the host is up and can be reached from here"
    return advice(error)


def _said(error: SteersmanError, url: str) -> str:
    """An error in Helm's words, where it has some."""
    match error:
        case UnreadableIndex() | RegistryUnavailable():
            return error.problem
        case ChartNotFound():
            return f"failed to fetch {_shown(url, error.place)} : 404 Not Found"
        case AccessDenied():
            status = {401: "401 Unauthorized"}.get(error.status, f"{error.status} Forbidden")
            return f"failed to fetch {_shown(url, error.place)} : {status}"
        case InvalidReference():
            return f"{error.url} {error.problem}"
    return error.message


def _shown(url: str, place: str) -> str:
    return f"{urlsplit(url).scheme}://{place}"
