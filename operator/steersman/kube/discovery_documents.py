"""What discovery documents say, as an `Index`: pure parsing, no requests.

Two formats: the aggregated one (apidiscovery.k8s.io/v2: everything in two documents) and the older one document per
group version. `kube.discovery` fetches them. `api_versions` follows Helm 4's `GetVersionSet`: every group version, and
every `group/version/Kind`, kinds of subresources included (`apps/v1/Scale`).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

import msgspec

from steersman.kube.resources import Resource


class _Kind(msgspec.Struct):
    group: str = ""
    version: str = ""
    kind: str = ""


class _Subresource(msgspec.Struct):
    responseKind: _Kind | None = None  # noqa: N815  (spelling of the format, here and below)


class _Resource(msgspec.Struct):
    resource: str
    scope: str = "Namespaced"
    responseKind: _Kind | None = None  # noqa: N815
    verbs: list[str] | None = None
    subresources: list[_Subresource] | None = None


class _Version(msgspec.Struct):
    version: str
    freshness: str = "Current"
    resources: list[_Resource] | None = None


class _Name(msgspec.Struct):
    name: str = ""


class _Group(msgspec.Struct):
    metadata: _Name = msgspec.field(default_factory=_Name)
    versions: list[_Version] | None = None


class _AggregatedList(msgspec.Struct):
    items: list[_Group] | None = None


class _LegacyResource(msgspec.Struct):
    name: str
    kind: str
    namespaced: bool = False
    verbs: list[str] | None = None


class _LegacyResourceList(msgspec.Struct):
    resources: list[_LegacyResource] | None = None


class _LegacyVersion(msgspec.Struct):
    version: str


class _LegacyGroup(msgspec.Struct):
    name: str
    versions: list[_LegacyVersion] | None = None


class _LegacyGroupList(msgspec.Struct):
    groups: list[_LegacyGroup] | None = None


class _LegacyCoreVersions(msgspec.Struct):
    versions: list[str] | None = None


_aggregated = msgspec.json.Decoder(_AggregatedList)
_legacy_resources = msgspec.json.Decoder(_LegacyResourceList)
_legacy_groups = msgspec.json.Decoder(_LegacyGroupList)
_legacy_core = msgspec.json.Decoder(_LegacyCoreVersions)


@dataclass(frozen=True, slots=True)
class Index:
    """One look at the cluster's API. `stale`: group versions nothing is known of now; that is not the same as empty."""

    resources: Mapping[tuple[str, str], Resource] = field(default_factory=dict)
    stale: frozenset[str] = frozenset()
    api_versions: tuple[str, ...] = ()

    def find(self, api_version: str, kind: str) -> Resource | None:
        """The resource of a kind, None when it is not listed."""
        return self.resources.get((api_version, kind))


class IndexBuilder:
    """Collects documents of either format."""

    def __init__(self) -> None:
        self._resources: dict[tuple[str, str], Resource] = {}
        self._stale: set[str] = set()
        self._names: set[str] = set()

    def add_aggregated(self, body: bytes) -> None:
        """`/api` or `/apis` as an APIGroupDiscoveryList."""
        for group in _aggregated.decode(body).items or ():
            for version in group.versions or ():
                self._add_version(group.metadata.name, version)

    def _add_version(self, group: str, version: _Version) -> None:
        api_version = _api_version(group, version.version)
        self._names.add(api_version)
        if version.freshness == "Stale":
            self._stale.add(api_version)
        for resource in version.resources or ():
            subresources = [sub.responseKind.kind for sub in resource.subresources or () if sub.responseKind]
            self._add_kinds(api_version, subresources)
            if resource.responseKind is None:
                continue  # a resource that exists for its subresources only
            kind = resource.responseKind.kind
            self._add(group, version.version, kind, resource.resource, resource.scope != "Cluster", resource.verbs)

    def add_legacy(self, group: str, version: str, body: bytes) -> None:
        """`/api/v1` or `/apis/{group}/{version}` as an APIResourceList."""
        self._names.add(_api_version(group, version))
        for resource in _legacy_resources.decode(body).resources or ():
            if "/" in resource.name:
                self._add_kinds(_api_version(group, version), [resource.kind])
            else:
                self._add(group, version, resource.kind, resource.name, resource.namespaced, resource.verbs)

    def add_stale(self, group: str, version: str) -> None:
        """A group version whose document could not be had."""
        self._names.add(_api_version(group, version))
        self._stale.add(_api_version(group, version))

    def build(self, previous: Index) -> Index:
        """The index of all that was added. Of a stale group version the previous knowledge stands."""
        kept = {key: resource for key, resource in previous.resources.items() if key[0] in self._stale}
        return Index(kept | self._resources, frozenset(self._stale), tuple(sorted(self._names)))

    def _add(self, group: str, version: str, kind: str, plural: str, namespaced: bool, verbs: list[str] | None) -> None:
        api_version = _api_version(group, version)
        self._add_kinds(api_version, [kind])
        resource = Resource(group, version, kind, plural, namespaced, frozenset(verbs or ()))
        self._resources.setdefault((api_version, kind), resource)

    def _add_kinds(self, api_version: str, kinds: Iterable[str]) -> None:
        self._names.update(f"{api_version}/{kind}" for kind in kinds)


def legacy_group_versions(core: bytes, groups: bytes) -> list[tuple[str, str]]:
    """(group, version) of every group version that `/api` and `/apis` list in the older format."""
    versions = [("", version) for version in _legacy_core.decode(core).versions or ()]
    for group in _legacy_groups.decode(groups).groups or ():
        versions += [(group.name, version.version) for version in group.versions or ()]
    return versions


def _api_version(group: str, version: str) -> str:
    return f"{group}/{version}" if group else version
