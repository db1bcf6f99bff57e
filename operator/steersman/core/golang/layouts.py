"""Go's time layouts (`2006-01-02T15:04:05Z07:00`): splitting them and printing by them; `layout_reader` reads by them.

`gotime` wraps this for templates. A layout is a text in which the parts of Go's reference time stand for the fields;
everything else is literal. The calendar here knows any year.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from steersman.core.golang.calendar import MONTHS, SHORT_MONTHS, SHORT_WEEKDAYS, WEEKDAYS

DAY: Final = 86_400

# Longest first where one is the beginning of another. `Jan` and `Mon` count only when no lower-case letter follows.
_FIELDS: Final = (
    "January", "Jan", "Monday", "Mon", "MST", "01", "02", "03", "04", "05", "06", "002", "15", "1", "2006", "2",
    "_2006", "_2", "__2", "3", "4", "5", "PM", "pm", "-070000", "-07:00:00", "-0700", "-07:00", "-07",
    "Z070000", "Z07:00:00", "Z0700", "Z07:00", "Z07",
)  # fmt: skip
_BY_FIRST: Final = {first: tuple(name for name in _FIELDS if name[0] == first) for first in {f[0] for f in _FIELDS}}


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


def clock_at(seconds: int, nanosecond: int, zone_name: str, offset: int) -> Clock:
    """The wall clock at `seconds` since 1970, offset already added."""
    days, rest = divmod(seconds, DAY)
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
    return "" if layout[end : end + 1] in DIGITS else layout[index:end]


class _CharSet(frozenset[str]):
    """Characters to test a slice against: the empty slice past the end is in none."""


_LOWER_CASE: Final = _CharSet("abcdefghijklmnopqrstuvwxyz")
DIGITS: Final = _CharSet("0123456789")


def _number(value: int, width: int) -> str:
    return f"-{-value:0{width}d}" if value < 0 else f"{value:0{width}d}"


def _twelve(clock: Clock) -> int:
    return clock.hour % 12 or 12


_FORMATTERS: Final[dict[str, Callable[[Clock], str]]] = {
    "2006": lambda clock: _number(clock.year, 4),
    "06": lambda clock: _number(abs(clock.year) % 100, 2),
    "January": lambda clock: MONTHS[clock.month - 1],
    "Jan": lambda clock: SHORT_MONTHS[clock.month - 1],
    "01": lambda clock: f"{clock.month:02d}",
    "1": lambda clock: str(clock.month),
    "Monday": lambda clock: WEEKDAYS[clock.weekday],
    "Mon": lambda clock: SHORT_WEEKDAYS[clock.weekday],
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
