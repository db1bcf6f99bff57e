"""Go's time layouts (`2006-01-02T15:04:05Z07:00`): splitting them, printing by them, reading by them.

`gotime` wraps this for templates. A layout is a text in which the parts of Go's reference time stand for the fields;
everything else is literal. Error texts are those of Go's `time` package.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Final

from steersman.core.golang.durations import quote_ascii

MONTHS: Final = (
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
)
WEEKDAYS: Final = ("Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday")
_SHORT_MONTHS: Final = tuple(name[:3] for name in MONTHS)
_SHORT_WEEKDAYS: Final = tuple(name[:3] for name in WEEKDAYS)
_DAYS_BEFORE: Final = (0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334, 365)
_DAY: Final = 86_400

# Longest first where one is the beginning of another. `Jan` and `Mon` count only when no lower-case letter follows.
_FIELDS: Final = (
    "January", "Jan", "Monday", "Mon", "MST", "01", "02", "03", "04", "05", "06", "002", "15", "1", "2006", "2",
    "_2006", "_2", "__2", "3", "4", "5", "PM", "pm", "-070000", "-07:00:00", "-0700", "-07:00", "-07",
    "Z070000", "Z07:00:00", "Z0700", "Z07:00", "Z07",
)  # fmt: skip
_BY_FIRST: Final = {first: tuple(name for name in _FIELDS if name[0] == first) for first in {f[0] for f in _FIELDS}}
_OFFSETS: Final = frozenset(name for name in _FIELDS if name[0] in "-Z")


class LayoutError(ValueError):
    """A text that does not follow its layout; the message is Go's."""


@dataclass(frozen=True, slots=True)
class Clock:
    """What a calendar and a clock on the wall show."""

    year: int
    month: int
    day: int
    hour: int
    minute: int
    second: int
    nanosecond: int
    weekday: int
    year_day: int
    zone_name: str
    offset: int


@dataclass(frozen=True, slots=True)
class ParsedClock:
    """What a text said: wall clock seconds since 1970, and the zone if it named one."""

    seconds: int
    nanosecond: int
    is_utc: bool
    offset: int | None
    zone_name: str


def clock_at(seconds: int, nanosecond: int, zone_name: str, offset: int) -> Clock:
    """The wall clock at `seconds` since 1970, offset already added."""
    days, rest = divmod(seconds, _DAY)
    year, month, day = civil_from_days(days)
    hour, rest = divmod(rest, 3600)
    return Clock(
        year=year,
        month=month,
        day=day,
        hour=hour,
        minute=rest // 60,
        second=rest % 60,
        nanosecond=nanosecond,
        weekday=(days + 4) % 7,
        year_day=days - days_from_civil(year, 1, 1) + 1,
        zone_name=zone_name,
        offset=offset,
    )


def days_from_civil(year: int, month: int, day: int) -> int:
    """Days since 1970-01-01 of a proleptic Gregorian date, any year."""
    shifted = year - (month <= 2)
    era, year_of_era = divmod(shifted, 400)
    day_of_year = (153 * ((month + 9) % 12) + 2) // 5 + day - 1
    return era * 146_097 + year_of_era * 365 + year_of_era // 4 - year_of_era // 100 + day_of_year - 719_468


def civil_from_days(days: int) -> tuple[int, int, int]:
    """Year, month and day of a count of days since 1970-01-01."""
    era, day_of_era = divmod(days + 719_468, 146_097)
    year_of_era = (day_of_era - day_of_era // 1460 + day_of_era // 36_524 - day_of_era // 146_096) // 365
    day_of_year = day_of_era - (365 * year_of_era + year_of_era // 4 - year_of_era // 100)
    shifted_month = (5 * day_of_year + 2) // 153
    day = day_of_year - (153 * shifted_month + 2) // 5 + 1
    month = shifted_month + 3 if shifted_month < 10 else shifted_month - 9
    return year_of_era + era * 400 + (month <= 2), month, day


@lru_cache(maxsize=256)
def split_layout(layout: str) -> tuple[tuple[str, str], ...]:
    """The layout as (literal, field) pairs; the last pair has no field."""
    parts: list[tuple[str, str]] = []
    start = index = 0
    while index < len(layout):
        name = _field_at(layout, index)
        if not name:
            index += 1
            continue
        literal = layout[start:index]
        if name == "_2006":
            literal, name, index = f"{literal}_", "2006", index + 1
        parts.append((literal, name))
        index += len(name)
        start = index
    parts.append((layout[start:], ""))
    return tuple(parts)


def format_clock(layout: str, clock: Clock) -> str:
    """Print by a layout."""
    return "".join(literal + (_format_field(name, clock) if name else "") for literal, name in split_layout(layout))


def parse_clock(layout: str, text: str) -> ParsedClock:
    """Read by a layout; raises LayoutError."""
    return _Reader(layout, text).read()


def _field_at(layout: str, index: int) -> str:
    char = layout[index]
    if char in ".,":
        return _fraction_at(layout, index)
    for name in _BY_FIRST.get(char, ()):
        if not layout.startswith(name, index):
            continue
        if name in ("Jan", "Mon") and layout[index + 3 : index + 4] in _LOWER_CASE:
            continue
        return name
    return ""


def _fraction_at(layout: str, index: int) -> str:
    digit = layout[index + 1 : index + 2]
    if digit not in ("0", "9"):
        return ""
    end = index + 1
    while layout[end : end + 1] == digit:
        end += 1
    return "" if layout[end : end + 1] in _DIGITS else layout[index:end]


class _CharSet(frozenset[str]):
    """Characters to test a slice against: the empty slice past the end is in none."""


_LOWER_CASE: Final = _CharSet("abcdefghijklmnopqrstuvwxyz")
_DIGITS: Final = _CharSet("0123456789")


def _number(value: int, width: int) -> str:
    return f"-{-value:0{width}d}" if value < 0 else f"{value:0{width}d}"


def _twelve(clock: Clock) -> int:
    return clock.hour % 12 or 12


_FORMATTERS: Final[dict[str, Callable[[Clock], str]]] = {
    "2006": lambda clock: _number(clock.year, 4),
    "06": lambda clock: _number(abs(clock.year) % 100, 2),
    "January": lambda clock: MONTHS[clock.month - 1],
    "Jan": lambda clock: _SHORT_MONTHS[clock.month - 1],
    "01": lambda clock: f"{clock.month:02d}",
    "1": lambda clock: str(clock.month),
    "Monday": lambda clock: WEEKDAYS[clock.weekday],
    "Mon": lambda clock: _SHORT_WEEKDAYS[clock.weekday],
    "02": lambda clock: f"{clock.day:02d}",
    "_2": lambda clock: f"{clock.day:2d}",
    "2": lambda clock: str(clock.day),
    "002": lambda clock: f"{clock.year_day:03d}",
    "__2": lambda clock: f"{clock.year_day:3d}",
    "15": lambda clock: f"{clock.hour:02d}",
    "03": lambda clock: f"{_twelve(clock):02d}",
    "3": lambda clock: str(_twelve(clock)),
    "04": lambda clock: f"{clock.minute:02d}",
    "4": lambda clock: str(clock.minute),
    "05": lambda clock: f"{clock.second:02d}",
    "5": lambda clock: str(clock.second),
    "PM": lambda clock: "PM" if clock.hour >= 12 else "AM",
    "pm": lambda clock: "pm" if clock.hour >= 12 else "am",
    "MST": lambda clock: clock.zone_name or _format_offset("-0700", clock.offset),
}


def _format_field(name: str, clock: Clock) -> str:
    formatter = _FORMATTERS.get(name)
    if formatter is not None:
        return formatter(clock)
    if name[0] in ".,":
        return _format_fraction(name, clock.nanosecond)
    if name[0] == "Z" and clock.offset == 0:
        return "Z"
    return _format_offset(name, clock.offset)


def _format_fraction(name: str, nanosecond: int) -> str:
    digits = f"{nanosecond:09d}"[: len(name) - 1]
    if name[1] == "0":
        return name[0] + digits.ljust(len(name) - 1, "0")[:9]
    digits = digits.rstrip("0")
    return name[0] + digits if digits else ""


def _format_offset(name: str, offset: int) -> str:
    # The sign is that of the whole minutes: an offset of some seconds west prints as plus, as in Go.
    minutes = -(-offset // 60) if offset < 0 else offset // 60
    sign = "-" if minutes < 0 else "+"
    hours, rest = divmod(abs(minutes), 60)
    colon = ":" if ":" in name else ""
    text = f"{sign}{hours:02d}"
    if len(name) > 3:
        text += f"{colon}{rest:02d}"
    if name.endswith(("0000", ":00:00")):
        text += f"{colon}{abs(offset) % 60:02d}"
    return text


class _BadField(Exception):
    """The text does not fit the field; turned into a LayoutError with both named."""


@dataclass
class _Found:
    """Fields read so far."""

    year: int = 0
    month: int | None = None
    day: int | None = None
    year_day: int | None = None
    hour: int = 0
    minute: int = 0
    second: int = 0
    nanosecond: int = 0
    half: str = ""
    is_utc: bool = False
    offset: int | None = None
    zone_name: str = ""


@dataclass
class _Reader:
    """Walks layout and text side by side; `rest` is what is left of the text."""

    layout: str
    text: str
    rest: str = field(init=False)
    found: _Found = field(default_factory=_Found)

    def read(self) -> ParsedClock:
        self.rest = self.text
        parts = split_layout(self.layout)
        for index, (literal, name) in enumerate(parts):
            self._skip(literal)
            if not name:
                break
            following = parts[index + 1][1] if not parts[index + 1][0] else ""
            self._field(name, following)
        if self.rest:
            raise LayoutError(f"parsing time {quote_ascii(self.text)}: extra text: {quote_ascii(self.rest)}")
        return self._assemble()

    def _skip(self, literal: str) -> None:
        left = literal
        while left:
            if left[0] == " ":
                if self.rest and self.rest[0] != " ":
                    raise self._mismatch(literal, self.rest)
                left, self.rest = left.lstrip(" "), self.rest.lstrip(" ")
                continue
            if not self.rest or self.rest[0] != left[0]:
                raise self._mismatch(literal, self.rest)
            left, self.rest = left[1:], self.rest[1:]

    def _field(self, name: str, following: str) -> None:
        before = self.rest
        try:
            _READERS.get(name, _read_other)(self, name)
            if name in ("05", "5") and not (following and following[0] in ".,"):
                self._unasked_fraction()
        except _BadField:
            raise self._mismatch(name, before) from None

    def _unasked_fraction(self) -> None:
        """A fraction after the seconds is accepted although the layout has none."""
        if self.rest[:1] in (".", ",") and self.rest[1:2] in _DIGITS:
            self._take_fraction(_digits_from(self.rest, 1))

    def _take_fraction(self, digits: int) -> None:
        taken = self.rest[1 : digits + 1]
        if not taken.isdigit() or not taken.isascii():
            raise _BadField
        self.found.nanosecond = int(taken[:9].ljust(9, "0"))
        self.rest = self.rest[digits + 1 :]

    def _take_number(self, least: int, most: int) -> int:
        count = min(_digits_from(self.rest, 0), most)
        if count < least:
            raise _BadField
        value = int(self.rest[:count])
        self.rest = self.rest[count:]
        return value

    def _take_name(self, names: tuple[str, ...]) -> int:
        for index, name in enumerate(names):
            if self.rest[: len(name)].lower() == name.lower():
                self.rest = self.rest[len(name) :]
                return index
        raise _BadField

    def out_of_range(self, what: str) -> LayoutError:
        return LayoutError(f"parsing time {quote_ascii(self.text)}: {what}")

    def _mismatch(self, expected: str, value: str) -> LayoutError:
        return LayoutError(
            f"parsing time {quote_ascii(self.text)} as {quote_ascii(self.layout)}: "
            f"cannot parse {quote_ascii(value)} as {quote_ascii(expected)}"
        )

    def _assemble(self) -> ParsedClock:
        found = self.found
        hour = found.hour
        if found.half == "pm" and hour < 12:
            hour += 12
        elif found.half == "am" and hour == 12:
            hour = 0
        month, day = self._date()
        days = days_from_civil(found.year, month, day)
        seconds = days * _DAY + hour * 3600 + found.minute * 60 + found.second
        return ParsedClock(seconds, found.nanosecond, found.is_utc, found.offset, found.zone_name)

    def _date(self) -> tuple[int, int]:
        found = self.found
        if found.year_day is None:
            month = 1 if found.month is None else found.month
            day = 1 if found.day is None else found.day
        else:
            month, day = self._date_of_year_day(found.year_day)
        if not 1 <= day <= _days_in(month, found.year):
            raise self.out_of_range("day out of range")
        return month, day

    def _date_of_year_day(self, year_day: int) -> tuple[int, int]:
        found = self.found
        if not 1 <= year_day <= 365 + _is_leap(found.year):
            raise self.out_of_range("day-of-year out of range")
        _, month, day = civil_from_days(days_from_civil(found.year, 1, 1) + year_day - 1)
        if found.month not in (None, month):
            raise self.out_of_range("day-of-year does not match month")
        if found.day not in (None, day):
            raise self.out_of_range("day-of-year does not match day")
        return month, day


def _digits_from(text: str, start: int) -> int:
    end = start
    while text[end : end + 1] in _DIGITS:
        end += 1
    return end - start


def _is_leap(year: int) -> bool:
    return year % 4 == 0 and (year % 100 != 0 or year % 400 == 0)


def _days_in(month: int, year: int) -> int:
    if month == 2 and _is_leap(year):
        return 29
    return _DAYS_BEFORE[month] - _DAYS_BEFORE[month - 1]


def _read_long_year(reader: _Reader, _: str) -> None:
    reader.found.year = reader._take_number(4, 4)


def _read_year(reader: _Reader, _: str) -> None:
    year = reader._take_number(2, 2)
    reader.found.year = year + (1900 if year >= 69 else 2000)


def _read_month_name(reader: _Reader, name: str) -> None:
    reader.found.month = reader._take_name(MONTHS if name == "January" else _SHORT_MONTHS) + 1


def _read_month(reader: _Reader, name: str) -> None:
    reader.found.month = reader._take_number(len(name), 2)
    if not 1 <= reader.found.month <= 12:
        raise reader.out_of_range("month out of range")


def _read_weekday(reader: _Reader, name: str) -> None:
    reader._take_name(WEEKDAYS if name == "Monday" else _SHORT_WEEKDAYS)


def _read_day(reader: _Reader, name: str) -> None:
    if name == "_2":
        reader.rest = reader.rest.removeprefix(" ")
    reader.found.day = reader._take_number(2 if name == "02" else 1, 2)


def _read_year_day(reader: _Reader, name: str) -> None:
    if name == "__2":
        reader.rest = reader.rest.removeprefix(" ").removeprefix(" ")
    reader.found.year_day = reader._take_number(3 if name == "002" else 1, 3)


def _read_hour(reader: _Reader, name: str) -> None:
    reader.found.hour = reader._take_number(2 if name == "03" else 1, 2)
    if reader.found.hour > (23 if name == "15" else 12):
        raise reader.out_of_range("hour out of range")


def _read_minute(reader: _Reader, name: str) -> None:
    reader.found.minute = reader._take_number(len(name), 2)
    if reader.found.minute > 59:
        raise reader.out_of_range("minute out of range")


def _read_second(reader: _Reader, name: str) -> None:
    reader.found.second = reader._take_number(len(name), 2)
    if reader.found.second > 59:
        raise reader.out_of_range("second out of range")


def _read_half(reader: _Reader, name: str) -> None:
    half = reader.rest[:2]
    if half not in (("PM", "AM") if name == "PM" else ("pm", "am")):
        raise _BadField
    reader.found.half = half.lower()
    reader.rest = reader.rest[2:]


def _read_zone_name(reader: _Reader, _: str) -> None:
    if reader.rest.startswith("UTC"):
        reader.found.is_utc = True
        reader.rest = reader.rest[3:]
        return
    length = _zone_name_length(reader.rest)
    if length == 0:
        raise _BadField
    reader.found.zone_name, reader.rest = reader.rest[:length], reader.rest[length:]


def _read_other(reader: _Reader, name: str) -> None:
    """Offsets from UTC and fractions of a second."""
    if name[0] in ".,":
        if name[1] == "0":
            if reader.rest[:1] not in (".", ","):
                raise _BadField
            reader._take_fraction(len(name) - 1)
        elif reader.rest[:1] in (".", ",") and reader.rest[1:2] in _DIGITS:
            reader._take_fraction(_digits_from(reader.rest, 1))
        return
    if name[0] == "Z" and reader.rest.startswith("Z"):
        reader.found.is_utc = True
        reader.rest = reader.rest[1:]
        return
    _read_offset(reader, name)


def _read_offset(reader: _Reader, name: str) -> None:
    text, reader.rest = reader.rest[: len(name)], reader.rest[len(name) :]
    if len(text) < len(name) or text[0] not in "+-":
        raise _BadField
    pairs = text[1:].split(":") if ":" in name else [text[at : at + 2] for at in range(1, len(text), 2)]
    if len(pairs) != (len(name.replace(":", "")) - 1) // 2:
        raise _BadField
    hours, minutes, seconds = (_offset_number(pair) for pair in (*pairs, "00", "00")[:3])
    for value, limit, what in ((hours, 24, "hour"), (minutes, 60, "minute"), (seconds, 60, "second")):
        if value > limit:
            raise reader.out_of_range(f"time zone offset {what} out of range")
    offset = (hours * 60 + minutes) * 60 + seconds
    reader.found.offset = -offset if text[0] == "-" else offset


def _offset_number(pair: str) -> int:
    if len(pair) != 2 or _digits_from(pair, 0) != 2:
        raise _BadField
    return int(pair)


def _zone_name_length(text: str) -> int:
    """How much of the text looks like a zone abbreviation; 0 for none."""
    if len(text) < 3:
        return 0
    if text.startswith(("ChST", "MeST")):
        return 4
    if text.startswith("GMT"):
        return 3 + _signed_offset_length(text[3:])
    if text[0] in "+-":
        return _signed_offset_length(text)
    upper = next((index for index, char in enumerate(text[:6]) if not "A" <= char <= "Z"), len(text[:6]))
    if upper == 5 and text[4] == "T":
        return 5
    if upper == 4 and (text[3] == "T" or text.startswith("WITA")):
        return 4
    return 3 if upper == 3 else 0


def _signed_offset_length(text: str) -> int:
    if text[:1] not in ("+", "-"):
        return 0
    digits = _digits_from(text, 1)
    if digits == 0 or int(text[1 : digits + 1]) > 23:
        return 0
    return digits + 1


_READERS: Final[dict[str, Callable[[_Reader, str], None]]] = {
    "2006": _read_long_year,
    "06": _read_year,
    "January": _read_month_name,
    "Jan": _read_month_name,
    "01": _read_month,
    "1": _read_month,
    "Monday": _read_weekday,
    "Mon": _read_weekday,
    "02": _read_day,
    "_2": _read_day,
    "2": _read_day,
    "002": _read_year_day,
    "__2": _read_year_day,
    "15": _read_hour,
    "03": _read_hour,
    "3": _read_hour,
    "04": _read_minute,
    "4": _read_minute,
    "05": _read_second,
    "5": _read_second,
    "PM": _read_half,
    "pm": _read_half,
    "MST": _read_zone_name,
}
