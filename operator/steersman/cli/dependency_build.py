"""`steersman dependency build` and `update`: fill the `charts/` of chart folders, as Helm does, several in one go.

All answers of registries and repositories are asked for at once (`dependency_remote`); folders are read, written and
told about one after the other, in the order given, so that a chart may depend on the folder of one before it. Nothing
in a folder changes before everything that it needs is there. Lines and errors are Helm's. Next stops:
`core.chart.dependency_places` and `dependency_lock` decide, `dependency_folder` writes.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from steersman.cli.charts import os_error
from steersman.cli.dependency_folder import DependencyFolder, load_folder
from steersman.cli.output import write_log
from steersman.core.chart.dependency_lock import Lock, check_lock, lock_digest, lock_file
from steersman.core.chart.dependency_places import (
    NamedRepository,
    NoVersionFits,
    Place,
    check_added,
    constraint_of,
    fits,
    local_path,
    place_of,
    shown,
    with_urls,
)
from steersman.core.chart.errors import ChartError
from steersman.core.chart.loader import load_archive
from steersman.core.chart.metadata import Dependency
from steersman.core.chart.model import Chart
from steersman.core.chart.package import archive_name, pack
from steersman.core.manifest.log import log_line
from steersman.core.semver import SemverError, is_strict_version
from steersman.errors import SteersmanError

if TYPE_CHECKING:
    from steersman.cli.dependency_remote import RemoteCharts

Tell = Callable[[str], None]
"""Takes one line."""
_REMOTE = (Place.REGISTRY, Place.REPOSITORY)


class NotThere(ChartError):
    """A dependency without a repository that is not in `charts/` either."""


@dataclass(frozen=True, slots=True)
class Plan:
    """What is to be done with one folder: `entries` are those of the lock file, or where `is_open` those of Chart.yaml,
    whose versions are still to be chosen."""

    folder: DependencyFolder
    chart: Chart
    entries: tuple[Dependency, ...]
    is_open: bool
    warning: str = ""

    def remote(self) -> Iterator[Dependency]:
        """The entries that others have."""
        return (entry for entry in self.entries if place_of(entry.repository) in _REMOTE)


def plan_build(path: str, named: Callable[[], Sequence[NamedRepository]]) -> Plan | None:
    """What `dependency build` does with a folder; None for nothing. Raises ChartError."""
    folder = DependencyFolder(path)
    chart = folder.load()
    if chart.lock is None:
        return _plan_update(folder, chart, named)
    lock = Lock.from_fields(chart.lock)
    written = chart.metadata.dependencies
    wanted = None if written is None else _with_urls(folder, written, named)
    warning = check_lock(lock, wanted, written, api_version=chart.metadata.api_version)
    locked = tuple(entry for entry in lock.dependencies or () if entry is not None)
    if any(place_of(entry.repository) is Place.REPOSITORY for entry in locked):
        check_added(locked, named())
    return Plan(folder, chart, locked, is_open=False, warning=warning or "")


def plan_update(path: str, named: Callable[[], Sequence[NamedRepository]]) -> Plan | None:
    """What `dependency update` does with a folder; None for nothing. Raises ChartError."""
    folder = DependencyFolder(path)
    return _plan_update(folder, folder.load(), named)


def _plan_update(folder: DependencyFolder, chart: Chart, named: Callable[[], Sequence[NamedRepository]]) -> Plan | None:
    entries = chart.metadata.dependencies
    if entries is None:
        return None
    return Plan(folder, chart, _with_urls(folder, entries, named), is_open=True)


def _with_urls(
    folder: DependencyFolder, entries: Iterable[Dependency], named: Callable[[], Sequence[NamedRepository]]
) -> tuple[Dependency, ...]:
    entries = tuple(entries)
    for entry in entries:
        if place_of(entry.repository) is Place.FOLDER:
            _folder_of(entry.repository, folder)
    needs_names = any(place_of(entry.repository) is Place.REPOSITORY for entry in entries)
    return with_urls(entries, named() if needs_names else ())


def _folder_of(repository: str, folder: DependencyFolder) -> str:
    """The folder of a `file://` repository, or of a path in the chart. Raises ChartError where there is none."""
    path = local_path(repository, folder.path)
    try:
        Path(path).stat()
    except FileNotFoundError as error:
        raise ChartError(f"directory {path} not found") from error
    except OSError as error:
        raise ChartError(os_error(path, error, "stat")) from error
    return path


@dataclass(slots=True)
class _Archives:
    """What is to go into a folder's `charts/`: content by file name, and the URLs of what was fetched."""

    files: dict[str, bytes] = field(default_factory=dict)
    urls: set[str] = field(default_factory=set)


@dataclass(slots=True)
class Builder:
    """Carries plans out. `remote` answers for the entries that others have, `generated` and `time` are written into
    lock files and archives, `tell` takes the lines that say what is done."""

    remote: RemoteCharts | None
    generated: str
    time: int
    tell: Tell
    _folders: dict[str, Chart] = field(default_factory=dict)

    async def carry_out(self, plan: Plan) -> None:
        """Fill the folder's `charts/`, and where versions were chosen write its lock file. Raises SteersmanError."""
        self._folders.clear()
        if plan.warning:
            write_log([log_line("INFO", plan.warning)])
        if self.remote is not None:
            await self.remote.tell_refreshed(plan.remote(), self.tell, with_unnamed=plan.is_open)
        locked = await self._resolved(plan) if plan.is_open else list(plan.entries)
        plan.folder.check_charts()
        self.tell(f"Saving {len(locked)} charts")
        archives = _Archives()
        for index, entry in enumerate(plan.entries):
            try:
                locked[index] = await self._save(plan, entry, locked[index], archives)
            except NotThere:
                raise
            except SteersmanError as error:
                self.tell(f"Save error occurred:  {error.message}")
                raise
        for line in plan.folder.replace(archives.files, {entry.name for entry in locked if not entry.repository}):
            self.tell(line)
        if plan.is_open:
            self._write_lock(plan, locked)

    async def _resolved(self, plan: Plan) -> list[Dependency]:
        """The entries with a version each. Raises NoVersionFits, naming all that have none."""
        chosen = [(entry, await self._version(plan, entry)) for entry in plan.entries]
        missing = [entry for entry, version in chosen if version is None]
        if missing:
            raise NoVersionFits(missing)
        return [Dependency(entry.name, version or "", entry.repository) for entry, version in chosen]

    async def _version(self, plan: Plan, entry: Dependency) -> str | None:
        constraint_of(entry)
        match place_of(entry.repository):
            case Place.CHARTS:
                _folder_of(f"charts/{entry.name}", plan.folder)
                return entry.version
            case Place.FOLDER:
                version = self._local(plan, entry).metadata.version
                return version if fits(entry, version) else None
            case Place.REGISTRY if is_strict_version(entry.version):  # whether it is there shows when it is fetched
                return entry.version
            case _:
                assert self.remote is not None
                return await self.remote.version(entry)

    async def _save(self, plan: Plan, entry: Dependency, locked: Dependency, archives: _Archives) -> Dependency:
        """Add the archive of one entry, checked; gives the entry with the version that it has."""
        match place_of(entry.repository):
            case Place.CHARTS:
                self.tell(
                    f"Dependency {entry.name} did not declare a repository. Assuming it exists in the charts directory"
                )
                _check_inner(plan.folder, locked)
            case Place.FOLDER:
                chart = self._local(plan, entry)
                if not fits(locked, chart.metadata.version):
                    raise ChartError(f"can't get a valid version for dependency {entry.name}")
                archives.files[archive_name(chart)] = pack(chart, self.time)
                return locked._replace(version=chart.metadata.version)
            case _:
                assert self.remote is not None
                fetched = await self.remote.archive(entry, archives.urls, self.tell)
                if fetched is not None:
                    _check_archive(entry, fetched.data)
                    archives.files[fetched.file] = fetched.data
                    archives.urls.add(fetched.url)
        return locked

    def _local(self, plan: Plan, entry: Dependency) -> Chart:
        path = _folder_of(entry.repository, plan.folder)
        if path not in self._folders:
            self._folders[path] = load_folder(path)
        return self._folders[path]

    def _write_lock(self, plan: Plan, locked: Sequence[Dependency]) -> None:
        """Unless it says the same already: then its time stays."""
        digest = lock_digest(plan.entries, locked)
        if plan.chart.lock is not None and plan.chart.lock.get("digest", "") == digest:
            return
        name = lock_file(plan.chart.metadata.api_version)
        plan.folder.write_lock(name, Lock(self.generated, digest, tuple(locked)).text())


def _check_inner(folder: DependencyFolder, entry: Dependency) -> None:
    """Whether a chart that has no repository lies in `charts/`, in a version that fits."""
    try:
        chart = load_folder(f"{folder.charts}/{entry.name}")
    except ChartError as error:
        raise NotThere(f"unable to load chart '{folder.charts}/{entry.name}': {error.message}") from error
    version = chart.metadata.version
    try:
        if fits(entry, version):
            return
    except SemverError as error:
        raise NotThere(f"invalid version {entry.version} for dependency {entry.name}: {error.message}") from error
    raise ChartError(f"dependency {entry.name} at version {version} does not satisfy the constraint {entry.version}")


def _check_archive(entry: Dependency, data: bytes) -> None:
    try:
        load_archive(data)
    except ChartError as error:
        raise ChartError(
            f"dependency {entry.name} from repo {shown(entry.repository)} is no chart: {error.message}",
            hint="the archive was not used; push or index the chart again",
        ) from error
