"""`status` of a HelmRelease: a projection of what spec, records and inventory say, for people and tools to read.

The planner's status code builds it, the controller writes it by server-side apply under `steersman-status`, and only
when it differs. Losing it costs one more attempt, so a status that cannot be read counts as empty. It never grows past
`STATUS_LIMIT`: lists are bounded, and `bounded` shortens messages until the whole fits.
"""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Final, Literal

import msgspec
from msgspec import Meta

from steersman.core.api.base import ApiStruct
from steersman.core.api.conditions import MESSAGE_LIMIT, Condition, Conditions, own_conditions
from steersman.core.api.parse import read_status
from steersman.core.api.text import clip

STATUS_LIMIT: Final = 32 * 1024
MAX_HISTORY: Final = 10
MAX_NOT_READY: Final = 10
MAX_VALUES_FROM: Final = 32
MAX_DEPENDENCIES: Final = 32

ObjectHealth = Literal["InProgress", "Failed", "Terminating", "NotFound", "Unknown"]

_Short = Annotated[str, Meta(max_length=253)]
_Digest = Annotated[str, Meta(max_length=128)]


class DependencyStatus(ApiStruct, frozen=True, kw_only=True):
    """One chart that the chart brings with it."""

    name: Annotated[_Short, Meta(description="The chart's name.")]
    version: Annotated[_Short, Meta(description="The chart's version.")] = ""
    digest: Annotated[_Digest, Meta(description="Digest of the chart, where it is known.")] = ""


class SourceStatus(ApiStruct, frozen=True, kw_only=True):
    """The chart that spec.chart means now."""

    url: Annotated[str, Meta(description="Where the chart came from.", max_length=1024)]
    repository: Annotated[_Short, Meta(description="Name of the ChartRepository that spec.chart names.")] = ""
    version: Annotated[_Short, Meta(description="The chart's version.")] = ""
    digest: Annotated[_Digest, Meta(description="Digest of the chart's OCI manifest, or of its .tgz.")] = ""
    verified: Annotated[
        str,
        Meta(description="By whose signature the chart was verified; empty where none is asked for.", max_length=1024),
    ] = ""
    resolved_at: Annotated[datetime | None, Meta(description="When spec.chart came to mean this digest.")] = None
    dependencies: Annotated[
        tuple[DependencyStatus, ...],
        Meta(
            description="The charts that the chart brings with it, the first 32.",
            max_length=MAX_DEPENDENCIES,
            extra_json_schema={"x-kubernetes-list-type": "atomic"},
        ),
    ] = ()


class ValuesSource(ApiStruct, frozen=True, kw_only=True):
    """One object that values were read from."""

    kind: Annotated[Literal["ConfigMap", "Secret"], Meta(description="Kind of the object.")]
    name: Annotated[_Short, Meta(description="Name of the object.")]
    resource_version: Annotated[
        _Short, Meta(description="The state that was read; empty where an optional one does not exist.")
    ] = ""


class ValuesStatus(ApiStruct, frozen=True, kw_only=True):
    """The values that were used last."""

    digest: Annotated[
        _Digest,
        Meta(
            description="Fingerprint of the final values. It is keyed with a secret of this installation, so that no "
            "value can be guessed from it.",
        ),
    ] = ""
    from_: Annotated[
        tuple[ValuesSource, ...],
        Meta(
            description="The objects of spec.valuesFrom, in its order.",
            max_length=MAX_VALUES_FROM,
            extra_json_schema={"x-kubernetes-list-type": "atomic"},
        ),
    ] = msgspec.field(default=(), name="from")


class ReleaseSummary(ApiStruct, frozen=True, kw_only=True):
    """The release as its newest record has it."""

    name: Annotated[_Short, Meta(description="Name of the Helm release.")]
    namespace: Annotated[_Short, Meta(description="Namespace it is installed in.")]
    revision: Annotated[int, Meta(description="Its newest revision.", ge=0)]
    status: Annotated[_Short, Meta(description="The state of that revision, in Helm's words.")]
    chart: Annotated[str, Meta(description="Chart name and version, as name-version.", max_length=512)] = ""
    app_version: Annotated[str, Meta(description="The chart's appVersion.", max_length=512)] = ""
    first_deployed: Annotated[datetime | None, Meta(description="When the release was first installed.")] = None
    last_deployed: Annotated[datetime | None, Meta(description="When this revision was deployed.")] = None
    cluster_uid: Annotated[
        _Short, Meta(description="uid of the kube-system namespace of the cluster it was installed in.")
    ] = msgspec.field(default="", name="clusterUID")


class Snapshot(ApiStruct, frozen=True, kw_only=True):
    """One revision, as we wrote it."""

    revision: Annotated[int, Meta(description="The revision.", ge=0)]
    digest: Annotated[
        _Digest,
        Meta(
            description="Digest of the release record's content. A record with another one was changed by somebody "
            "else and is not trusted. Empty for a revision that we did not write.",
        ),
    ] = ""
    chart: Annotated[str, Meta(description="Chart name and version, as name-version.", max_length=512)] = ""
    app_version: Annotated[str, Meta(description="The chart's appVersion.", max_length=512)] = ""
    status: Annotated[_Short, Meta(description="The state of the revision, in Helm's words.")] = ""
    deployed: Annotated[datetime | None, Meta(description="When it was deployed.")] = None


class NotReady(ApiStruct, frozen=True, kw_only=True):
    """One object that is not healthy."""

    id: Annotated[str, Meta(description="Kind, namespace and name.", max_length=512)]
    status: Annotated[ObjectHealth, Meta(description="InProgress, Failed, Terminating, NotFound or Unknown.")]
    reason: Annotated[str, Meta(description="Why, culprit first.", max_length=1024)] = ""


class InventoryStatus(ApiStruct, frozen=True, kw_only=True):
    """The objects of the release."""

    name: Annotated[_Short, Meta(description="Name of the ReleaseInventory that lists them.")]
    digest: Annotated[_Digest, Meta(description="Digest of which objects there are.")] = ""
    total: Annotated[int, Meta(description="How many there are.", ge=0)]
    ready: Annotated[int, Meta(description="How many of them are healthy.", ge=0)]
    not_ready: Annotated[
        tuple[NotReady, ...],
        Meta(
            description="The first ten of the others, failed ones first.",
            max_length=MAX_NOT_READY,
            extra_json_schema={"x-kubernetes-list-type": "atomic"},
        ),
    ] = ()


class LastHandled(ApiStruct, frozen=True, kw_only=True):
    """The values of the request annotations that were dealt with."""

    reconcile_at: Annotated[_Short, Meta(description="Of steersman.dev/reconcile-at.")] = ""
    force_at: Annotated[_Short, Meta(description="Of steersman.dev/force-at.")] = ""
    reset_at: Annotated[_Short, Meta(description="Of steersman.dev/reset-at.")] = ""


class HelmReleaseStatus(ApiStruct, frozen=True, kw_only=True):
    """What is true of the release."""

    observed_generation: Annotated[
        int,
        Meta(description="The metadata.generation whose reconcile is finished: ready, or stalled.", ge=0),
    ] = 0
    conditions: Annotated[
        Conditions,
        Meta(
            description="Ready sums up the others: Reconciling, Stalled, Released, Healthy, Drifted.",
            max_length=32,
            extra_json_schema={"x-kubernetes-list-type": "map", "x-kubernetes-list-map-keys": ["type"]},
        ),
    ] = ()
    source: Annotated[SourceStatus | None, Meta(description="The chart that spec.chart means now.")] = None
    values: Annotated[ValuesStatus | None, Meta(description="The values that were used last.")] = None
    release: Annotated[ReleaseSummary | None, Meta(description="The release as its newest record has it.")] = None
    history: Annotated[
        tuple[Snapshot, ...],
        Meta(
            description="The newest revisions, newest first.",
            max_length=MAX_HISTORY,
            extra_json_schema={"x-kubernetes-list-type": "atomic"},
        ),
    ] = ()
    inventory: Annotated[InventoryStatus | None, Meta(description="The objects of the release.")] = None
    failures: Annotated[int, Meta(description="Failed attempts since the last success.", ge=0)] = 0
    next_attempt: Annotated[datetime | None, Meta(description="When the next attempt is due, after a failed one.")] = (
        None
    )
    last_handled: Annotated[
        LastHandled | None, Meta(description="The values of the request annotations that were dealt with.")
    ] = None

    @classmethod
    def parse(cls, raw: Any) -> HelmReleaseStatus:
        """The status as the API has it. What cannot be read counts as empty; conditions are read one by one."""
        return read_status(raw, cls)

    def to_dict(self) -> dict[str, Any]:
        """The status as it is applied, within `STATUS_LIMIT`: our own conditions only."""
        own = own_conditions(self.conditions)
        plain: dict[str, Any] = msgspec.json.decode(
            msgspec.json.encode(bounded(msgspec.structs.replace(self, conditions=own)))
        )
        return plain


_SHORTER: Final = ((MESSAGE_LIMIT, 1024), (1000, 300), (500, 100), (200, 50), (50, 20))
"""Limits of (condition messages, reasons of objects) tried one after another until a status fits."""


def bounded(status: HelmReleaseStatus) -> HelmReleaseStatus:
    """The status with its lists cut to their bounds and its messages short enough for the whole to fit."""
    trimmed = status
    for messages, reasons in _SHORTER:
        trimmed = _trim(status, messages, reasons)
        if len(msgspec.json.encode(trimmed)) <= STATUS_LIMIT:
            break
    return trimmed


def _trim(status: HelmReleaseStatus, messages: int, reasons: int) -> HelmReleaseStatus:
    return msgspec.structs.replace(
        status,
        conditions=tuple(_shorten_message(condition, messages) for condition in status.conditions),
        history=status.history[:MAX_HISTORY],
        inventory=status.inventory and _shorten_inventory(status.inventory, reasons),
    )


def _shorten_message(condition: Condition, limit: int) -> Condition:
    if len(condition.message) <= limit:
        return condition
    return msgspec.structs.replace(condition, message=clip(condition.message, limit))


def _shorten_inventory(inventory: InventoryStatus, reasons: int) -> InventoryStatus:
    not_ready = tuple(
        msgspec.structs.replace(item, id=clip(item.id, 512), reason=clip(item.reason, reasons))
        for item in inventory.not_ready[:MAX_NOT_READY]
    )
    return msgspec.structs.replace(inventory, not_ready=not_ready)
