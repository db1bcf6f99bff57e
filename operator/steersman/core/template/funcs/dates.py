"""Dates and durations: Sprig's by Go's layouts, and Helm's own `duration…` functions.

A date is a time, or an int or int64 of Unix seconds; anything else stands for now (Sprig's choice, kept). `duration…`
functions of Helm take a duration, a text such as `1h30m`, or a number of seconds.
"""

from __future__ import annotations

import math
from typing import Any, Final, Protocol

from steersman.core.golang import durations
from steersman.core.golang.cast import truncate_float
from steersman.core.golang.durations import DurationError, parse_duration
from steersman.core.golang.gotime import UTC, ZERO_TIME, GoTime, Location, load_location, parse_time
from steersman.core.golang.kinds import type_name
from steersman.core.golang.layout_reader import LayoutError
from steersman.core.golang.numbers import NumberRangeError, NumberSyntaxError, format_float, parse_float
from steersman.core.golang.quote import quote
from steersman.core.golang.runes import SPACE
from steersman.core.golang.types import Duration, GoValue, Int64
from steersman.core.template.funcs.math import read_decimal
from steersman.core.template.funcs.registry import ANY, FLOAT64, INT64, STRING, FunctionError, FunctionTable

TABLE = FunctionTable()

_TIME: Final = "time.Time"
_DURATION: Final = "time.Duration"
_HTML_DATE: Final = "2006-01-02"
_DAY: Final = 24 * durations.HOUR
_ROUND_UNITS: Final = (
    (365 * _DAY, "y"),
    (30 * _DAY, "mo"),
    (_DAY, "d"),
    (durations.HOUR, "h"),
    (durations.MINUTE, "m"),
    (durations.SECOND, "s"),
)
_MOST_SECONDS: Final = durations.MAX // durations.SECOND


class Clock(Protocol):
    """The part of the template runtime that knows the time. `time_zone` is a zone's name, or nothing for UTC."""

    time_zone: Any

    def clock(self) -> int:
        """Nanoseconds since 1970."""
        ...


def _local(runtime: Clock) -> Location:
    zone = runtime.time_zone
    if isinstance(zone, Location):
        return zone
    return load_location(zone or "") or UTC


@TABLE.function("now", result=_TIME, runtime=True)
def now(runtime: Clock) -> GoTime:
    """The time of this render."""
    return GoTime(runtime.clock(), _local(runtime))


@TABLE.function("date", params=(STRING, ANY), result=STRING, runtime=True)
def date(runtime: Clock, layout: str, value: GoValue) -> str:
    """A date by a layout, in local time."""
    return _as_time(runtime, value).in_location(_local(runtime)).format(layout)


@TABLE.function("htmlDate", params=(ANY,), result=STRING, runtime=True)
def html_date(runtime: Clock, value: GoValue) -> str:
    """A date as HTML wants it, in local time."""
    return date(runtime, _HTML_DATE, value)


@TABLE.function("dateInZone", "date_in_zone", params=(STRING, ANY, STRING), result=STRING, runtime=True)
def date_in_zone(runtime: Clock, layout: str, value: GoValue, zone: str) -> str:
    """A date by a layout, in a zone; an unknown zone is UTC."""
    location = _local(runtime) if zone == "Local" else load_location(zone) or UTC
    return _as_time(runtime, value).in_location(location).format(layout)


@TABLE.function("htmlDateInZone", params=(ANY, STRING), result=STRING, runtime=True)
def html_date_in_zone(runtime: Clock, value: GoValue, zone: str) -> str:
    """A date as HTML wants it, in a zone."""
    return date_in_zone(runtime, _HTML_DATE, value, zone)


def _as_time(runtime: Clock, value: GoValue) -> GoTime:
    if isinstance(value, GoTime):
        return value
    if type(value) in (int, Int64):
        return GoTime.from_unix(int(value), _local(runtime))
    return now(runtime)


@TABLE.function("toDate", params=(STRING, STRING), result=_TIME, runtime=True)
def to_date(runtime: Clock, layout: str, text: str) -> GoTime:
    """A text by a layout as a time; the zero time when it does not follow it."""
    try:
        return parse_time(layout, text, _local(runtime))
    except LayoutError:
        return ZERO_TIME


@TABLE.function("mustToDate", params=(STRING, STRING), result=_TIME, runtime=True)
def must_to_date(runtime: Clock, layout: str, text: str) -> GoTime:
    """A text by a layout as a time."""
    try:
        return parse_time(layout, text, _local(runtime))
    except LayoutError as error:
        raise FunctionError(str(error)) from error


@TABLE.function("dateModify", "date_modify", params=(STRING, _TIME), result=_TIME)
def date_modify(duration: str, time: GoTime) -> GoTime:
    """Later by a duration; unchanged when that is none."""
    try:
        return time.add(Duration(parse_duration(duration)))
    except DurationError:
        return time


@TABLE.function("mustDateModify", "must_date_modify", params=(STRING, _TIME), result=_TIME)
def must_date_modify(duration: str, time: GoTime) -> GoTime:
    """Later by a duration."""
    try:
        return time.add(Duration(parse_duration(duration)))
    except DurationError as error:
        raise FunctionError(str(error)) from error


@TABLE.function("unixEpoch", params=(_TIME,), result=STRING)
def unix_epoch(time: GoTime) -> str:
    """Seconds since 1970, as text."""
    return str(int(time.unix()))


@TABLE.function("ago", params=(ANY,), result=STRING, runtime=True)
def ago(runtime: Clock, value: GoValue) -> str:
    """How long ago a date was, to the second."""
    return now(runtime).subtract(_as_time(runtime, value)).round_to(Duration(durations.SECOND)).text()


@TABLE.function("duration", params=(ANY,), result=STRING)
def duration(value: GoValue) -> str:
    """Seconds, a text or an int64, as a duration; anything else, an int too, is 0s."""
    seconds = read_decimal(value) if isinstance(value, str) else int(value) if type(value) is Int64 else 0
    nanoseconds = seconds * durations.SECOND
    return Duration((nanoseconds - durations.MIN) % 2**64 + durations.MIN).text()


@TABLE.function("durationRound", params=(ANY,), result=STRING, runtime=True)
def duration_round(runtime: Clock, value: GoValue) -> str:
    """In the largest unit of which there is more than one: `2h`, `3mo`."""
    size = abs(_rounded_duration(runtime, value))
    for unit, name in _ROUND_UNITS:
        if size > unit:
            return f"{size // unit}{name}"
    return "0s"


def _rounded_duration(runtime: Clock, value: GoValue) -> int:
    if isinstance(value, GoTime):
        return now(runtime).subtract(value)
    if type(value) is Int64:
        return value
    try:
        return parse_duration(value) if isinstance(value, str) else 0
    except DurationError:
        return 0


@TABLE.function("mustToDuration", params=(ANY,), result=_DURATION)
def must_to_duration(value: GoValue) -> Duration:
    """A duration of a text, of seconds, or as it is."""
    try:
        return Duration(_read_duration(value))
    except DurationError as error:
        raise FunctionError(str(error)) from error


def _read_duration(value: GoValue) -> int:
    if isinstance(value, Duration):
        return value
    if isinstance(value, str):
        return _read_text(value)
    if value is None:
        raise DurationError("invalid duration")
    if isinstance(value, float):
        return _read_float(value)
    if isinstance(value, int) and not isinstance(value, bool):
        if not -_MOST_SECONDS <= value <= _MOST_SECONDS:
            raise DurationError(f"duration seconds overflow: {int(value)}")
        return int(value) * durations.SECOND
    raise DurationError(f"unsupported duration type {type_name(value)}")


def _read_text(text: str) -> int:
    stripped = text.strip(SPACE)
    if not stripped:
        raise DurationError("empty duration")
    try:
        return parse_duration(stripped)
    except DurationError:
        pass
    try:
        seconds = parse_float(stripped)
    except (NumberSyntaxError, NumberRangeError):
        raise DurationError(f"could not parse duration {quote(text)}") from None
    return _read_float(seconds)


def _read_float(seconds: float) -> int:
    if not math.isfinite(seconds):
        raise DurationError(f"invalid duration seconds: {format_float(seconds)}")
    if abs(seconds) > float(durations.MAX) / durations.SECOND:
        raise DurationError(f"duration seconds overflow: {format_float(seconds)}")
    return truncate_float(seconds * durations.SECOND)


def _or_zero(value: GoValue) -> Duration:
    try:
        return Duration(_read_duration(value))
    except DurationError:
        return Duration(0)


@TABLE.function("durationSeconds", params=(ANY,), result=FLOAT64)
def duration_seconds(value: GoValue) -> float:
    """In seconds, 0 when it is no duration."""
    return _or_zero(value).seconds()


@TABLE.function("durationMilliseconds", params=(ANY,), result=INT64)
def duration_milliseconds(value: GoValue) -> Int64:
    """In whole milliseconds, 0 when it is no duration."""
    return _or_zero(value).milliseconds()


@TABLE.function("durationMicroseconds", params=(ANY,), result=INT64)
def duration_microseconds(value: GoValue) -> Int64:
    """In whole microseconds, 0 when it is no duration."""
    return _or_zero(value).microseconds()


@TABLE.function("durationNanoseconds", params=(ANY,), result=INT64)
def duration_nanoseconds(value: GoValue) -> Int64:
    """In nanoseconds, 0 when it is no duration."""
    return _or_zero(value).nanoseconds()


@TABLE.function("durationMinutes", params=(ANY,), result=FLOAT64)
def duration_minutes(value: GoValue) -> float:
    """In minutes, 0 when it is no duration."""
    return _or_zero(value).minutes()


@TABLE.function("durationHours", params=(ANY,), result=FLOAT64)
def duration_hours(value: GoValue) -> float:
    """In hours, 0 when it is no duration."""
    return _or_zero(value).hours()


@TABLE.function("durationDays", params=(ANY,), result=FLOAT64)
def duration_days(value: GoValue) -> float:
    """In days of 24 hours, 0 when it is no duration."""
    return _or_zero(value).hours() / 24.0


@TABLE.function("durationWeeks", params=(ANY,), result=FLOAT64)
def duration_weeks(value: GoValue) -> float:
    """In weeks, 0 when it is no duration."""
    return _or_zero(value).hours() / 24.0 / 7.0


@TABLE.function("durationRoundTo", params=(ANY, ANY), result=_DURATION)
def duration_round_to(value: GoValue, multiple: GoValue) -> Duration:
    """To the nearest multiple; unchanged when the multiple is no duration."""
    return _or_zero(value).round_to(_or_zero(multiple))


@TABLE.function("durationTruncateTo", params=(ANY, ANY), result=_DURATION)
def duration_truncate_to(value: GoValue, multiple: GoValue) -> Duration:
    """Toward zero to a multiple; unchanged when the multiple is no duration."""
    return _or_zero(value).truncate(_or_zero(multiple))
