"""Dependencies that registries and HTTP repositories have: asked for all at once, awaited one by one.

Called by `dependency_build`, and imported only where a chart has such a dependency. What it takes to reach them is
`registries`'; each chart and version is fetched once, however many charts depend on it.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import asynccontextmanager
from typing import NamedTuple

from steersman.cli.chartflags import ChartFlags
from steersman.cli.registries import Registries, advice
from steersman.core.chart.metadata import Dependency
from steersman.errors import SourceError
from steersman.ports import Resolved
from steersman.registry.errors import NoMatchingVersion, TagNotFound
from steersman.registry.reference import ChartReference, tag_of_version
from steersman.registry.source import Charts, ChartSources

_AT_ONCE = 8
_ARCHIVE = ".tgz"


class _Wanted(NamedTuple):
    """What tells one question from another."""

    repository: str
    name: str
    version: str


class _Answers(NamedTuple):
    resolved: asyncio.Task[Resolved]
    archive: asyncio.Task[bytes]


@asynccontextmanager
async def remote_charts(flags: ChartFlags, entries: Iterable[Dependency]) -> AsyncIterator[RemoteCharts]:
    """Ask for all these entries; what nobody waits for any more is given up at the end. Raises SourceError."""
    registries = Registries(flags)
    async with registries.sources(_AT_ONCE) as sources:
        charts = RemoteCharts(sources, registries)
        try:
            charts.ask(entries)
            yield charts
        finally:
            await charts.give_up()


class RemoteCharts:
    """The answers, as they come in."""

    def __init__(self, sources: ChartSources, registries: Registries) -> None:
        self._sources = sources
        self._registries = registries
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

    async def version(self, entry: Dependency) -> str:
        """The version that an entry stands for now. Raises SourceError."""
        try:
            return (await self._answers[_key(entry)].resolved).version
        except NoMatchingVersion:  # as with Helm, that shows when the chart is fetched
            return entry.version
        except SourceError as error:
            raise SourceError(
                f"could not retrieve list of tags for repository {entry.repository}: {error.message}",
                hint=advice(error),
            ) from error

    async def archive(self, entry: Dependency, version: str, tell: Callable[[str], None]) -> tuple[str, bytes]:
        """The file name and the archive of an entry. Raises SourceError."""
        answers = self._answers[_key(entry)]
        url = f"{entry.repository}/{entry.name}"
        try:
            resolved, data = await answers.resolved, await answers.archive
        except SourceError as error:
            message, hint = _reason(error, url, entry.version)
            raise SourceError(f"could not download {url}: {message}", hint=hint) from error
        tell(f"Pulled: {ChartReference.parse(url).place}:{tag_of_version(version)}")
        tell(f"Digest: {resolved.digest}")
        return f"{entry.name}-{version}{_ARCHIVE}", data

    async def give_up(self) -> None:
        """End what is still being asked."""
        tasks = [task for answers in self._answers.values() for task in answers if not task.done()]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _resolve(self, key: _Wanted) -> Resolved:
        return await self._charts(key).resolve(key.repository, key.version, name=key.name)

    async def _fetch(self, key: _Wanted, resolving: asyncio.Task[Resolved]) -> bytes:
        resolved = await resolving
        return await self._charts(key).fetch(f"{key.repository}/{key.name}", resolved.digest)

    def _charts(self, key: _Wanted) -> Charts:
        reference = ChartReference.parse(f"{key.repository.rstrip('/')}/{key.name}")
        return self._sources.source(self._registries.access_to(reference))


def _reason(error: SourceError, url: str, version: str) -> tuple[str, str]:
    """Why a chart cannot be had, in Helm's words where it has such, and what to do."""
    match error:
        case TagNotFound():
            return f"{error.place}:{error.tag}: not found", "push that version, or change the one in Chart.yaml"
        case NoMatchingVersion(newest=()):
            return f"unable to locate any tags in provided repository: {url}", "push a version of the chart"
        case NoMatchingVersion():
            return (
                f"could not locate a version matching provided version string {version}",
                f"newest tags: {', '.join(error.newest)}; pre-releases match only a range that names one, as >=1.0.0-0",
            )
    return error.message, advice(error)


def _key(entry: Dependency) -> _Wanted:
    return _Wanted(entry.repository, entry.name, entry.version)


def _seen(task: asyncio.Task[object]) -> None:
    """An answer that nobody waited for, since an earlier one failed, is no error of its own."""
    if not task.cancelled():
        task.exception()
