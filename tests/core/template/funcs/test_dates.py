"""Dates that depend on the render's clock and zone; layouts and durations are compared with Helm in test_recorded."""

from typing import Any

import pytest

from steersman.core.golang.types import Int64
from steersman.core.template.funcs import dates

from .conftest import StandIn

HOUR = 3_600_000_000_000


def test_now_is_the_clock_of_the_render(runtime: StandIn) -> None:
    assert dates.now(runtime).text() == "2023-11-14 22:13:20 +0000 UTC"


@pytest.mark.parametrize(
    "value",
    [pytest.param(value, id=repr(value)) for value in ("2020-01-01", 1.0, None, True, [])],
)
def test_what_is_no_date_stands_for_now(value: Any, runtime: StandIn) -> None:
    assert dates.date(runtime, "2006-01-02 15:04", value) == "2023-11-14 22:13"


@pytest.mark.parametrize("value", [pytest.param(0, id="int"), pytest.param(Int64(0), id="int64")])
def test_integers_are_unix_seconds(value: Any, runtime: StandIn) -> None:
    assert dates.html_date(runtime, value) == "1970-01-01"


def test_local_is_the_zone_of_the_render(runtime: StandIn) -> None:
    runtime.time_zone = "Asia/Tokyo"
    assert dates.date(runtime, "15:04 MST", 0) == "09:00 JST"
    assert dates.date_in_zone(runtime, "15:04 MST", 0, "Local") == "09:00 JST"
    assert dates.date_in_zone(runtime, "15:04 MST", 0, "Nowhere/Land") == "00:00 UTC"
    assert dates.to_date(runtime, "2006-01-02", "2020-01-01").unix() == 1_577_804_400


@pytest.mark.parametrize(
    ("hours", "text"),
    [pytest.param(1, "1h0m0s", id="past"), pytest.param(-1, "-1h0m0s", id="future"), pytest.param(0, "0s", id="now")],
)
def test_ago(hours: int, text: str, runtime: StandIn) -> None:
    then = dates.now(runtime)
    runtime.time += hours * HOUR
    assert dates.ago(runtime, then) == text


def test_duration_round_of_a_date_is_its_age(runtime: StandIn) -> None:
    then = dates.now(runtime)
    runtime.time += 50 * HOUR
    assert dates.duration_round(runtime, then) == "2d"
