"""The status: what survives a round trip, and that it never grows past its limit."""

from datetime import UTC, datetime
from typing import Any

import msgspec
import pytest

from steersman.core.api.conditions import ConditionType, Reason, set_condition
from steersman.core.api.status import (
    STATUS_LIMIT,
    HelmReleaseStatus,
    InventoryStatus,
    LastHandled,
    NotReady,
    ReleaseSummary,
    Snapshot,
    SourceStatus,
    ValuesSource,
    ValuesStatus,
)

NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)


def full(message: str = "all well") -> HelmReleaseStatus:
    conditions = ()
    for type_ in ConditionType:
        conditions = set_condition(conditions, type_, "True", Reason.PROGRESSING, message, generation=4, now=NOON)
    return HelmReleaseStatus(
        observed_generation=4,
        conditions=conditions,
        source=SourceStatus(url="oci://r/c", version="1.2.3", digest="sha256:" + "a" * 64, resolved_at=NOON),
        values=ValuesStatus(
            digest="hmac-sha256:b", from_=(ValuesSource(kind="Secret", name="s", resource_version="9"),)
        ),
        release=ReleaseSummary(
            name="web",
            namespace="shop",
            revision=7,
            status="deployed",
            chart="web-1.2.3",
            app_version="9",
            first_deployed=NOON,
            last_deployed=NOON,
            cluster_uid="c",
        ),
        history=tuple(
            Snapshot(revision=n, digest="sha256:x", chart="web-1", status="deployed", deployed=NOON) for n in range(10)
        ),
        inventory=InventoryStatus(
            name="web",
            digest="sha256:y",
            total=30,
            ready=20,
            not_ready=tuple(NotReady(id=f"Deployment shop/{n}", status="Failed", reason=message) for n in range(10)),
        ),
        failures=2,
        next_attempt=NOON,
        last_handled=LastHandled(reconcile_at="a", force_at="b", reset_at="c"),
    )


def test_a_status_survives_the_api() -> None:
    assert HelmReleaseStatus.parse(full().to_dict()) == full()


def test_names_are_those_of_the_schema() -> None:
    plain = full().to_dict()
    assert plain["release"]["clusterUID"] == "c"
    assert plain["values"]["from"] == [{"kind": "Secret", "name": "s", "resourceVersion": "9"}]
    assert plain["source"]["resolvedAt"] == "2026-01-01T12:00:00Z"
    assert HelmReleaseStatus().to_dict() == {}


@pytest.mark.parametrize("raw", [None, "x", {"release": 5}, {"history": [{"revision": "one"}]}], ids=str)
def test_a_status_that_cannot_be_read_is_empty(raw: Any) -> None:
    assert HelmReleaseStatus.parse(raw) == HelmReleaseStatus()


def test_conditions_survive_a_damaged_rest() -> None:
    damaged = {**full().to_dict(), "release": "gone"}
    assert HelmReleaseStatus.parse(damaged) == HelmReleaseStatus(conditions=full().conditions)


def test_conditions_of_others_are_read_and_not_sent() -> None:
    foreign = {
        "type": "Audited",
        "status": "True",
        "reason": "Ok",
        "message": "",
        "lastTransitionTime": "2026-01-01T00:00:00Z",
    }
    status = HelmReleaseStatus.parse({"conditions": [foreign]})
    assert [condition.type for condition in status.conditions] == ["Audited"]
    assert status.to_dict() == {}


@pytest.mark.parametrize(
    "message",
    [
        pytest.param("x" * 100_000, id="letters"),
        pytest.param("\U0001f600" * 100_000, id="four bytes each"),
        pytest.param("\x01" * 100_000, id="six bytes each in JSON"),
        pytest.param('"\\' * 100_000, id="escapes"),
    ],
)
def test_it_always_fits(message: str) -> None:
    plain = full(message).to_dict()
    assert len(msgspec.json.encode(plain)) <= STATUS_LIMIT
    assert "characters)" in plain["conditions"][0]["message"]


def test_lists_are_cut_to_their_bounds() -> None:
    many = msgspec.structs.replace(full(), history=tuple(Snapshot(revision=n) for n in range(50)))
    assert len(many.to_dict()["history"]) == 10
