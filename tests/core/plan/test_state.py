"""`core.plan.state`: which state a look shows."""

from dataclasses import dataclass
from datetime import timedelta

import pytest
from core.plan.builders import (
    ANCESTOR,
    NO_SOURCE,
    NO_VALUES,
    NOW,
    STRANGER,
    UNREACHABLE,
    ago,
    desired,
    foreign,
    helm_release,
    observed,
    record,
)

from steersman.core.api.status import HelmReleaseStatus, LastHandled, ReleaseSummary
from steersman.core.plan.observed import Attempt, Observed
from steersman.core.plan.state import State, determine, patience, retry_requested


@dataclass(frozen=True)
class Row:
    """One look and the state it shows; `about` is the revision the state is about, `words` a part of its reason."""

    id: str
    look: Observed
    state: State
    about: int | None = None
    words: str = ""


def installed_in(cluster: str) -> HelmReleaseStatus:
    return HelmReleaseStatus(
        release=ReleaseSummary(name="web", namespace="demo", revision=1, status="deployed", cluster_uid=cluster)
    )


NEW = desired("input-2")
HANDLED = Attempt(input_digest="input-1", generation=1, handled=LastHandled(force_at="1"))
FORCING = Attempt(input_digest="input-1", generation=1, forcing=True, handled=LastHandled(force_at="1"))
FORCED = helm_release(force_at="1")

ROWS = [
    Row("nothing yet", observed(), State.ABSENT, None, "no release yet"),
    Row("nothing yet, values missing", observed(wanted=NO_VALUES), State.UNRESOLVED, None, "it went wrong"),
    Row("installed", observed(record()), State.IN_SYNC, 1, "revision 1 is deployed"),
    Row(
        "installed by a predecessor", observed(record(uid=ANCESTOR), dead_uids=frozenset({ANCESTOR})), State.IN_SYNC, 1
    ),
    Row("installed, inventory lost", observed(record(), no_inventory=True), State.FAILED, 1, "ReleaseInventory"),
    Row("installed, source away", observed(record(), wanted=NO_SOURCE), State.UNRESOLVED, 1),
    Row("other input", observed(record(), wanted=NEW), State.OUT_OF_SYNC, 1, "chart or values changed"),
    Row("first install under way", observed(record("pending-install")), State.PROGRESSING, 1, "pending-install"),
    Row(
        "upgrade under way", observed(record("superseded"), record("pending-upgrade", revision=2)), State.PROGRESSING, 2
    ),
    Row("under way, other input", observed(record("pending-install"), wanted=NEW), State.OUT_OF_SYNC, 1, "under way"),
    Row("under way, source away", observed(record("pending-install"), wanted=UNREACHABLE), State.PROGRESSING, 1),
    Row("failed", observed(record("failed", description="hook failed")), State.FAILED, 1, "hook failed"),
    Row("failed, other input", observed(record("failed"), wanted=NEW), State.OUT_OF_SYNC, 1),
    Row("failed, source away", observed(record("failed"), wanted=NO_SOURCE), State.UNRESOLVED, 1),
    Row("superseded only", observed(record("superseded")), State.FAILED, 1),
    Row("unknown to Helm too", observed(record("unknown")), State.FAILED, 1),
    Row("uninstalled, history kept", observed(record("uninstalled")), State.ABSENT, 1, "uninstalled"),
    Row(
        "uninstalling, then created anew",
        observed(record("uninstalling", uid=ANCESTOR), dead_uids=frozenset({ANCESTOR})),
        State.ABSENT,
        1,
    ),
    Row(
        "Helm uninstalls our revision",
        observed(record("uninstalling", deleted=ago(minutes=9))),
        State.LOCKED,
        1,
        "is uninstalling revision 1",
    ),
    Row("Helm died uninstalling", observed(record("uninstalling", deleted=ago(minutes=10))), State.ABSENT, 1),
    Row("forced", observed(record(), release=FORCED), State.OUT_OF_SYNC, 1, "by annotation"),
    Row("forced and dealt with", observed(record(), release=FORCED, attempt=HANDLED), State.IN_SYNC, 1),
    Row("forced, preparing failed", observed(record(), release=FORCED, attempt=FORCING), State.OUT_OF_SYNC, 1),
    Row("Helm's release", observed(foreign()), State.UNMANAGED, 1, "did not install"),
    Row("another HelmRelease's release", observed(record(uid=STRANGER)), State.UNMANAGED, 1),
    Row("Helm's pending release", observed(foreign("pending-install")), State.UNMANAGED, 1),
    Row("Helm deployed on top", observed(record(), foreign(revision=2)), State.OUT_OF_SYNC, 2, "somebody else"),
    Row("Helm failed on top", observed(record(), foreign("failed", revision=2)), State.OUT_OF_SYNC, 2),
    Row(
        "Helm at work on top",
        observed(record(), foreign("pending-upgrade", revision=2, begun=ago(minutes=9))),
        State.LOCKED,
        2,
    ),
    Row("Helm uninstalling", observed(record(), foreign("uninstalling", revision=2)), State.LOCKED, 2),
    Row(
        "Helm died on top",
        observed(record(), foreign("pending-upgrade", revision=2, begun=ago(minutes=10))),
        State.OUT_OF_SYNC,
        2,
    ),
    Row(
        "Helm at work, with a long timeout",
        observed(
            record(),
            foreign("pending-upgrade", revision=2, begun=ago(minutes=19)),
            release=helm_release({"timeout": "20m"}),
        ),
        State.LOCKED,
        2,
    ),
    Row(
        "Helm died without a date",
        observed(record(), foreign("pending-upgrade", revision=2, begun=None)),
        State.OUT_OF_SYNC,
        2,
    ),
    Row("Helm on top, source away", observed(record(), foreign(revision=2), wanted=NO_SOURCE), State.UNRESOLVED, 2),
    Row("suspended", observed(record("failed"), release=helm_release({"suspend": True})), State.SUSPENDED, 1),
    Row(
        "suspended, values missing",
        observed(wanted=NO_VALUES, release=helm_release({"suspend": True})),
        State.SUSPENDED,
    ),
    Row(
        "the same cluster", observed(record(), release=helm_release(status=installed_in("cluster-1"))), State.IN_SYNC, 1
    ),
    Row(
        "another cluster",
        observed(release=helm_release(status=installed_in("cluster-0"))),
        State.CLUSTER_CHANGED,
        None,
        "cluster-0",
    ),
    Row(
        "another cluster, suspended",
        observed(release=helm_release({"suspend": True}, status=installed_in("cluster-0"))),
        State.CLUSTER_CHANGED,
    ),
    Row(
        "status of before clusters were told apart",
        observed(release=helm_release(status=installed_in(""))),
        State.ABSENT,
    ),
    Row("being deleted", observed(record(), release=helm_release(deleting=NOW), wanted=None), State.DELETING, 1),
    Row(
        "being deleted in the middle of an install",
        observed(record("pending-install"), release=helm_release(deleting=NOW), wanted=None),
        State.DELETING,
        1,
    ),
    Row(
        "being deleted, suspended",
        observed(record(), release=helm_release({"suspend": True}, deleting=NOW), wanted=None),
        State.DELETING,
        1,
    ),
    Row(
        "let go",
        observed(record(), release=helm_release(deleting=NOW, finalizer=False), wanted=None),
        State.GONE,
    ),
]


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.id)
def test_determine(row: Row) -> None:
    state = determine(row.look)
    assert state.status is row.state
    assert (state.record.revision if state.record else None) == row.about
    assert row.words in state.reason
    assert state.reason


def test_unresolved_carries_what_is_in_the_way() -> None:
    assert determine(observed(wanted=NO_VALUES)).problem is NO_VALUES


@pytest.mark.parametrize(
    ("timeout", "waits"),
    [(None, timedelta(minutes=10)), ("9m", timedelta(minutes=10)), ("1h", timedelta(hours=1))],
    ids=["default", "short", "long"],
)
def test_patience_with_others(timeout: str | None, waits: timedelta) -> None:
    spec = {"upgrade": {"timeout": timeout}} if timeout else {}
    assert patience(observed(release=helm_release(spec))) == waits


@pytest.mark.parametrize(
    ("asked", "handled", "requested"),
    [
        ({}, {}, False),
        ({"reconcile_at": "2"}, {"reconcile_at": "1"}, True),
        ({"reconcile_at": "1"}, {"reconcile_at": "1"}, False),
        ({"reset_at": "1"}, {"reconcile_at": "1"}, True),
        ({"force_at": "1"}, {}, True),
        ({}, {"force_at": "1"}, False),
    ],
    ids=["nothing", "new value", "same value", "another annotation", "force", "annotation removed"],
)
def test_retry_requested(asked: dict[str, str], handled: dict[str, str], requested: bool) -> None:
    attempt = Attempt(handled=LastHandled(**handled))
    assert retry_requested(observed(release=helm_release(**asked), attempt=attempt)) is requested
