"""Small makers of what a look at a HelmRelease gives: each test row names only what it is about.

The release is `demo/web`, of the HelmRelease with uid `OURS`, asked for with the input `input-1`, at `NOW`.
"""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from steersman.core.api.conditions import Reason
from steersman.core.api.helmrelease import HelmRelease
from steersman.core.api.inventory import Inventory, InventoryEntry, InventoryHead
from steersman.core.api.names import API_VERSION, FINALIZER, LABEL_INPUT
from steersman.core.api.status import HelmReleaseStatus
from steersman.core.kstatus.compute import Status
from steersman.core.manifest.identity import KubernetesObject, ObjectId, ObjectRef, ref_of
from steersman.core.manifest.model import Manifest
from steersman.core.plan.apply import ApplyPlan, build_plan
from steersman.core.plan.observed import (
    ActionPlan,
    Attempt,
    Desired,
    ObjectHealth,
    Observed,
    Problem,
    Step,
    StepKind,
)
from steersman.core.plan.ownership import Owner
from steersman.core.release.model import (
    HookPhase,
    HookRun,
    Release,
    ReleaseChart,
    ReleaseHook,
    ReleaseStatus,
    record_labels,
)

NOW = datetime.fromisoformat("2026-01-01T12:00:00+00:00")
OURS, ANCESTOR, STRANGER = "uid-1", "uid-0", "uid-9"
CLUSTER = "cluster-1"
OWNER = Owner("demo", "web", "demo", "web")


def ago(**span: float) -> datetime:
    """So long before NOW."""
    return NOW - timedelta(**span)


def ahead(**span: float) -> datetime:
    """So long after NOW."""
    return NOW + timedelta(**span)


def helm_release(
    spec: Mapping[str, Any] | None = None,
    *,
    status: HelmReleaseStatus | None = None,
    finalizer: bool = True,
    deleting: datetime | None = None,
    generation: int = 1,
    uid: str = OURS,
    name: str = "web",
    version: str = "1",
    **annotations: str,
) -> HelmRelease:
    """The HelmRelease; `annotations` are those of ours, `force_at="1"`."""
    metadata: dict[str, Any] = {
        "namespace": "demo",
        "name": name,
        "uid": uid,
        "generation": generation,
        "resourceVersion": version,
        "finalizers": [FINALIZER] if finalizer else [],
        "annotations": {f"steersman.dev/{key.replace('_', '-')}": value for key, value in annotations.items()},
        "creationTimestamp": "2026-01-01T00:00:00Z",
    }
    if deleting is not None:
        metadata["deletionTimestamp"] = deleting.isoformat()
    chart = {"url": "oci://registry.example/charts/shop", "digest": "sha256:" + "a" * 64}
    release = HelmRelease.parse(
        {
            "apiVersion": API_VERSION,
            "kind": "HelmRelease",
            "metadata": metadata,
            "spec": {"chart": chart, **(spec or {})},
        }
    )
    return replace(release, status=status) if status is not None else release


def desired(input_digest: str = "input-1") -> Desired:
    """What the spec asks for, resolved."""
    return Desired(
        chart_url="oci://registry.example/charts/shop",
        chart_digest="sha256:" + "a" * 64,
        chart_version="1.2.3",
        values={},
        values_digest="hmac-sha256:v",
        values_from=(),
        input_digest=input_digest,
    )


def problem(reason: Reason = Reason.HOOK_FAILED, *, retryable: bool = True, transient: bool = False) -> Problem:
    return Problem(reason, "it went wrong", retryable, transient)


UNREACHABLE = problem(Reason.UNREACHABLE, transient=True)
REFUSED = problem(Reason.MANIFEST_REFUSED, retryable=False)
NO_VALUES = problem(Reason.VALUES_ERROR, retryable=False)
NO_SOURCE = problem(Reason.SOURCE_NOT_READY)


def record(
    status: str = "deployed",
    *,
    revision: int = 1,
    uid: str = OURS,
    made_for: str = "input-1",
    hooks: tuple[ReleaseHook, ...] = (),
    manifest: str = "",
    description: str = "Install complete",
    begun: datetime | None = NOW,
    deleted: datetime | None = None,
) -> Release:
    """A revision that the HelmRelease of this uid wrote."""
    return Release(
        name="web",
        namespace="demo",
        revision=revision,
        status=ReleaseStatus(status),
        chart=ReleaseChart({"name": "shop", "version": "1.2.3", "appVersion": "7"}),
        hooks=hooks,
        manifest=manifest,
        description=description,
        first_deployed=begun,
        last_deployed=begun,
        deleted=deleted,
        labels={**record_labels(uid, revision), LABEL_INPUT: made_for},
        resource_version="1",
    )


def foreign(status: str = "deployed", *, revision: int = 1, begun: datetime | None = NOW) -> Release:
    """A revision that Helm wrote."""
    return replace(record(status, revision=revision, begun=begun), labels={})


def hook(
    name: str,
    *events: str,
    kind: str = "Job",
    weight: int = 0,
    phase: str = "",
    started: datetime | None = None,
    ended: datetime | None = None,
    policies: tuple[str, ...] = (),
) -> ReleaseHook:
    """A hook of a record."""
    return ReleaseHook(
        name=name,
        kind=kind,
        path=f"shop/templates/{name}.yaml",
        manifest=f"apiVersion: batch/v1\nkind: {kind}\nmetadata: {{name: {name}}}\n",
        events=events,
        weight=weight,
        delete_policies=policies,
        last_run=HookRun(HookPhase(phase), started, ended),
    )


def config_map(name: str, *, namespace: str = "demo", **metadata: Any) -> KubernetesObject:
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"namespace": namespace, "name": name, **metadata}}


def deployment_ref(name: str) -> ObjectRef:
    return ObjectRef(ObjectId("apps", "Deployment", "demo", name), "v1")


def manifests(*objects: KubernetesObject) -> tuple[Manifest, ...]:
    """Rendered documents, one for each object."""
    return tuple(
        Manifest(path=f"shop/templates/{number}.yaml", text="", kind=obj["kind"], object=obj)
        for number, obj in enumerate(objects)
    )


def apply_plan(*names: str) -> ApplyPlan:
    """The plan of ConfigMaps with these names."""
    return build_plan(manifests(*map(config_map, names)), owner=OWNER, namespaced={("v1", "ConfigMap"): True})


def action_plan(*names: str, revision: int = 1, deletions: tuple[str, ...] = ()) -> ActionPlan:
    """What a revision of these ConfigMaps applies, or an uninstall deletes."""
    return ActionPlan(revision, apply_plan(*names), deletions=tuple(ref_of(config_map(name)) for name in deletions))


def health(**states: Status) -> tuple[ObjectHealth, ...]:
    """The health of Deployments: `health(web=Status.CURRENT)`."""
    return tuple(
        ObjectHealth(deployment_ref(name), status, status.value, f"is {status.value}")
        for name, status in states.items()
    )


def config_health(**states: Status) -> tuple[ObjectHealth, ...]:
    """The health of ConfigMaps."""
    return tuple(ObjectHealth(ref_of(config_map(name)), status, status.value, "") for name, status in states.items())


def inventory(*names: str, revision: int = 1) -> Inventory:
    """The inventory of ConfigMaps with these names; each has the uid `<name>-uid`."""
    entries = tuple(InventoryEntry(k="ConfigMap", ns="demo", n=name, v="v1", uid=f"{name}-uid") for name in names)
    return Inventory("demo", "web", OURS, InventoryHead(epoch=1, revision=revision, cluster_uid=CLUSTER), entries)


def step(kind: StepKind, index: int = 0, event: str = "") -> Step:
    return Step(kind, index, event)


def done(*steps: Step | StepKind) -> frozenset[Step]:
    """Steps that were done."""
    return frozenset(each if isinstance(each, Step) else Step(each) for each in steps)


_DESIRED = desired()


def observed(
    *records: Release,
    release: HelmRelease | None = None,
    wanted: Desired | Problem | None = _DESIRED,
    owned: Inventory | None = None,
    attempt: Attempt | None = None,
    **more: Any,
) -> Observed:
    """A look. The attempt is for `input-1` unless it says otherwise; a deployed release has an inventory."""
    owned = owned if owned is not None or not _is_deployed(records) else inventory("a", revision=records[-1].revision)
    return Observed(
        release=release or helm_release(),
        now=more.pop("now", NOW),
        desired=wanted,
        records=records,
        inventory=None if more.pop("no_inventory", False) else owned,
        health=more.pop("seen", ()),
        attempt=attempt or Attempt(input_digest="input-1", generation=1),
        cluster_uid=more.pop("cluster", CLUSTER),
        **more,
    )


def _is_deployed(records: tuple[Release, ...]) -> bool:
    return bool(records) and records[-1].status is ReleaseStatus.DEPLOYED
