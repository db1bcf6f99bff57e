"""Go's time.Time, its locations, months and weekdays, as templates see them.

Made by the date functions (`now`, `toDate`…) and by fromToml; printed and read through `layouts`. Instants are plain
integers of nanoseconds since 1970, because Go's years reach past Python's datetime (a zone shift of 9999-12-31 already
does). Zone data is the interpreter's (`zoneinfo`, package tzdata), read like the Unicode tables are.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC as PYTHON_UTC
from datetime import datetime, timedelta
from functools import lru_cache
from typing import ClassVar, Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from steersman.core.golang import durations, layouts
from steersman.core.golang.calendar import MONTHS, Month, TimeRangeError, Weekday
from steersman.core.golang.durations import quote_ascii
from steersman.core.golang.layout_reader import ParsedClock, parse_clock
from steersman.core.golang.layouts import Clock
from steersman.core.golang.types import Duration, GoPanic, GoStruct, Int64

_SECOND: Final = durations.SECOND
_DAY: Final = 86_400
_YEAR_ONE: Final = -62_135_596_800
_ABSOLUTE: Final = 9_223_372_028_715_321_600
"""Seconds from the year at which Go's calendar starts, -292277022399, to 1970."""
_ERA: Final = 400 * 365 + 97
"""Days in 400 years, after which the calendar and every zone rule repeat."""
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=PYTHON_UTC)
_FIRST_SAFE: Final = -62_135_596_800 + 2 * _DAY
_LAST_SAFE: Final = 253_402_300_799 - 2 * _DAY
_RFC3339_NANO: Final = "2006-01-02T15:04:05.999999999Z07:00"


@dataclass(frozen=True)
class Location(GoStruct):
    """Go's *time.Location: a zone of the database, or a fixed offset with a name (which may be empty)."""

    name: str
    zone: ZoneInfo | None = None
    offset: int = 0

    go_type: ClassVar[str] = "*time.Location"
    go_methods: ClassVar[dict[str, str]] = {"String": "text"}

    def text(self) -> str:
        """The name."""
        return self.name

    def at(self, seconds: int) -> tuple[str, int]:
        """Zone abbreviation and offset in seconds in force at an instant."""
        if self.zone is None:
            return self.name, self.offset
        local = (_EPOCH + timedelta(seconds=_within_datetime(seconds))).astimezone(self.zone)
        shift = local.utcoffset()
        return local.tzname() or "", int(shift.total_seconds()) if shift else 0

    def offset_named(self, abbreviation: str, seconds: int) -> int | None:
        """Offset of the zone called `abbreviation` around a local time, or None when this location has no such zone."""
        if self.zone is None:
            return self.offset if abbreviation == self.name else None
        for months in range(0, 12, 3):
            name, offset = self.at(seconds + months * 30 * _DAY)
            if name == abbreviation:
                return offset
        return None


UTC: Final = Location("UTC")


@lru_cache(maxsize=64)
def load_location(name: str) -> Location | None:
    """A zone of the database by name, "" being UTC; None when there is no such zone."""
    if name in ("", "UTC"):
        return UTC
    try:
        return Location(name, ZoneInfo(name))
    except (ZoneInfoNotFoundError, ValueError, OSError):
        # ValueError: a name that would leave the database; OSError: one that names a directory of it.
        return None


@dataclass(frozen=True)
class GoTime(GoStruct):
    """One instant, seen from a location. Equality is Go's `==`: instant and location."""

    nanoseconds: int
    location: Location = UTC

    go_type: ClassVar[str] = "time.Time"
    go_hidden: ClassVar[frozenset[str]] = frozenset({"wall", "ext", "loc"})
    go_uncallable: ClassVar[dict[str, str]] = {
        "Clock": "function Clock has 3 return values; should be 1 or 2",
        "Date": "function Date has 3 return values; should be 1 or 2",
        "ISOWeek": "invalid function signature for ISOWeek: second return value should be error; is int",
        "Zone": "invalid function signature for Zone: second return value should be error; is int",
        "ZoneBounds": "invalid function signature for ZoneBounds: second return value should be error; is time.Time",
    }
    go_methods: ClassVar[dict[str, str]] = {
        "Add": "add",
        "AddDate": "add_date",
        "After": "after",
        "Before": "before",
        "Compare": "compare",
        "Day": "day",
        "Equal": "equal",
        "Format": "format",
        "GoString": "go_syntax",
        "Hour": "hour",
        "In": "in_location",
        "IsDST": "is_dst",
        "IsZero": "is_zero",
        "Location": "go_location",
        "Minute": "minute",
        "Month": "month",
        "Nanosecond": "nanosecond",
        "Round": "round_to",
        "Second": "second",
        "String": "text",
        "Sub": "subtract",
        "Truncate": "truncate",
        "UTC": "utc",
        "Unix": "unix",
        "UnixMicro": "unix_micro",
        "UnixMilli": "unix_milli",
        "UnixNano": "unix_nano",
        "Weekday": "weekday",
        "Year": "year",
        "YearDay": "year_day",
    }

    @staticmethod
    def from_unix(seconds: int, location: Location) -> GoTime:
        """Seconds since 1970; the earliest come out as the latest, since Go's calendar counts in a uint64."""
        return GoTime(((seconds + _ABSOLUTE) % 2**64 - _ABSOLUTE) * _SECOND, location)

    def text(self) -> str:
        """`2024-02-03 00:00:00 +0000 UTC`."""
        return self.format("2006-01-02 15:04:05.999999999 -0700 MST")

    def go_syntax(self) -> str:
        """`time.Date(2024, time.February, 3, 0, 0, 0, 0, time.UTC)`: what `%#v` prints."""
        clock = self._clock()
        place = "time.UTC" if self.location == UTC else f"time.Location({quote_ascii(self.location.name)})"
        numbers = (clock.day, clock.hour, clock.minute, clock.second, clock.nanosecond)
        return f"time.Date({clock.year}, time.{MONTHS[clock.month - 1]}, {', '.join(map(str, numbers))}, {place})"

    def json_text(self) -> str:
        """RFC 3339 with nanoseconds; raises TimeRangeError."""
        if not 0 <= self._clock().year <= 9999:
            raise TimeRangeError("Time.MarshalJSON: year outside of range [0,9999]")
        _, offset = self.location.at(self.nanoseconds // _SECOND)
        if abs(offset) >= _DAY:
            raise TimeRangeError("Time.MarshalJSON: timezone hour outside of range [0,23]")
        return self.format(_RFC3339_NANO)

    def format(self, layout: str) -> str:
        """Printed by a Go layout."""
        return layouts.format_clock(layout, self._clock())

    def year(self) -> int:
        """The year."""
        return self._clock().year

    def month(self) -> Month:
        """The month."""
        return Month(self._clock().month)

    def day(self) -> int:
        """Day of the month."""
        return self._clock().day

    def weekday(self) -> Weekday:
        """Day of the week."""
        return Weekday(self._clock().weekday)

    def year_day(self) -> int:
        """Day of the year, from 1."""
        return self._clock().year_day

    def hour(self) -> int:
        """Hour of the day."""
        return self._clock().hour

    def minute(self) -> int:
        """Minute of the hour."""
        return self._clock().minute

    def second(self) -> int:
        """Second of the minute."""
        return self._clock().second

    def nanosecond(self) -> int:
        """Nanosecond of the second."""
        return self.nanoseconds % _SECOND

    def unix(self) -> Int64:
        """Seconds since 1970."""
        return Int64(self.nanoseconds // _SECOND)

    def unix_milli(self) -> Int64:
        """Milliseconds since 1970."""
        return Int64(self.nanoseconds // durations.MILLISECOND)

    def unix_micro(self) -> Int64:
        """Microseconds since 1970."""
        return Int64(self.nanoseconds // durations.MICROSECOND)

    def unix_nano(self) -> Int64:
        """Nanoseconds since 1970."""
        return Int64((self.nanoseconds - durations.MIN) % 2**64 + durations.MIN)

    def is_zero(self) -> bool:
        """True for January 1, year 1, 00:00 UTC."""
        return self.nanoseconds == _YEAR_ONE * _SECOND

    def is_dst(self) -> bool:
        """True when daylight saving time is in force."""
        if self.location.zone is None:
            return False
        seconds = _within_datetime(self.nanoseconds // _SECOND)
        return bool((_EPOCH + timedelta(seconds=seconds)).astimezone(self.location.zone).dst())

    def after(self, other: GoTime) -> bool:
        """Later than the other instant."""
        return self.nanoseconds > other.nanoseconds

    def before(self, other: GoTime) -> bool:
        """Earlier than the other instant."""
        return self.nanoseconds < other.nanoseconds

    def equal(self, other: GoTime) -> bool:
        """The same instant, whatever the locations."""
        return self.nanoseconds == other.nanoseconds

    def compare(self, other: GoTime) -> int:
        """-1, 0 or 1."""
        return (self.nanoseconds > other.nanoseconds) - (self.nanoseconds < other.nanoseconds)

    def add(self, duration: Duration) -> GoTime:
        """Later by a duration."""
        return GoTime(self.nanoseconds + duration, self.location)

    def add_date(self, years: int, months: int, days: int) -> GoTime:
        """Moved on the calendar; days past the end of a month run over into the next."""
        clock = self._clock()
        year, month = divmod(clock.month - 1 + months, 12)
        start = layouts.days_from_civil(clock.year + years + year, month + 1, 1) + clock.day - 1 + days
        seconds = start * _DAY + clock.hour * 3600 + clock.minute * 60 + clock.second
        return at_local(seconds, self.nanosecond(), self.location)

    def subtract(self, other: GoTime) -> Duration:
        """The time between, within int64."""
        return Duration(max(durations.MIN, min(durations.MAX, self.nanoseconds - other.nanoseconds)))

    def truncate(self, duration: Duration) -> GoTime:
        """Down to a multiple of the duration since year 1."""
        return self._to_multiple(duration, rounding=False)

    def round_to(self, duration: Duration) -> GoTime:
        """To the nearest multiple of the duration since year 1, half up."""
        return self._to_multiple(duration, rounding=True)

    def utc(self) -> GoTime:
        """The same instant seen from UTC."""
        return GoTime(self.nanoseconds)

    def in_location(self, location: Location | None) -> GoTime:
        """The same instant seen from elsewhere. Raises GoPanic for nil."""
        if location is None:
            raise GoPanic("time: missing Location in call to Time.In")
        return GoTime(self.nanoseconds, location)

    def go_location(self) -> Location:
        """Where it is seen from."""
        return self.location

    def _to_multiple(self, duration: int, *, rounding: bool) -> GoTime:
        if duration <= 0:
            return self
        rest = (self.nanoseconds - _YEAR_ONE * _SECOND) % duration
        step = duration if rounding and rest * 2 >= duration else 0
        return GoTime(self.nanoseconds - rest + step, self.location)

    def _clock(self) -> Clock:
        seconds, nanosecond = divmod(self.nanoseconds, _SECOND)
        name, offset = self.location.at(seconds)
        return layouts.clock_at(seconds + offset, nanosecond, name, offset)


ZERO_TIME: Final = GoTime(_YEAR_ONE * _SECOND)


def parse_time(layout: str, text: str, local: Location) -> GoTime:
    """Read `text` by a Go layout; raises LayoutError with Go's message.

    Without a zone in the text the time is one of `local`. A zone abbreviation unknown there gets offset 0, as in Go.
    """
    found = parse_clock(layout, text)
    if found.is_utc:
        return GoTime(found.seconds * _SECOND + found.nanosecond, UTC)
    if found.offset is not None:
        instant = found.seconds - found.offset
        name, offset = local.at(instant)
        matches = offset == found.offset and found.zone_name in ("", name)
        location = local if matches else Location(found.zone_name, offset=found.offset)
        return GoTime(instant * _SECOND + found.nanosecond, location)
    if found.zone_name:
        return _named_zone(found, local)
    return at_local(found.seconds, found.nanosecond, local)


def at_local(seconds: int, nanosecond: int, location: Location) -> GoTime:
    """The instant at which the wall clock of `location` shows `seconds` (counted as if it were UTC).

    In a gap or an overlap Go promises nothing but takes the offset in force just before.
    """
    _, offset = location.at(seconds)
    if offset:
        _, earlier = location.at(seconds - offset)
        offset = earlier
    return GoTime((seconds - offset) * _SECOND + nanosecond, location)


def _named_zone(found: ParsedClock, local: Location) -> GoTime:
    offset = local.offset_named(found.zone_name, found.seconds)
    if offset is not None:
        return GoTime((found.seconds - offset) * _SECOND + found.nanosecond, local)
    hours = found.zone_name.removeprefix("GMT") if found.zone_name.startswith("GMT") else ""
    # A sign and at most 23; zeros may stand before that.
    offset = int(hours[0] + hours[1:][-2:]) * 3600 if hours else 0
    # Go keeps the wall clock as UTC here and only labels it with the zone.
    return GoTime(found.seconds * _SECOND + found.nanosecond, Location(found.zone_name, offset=offset))


def _within_datetime(seconds: int) -> int:
    """An instant with the same zone rules inside Python's years 1 to 9999."""
    if seconds > _LAST_SAFE:
        eras = (seconds - _LAST_SAFE) // (_ERA * _DAY) + 1
        return seconds - eras * _ERA * _DAY
    return max(seconds, _FIRST_SAFE)
