"""Conditions of our kinds: their types, the closed list of reasons, and the one helper that changes them.

A condition is Kubernetes' metav1.Condition. Its reason is always one of `Reason`; what each reason means for the user
and for the controller stands in `core.api.reasons`, one table, from which `docs/runbook.md` is generated. `Reconciling`
and `Stalled` are abnormal-true: they exist only while True. The planner's status code calls `set_condition` and
`drop_condition`; which conditions to set is its business, not ours.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from enum import StrEnum
from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta

from steersman.core.api.base import ApiStruct
from steersman.core.api.text import clip

ConditionStatus = Literal["True", "False", "Unknown"]

MESSAGE_LIMIT = 2000
"""Characters of a message of ours; the API allows 32768, but a status is read by people and kept under 32 KiB."""


class ConditionType(StrEnum):
    """The conditions we write. Others found in a status are kept as they are."""

    READY = "Ready"
    RECONCILING = "Reconciling"
    STALLED = "Stalled"
    RELEASED = "Released"
    HEALTHY = "Healthy"
    TEST_SUCCESS = "TestSuccess"
    REMEDIATED = "Remediated"
    DRIFTED = "Drifted"
    SOURCE_READY = "SourceReady"


_OWN_TYPES = frozenset(str(type_) for type_ in ConditionType)


class Reason(StrEnum):
    """Every reason a condition of ours can have."""

    PROGRESSING = "Progressing"
    PROGRESSING_WITH_RETRY = "ProgressingWithRetry"
    SUSPENDED = "Suspended"

    INVALID_SPEC = "InvalidSpec"
    SOURCE_READY = "SourceReady"
    SOURCE_NOT_READY = "SourceNotReady"
    DIGEST_MISMATCH = "DigestMismatch"
    VERIFICATION_FAILED = "VerificationFailed"
    CHART_INVALID = "ChartInvalid"
    VALUES_ERROR = "ValuesError"
    RENDER_FAILED = "RenderFailed"
    RENDER_LIMIT_EXCEEDED = "RenderLimitExceeded"
    DEPENDENCY_NOT_READY = "DependencyNotReady"
    DEPENDENCY_CYCLE = "DependencyCycle"

    OWNERSHIP_CONFLICT = "OwnershipConflict"
    CONFLICT = "Conflict"
    IMMUTABLE_FIELD = "ImmutableField"
    MANIFEST_REFUSED = "ManifestRefused"
    ACCESS_DENIED = "AccessDenied"
    NAMESPACE_TERMINATING = "NamespaceTerminating"
    UNREACHABLE = "Unreachable"
    MANAGED_BY_FLUX = "ManagedByFlux"
    FOREIGN_ACTION_IN_PROGRESS = "ForeignActionInProgress"
    PENDING_RELEASE = "PendingRelease"
    RECORD_TAMPERED = "RecordTampered"
    CLUSTER_CHANGED = "ClusterChanged"

    HOOK_FAILED = "HookFailed"
    HEALTH_CHECK_FAILED = "HealthCheckFailed"
    HEALTH_CHECK_SUCCEEDED = "HealthCheckSucceeded"
    TEST_FAILED = "TestFailed"
    TEST_SUCCEEDED = "TestSucceeded"

    INSTALL_SUCCEEDED = "InstallSucceeded"
    INSTALL_FAILED = "InstallFailed"
    UPGRADE_SUCCEEDED = "UpgradeSucceeded"
    UPGRADE_FAILED = "UpgradeFailed"
    ROLLBACK_SUCCEEDED = "RollbackSucceeded"
    ROLLBACK_FAILED = "RollbackFailed"
    UNINSTALL_SUCCEEDED = "UninstallSucceeded"
    UNINSTALL_FAILED = "UninstallFailed"

    DRIFT_DETECTED = "DriftDetected"
    NO_DRIFT_DETECTED = "NoDriftDetected"

    RETRIES_EXCEEDED = "RetriesExceeded"
    MISSING_ROLLBACK_TARGET = "MissingRollbackTarget"


class Condition(ApiStruct, frozen=True, kw_only=True):
    """One condition, as metav1.Condition has it."""

    type: Annotated[
        str,
        Meta(description="Type of the condition.", max_length=316, min_length=1),
    ]
    status: Annotated[ConditionStatus, Meta(description="True, False or Unknown.")]
    reason: Annotated[
        str,
        Meta(
            description="Why the condition has this status: one word of the table in docs/runbook.md.",
            min_length=1,
            max_length=1024,
        ),
    ]
    message: Annotated[str, Meta(description="The same for people: what, where, what to do.", max_length=32768)]
    last_transition_time: Annotated[datetime, Meta(description="When the status last changed.")]
    observed_generation: Annotated[int, Meta(description="The metadata.generation that was judged.", ge=0)] = 0


Conditions = tuple[Condition, ...]


def find_condition(conditions: Sequence[Condition], type_: str) -> Condition | None:
    """The condition of this type, None (read: Unknown) when there is none."""
    return next((condition for condition in conditions if condition.type == type_), None)


def set_condition(
    conditions: Sequence[Condition],
    type_: ConditionType,
    status: ConditionStatus,
    reason: Reason,
    message: str = "",
    *,
    generation: int,
    now: datetime,
) -> Conditions:
    """The conditions with this one set: in its place when it was there, else last.

    `lastTransitionTime` moves only when the status changes, whatever happens to reason and message, and has whole
    seconds as metav1.Time does. The message is cut to `MESSAGE_LIMIT`, saying how much is missing.
    """
    old = find_condition(conditions, type_)
    since = old.last_transition_time if old is not None and old.status == status else now.replace(microsecond=0)
    new = Condition(
        type=str(type_),
        status=status,
        reason=str(reason),
        message=clip(message, MESSAGE_LIMIT),
        last_transition_time=since,
        observed_generation=generation,
    )
    if old is None:
        return (*conditions, new)
    return tuple(new if condition is old else condition for condition in conditions)


def drop_condition(conditions: Sequence[Condition], type_: ConditionType) -> Conditions:
    """The conditions without this one."""
    return tuple(condition for condition in conditions if condition.type != type_)


def parse_conditions(raw: Any) -> Conditions:
    """Conditions out of a status as the API has it. What is no condition is dropped: it cannot be written back."""
    if not isinstance(raw, list):
        return ()
    return tuple(condition for item in raw if (condition := _parse(item)) is not None)


def own_conditions(conditions: Conditions) -> Conditions:
    """The conditions of types that we write.

    Conditions are a map by type, so those of others stay when ours are applied, and stay theirs."""
    return tuple(condition for condition in conditions if condition.type in _OWN_TYPES)


def _parse(item: Any) -> Condition | None:
    try:
        return msgspec.convert(item, Condition)
    except msgspec.ValidationError:
        return None
