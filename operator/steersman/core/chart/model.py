"""What a chart is once it is loaded: its files, sorted by what Helm does with them. Immutable, so that one loaded chart
serves any number of renders; `values.dependencies` derives from it the tree that one set of values selects."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from steersman.core.chart.metadata import Metadata

_CRD_EXTENSIONS = (".yaml", ".yml", ".json")


class ChartFile(NamedTuple):
    """A file of a chart: its path inside the chart (`templates/x.yaml`) and its bytes."""

    name: str
    data: bytes


@dataclass(frozen=True, slots=True)
class Chart:
    """A chart and the charts inside it.

    `values` are the chart's defaults (values.yaml); nobody changes them in place. `subcharts` are those of `charts/`,
    whether Chart.yaml lists them or not. `digest` is that of the archive which a subchart was there as.
    """

    metadata: Metadata
    values: dict[str, Any] = field(default_factory=dict)
    templates: tuple[ChartFile, ...] = ()
    files: tuple[ChartFile, ...] = ()
    schema: bytes | None = None
    lock: dict[str, Any] | None = None
    subcharts: tuple[Chart, ...] = ()
    values_text: bytes = b""
    digest: str = ""

    @property
    def name(self) -> str:
        """Chart.yaml's name; for a renamed dependency its alias."""
        return self.metadata.name

    @property
    def is_library(self) -> bool:
        """Library charts only define named templates."""
        return self.metadata.type.lower() == "library"


def walk(chart: Chart, parent: str = "") -> Iterator[tuple[str, Chart]]:
    """Every chart of the tree with its full path (`root`, `root/charts/sub`), parents first."""
    path = f"{parent}/charts/{chart.name}" if parent else chart.name
    yield path, chart
    for subchart in chart.subcharts:
        yield from walk(subchart, path)


def crd_files(chart: Chart) -> Iterator[ChartFile]:
    """The files of every `crds/` in the tree, in Helm's order, named with the full path of their chart."""
    for path, owner in walk(chart):
        for file in own_crd_files(owner):
            yield ChartFile(f"{path}/{file.name}", file.data)


def own_crd_files(chart: Chart) -> Iterator[ChartFile]:
    """The files of one chart's `crds/`."""
    for file in chart.files:
        if file.name.startswith("crds/") and file.name.lower().endswith(_CRD_EXTENSIONS):
            yield file
