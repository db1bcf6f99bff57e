"""What templates see: `.Values`, `.Chart`, `.Release`, `.Files`, `.Capabilities`, `.Subcharts`, `.Template`.

Built by `render.engine`, once per render. Each chart of the tree has one context map, shared by its templates; a
subchart's `.Values` is the very map that its parent holds under the subchart's name, so that `set` is seen in both.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

from steersman.core.chart.files import Files
from steersman.core.chart.metadata import Dependency, Maintainer, Metadata
from steersman.core.chart.model import Chart
from steersman.core.golang.types import NilStringMap, StringMap, SubchartValues, Values
from steersman.core.render.capabilities import CapabilitiesObject
from steersman.core.render.model import ReleaseInfo
from steersman.core.values.paths import table_at


class ChartContext(NamedTuple):
    """One chart of the tree: its full path and what `.` is in its templates."""

    path: str
    chart: Chart
    root: Values

    def template_paths(self) -> list[str]:
        """The full paths of this chart's templates."""
        return [f"{self.path}/{file.name}" for file in self.chart.templates]

    def enter(self, template: str) -> Values:
        """`.` for one template file, with `.Template` set for it."""
        self.root["Template"] = Values(Name=template, BasePath=f"{self.path}/templates")
        return self.root


def build_contexts(
    chart: Chart, values: dict[str, Any], release: ReleaseInfo, capabilities: CapabilitiesObject
) -> list[ChartContext]:
    """The contexts of the whole tree, parents first."""
    shared = {"Release": release_object(release), "Capabilities": capabilities}
    return list(_contexts(chart, chart.name, Values(values), shared, is_root=True))


def release_object(release: ReleaseInfo) -> dict[str, Any]:
    """`.Release`."""
    return {
        "Name": release.name,
        "Namespace": release.namespace,
        "IsUpgrade": release.is_upgrade,
        "IsInstall": release.is_install,
        "Revision": release.revision,
        "Service": "Helm",
    }


def chart_object(metadata: Metadata, *, is_root: bool) -> dict[str, Any]:
    """`.Chart`: a map with Go's field names, every field present."""
    return {
        "Name": metadata.name,
        "Home": metadata.home,
        "Sources": list(metadata.sources),
        "Version": metadata.version,
        "Description": metadata.description,
        "Keywords": list(metadata.keywords),
        "Maintainers": [_maintainer_object(maintainer) for maintainer in metadata.maintainers],
        "Icon": metadata.icon,
        "APIVersion": metadata.api_version,
        "Condition": metadata.condition,
        "Tags": metadata.tags,
        "AppVersion": metadata.app_version,
        "Deprecated": metadata.deprecated,
        "Annotations": NilStringMap() if metadata.annotations is None else StringMap(metadata.annotations),
        "KubeVersion": metadata.kube_version,
        "Dependencies": [_dependency_object(dependency) for dependency in metadata.dependencies or ()],
        "Type": metadata.type,
        "IsRoot": is_root,
    }


def _contexts(
    chart: Chart, path: str, values: dict[str, Any], shared: dict[str, Any], *, is_root: bool
) -> Iterator[ChartContext]:
    subcharts: dict[str, Any] = {}
    root = Values(
        Chart=chart_object(chart.metadata, is_root=is_root),
        Files=Files.of(chart.files),
        **shared,
        Values=values,
        Subcharts=subcharts,
    )
    yield ChartContext(path, chart, root)
    for subchart in chart.subcharts:
        inner = list(
            _contexts(
                subchart, f"{path}/charts/{subchart.name}", _section(values, subchart.name), shared, is_root=False
            )
        )
        subcharts[subchart.name] = inner[0].root
        yield from inner


def _section(values: dict[str, Any], name: str) -> dict[str, Any]:
    """A subchart's values. A name with dots is looked up as a path, as in Helm, and usually finds nothing."""
    section = values.get(name)
    if type(section) is dict:
        section = values[name] = SubchartValues(section)
        return section
    try:
        return table_at(values, name)
    except KeyError:
        return Values()


def _maintainer_object(maintainer: Maintainer) -> dict[str, Any]:
    return {"Name": maintainer.name, "Email": maintainer.email, "URL": maintainer.url}


def _dependency_object(dependency: Dependency) -> dict[str, Any]:
    return {
        "Name": dependency.name,
        "Version": dependency.version,
        "Repository": dependency.repository,
        "Condition": dependency.condition,
        "Tags": list(dependency.tags),
        "Enabled": dependency.enabled,
        "ImportValues": [StringMap(item) if isinstance(item, dict) else item for item in dependency.import_values],
        "Alias": dependency.alias,
    }
