"""Dependencies that registries and HTTP repositories have: asked for all at once, awaited one by one.

Called by `dependency_build`, and imported only where a chart has such a dependency. What it takes to reach them is
`registries`', indexes are `dependency_indexes`'; each chart and version is fetched once, however many charts depend on
it.
"""

from __future__ import annotations

import asyncio
import posixpath
from collections.abc import AsyncIterator, Callable, Collection, Iterable, Sequence
from contextlib import asynccontextmanager
from typing import NamedTuple
from urllib.parse import unquote, urlsplit

from steersman.cli.chartflags import ChartFlags
from steersman.cli.dependency_indexes import RepositoryIndexes
from steersman.cli.helmrepos import HelmRepository
from steersman.cli.registries import Registries, advice
from steersman.core.chart.dependency_places import Place, place_of, shown
from steersman.core.chart.metadata import Dependency
from steersman.core.chart.versions import InvalidVersion
from steersman.errors import SourceError, SteersmanError
from steersman.ports import Resolved
from steersman.registry.errors import (
    ChartNotFound,
    NoMatchingVersion,
    RegistryUnavailable,
    SignatureAbsent,
    TagNotFound,
)
from steersman.registry.reference import ChartReference, tag_of_version
from steersman.registry.source import Charts, ChartSources

_AT_ONCE = 8
_ARCHIVE = ".tgz"
Tell = Callable[[str], None]


class Asking(NamedTuple):
    """How others are asked: whether repositories are asked for their index anew, and whether `--verify` lets charts
    pass that nobody signed."""

    refresh: bool = True
    unsigned_too: bool = False


class Fetched(NamedTuple):
    """A chart that is here: the name of its file in `charts/`, its archive, and the URL it came from."""

    file: str
    data: bytes
    url: str


class _Wanted(NamedTuple):
    """What tells one question from another."""

    repository: str
    name: str
    version: str

    @property
    def url(self) -> str:
        """The chart in a registry."""
        return f"{self.repository.rstrip('/')}/{self.name}"

    @property
    def is_in_registry(self) -> bool:
        return place_of(self.repository) is Place.REGISTRY


class _Answers(NamedTuple):
    resolved: asyncio.Task[Resolved]
    archive: asyncio.Task[bytes]


@asynccontextmanager
async def remote_charts(
    flags: ChartFlags, asking: Asking, entries: Collection[Dependency], added: Sequence[HelmRepository]
) -> AsyncIterator[RemoteCharts]:
    """Ask for all these entries; what nobody waits for any more is given up at the end. Raises SourceError."""
    _check_credentials(flags, entries)
    registries = Registries(flags)
    async with registries.sources(_AT_ONCE) as sources:
        indexes = RepositoryIndexes(sources, flags, added, refresh=asking.refresh)
        signatures = _Signatures(flags.keyring, asking.unsigned_too) if flags.verify else None
        charts = RemoteCharts(sources, registries, indexes, signatures)
        try:
            charts.ask(entries)
            yield charts
        finally:
            await charts.give_up()


class RemoteCharts:
    """The answers, as they come in."""

    def __init__(
        self,
        sources: ChartSources,
        registries: Registries,
        indexes: RepositoryIndexes,
        signatures: _Signatures | None,
    ) -> None:
        self._sources = sources
        self._signatures = signatures
        self._registries = registries
        self._indexes = indexes
        self._answers: dict[_Wanted, _Answers] = {}

    def ask(self, entries: Iterable[Dependency]) -> None:
        """Begin to resolve and fetch the charts of these entries."""
        for entry in entries:
            key = _key(entry)
            if key not in self._answers:
                resolved = asyncio.create_task(self._resolve(key))
                answers = _Answers(resolved, asyncio.create_task(self._fetch(key, resolved)))
                for task in answers:
                    task.add_done_callback(_seen)
                self._answers[key] = answers

    async def tell_refreshed(self, entries: Iterable[Dependency], tell: Tell, *, with_unnamed: bool) -> None:
        """Say which repositories were asked for their index. Raises SourceError."""
        urls = [entry.repository for entry in entries if place_of(entry.repository) is Place.REPOSITORY]
        await self._indexes.tell(urls, tell, with_unnamed=with_unnamed)

    async def version(self, entry: Dependency) -> str | None:
        """The version that an entry stands for now, None where its repository has none in its range. Raises
        SourceError."""
        key = _key(entry)
        try:
            return (await self._answers[key].resolved).version
        except NoMatchingVersion:
            return entry.version if key.is_in_registry else None  # as with Helm: that shows when it is fetched
        except SourceError as error:
            if key.is_in_registry:
                problem = f"could not retrieve list of tags for repository {shown(entry.repository)}: {error.message}"
                raise SourceError(problem, hint=advice(error)) from error
            if isinstance(error, ChartNotFound):
                problem = f"{entry.name} chart not found in repo {shown(entry.repository)}"
                raise SourceError(
                    problem, hint="correct the name in Chart.yaml; `steersman search` lists them"
                ) from error
            raise

    async def archive(self, entry: Dependency, seen: Collection[str], tell: Tell) -> Fetched | None:
        """The chart of an entry, None where its URL is one of those `seen`. Raises SourceError."""
        key, answers = _key(entry), self._answers[_key(entry)]
        if key.is_in_registry:
            tell(f"Downloading {entry.name} from repo {shown(entry.repository)}")
            url = key.url
            try:
                resolved, data = await answers.resolved, await answers.archive
            except SteersmanError as error:
                message, hint = _reason(error, url, entry.version)
                raise SourceError(f"could not download {url}: {message}", hint=hint) from error
            self._tell_unsigned(url, tell)
            tell(f"Pulled: {ChartReference.parse(url).place}:{tag_of_version(resolved.version)}")
            tell(f"Digest: {resolved.digest}")
            return Fetched(_file_name("", entry.name, resolved.version), data, f"{url}:{resolved.version}")
        try:
            resolved = await answers.resolved
        except ChartNotFound as error:
            raise SourceError(f"could not find {entry.name}: entry not found", hint=advice(error)) from error
        except NoMatchingVersion as error:
            what = f"{entry.name} {entry.version}"
            raise SourceError(f"could not find {what}: no matching version", hint=_newest(error)) from error
        if resolved.url in seen:
            tell(f"Already downloaded {entry.name} from repo {shown(entry.repository)}")
            return None
        tell(f"Downloading {entry.name} from repo {shown(entry.repository)}")
        try:
            data = await answers.archive
        except SteersmanError as error:
            message, hint = _reason(error, resolved.url, entry.version)
            raise SourceError(f"could not download {resolved.url}: {message}", hint=hint) from error
        self._tell_unsigned(resolved.url, tell)
        return Fetched(_file_name(resolved.url, entry.name, resolved.version), data, resolved.url)

    async def give_up(self) -> None:
        """End what is still being asked."""
        tasks = [task for answers in self._answers.values() for task in answers if not task.done()]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await self._indexes.give_up()

    async def _resolve(self, key: _Wanted) -> Resolved:
        if not key.is_in_registry:
            return await self._indexes.resolve(*key)
        return await self._charts(key).resolve(key.repository, key.version, name=key.name)

    async def _fetch(self, key: _Wanted, resolving: asyncio.Task[Resolved]) -> bytes:
        resolved = await resolving
        url = key.url if key.is_in_registry else resolved.url
        charts = self._charts(key)
        data = await charts.fetch(url, resolved.digest)
        if self._signatures is not None:
            named = f"{url}:{tag_of_version(resolved.version)}" if key.is_in_registry else url
            await self._signatures.check(charts, url, resolved.digest, named)
        return data

    def _tell_unsigned(self, url: str, tell: Tell) -> None:
        if self._signatures is not None and url in self._signatures.absent:
            tell(f"WARNING: Verification not found for {url}: {self._signatures.absent[url]}")

    def _charts(self, key: _Wanted) -> Charts:
        if not key.is_in_registry:
            return self._indexes.charts(key.repository)
        return self._sources.source(self._registries.access_to(ChartReference.parse(key.url)))


class _Signatures:
    """Holds charts against a keyring. `absent` is why those of some URLs are not signed, where that is no error."""

    def __init__(self, keyring: str, unsigned_too: bool) -> None:
        self._keyring = keyring
        self._unsigned_too = unsigned_too
        self.absent: dict[str, str] = {}

    async def check(self, charts: Charts, url: str, digest: str, named: str) -> None:
        """Raises ChartError and SourceError."""
        from steersman.cli.verifying import verify_pulled  # what it takes is for those who ask for it

        try:
            await verify_pulled(charts, url, digest, self._keyring, shown=named)
        except SourceError as error:
            if not (self._unsigned_too and isinstance(error.__cause__, SignatureAbsent)):
                raise
            self.absent[url] = error.message


def _check_credentials(flags: ChartFlags, entries: Iterable[Dependency]) -> None:
    """One password is for one registry: with several, it would be shown to those that it is not for."""
    hosts = {urlsplit(entry.repository).netloc for entry in entries if place_of(entry.repository) is Place.REGISTRY}
    if flags.username and flags.password and len(hosts) > 1:
        raise SourceError(
            f"--username and --password are for one registry, and the charts come from {', '.join(sorted(hosts))}",
            hint="log in to each with `steersman registry login`",
        )


def _reason(error: SteersmanError, url: str, version: str) -> tuple[str, str]:
    """Why a chart cannot be had, in Helm's words where it has such, and what to do."""
    match error:
        case TagNotFound():
            return f"{error.place}:{error.tag}: not found", "push that version, or change the one in Chart.yaml"
        case NoMatchingVersion(newest=()):
            return f"unable to locate any tags in provided repository: {url}", "push a version of the chart"
        case NoMatchingVersion():
            return f"could not locate a version matching provided version string {version}", _newest(error)
        case RegistryUnavailable():
            return error.problem, advice(error)
        case InvalidVersion():  # of a lock file that somebody wrote
            return error.problem, "run `steersman dependency update`"
    return error.message, advice(error)


def _newest(error: NoMatchingVersion) -> str:
    shown = ", ".join(error.newest) or "none"
    return f"newest versions: {shown}; pre-releases match only a range that names one, as >=1.0.0-0"


def _file_name(url: str, name: str, version: str) -> str:
    """The last part of a chart's URL, as Helm names the file; where that is no archive's, one that it is found by.
    Always a name and never a path, whatever a repository or a chart says."""
    last = posixpath.basename(unquote(urlsplit(url).path))
    if last.endswith(_ARCHIVE) and last.isprintable() and not last.startswith((".", "_")):
        return last
    return f"{posixpath.basename(name)}-{posixpath.basename(version)}{_ARCHIVE}"


def _key(entry: Dependency) -> _Wanted:
    return _Wanted(entry.repository, entry.name, entry.version)


def _seen(task: asyncio.Task[object]) -> None:
    """An answer that nobody waited for, since an earlier one failed, is no error of its own."""
    if not task.cancelled():
        task.exception()
