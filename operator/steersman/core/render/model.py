"""What goes into a render and what comes out of it. Plain data: it crosses the socket to the renderer process."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from steersman.core.manifest.identity import KubernetesObject
from steersman.core.manifest.model import Hook, Manifest


@dataclass(frozen=True, slots=True)
class ReleaseInfo:
    """`.Release` of the templates."""

    name: str
    namespace: str
    revision: int = 1
    is_install: bool = True
    is_upgrade: bool = False


@dataclass(frozen=True, slots=True)
class Capabilities:
    """`.Capabilities` of the templates. `kube_version` like `v1.37.1`; `api_versions` as `.APIVersions` lists them."""

    kube_version: str
    api_versions: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class RenderRequest:
    """One render: which chart (by the sha256 of its archive, `sha256:…`), with what."""

    chart_digest: str
    values: dict[str, Any]
    release: ReleaseInfo
    capabilities: Capabilities
    include_crds: bool = False


@dataclass(frozen=True, slots=True)
class CrdFile:
    """One file of a chart's `crds/`: its path (`chart/crds/f.yaml`), raw text, and the objects in it."""

    path: str
    text: str
    objects: tuple[KubernetesObject, ...]


@dataclass(frozen=True, slots=True)
class ChartInfo:
    """What release records and status say of a chart. `metadata` is Chart.yaml's JSON as Helm stores it, `values` the
    chart's own defaults after import-values, as Helm keeps them in a record."""

    name: str
    version: str
    app_version: str
    metadata: dict[str, Any]
    values: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Rendered:
    """The outcome of a render. `manifest` is the text that Helm stores in a record; `manifests` and `hooks` are in
    install order; `warnings` are lines that Helm logs."""

    chart: ChartInfo
    manifest: str
    manifests: tuple[Manifest, ...]
    hooks: tuple[Hook, ...]
    notes: str
    crds: tuple[CrdFile, ...] = ()
    warnings: tuple[str, ...] = field(default=())
