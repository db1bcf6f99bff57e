"""What goes into a render and what comes out of it. Plain data: it crosses the socket to the renderer process."""

from __future__ import annotations

from typing import Any, NamedTuple

from steersman.core.chart.bundled import BundledChart
from steersman.core.manifest.identity import KubernetesObject
from steersman.core.manifest.model import Hook, Manifest


class ReleaseInfo(NamedTuple):
    """`.Release` of the templates."""

    name: str
    namespace: str
    revision: int = 1
    is_install: bool = True
    is_upgrade: bool = False


class Capabilities(NamedTuple):
    """`.Capabilities` of the templates. `kube_version` like `v1.37.1`; `api_versions` as `.APIVersions` lists them."""

    kube_version: str
    api_versions: tuple[str, ...]


class RenderRequest(NamedTuple):
    """One render: which chart (by the sha256 of its archive, `sha256:…`), with what. `allow_jinja`: charts that ask for
    Jinja2 get it."""

    chart_digest: str
    values: dict[str, Any]
    release: ReleaseInfo
    capabilities: Capabilities
    include_crds: bool = False
    allow_jinja: bool = False


class CrdFile(NamedTuple):
    """One file of a chart's `crds/`: its path (`chart/crds/f.yaml`), raw text, and the objects in it."""

    path: str
    text: str
    objects: tuple[KubernetesObject, ...]


class ChartInfo(NamedTuple):
    """What release records and status say of a chart. `metadata` is Chart.yaml's JSON as Helm stores it, `values` the
    chart's own defaults after import-values, as Helm keeps them in a record; `bundled` are the charts in it."""

    name: str
    version: str
    app_version: str
    metadata: dict[str, Any]
    values: dict[str, Any]
    bundled: tuple[BundledChart, ...] = ()


class Rendered(NamedTuple):
    """The outcome of a render. `manifest` is the text that Helm stores in a record; `manifests` and `hooks` are in
    install order; `warnings` are lines that Helm logs."""

    chart: ChartInfo
    manifest: str
    manifests: tuple[Manifest, ...]
    hooks: tuple[Hook, ...]
    notes: str
    crds: tuple[CrdFile, ...] = ()
    warnings: tuple[str, ...] = ()
