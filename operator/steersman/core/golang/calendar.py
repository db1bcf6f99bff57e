"""Months and weekdays of Go's `time`, apart from `gotime` because casts and JSON need no more of it than this."""

from __future__ import annotations

from typing import ClassVar, Final

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
SHORT_MONTHS: Final = tuple(name[:3] for name in MONTHS)
SHORT_WEEKDAYS: Final = tuple(name[:3] for name in WEEKDAYS)


class TimeRangeError(ValueError):
    """A time that RFC 3339 cannot express."""


class Month(int):
    """Go's time.Month."""

    __slots__ = ()
    go_type: ClassVar[str] = "time.Month"
    go_methods: ClassVar[dict[str, str]] = {"String": "text"}

    def text(self) -> str:
        """`January`."""
        return MONTHS[self - 1] if 0 < self <= len(MONTHS) else f"%!Month({int(self)})"


class Weekday(int):
    """Go's time.Weekday, Sunday is 0."""

    __slots__ = ()
    go_type: ClassVar[str] = "time.Weekday"
    go_methods: ClassVar[dict[str, str]] = {"String": "text"}

    def text(self) -> str:
        """`Sunday`."""
        return WEEKDAYS[self] if 0 <= self < len(WEEKDAYS) else f"%!Weekday({int(self)})"
