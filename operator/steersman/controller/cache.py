"""HelmReleases and ChartRepositories as the watches tell them: by name, by uid, by the release they install and by what
they refer to.

Every event of a record, ConfigMap or Secret asks whom it concerns, and every look which uids live; neither may cost a
walk through all of them. Filled by `controller.handlers` from kopf's events and by our own writes, whichever is
newer.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable
from typing import Any, Generic, TypeVar

from steersman.controller.queue import ObjectKey
from steersman.core.api.chartrepository import ChartRepository
from steersman.core.api.helmrelease import HelmRelease

_ThingT = TypeVar("_ThingT", bound=Hashable)
_OursT = TypeVar("_OursT", HelmRelease, ChartRepository)

RecordsName = tuple[str, str]
"""Namespace and name of a release, as its records have them."""
ConfigName = tuple[str, str, str]
"""Kind, namespace and name of an object that specs refer to."""


class ReleaseCache:
    """The newest known state of every HelmRelease. `unreferred` is told of objects that no spec refers to any more."""

    def __init__(self, unreferred: Callable[[str, str, str], None] | None = None) -> None:
        self._releases: dict[ObjectKey, HelmRelease] = {}
        self._uids: set[str] = set()
        self._by_records: _Index[RecordsName] = _Index()
        self._by_config: _Index[ConfigName] = _Index()
        self._by_repository: _Index[ObjectKey] = _Index()
        self._unreferred = unreferred

    def __len__(self) -> int:
        return len(self._releases)

    def get(self, key: ObjectKey) -> HelmRelease | None:
        """The HelmRelease, None when it is gone."""
        return self._releases.get(key)

    def put(self, obj: dict[str, Any]) -> bool:
        """Take a state in; whether it asks for a look. Raises SpecError where the object cannot be read.

        Our own status writes come back as events that change nothing to act on."""
        release = HelmRelease.parse(obj)
        key = ObjectKey(release.namespace, release.name)
        known = self._releases.get(key)
        if known is not None and not _is_newer(release, known):
            return False
        self._replace(key, known, release)
        return known is None or _moved(known, release)

    def drop(self, key: ObjectKey, uid: str) -> None:
        """The HelmRelease of this uid is gone; a successor of the same name stays."""
        known = self._releases.get(key)
        if known is not None and known.uid == uid:
            self._replace(key, known, None)

    def is_living(self, uid: str) -> bool:
        """Whether a HelmRelease of this uid exists."""
        return uid in self._uids

    def with_records(self, namespace: str, name: str) -> frozenset[ObjectKey]:
        """The HelmReleases whose release has its records under this name."""
        return self._by_records.get((namespace, name))

    def referring_to(self, kind: str, namespace: str, name: str) -> frozenset[ObjectKey]:
        """The HelmReleases whose specs name this ConfigMap, Secret or ServiceAccount."""
        return self._by_config.get((kind, namespace, name))

    def naming(self, repository: ObjectKey) -> frozenset[ObjectKey]:
        """The HelmReleases whose specs name this ChartRepository."""
        return self._by_repository.get(repository)

    def _replace(self, key: ObjectKey, old: HelmRelease | None, new: HelmRelease | None) -> None:
        self._releases.pop(key, None)
        if old is not None:
            self._uids.discard(old.uid)
        if new is not None:
            self._releases[key] = new
            self._uids.add(new.uid)
        self._by_records.move(key, _records_of(old), _records_of(new))
        self._by_repository.move(key, _repository_of(old), _repository_of(new))
        for name in self._by_config.move(key, _configs_of(old), _configs_of(new)):
            if self._unreferred is not None:
                self._unreferred(*name)


class RepositoryCache:
    """The newest known state of every ChartRepository. `unreferred` is told of objects that no spec refers to any
    more."""

    def __init__(self, unreferred: Callable[[str, str, str], None] | None = None) -> None:
        self._repositories: dict[ObjectKey, ChartRepository] = {}
        self._by_config: _Index[ConfigName] = _Index()
        self._unreferred = unreferred

    def __len__(self) -> int:
        return len(self._repositories)

    def get(self, key: ObjectKey) -> ChartRepository | None:
        """The ChartRepository, None when it is gone."""
        return self._repositories.get(key)

    def put(self, obj: dict[str, Any]) -> bool:
        """Take a state in; whether it asks for a look. Raises SpecError where the object cannot be read."""
        repository = ChartRepository.parse(obj)
        key = ObjectKey(repository.namespace, repository.name)
        known = self._repositories.get(key)
        if known is not None and not _is_newer(repository, known):
            return False
        self._replace(key, known, repository)
        return (
            known is None
            or known.uid != repository.uid
            or known.generation != repository.generation
            or known.asked_at != repository.asked_at
        )

    def drop(self, key: ObjectKey, uid: str) -> None:
        """The ChartRepository of this uid is gone; a successor of the same name stays."""
        known = self._repositories.get(key)
        if known is not None and known.uid == uid:
            self._replace(key, known, None)

    def referring_to(self, kind: str, namespace: str, name: str) -> frozenset[ObjectKey]:
        """The ChartRepositories whose specs name this Secret or ServiceAccount."""
        return self._by_config.get((kind, namespace, name))

    def _replace(self, key: ObjectKey, old: ChartRepository | None, new: ChartRepository | None) -> None:
        self._repositories.pop(key, None)
        if new is not None:
            self._repositories[key] = new
        for name in self._by_config.move(key, _terms_of(old), _terms_of(new)):
            if self._unreferred is not None:
                self._unreferred(*name)


class _Index(Generic[_ThingT]):
    """Things, and the objects that each matters to."""

    def __init__(self) -> None:
        self._keys: dict[_ThingT, set[ObjectKey]] = {}

    def get(self, thing: _ThingT) -> frozenset[ObjectKey]:
        return frozenset(self._keys.get(thing, ()))

    def move(self, key: ObjectKey, old: frozenset[_ThingT], new: frozenset[_ThingT]) -> list[_ThingT]:
        """Let `new` matter to this object in place of `old`; the things that matter to none from now on."""
        for thing in new - old:
            self._keys.setdefault(thing, set()).add(key)
        for thing in old - new:
            self._keys[thing].discard(key)
        orphans = [thing for thing in old - new if not self._keys[thing]]
        for thing in orphans:
            del self._keys[thing]
        return orphans


def _records_of(release: HelmRelease | None) -> frozenset[RecordsName]:
    return frozenset({(release.storage_namespace, release.release_name)} if release is not None else ())


def _configs_of(release: HelmRelease | None) -> frozenset[ConfigName]:
    if release is None:
        return frozenset()
    named = {(ref.kind, ref.name) for ref in release.spec.values_from} | release.spec.chart.names()
    return frozenset((kind, release.namespace, name) for kind, name in named)


def _terms_of(repository: ChartRepository | None) -> frozenset[ConfigName]:
    if repository is None:
        return frozenset()
    return frozenset((kind, repository.namespace, name) for kind, name in repository.spec.names())


def _repository_of(release: HelmRelease | None) -> frozenset[ObjectKey]:
    if release is None or not release.spec.chart.repository_name:
        return frozenset()
    return frozenset({ObjectKey(release.namespace, release.spec.chart.repository_name)})


def _is_newer(new: _OursT, known: _OursT) -> bool:
    """resourceVersions of one resource are numbers in order (KEP-5504), of two objects of one name too: an answer about
    the one before may come after the events of the next."""
    return int(new.resource_version or 0) > int(known.resource_version or 0)


def _moved(known: HelmRelease, release: HelmRelease) -> bool:
    """Whether anything but the status changed that a reconcile depends on."""
    return (
        known.uid != release.uid
        or known.generation != release.generation
        or known.is_deleting != release.is_deleting
        or known.has_finalizer != release.has_finalizer
        or known.requests() != release.requests()
    )
