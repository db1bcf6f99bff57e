"""Setting conditions: what moves lastTransitionTime, what is kept, what is cut."""

from datetime import UTC, datetime, timedelta

import pytest

from steersman.core.api.conditions import (
    MESSAGE_LIMIT,
    Condition,
    Conditions,
    ConditionType,
    Reason,
    drop_condition,
    find_condition,
    parse_conditions,
    set_condition,
)

NOON = datetime(2026, 1, 1, 12, 0, 0, 987654, tzinfo=UTC)
LATER = NOON + timedelta(minutes=5)
READY = ConditionType.READY


def failed_at_noon() -> Conditions:
    return set_condition((), READY, "False", Reason.INSTALL_FAILED, "no", generation=1, now=NOON)


@pytest.mark.parametrize(
    ("status", "reason", "message", "since"),
    [
        pytest.param("False", Reason.INSTALL_FAILED, "no", NOON, id="the same again"),
        pytest.param("False", Reason.HOOK_FAILED, "other", NOON, id="other reason and message"),
        pytest.param("True", Reason.INSTALL_SUCCEEDED, "", LATER, id="other status"),
    ],
)
def test_only_a_change_of_status_moves_the_time(status: str, reason: Reason, message: str, since: datetime) -> None:
    after = set_condition(failed_at_noon(), READY, status, reason, message, generation=2, now=LATER)  # type: ignore[arg-type]
    assert after == (
        Condition(
            type="Ready",
            status=status,  # type: ignore[arg-type]
            reason=str(reason),
            message=message,
            last_transition_time=since.replace(microsecond=0),
            observed_generation=2,
        ),
    )


def test_a_condition_keeps_its_place_and_others_stay() -> None:
    foreign = {
        "type": "Audited",
        "status": "True",
        "reason": "Ok",
        "message": "",
        "lastTransitionTime": "2026-01-01T00:00:00Z",
    }
    conditions = (*failed_at_noon(), *parse_conditions([foreign]))
    after = set_condition(conditions, READY, "True", Reason.INSTALL_SUCCEEDED, generation=1, now=LATER)
    assert [condition.type for condition in after] == ["Ready", "Audited"]
    assert after[0].status == "True"
    assert drop_condition(after, READY) == after[1:]


def test_an_absent_condition_is_not_found() -> None:
    assert find_condition((), "Ready") is None


def test_a_long_message_is_cut_and_says_so() -> None:
    (condition,) = set_condition((), READY, "False", Reason.HOOK_FAILED, "x" * 5000, generation=1, now=NOON)
    assert len(condition.message) == MESSAGE_LIMIT
    shown = condition.message.count("x", 0, condition.message.index("…"))
    assert condition.message.endswith(f"… (+{5000 - shown} characters)")


@pytest.mark.parametrize(
    "raw",
    [
        pytest.param(None, id="none"),
        pytest.param("text", id="no list"),
        pytest.param([{"type": "Ready"}], id="fields missing"),
        pytest.param(
            [{"type": "Ready", "status": "Maybe", "reason": "A", "message": "", "lastTransitionTime": "x"}],
            id="bad values",
        ),
    ],
)
def test_what_is_no_condition_is_dropped(raw: object) -> None:
    assert parse_conditions(raw) == ()
