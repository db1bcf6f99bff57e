"""Where the dependencies of a chart come from: its own `charts/`, a folder, a registry or an HTTP repository.

Called by `steersman dependency` before it fetches anything. Which repositories have a name, and under which URL, comes
in from Helm's repositories.yaml. Rules and words are those of Helm 4.3.1.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterable, Sequence
from dataclasses import replace
from enum import Enum
from typing import Final, Protocol

from steersman.core.chart.errors import ChartError
from steersman.core.chart.metadata import Dependency
from steersman.core.golang.gourl import URL, URLError, parse_request_uri, parse_url
from steersman.core.golang.quote import quote
from steersman.core.semver import Constraint, SemverError, Version

_FOLDER: Final = "file://"
_REGISTRY: Final = "oci://"
_ALIASES: Final = ("@", "alias:")
_USERINFO = re.compile(r"(?<=://)[^/@]*@")


class Place(Enum):
    """Where a dependency comes from."""

    CHARTS = "the chart's own charts/"
    FOLDER = "a folder"
    REGISTRY = "an OCI registry"
    REPOSITORY = "an HTTP repository"


class NamedRepository(Protocol):
    """A repository that the user gave a name."""

    @property
    def name(self) -> str:
        """The name."""
        ...

    @property
    def url(self) -> str:
        """Its URL."""
        ...


class UnknownRepositories(ChartError):
    """Repositories that have no definition; `names` are as Chart.yaml has them."""

    def __init__(self, names: Sequence[str]) -> None:
        message = f"no repository definition for {', '.join(names)}. Please add them via 'helm repo add'"
        if any("//" not in name and not name.startswith(_ALIASES) for name in names):
            message += (
                '\nNote that repositories must be URLs or aliases. For example, to refer to the "example"\nrepository, '
                'use "https://charts.example.com/" or "@example" instead of\n"example". Don\'t forget to add the repo, '
                "too ('helm repo add')."
            )
        super().__init__(message)
        self.names = tuple(names)


class NotAdded(ChartError):
    """Repositories of a lock file that the user did not add; Helm builds from no others."""

    def __init__(self, urls: Sequence[str]) -> None:
        super().__init__(
            f"no repository definition for {', '.join(map(shown, urls))}. Please add the missing repos via "
            "'helm repo add'",
            hint="`steersman dependency update` takes repositories by their URL alone",
        )
        self.urls = tuple(urls)


class NoVersionFits(ChartError):
    """Dependencies without a version in their range."""

    def __init__(self, entries: Sequence[Dependency]) -> None:
        named = ", ".join(
            f"{quote(entry.name)} (repository {quote(shown(entry.repository))}, version {quote(entry.version)})"
            for entry in entries
        )
        super().__init__(
            f"can't get a valid version for {len(entries)} subchart(s): {named}. Make sure a matching chart version "
            "exists in the repo, or change the version constraint in Chart.yaml"
        )
        self.entries = tuple(entries)


def shown(repository: str) -> str:
    """A repository as messages name it: without the user name and password that may be in its URL."""
    return _USERINFO.sub("", repository)


def place_of(repository: str) -> Place:
    """What a dependency's `repository` means."""
    if not repository:
        return Place.CHARTS
    if repository.startswith(_FOLDER):
        return Place.FOLDER
    return Place.REGISTRY if repository.startswith(_REGISTRY) else Place.REPOSITORY


def local_path(repository: str, chart: str) -> str:
    """The folder that a `file://` repository means, from the path of the chart that names it; or of a path in it."""
    path = repository.removeprefix(_FOLDER)
    return clean_path(path if path.startswith("/") else f"{chart}/{path}")


def clean_path(path: str) -> str:
    """Go's filepath.Clean."""
    cleaned = posixpath.normpath(path)
    return cleaned[1:] if cleaned.startswith("//") else cleaned  # which POSIX lets mean something of its own


def with_urls(entries: Iterable[Dependency], known: Sequence[NamedRepository]) -> tuple[Dependency, ...]:
    """The entries with the URL where an alias stood. Raises UnknownRepositories."""
    replaced: list[Dependency] = []
    unknown: list[str] = []
    for entry in entries:
        url = _url(entry.repository, known)
        if url is None:
            unknown.append(entry.repository)
        else:
            replaced.append(entry._replace(repository=url))
    if unknown:
        raise UnknownRepositories(unknown)
    return tuple(replaced)


def check_added(entries: Iterable[Dependency], known: Sequence[NamedRepository]) -> None:
    """Whether the HTTP repositories of a lock file were added. Raises NotAdded."""
    missing = [
        entry.repository
        for entry in entries
        if place_of(entry.repository) is Place.REPOSITORY
        and repository_of(entry.repository.removesuffix("/"), known) is None
    ]
    if missing:
        raise NotAdded(missing)


def repository_of(url: str, known: Iterable[NamedRepository]) -> NamedRepository | None:
    """The first repository with this URL."""
    return next((each for each in known if same_url(each.url, url)), None)


def same_url(one: str, other: str) -> bool:
    """Whether both mean the same place: paths are cleaned, so that a `/` at the end does not count."""
    try:
        parsed = parse_url(one)
    except URLError:
        return clean_path(one) == clean_path(other)
    try:
        return _cleaned(parsed) == _cleaned(parse_url(other))
    except URLError:
        return False


def constraint_of(entry: Dependency) -> Constraint:
    """The versions that an entry takes. Raises ChartError."""
    try:
        return Constraint.parse(entry.version)
    except SemverError as error:
        raise ChartError(
            f"dependency {quote(entry.name)} has an invalid version/constraint format: {error.message}",
            hint="give the dependency a version like 1.2.3, or a range like ^1.2.0",
        ) from error


def fits(entry: Dependency, version: str) -> bool:
    """Whether a chart of this version is one that the entry takes. Raises ChartError for an entry that is no range."""
    return constraint_of(entry).check(Version.parse(version))


def _url(repository: str, known: Sequence[NamedRepository]) -> str | None:
    if place_of(repository) is not Place.REPOSITORY:
        return repository
    for each in known:
        if repository in (f"@{each.name}", f"alias:{each.name}"):
            return each.url
        if same_url(each.url, repository):
            return repository
    if repository.startswith(_ALIASES):  # Helm takes `alias:x` for a URL then, and fails for its scheme
        return None
    try:
        parse_request_uri(repository)
    except URLError:
        return None
    return repository


def _cleaned(url: URL) -> str:
    return str(replace(url, path=clean_path(url.path or "/")))
