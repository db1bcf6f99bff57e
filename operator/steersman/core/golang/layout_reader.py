"""Reading times by Go's layouts: `parse_clock`, with the errors of Go's `time` package.

Called by `gotime`. It walks layout and text side by side, a small function for each field; what the zone in the text
means is left to the caller.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

from steersman.core.golang.calendar import MONTHS, SHORT_MONTHS, SHORT_WEEKDAYS, WEEKDAYS
from steersman.core.golang.durations import quote_ascii
from steersman.core.golang.layouts import DAY, DIGITS, civil_from_days, days_from_civil, split_layout

_DAYS_BEFORE: Final = (0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334, 365)


class LayoutError(ValueError):
    """A text that does not follow its layout; the message is Go's."""


@dataclass(frozen=True, slots=True)
class ParsedClock:
    """What a text said: wall clock seconds since 1970, and the zone if it named one."""

    seconds: int
    nanosecond: int
    is_utc: bool
    offset: int | None
    zone_name: str


def parse_clock(layout: str, text: str) -> ParsedClock:
    """Read by a layout; raises LayoutError."""
    return _Reader(layout, text).read()


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
    is_morning: bool = False
    is_afternoon: bool = False
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
            self._field(name, parts[index + 1][1])
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
        """A fraction after the seconds is accepted although the next field of the layout is none."""
        if self.rest[:1] in (".", ",") and self.rest[1:2] in DIGITS:
            self.take_fraction(_digits_from(self.rest, 1))

    def take_fraction(self, digits: int) -> None:
        taken = self.rest[1 : digits + 1]
        if len(taken) < digits or _digits_from(taken, 0) < digits:
            raise _BadField
        self.found.nanosecond = int(taken[:9].ljust(9, "0"))
        self.rest = self.rest[digits + 1 :]

    def take_number(self, least: int, most: int) -> int:
        count = min(_digits_from(self.rest, 0), most)
        if count < least:
            raise _BadField
        value = int(self.rest[:count])
        self.rest = self.rest[count:]
        return value

    def take_name(self, names: tuple[str, ...]) -> int:
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
        if found.is_afternoon and hour < 12:
            hour += 12
        elif found.is_morning and hour == 12:
            hour = 0
        month, day = self._date()
        days = days_from_civil(found.year, month, day)
        seconds = days * DAY + hour * 3600 + found.minute * 60 + found.second
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
    while text[end : end + 1] in DIGITS:
        end += 1
    return end - start


def _is_leap(year: int) -> bool:
    return year % 4 == 0 and (year % 100 != 0 or year % 400 == 0)


def _days_in(month: int, year: int) -> int:
    if month == 2 and _is_leap(year):
        return 29
    return _DAYS_BEFORE[month] - _DAYS_BEFORE[month - 1]


def _read_long_year(reader: _Reader, _: str) -> None:
    reader.found.year = reader.take_number(4, 4)


def _read_year(reader: _Reader, _: str) -> None:
    text = reader.rest[:2]
    if text[:1] in ("+", "-") and text[1:] in DIGITS:  # Go reads a sign here
        reader.rest = reader.rest[2:]
        year = int(text)
    else:
        year = reader.take_number(2, 2)
    reader.found.year = year + (1900 if year >= 69 else 2000)


def _read_month_name(reader: _Reader, name: str) -> None:
    reader.found.month = reader.take_name(MONTHS if name == "January" else SHORT_MONTHS) + 1


def _read_month(reader: _Reader, name: str) -> None:
    reader.found.month = reader.take_number(len(name), 2)
    if not 1 <= reader.found.month <= 12:
        raise reader.out_of_range("month out of range")


def _read_weekday(reader: _Reader, name: str) -> None:
    reader.take_name(WEEKDAYS if name == "Monday" else SHORT_WEEKDAYS)


def _read_day(reader: _Reader, name: str) -> None:
    if name == "_2":
        reader.rest = reader.rest.removeprefix(" ")
    reader.found.day = reader.take_number(2 if name == "02" else 1, 2)


def _read_year_day(reader: _Reader, name: str) -> None:
    if name == "__2":
        reader.rest = reader.rest.removeprefix(" ").removeprefix(" ")
    reader.found.year_day = reader.take_number(3 if name == "002" else 1, 3)


def _read_hour(reader: _Reader, name: str) -> None:
    reader.found.hour = reader.take_number(2 if name == "03" else 1, 2)
    if reader.found.hour > (23 if name == "15" else 12):
        raise reader.out_of_range("hour out of range")


def _read_minute(reader: _Reader, name: str) -> None:
    reader.found.minute = reader.take_number(len(name), 2)
    if reader.found.minute > 59:
        raise reader.out_of_range("minute out of range")


def _read_second(reader: _Reader, name: str) -> None:
    reader.found.second = reader.take_number(len(name), 2)
    if reader.found.second > 59:
        raise reader.out_of_range("second out of range")


def _read_half(reader: _Reader, name: str) -> None:
    half = reader.rest[:2]
    if half not in (("PM", "AM") if name == "PM" else ("pm", "am")):
        raise _BadField
    if half in ("PM", "pm"):
        reader.found.is_afternoon = True
    else:
        reader.found.is_morning = True
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
            reader.take_fraction(len(name) - 1)
        elif reader.rest[:1] in (".", ",") and reader.rest[1:2] in DIGITS:
            reader.take_fraction(_digits_from(reader.rest, 1))
        return
    if name[0] == "Z" and reader.rest.startswith("Z"):
        reader.found.is_utc = True
        reader.rest = reader.rest[1:]
        return
    _read_offset(reader, name)


def _read_offset(reader: _Reader, name: str) -> None:
    text, reader.rest = reader.rest[: len(name)], reader.rest[len(name) :]
    if len(text) < len(name) or any(text[at] != ":" for at, char in enumerate(name) if char == ":"):
        raise _BadField
    step = 3 if ":" in name else 2
    numbers = _two_digit_numbers([text[at : at + 2] for at in range(1, len(text), step)])
    # A part out of range is reported before a part that is no number, and of several the last.
    for value, limit, what in reversed(list(zip(numbers, (24, 60, 60), ("hour", "minute", "second"), strict=False))):
        if value > limit:
            raise reader.out_of_range(f"time zone offset {what} out of range")
    if len(numbers) * step < len(text) - 1 or text[0] not in "+-":
        raise _BadField
    hours, minutes, seconds = (*numbers, 0, 0)[:3]
    offset = (hours * 60 + minutes) * 60 + seconds
    reader.found.offset = -offset if text[0] == "-" else offset


def _two_digit_numbers(pairs: list[str]) -> list[int]:
    """The numbers up to the first pair that is none."""
    numbers: list[int] = []
    for pair in pairs:
        if _digits_from(pair, 0) != 2:
            break
        numbers.append(int(pair))
    return numbers


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
    hours = text[1 : digits + 1].lstrip("0")
    if digits == 0 or len(hours) > 2 or int(hours or "0") > 23:
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
