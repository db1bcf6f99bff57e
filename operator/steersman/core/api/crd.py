"""The CustomResourceDefinitions of this API. `tools/crdgen.py` writes them to `crds/`, a test holds both together.

Descriptions and bounds come with the types (`core.api.schema`); here is what belongs to a kind as a whole: names,
printer columns, and the rules that look at metadata.
"""

from __future__ import annotations

from typing import Any

from steersman.core.api.base import VALIDATIONS, Rule
from steersman.core.api.chartrepository import ChartRepositorySpec, ChartRepositoryStatus
from steersman.core.api.inventory import InventorySpec
from steersman.core.api.names import (
    CHART_REPOSITORIES,
    CHART_REPOSITORY,
    GROUP,
    HELM_RELEASE,
    HELM_RELEASES,
    RELEASE_INVENTORIES,
    RELEASE_INVENTORY,
    VERSION,
)
from steersman.core.api.schema import Schema, schema_of
from steersman.core.api.spec import HelmReleaseSpec
from steersman.core.api.status import HelmReleaseStatus

Crd = dict[str, Any]

_NAME_RULES = (
    Rule(
        "size(self.metadata.name) <= 63",
        "metadata.name must have 63 characters at most, because it becomes a label value: choose a shorter name and "
        "set spec.releaseName if the release has to have another one",
        ".metadata.name",
    ),
    Rule(
        "has(self.spec.releaseName) || size(self.metadata.name) <= 53 || size(self.metadata.name) > 63",
        "metadata.name is longer than the 53 characters that a Helm release name may have: set spec.releaseName to a "
        "shorter one",
        ".metadata.name",
    ),
)


def helm_release() -> Crd:
    """The CRD of HelmRelease."""
    schema = _root(
        "A Helm chart that is kept installed.",
        spec=_described(schema_of(HelmReleaseSpec, "spec"), "What is to be installed, and how it is kept."),
        status=_described(schema_of(HelmReleaseStatus, "status"), "What is true of the release. Written by Steersman."),
    )
    schema[VALIDATIONS] = [rule.to_schema() for rule in _NAME_RULES]
    ready = '.status.conditions[?(@.type=="Ready")]'
    columns = [
        _column("Ready", f"{ready}.status", "Whether the release is as the spec says, and healthy."),
        _column("Version", ".status.source.version", "The chart's version."),
        _column("Rev", ".status.release.revision", "The release's revision.", type_="integer"),
        _column("Age", ".metadata.creationTimestamp", "Since when the HelmRelease exists.", type_="date"),
        _column("Chart", ".status.release.chart", "The chart that is installed.", priority=1),
        _column("Digest", ".status.source.digest", "The chart's digest.", priority=1),
        _column("Status", f"{ready}.message", "What is the matter, culprit first."),
    ]
    return _crd(
        kind=HELM_RELEASE,
        plural=HELM_RELEASES,
        schema=schema,
        columns=columns,
        short_names=["hrel"],
        subresources={"status": {}},
    )


def chart_repository() -> Crd:
    """The CRD of ChartRepository."""
    schema = _root(
        "A place that charts come from, and the terms of access that HelmReleases which name it share.",
        spec=_described(schema_of(ChartRepositorySpec, "spec"), "Where charts are, and how they are reached."),
        status=_described(
            schema_of(ChartRepositoryStatus, "status"), "What is true of the repository. Written by Steersman."
        ),
    )
    ready = '.status.conditions[?(@.type=="Ready")]'
    columns = [
        _column("Ready", f"{ready}.status", "Whether the repository answers on these terms."),
        _column("URL", ".spec.url", "Where the repository is."),
        _column("Charts", ".status.charts", "How many charts its index lists.", type_="integer"),
        _column("Age", ".metadata.creationTimestamp", "Since when the ChartRepository exists.", type_="date"),
        _column("Digest", ".status.digest", "Digest of the index.", priority=1),
        _column("Status", f"{ready}.message", "What is the matter."),
    ]
    return _crd(
        kind=CHART_REPOSITORY,
        plural=CHART_REPOSITORIES,
        schema=schema,
        columns=columns,
        short_names=["crepo"],
        subresources={"status": {}},
    )


def release_inventory() -> Crd:
    """The CRD of ReleaseInventory. No status: what it holds is a fact that we write, in one request."""
    schema = _root(
        "The objects that a release owns. Written by Steersman: a change by others is a change of what may be deleted.",
        spec=_described(schema_of(InventorySpec, "spec"), "One page of the inventory."),
    )
    columns = [
        _column("Page", ".spec.page", "The page's number.", type_="integer"),
        _column("Objects", ".spec.count", "How many objects are on this page.", type_="integer"),
        _column("Rev", ".spec.head.revision", "The revision that the inventory is complete for.", type_="integer"),
        _column("Age", ".metadata.creationTimestamp", "Since when the page exists.", type_="date"),
    ]
    return _crd(kind=RELEASE_INVENTORY, plural=RELEASE_INVENTORIES, schema=schema, columns=columns)


def all_crds() -> dict[str, Crd]:
    """Every CRD by the name of its file."""
    crds = (helm_release(), chart_repository(), release_inventory())
    return {f"{GROUP}_{crd['spec']['names']['plural']}.yaml": crd for crd in crds}


def _crd(
    *,
    kind: str,
    plural: str,
    schema: Schema,
    columns: list[dict[str, Any]],
    short_names: list[str] | None = None,
    subresources: dict[str, Any] | None = None,
) -> Crd:
    version: dict[str, Any] = {"name": VERSION, "served": True, "storage": True}
    if subresources:
        version["subresources"] = subresources
    version["additionalPrinterColumns"] = columns
    version["schema"] = {"openAPIV3Schema": schema}
    singular = kind.lower()
    names = {"kind": kind, "listKind": f"{kind}List", "plural": plural, "singular": singular}
    return {
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": {"name": f"{plural}.{GROUP}"},
        "spec": {
            "group": GROUP,
            "names": {**names, **({"shortNames": short_names} if short_names else {}), "categories": ["steersman"]},
            "scope": "Namespaced",
            "conversion": {"strategy": "None"},
            "versions": [version],
        },
    }


def _root(description: str, **parts: Schema) -> Schema:
    return {
        "type": "object",
        "description": description,
        "required": ["spec"],
        "properties": {
            "apiVersion": {"type": "string"},
            "kind": {"type": "string"},
            "metadata": {"type": "object", "properties": {"name": {"type": "string"}}},
            **parts,
        },
    }


def _described(schema: Schema, description: str) -> Schema:
    return {"description": description, **schema}


def _column(name: str, path: str, description: str, *, type_: str = "string", priority: int = 0) -> dict[str, Any]:
    column: dict[str, Any] = {"name": name, "type": type_, "jsonPath": path, "description": description}
    return {**column, "priority": priority} if priority else column
