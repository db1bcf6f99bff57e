"""Sprig's conversions: anything to an int64, a float64 or a string, by the rules of spf13/cast and Sprig's `strval`.

Called by nearly every function of `template.funcs`: arithmetic takes whatever a chart passes. A value that cannot be
converted is 0, without an error; overflow wraps as Go's int64 does.
"""

from __future__ import annotations

import math
from typing import Final

from steersman.core.golang.calendar import Month, Weekday
from steersman.core.golang.format import sprint_one
from steersman.core.golang.numbers import (
    MAX_INT64,
    MIN_INT64,
    NumberRangeError,
    NumberSyntaxError,
    format_float,
    parse_float,
    parse_int,
)
from steersman.core.golang.types import GoValue, Int64, Uint8, Uint64, from_bytes

_WRAP: Final = 2**64

# Named integers are not numbers to the cast library, which knows the two of `time` apart from that.
_INTEGERS: Final = frozenset({int, Int64, Uint8, Uint64, bool, Month, Weekday})


def wrap_int64(value: int) -> int:
    """The value as int64 arithmetic leaves it."""
    if MIN_INT64 <= value <= MAX_INT64:
        return value
    return (value - MIN_INT64) % _WRAP + MIN_INT64


def to_int64(value: GoValue) -> int:
    """cast.ToInt64 and cast.ToInt, as a plain int."""
    kind = type(value)
    if kind in _INTEGERS:
        return wrap_int64(int(value))
    if kind is float:
        return truncate_float(value)
    if kind is str:
        return _text_to_int(value)
    return 0


def to_float64(value: GoValue) -> float:
    """cast.ToFloat64."""
    kind = type(value)
    if kind is float:
        return float(value)
    if kind in _INTEGERS:
        return float(value)
    if kind is str:
        try:
            return parse_float(value)
        except (NumberSyntaxError, NumberRangeError):
            return 0.0
    return 0.0


def truncate_float(value: float) -> int:
    """int64(f) as amd64 does it: toward zero, and the smallest int64 for what does not fit."""
    if not math.isfinite(value):
        return MIN_INT64
    whole = int(value)
    return whole if MIN_INT64 <= whole <= MAX_INT64 else MIN_INT64


def strval(value: GoValue) -> str:
    """Sprig's strval: strings and bytes as they are, anything else as `%v` prints it (nil is `<nil>`)."""
    kind = type(value)
    if kind is str:
        return str(value)
    if kind is int:
        return int.__repr__(value)
    if kind is float:
        return format_float(value)
    if kind is bytes:
        return from_bytes(value)
    return sprint_one(value)


def _text_to_int(text: str) -> int:
    try:
        return parse_int(_without_zero_decimals(text), 0)
    except (NumberSyntaxError, NumberRangeError):
        return 0


def _without_zero_decimals(text: str) -> str:
    """`5.00` is 5: cut at the last point that has nothing but zeros and points, and a zero, behind it."""
    if "." not in text:
        return text
    zeros = False
    for index in range(len(text) - 1, -1, -1):
        char = text[index]
        if char == "0":
            zeros = True
        elif char != ".":
            break
        elif zeros:
            return text[:index]
    return text
