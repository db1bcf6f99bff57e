"""The table of reasons: for each, what the controller does about it, what it means, and what the user can do.

One row per `Reason` (a test sees to it). The planner asks `info(reason).flow` whether to retry or stall and appends
`next_step` to messages; `docs/runbook.md` is this table as a page, written by `tools/runbook.py`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType
from typing import Final

from steersman.core.api.conditions import ConditionType, Reason


class Flow(StrEnum):
    """What happens after a reason was set."""

    DONE = "done"
    """Nothing: this is a good end."""
    PROGRESS = "progress"
    """The action goes on."""
    WAIT = "wait"
    """Something else has to happen first; a watch or a timer sees it."""
    RETRY = "retry"
    """Tried again, after growing pauses or `retryInterval`."""
    STALL = "stall"
    """Nothing is tried until the spec, its values or a request annotation changes."""


@dataclass(frozen=True, slots=True)
class ReasonInfo:
    """One row: where the reason appears, what follows, what it says, and the next step for the user ("" for none).
    `exception` is when something else than `flow` follows ("" for never)."""

    conditions: tuple[ConditionType, ...]
    flow: Flow
    meaning: str
    next_step: str = ""
    exception: str = ""


def info(reason: Reason) -> ReasonInfo:
    """The row of this reason."""
    return REASONS[reason]


_READY = ConditionType.READY
_RECONCILING = ConditionType.RECONCILING
_STALLED = ConditionType.STALLED
_RELEASED = ConditionType.RELEASED
_HEALTHY = ConditionType.HEALTHY
_TESTED = ConditionType.TEST_SUCCESS
_REMEDIATED = ConditionType.REMEDIATED
_DRIFTED = ConditionType.DRIFTED
_SOURCE = ConditionType.SOURCE_READY

REASONS: Final[Mapping[Reason, ReasonInfo]] = MappingProxyType(
    {
        Reason.PROGRESSING: ReasonInfo(
            (_READY, _RECONCILING),
            Flow.PROGRESS,
            "An action is under way; the message names the step and what it waits for.",
        ),
        Reason.PROGRESSING_WITH_RETRY: ReasonInfo(
            (_RECONCILING,),
            Flow.RETRY,
            "The last attempt failed and another one is due; `Ready` says why it failed, `status.nextAttempt` when "
            "the next one is.",
            "Nothing has to be done; annotate `steersman.dev/reset-at` with a new value to try now.",
        ),
        Reason.SUSPENDED: ReasonInfo(
            (_READY,),
            Flow.WAIT,
            "`spec.suspend` is true: nothing is read, applied or repaired.",
            "Set `spec.suspend` to false to go on.",
        ),
        Reason.INVALID_SPEC: ReasonInfo(
            (_READY, _STALLED, _SOURCE),
            Flow.STALL,
            "The spec holds something that the API server could not refuse; the message names the field. Or it names a "
            "registry that this operator may not ask: a release that runs stays as it is.",
            "Correct the field; `kubectl explain hrel.spec` (`crepo.spec`) describes it.",
        ),
        Reason.SOURCE_READY: ReasonInfo(
            (_READY,),
            Flow.DONE,
            "The ChartRepository answers on its terms.",
        ),
        Reason.SOURCE_NOT_READY: ReasonInfo(
            (_READY, _SOURCE),
            Flow.RETRY,
            "The chart, or the index of a ChartRepository, could not be had: the registry or repository did not "
            "answer, refused the credentials, has no such chart or version, or something that the spec names (a "
            "Secret, ServiceAccount or ChartRepository) does not exist. A release that runs stays as it is.",
            "Check what the spec says of the source (`url` or `repository`, `version`, `digest`, the Secrets), and "
            "what the registry holds.",
        ),
        Reason.DIGEST_MISMATCH: ReasonInfo(
            (_READY, _STALLED),
            Flow.STALL,
            "The registry gave other bytes than `spec.chart.digest` names, or the chart in them is not the version "
            "asked for. Nothing of it was applied.",
            "If another chart is wanted, set `spec.chart.digest` and `version` to it; if not, find out who changed the "
            "chart.",
        ),
        Reason.VERIFICATION_FAILED: ReasonInfo(
            (_READY, _STALLED),
            Flow.STALL,
            "The chart's signature is missing or not by whom it must be. Nothing of it was applied; a release that "
            "runs stays as it is.",
            "Sign the chart, or correct `verify` and the Secret with the keys: a change is noticed at once.",
            "a chart without any signature is looked at again, as with `retry`: it may be signed soon",
        ),
        Reason.CHART_INVALID: ReasonInfo(
            (_READY, _STALLED, _SOURCE),
            Flow.STALL,
            "What the registry holds is no chart that can be installed, or the index of a repository cannot be read; "
            "the message names the file and the fault.",
            "Repair and push the chart, then set its new digest or version; or have the index repaired.",
            "an index that cannot be read is looked at again, as with `retry`",
        ),
        Reason.VALUES_ERROR: ReasonInfo(
            (_READY, _STALLED),
            Flow.STALL,
            "The values cannot be used: an object or key of `spec.valuesFrom` is missing or no YAML, or the chart's "
            "schema refuses them. The message names the place.",
            "Correct `spec.values`, or the object of `spec.valuesFrom`: it is noticed at once.",
        ),
        Reason.RENDER_FAILED: ReasonInfo(
            (_READY, _STALLED),
            Flow.STALL,
            "A template of the chart failed with these values; the message names template, line and cause.",
            "Correct the value that the template complains about, or the chart.",
        ),
        Reason.RENDER_LIMIT_EXCEEDED: ReasonInfo(
            (_READY, _STALLED),
            Flow.STALL,
            "Rendering took more time, memory, output or recursion than one chart may.",
            "Look for an endless loop or recursion in the chart; `docs/security.md` has the limits.",
        ),
        Reason.DEPENDENCY_NOT_READY: ReasonInfo(
            (_READY,),
            Flow.WAIT,
            "Something this release depends on is not ready; the message names it and its state.",
            "Look at that object; this release goes on by itself.",
        ),
        Reason.DEPENDENCY_CYCLE: ReasonInfo(
            (_READY, _STALLED),
            Flow.STALL,
            "Releases depend on each other in a circle; the message shows it.",
            "Remove one of the dependencies.",
        ),
        Reason.OWNERSHIP_CONFLICT: ReasonInfo(
            (_READY, _STALLED),
            Flow.STALL,
            "An object that the chart renders exists and belongs to somebody else. Nothing was changed.",
            "Remove or rename that object, or take it out of the other release; then annotate `steersman.dev/reset-at` "
            "with a new value.",
        ),
        Reason.CONFLICT: ReasonInfo(
            (_READY,),
            Flow.RETRY,
            "Another field manager owns a field with another value, and `spec.apply.conflicts` is Fail.",
            "Let the other manager give the field up, take the field out of the chart's values, or set "
            "`spec.apply.conflicts` to Force.",
        ),
        Reason.IMMUTABLE_FIELD: ReasonInfo(
            (_READY, _STALLED),
            Flow.STALL,
            "The new manifest changes a field that Kubernetes does not allow to change; the message names it.",
            "Put the old value back; or delete the object and annotate the HelmRelease with `steersman.dev/reset-at` "
            "and a new value: the object is then created anew.",
        ),
        Reason.MANIFEST_REFUSED: ReasonInfo(
            (_READY, _STALLED),
            Flow.STALL,
            "The API server or an admission webhook refuses an object that the chart renders.",
            "Correct the value or the chart.",
        ),
        Reason.ACCESS_DENIED: ReasonInfo(
            (_READY,),
            Flow.RETRY,
            "The operator may not do what the release needs; the message names verb, resource and identity.",
            "Grant it, or raise the quota, or change the policy that refuses it.",
        ),
        Reason.NAMESPACE_TERMINATING: ReasonInfo(
            (_READY,),
            Flow.WAIT,
            "A namespace that the release needs is being deleted.",
            "Wait until it is gone; if it stays, look at its conditions for what holds it.",
        ),
        Reason.UNREACHABLE: ReasonInfo(
            (_READY,),
            Flow.RETRY,
            "The API server, or an API or webhook behind it, does not answer.",
            "Look at the service that the message names; nothing is judged gone meanwhile.",
        ),
        Reason.MANAGED_BY_FLUX: ReasonInfo(
            (_READY, _STALLED),
            Flow.STALL,
            "A Flux HelmRelease that is not suspended claims this release. Nothing is touched.",
            "Suspend or delete the Flux HelmRelease (`flux suspend helmrelease`), then annotate "
            "`steersman.dev/reset-at` with a new value.",
        ),
        Reason.FOREIGN_ACTION_IN_PROGRESS: ReasonInfo(
            (_READY,),
            Flow.WAIT,
            "Somebody else's install, upgrade or rollback of this release is recorded as under way.",
            "Let it end. If it died, it is taken over once it is older than the timeout and ten minutes.",
        ),
        Reason.PENDING_RELEASE: ReasonInfo(
            (_RELEASED,),
            Flow.RETRY,
            "An action that died had left its lock; the lock was cleared.",
        ),
        Reason.RECORD_TAMPERED: ReasonInfo(
            (_READY, _STALLED),
            Flow.STALL,
            "A release record is not as it was written; it is not rolled back to, deleted from, nor are its hooks run.",
            "Find out who changed it. A change of the spec installs again from the chart and does not need the record.",
        ),
        Reason.CLUSTER_CHANGED: ReasonInfo(
            (_READY, _STALLED),
            Flow.STALL,
            "The cluster is another one than the release was installed in. Nothing is judged gone and nothing is "
            "deleted.",
            "Point the operator at the right cluster, or delete the HelmRelease with `spec.deletionPolicy: Orphan` "
            "and create it anew.",
        ),
        Reason.HOOK_FAILED: ReasonInfo(
            (_READY, _RELEASED),
            Flow.RETRY,
            "A hook of the chart failed; the message names it and the end of its log.",
            "Read the hook's log; correct the values, the chart, or what the hook needs.",
        ),
        Reason.HEALTH_CHECK_FAILED: ReasonInfo(
            (_READY, _HEALTHY),
            Flow.RETRY,
            "Objects of the release are not healthy; the message begins with the culprit.",
            "Look at the named object; `status.inventory.notReady` lists the others.",
        ),
        Reason.HEALTH_CHECK_SUCCEEDED: ReasonInfo(
            (_HEALTHY,),
            Flow.DONE,
            "All objects of the release are healthy.",
        ),
        Reason.TEST_FAILED: ReasonInfo(
            (_READY, _TESTED),
            Flow.RETRY,
            "A test of the chart failed; the message names it.",
            "Read the test's log.",
        ),
        Reason.TEST_SUCCEEDED: ReasonInfo((_TESTED,), Flow.DONE, "All tests of the chart passed."),
        Reason.INSTALL_SUCCEEDED: ReasonInfo((_READY, _RELEASED), Flow.DONE, "The release is installed."),
        Reason.INSTALL_FAILED: ReasonInfo(
            (_READY, _RELEASED, _STALLED),
            Flow.RETRY,
            "The install failed; the message says at what. With `install.onFailure: Stop` it is not tried again.",
            "Correct what the message names. What was created stays and is taken over by the next attempt.",
        ),
        Reason.UPGRADE_SUCCEEDED: ReasonInfo((_READY, _RELEASED), Flow.DONE, "The release is upgraded."),
        Reason.UPGRADE_FAILED: ReasonInfo(
            (_READY, _RELEASED, _STALLED),
            Flow.RETRY,
            "The upgrade failed; the message says at what. With `upgrade.onFailure: Stop` it is not tried again.",
            "Correct what the message names, or put the previous chart or values back.",
        ),
        Reason.ROLLBACK_SUCCEEDED: ReasonInfo(
            (_READY, _REMEDIATED),
            Flow.STALL,
            "After a failed upgrade the release was rolled back; it runs, but not what the spec says.",
            "Correct the spec.",
        ),
        Reason.ROLLBACK_FAILED: ReasonInfo(
            (_READY, _REMEDIATED),
            Flow.RETRY,
            "Rolling back failed; the message says at what.",
            "Correct what the message names.",
        ),
        Reason.UNINSTALL_SUCCEEDED: ReasonInfo(
            (_READY, _REMEDIATED),
            Flow.DONE,
            "The release is uninstalled.",
        ),
        Reason.UNINSTALL_FAILED: ReasonInfo(
            (_READY, _REMEDIATED, _STALLED),
            Flow.RETRY,
            "Uninstalling failed; the HelmRelease stays until it succeeds.",
            "Remove what the message names as the obstacle, or set `spec.deletionPolicy: Orphan` (also while "
            "deleting) to let the HelmRelease go and leave the objects.",
        ),
        Reason.DRIFT_DETECTED: ReasonInfo(
            (_DRIFTED,),
            Flow.RETRY,
            "Somebody changed or deleted objects of the release; the message names object, fields and manager. They "
            "are put back.",
            "If the change is wanted, make it in the values. If two managers fight over a field, stop one.",
        ),
        Reason.NO_DRIFT_DETECTED: ReasonInfo((_DRIFTED,), Flow.DONE, "The objects are as they were applied."),
        Reason.RETRIES_EXCEEDED: ReasonInfo(
            (_STALLED,),
            Flow.STALL,
            "The attempts that were allowed have all failed.",
            "Correct what `Ready` names; a changed spec, or a new value of `steersman.dev/reset-at`, tries again.",
        ),
        Reason.MISSING_ROLLBACK_TARGET: ReasonInfo(
            (_STALLED,),
            Flow.STALL,
            "There is no revision to roll back to.",
            "Correct the spec; the next attempt is an upgrade.",
        ),
    }
)
