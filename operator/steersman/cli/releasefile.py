"""HelmRelease files: what `steersman template` renders for a file that holds a HelmRelease instead of a chart.

A file (or standard input) may hold any objects; the HelmReleases among them are ours to render, ConfigMaps, Secrets and
ChartRepositories are what they may name. The values come out as the operator makes them: by `core.values`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from steersman.cli.charts import read_bytes
from steersman.cli.output import read_standard_input
from steersman.cli.sources import STDIN
from steersman.core.api.helmrelease import HelmRelease, SpecError
from steersman.core.api.names import API_VERSION, CHART_REPOSITORY, GROUP, HELM_RELEASE
from steersman.core.api.schema import unknown_fields
from steersman.core.api.spec import HelmReleaseSpec
from steersman.core.golang.types import from_bytes
from steersman.core.manifest.errors import ManifestError
from steersman.core.manifest.identity import KubernetesObject
from steersman.core.manifest.parse import parse_objects
from steersman.core.values.errors import ValuesMissing
from steersman.core.values.layers import release_values
from steersman.core.values.sources import config_data, require_values
from steersman.errors import InvalidInput

if TYPE_CHECKING:
    from steersman.core.api.chartrepository import ChartRepositorySpec

_FLUX_GROUP = "helm.toolkit.fluxcd.io/"
_NAMED = (("ConfigMap", "v1"), ("Secret", "v1"), (CHART_REPOSITORY, API_VERSION))


class ReleaseFileError(InvalidInput):
    """A file that does not say which HelmRelease is to be rendered, or one that this program cannot."""


@dataclass(frozen=True, slots=True)
class ReleaseFile:
    """The HelmReleases of a file, and what they may name by kind, namespace and name."""

    path: str
    releases: tuple[HelmRelease, ...]
    named: Mapping[tuple[str, str, str], KubernetesObject]

    def choose(self, name: str) -> HelmRelease:
        """The HelmRelease of this name (or namespace/name), "" for the only one. Raises ReleaseFileError, which lists
        them."""
        chosen = [
            release for release in self.releases if name in ("", release.name, f"{release.namespace}/{release.name}")
        ]
        if len(chosen) == 1:
            return chosen[0]
        names = ", ".join(f"{release.namespace}/{release.name}" for release in self.releases)
        problem = f"several HelmReleases{f' named {name}' if name else ''}" if chosen else f"no HelmRelease {name}"
        raise ReleaseFileError(
            f"{self.path} holds {problem}: it has {names}",
            hint="name one: `steersman template NAME FILE` or `steersman template NAMESPACE/NAME FILE`",
        )

    def values(self, release: HelmRelease) -> dict[str, Any]:
        """The values that the operator would render this release with. Raises ValuesError."""
        found = [self.config(ref.kind, release.namespace, ref.name) for ref in release.spec.values_from]
        for ref, data in zip(release.spec.values_from, found, strict=True):
            try:
                require_values(ref, release.namespace, data)
            except ValuesMissing as error:
                error.hint = (
                    f"give the object in {self.path}, or in another file with --objects FILE"
                    if data is None
                    else "add the key to the object, or name another in spec.valuesFrom[].valuesKey"
                )
                raise
        return release_values(release, found)

    def config(self, kind: str, namespace: str, name: str) -> Mapping[str, bytes] | None:
        """The data of a ConfigMap or Secret, None where no file has it. Raises ValuesError."""
        found = self.named.get((kind, namespace, name))
        return None if found is None else config_data(found)

    def repositories(self) -> list[tuple[str, str]]:
        """Namespace and name of each ChartRepository."""
        return [(namespace, name) for kind, namespace, name in self.named if kind == CHART_REPOSITORY]

    def repository(self, namespace: str, name: str) -> ChartRepositorySpec | None:
        """What a ChartRepository says, None where no file has it. Raises ReleaseFileError."""
        found = self.named.get((CHART_REPOSITORY, namespace, name))
        if found is None:
            return None
        from steersman.core.api.chartrepository import ChartRepository

        try:
            return ChartRepository.parse(found).spec
        except SpecError as error:
            raise ReleaseFileError(f"{CHART_REPOSITORY} {name}: {error.message}", hint=error.hint) from error


def read_release_file(path: str, more: Sequence[str], namespace: str) -> ReleaseFile | None:
    """The HelmReleases in a file, None where it has none. `more` are files with further objects; objects without a
    namespace are in `namespace`. Raises ReleaseFileError, and ChartError for a file that cannot be read."""
    shown = "standard input" if path == STDIN else path
    objects = _objects(path, shown)
    releases = tuple(_release(obj, shown, namespace) for obj in objects if _is_ours(obj))
    if not releases:
        _refuse_flux(objects, shown)
        return None
    further = [obj for file in more for obj in _objects(file, file)]
    return ReleaseFile(shown, releases, _named([*objects, *further], namespace))


def read_repository_files(paths: Sequence[str], namespace: str) -> ReleaseFile:
    """The ChartRepositories in some files, and the Secrets that they name. Raises ReleaseFileError where there is none,
    and ChartError for a file that cannot be read."""
    shown = ", ".join("standard input" if path == STDIN else path for path in paths)
    objects = [obj for path in paths for obj in _objects(path, path)]
    file = ReleaseFile(shown, (), _named(objects, namespace))
    if not file.repositories():
        raise ReleaseFileError(f"{shown} holds no {CHART_REPOSITORY} of {API_VERSION}", hint="give the file that does")
    return file


def _named(objects: Iterable[KubernetesObject], namespace: str) -> dict[tuple[str, str, str], KubernetesObject]:
    return {
        (obj["kind"], _namespace(obj, namespace), str(_metadata(obj).get("name", ""))): obj
        for obj in objects
        if (obj.get("kind"), obj.get("apiVersion")) in _NAMED
    }


def _objects(path: str, shown: str) -> list[KubernetesObject]:
    """All objects, those of lists one by one."""
    data = read_standard_input() if path == STDIN else read_bytes(path)
    try:
        return list(_flattened(parse_objects(from_bytes(data), shown)))
    except ManifestError as error:
        raise ReleaseFileError(error.message) from error


def _flattened(objects: Iterable[KubernetesObject]) -> Iterable[KubernetesObject]:
    for obj in objects:
        items = obj.get("items")
        if str(obj.get("kind", "")).endswith("List") and isinstance(items, list):
            yield from _flattened(item for item in items if isinstance(item, dict))
        else:
            yield obj


def _is_ours(obj: KubernetesObject) -> bool:
    return obj.get("kind") == HELM_RELEASE and str(obj.get("apiVersion", "")).startswith(f"{GROUP}/")


def _release(obj: KubernetesObject, path: str, namespace: str) -> HelmRelease:
    name = _metadata(obj).get("name")
    if not isinstance(name, str) or not name:
        raise ReleaseFileError(f"{path}: a HelmRelease has no metadata.name", hint="give it one")
    if obj["apiVersion"] != API_VERSION:
        raise ReleaseFileError(
            f"{path}: HelmRelease {name} has apiVersion {obj['apiVersion']}", hint=f"this version knows {API_VERSION}"
        )
    unknown = unknown_fields(HelmReleaseSpec, obj.get("spec"), "spec")
    if unknown:
        raise ReleaseFileError(
            f"{path}: HelmRelease {name} has fields that there are not: {', '.join(unknown)}",
            hint="kubectl refuses them too; docs/helmrelease.md lists those that there are",
        )
    placed = {**obj, "metadata": {"name": name, "namespace": _namespace(obj, namespace)}}
    placed.pop("status", None)
    try:
        return HelmRelease.parse(placed)
    except SpecError as error:
        raise ReleaseFileError(f"{path}: HelmRelease {name}: {error.message}", hint=error.hint) from error


def _refuse_flux(objects: Iterable[KubernetesObject], path: str) -> None:
    for obj in objects:
        if obj.get("kind") == HELM_RELEASE and str(obj.get("apiVersion", "")).startswith(_FLUX_GROUP):
            raise ReleaseFileError(
                f"{path} holds a HelmRelease of Flux ({obj['apiVersion']}), not of {API_VERSION}",
                hint="Steersman's names the chart itself, by spec.chart.url with digest or version, where Flux' refers "
                "to a source by spec.chart.spec or spec.chartRef; docs/differences.md lists what else differs",
            )


def _metadata(obj: KubernetesObject) -> dict[str, Any]:
    metadata = obj.get("metadata")
    return metadata if isinstance(metadata, dict) else {}


def _namespace(obj: KubernetesObject, namespace: str) -> str:
    return str(_metadata(obj).get("namespace") or namespace)
