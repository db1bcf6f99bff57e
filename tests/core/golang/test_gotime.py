"""Points in time: Go's layouts both ways, zones, and arithmetic beyond what `datetime` holds."""

import pytest

from steersman.core.golang.durations import HOUR, SECOND
from steersman.core.golang.gotime import UTC, ZERO_TIME, GoTime, Location, TimeRangeError, load_location, parse_time
from steersman.core.golang.layout_reader import LayoutError
from steersman.core.golang.layouts import civil_from_days, days_from_civil, split_layout
from steersman.core.golang.types import Duration

MOMENT = GoTime(1_700_000_000_123_456_789)


def zone(name: str) -> Location:
    location = load_location(name)
    assert location is not None
    return location


@pytest.mark.parametrize(
    ("layout", "text"),
    [
        pytest.param("2006-01-02T15:04:05Z07:00", "2023-11-14T22:13:20Z", id="rfc3339"),
        pytest.param("Mon, 02 Jan 2006 15:04:05 MST", "Tue, 14 Nov 2023 22:13:20 UTC", id="rfc1123"),
        pytest.param("Monday January _2 3PM", "Tuesday November 14 10PM", id="words"),
        pytest.param("06/1/2 3:4:5pm", "23/11/14 10:13:20pm", id="short"),
        pytest.param("05.000000000 05.999 05,0", "20.123456789 20.123 20,1", id="fractions"),
        pytest.param("002 __2 -0700 -07 Z0700", "318 318 +0000 +00 Z", id="year-day-and-offsets"),
        pytest.param("no date: 7 Janus", "no date: 7 Janus", id="text"),
    ],
)
def test_written(layout: str, text: str) -> None:
    assert MOMENT.format(layout) == text


@pytest.mark.parametrize(
    ("name", "text"),
    [
        pytest.param("Europe/Vienna", "2023-11-14 23:13:20 CET +0100", id="vienna"),
        pytest.param("America/New_York", "2023-11-14 17:13:20 EST -0500", id="new-york"),
        pytest.param("Asia/Kolkata", "2023-11-15 03:43:20 IST +0530", id="half-hour"),
        pytest.param("UTC", "2023-11-14 22:13:20 UTC +0000", id="utc"),
    ],
)
def test_zones(name: str, text: str) -> None:
    assert MOMENT.in_location(zone(name)).format("2006-01-02 15:04:05 MST -0700") == text


@pytest.mark.parametrize("name", ["Nowhere/Else", "../etc/passwd", "/etc/localtime", "a\0b", "Europe"])
def test_unknown_zones(name: str) -> None:
    assert load_location(name) is None


@pytest.mark.parametrize(
    ("layout", "text", "nanoseconds"),
    [
        pytest.param("2006-01-02", "2023-11-14", 1_699_920_000 * SECOND, id="date"),
        pytest.param("2006-01-02T15:04:05Z07:00", "2023-11-14T23:13:20+01:00", 1_700_000_000 * SECOND, id="offset"),
        pytest.param(
            "15:04:05", "00:00:01.5", ZERO_TIME.nanoseconds + 86_400 * -366 * SECOND + 1_500_000_000, id="time"
        ),
        pytest.param("2 Jan 06", "1 feb 70", 31 * 86_400 * SECOND, id="case"),
        pytest.param("2006 002", "2024 366", 1_735_603_200 * SECOND, id="leap-day"),
    ],
)
def test_read(layout: str, text: str, nanoseconds: int) -> None:
    assert parse_time(layout, text, UTC).nanoseconds == nanoseconds


def test_an_abbreviation_counts_where_the_place_knows_it() -> None:
    layout, text = "2006-01-02 15:04 MST", "2023-07-01 12:00 CEST"
    known, unknown = parse_time(layout, text, zone("Europe/Vienna")), parse_time(layout, text, UTC)
    assert unknown.subtract(known) == 2 * HOUR
    assert unknown.format("MST -0700") == "CEST +0000"


@pytest.mark.parametrize(
    ("layout", "text", "message"),
    [
        pytest.param("2006-01-02", "2023-13-01", 'parsing time "2023-13-01": month out of range', id="month"),
        pytest.param("2006-01-02", "2023-02-29", 'parsing time "2023-02-29": day out of range', id="day"),
        pytest.param("2006", "20x3", 'parsing time "20x3" as "2006": cannot parse "20x3" as "2006"', id="digits"),
        pytest.param("2006", "2023x", 'parsing time "2023x": extra text: "x"', id="rest"),
        pytest.param("a 2006", "b 2023", 'parsing time "b 2023" as "a 2006": cannot parse "b 2023" as "a "', id="text"),
    ],
)
def test_refused(layout: str, text: str, message: str) -> None:
    with pytest.raises(LayoutError) as caught:
        parse_time(layout, text, UTC)
    assert str(caught.value) == message


def test_printed() -> None:
    assert MOMENT.text() == "2023-11-14 22:13:20.123456789 +0000 UTC"
    assert MOMENT.json_text() == "2023-11-14T22:13:20.123456789Z"
    assert MOMENT.month().text() == "November"
    assert MOMENT.weekday().text() == "Tuesday"
    assert ZERO_TIME.text() == "0001-01-01 00:00:00 +0000 UTC"


def test_json_ends_with_the_year_9999() -> None:
    far = MOMENT.add_date(8000, 0, 0)
    assert far.year() == 10_023
    with pytest.raises(TimeRangeError, match=r"year outside of range \[0,9999\]$"):
        far.json_text()


def test_arithmetic() -> None:
    assert MOMENT.add_date(0, 3, 16).format("2006-01-02") == "2024-03-01", "the 30th of February spills over"
    assert MOMENT.add(Duration(HOUR)).subtract(MOMENT) == HOUR
    assert MOMENT.truncate(Duration(SECOND)).unix_nano() == 1_700_000_000 * SECOND
    assert MOMENT.round_to(Duration(HOUR)).format("15:04") == "22:00"
    assert MOMENT.subtract(ZERO_TIME) == 2**63 - 1, "durations stop at 292 years"
    assert ZERO_TIME.is_zero()


def test_days_are_counted_both_ways() -> None:
    for date in ((1, 1, 1), (1969, 12, 31), (1970, 1, 1), (2000, 2, 29), (-400, 3, 1), (12_345, 12, 31)):
        assert civil_from_days(days_from_civil(*date)) == date


def test_layouts_split_into_text_and_fields() -> None:
    assert split_layout("at 15:04 Janus") == (("at ", "15"), (":", "04"), (" Janus", ""))
