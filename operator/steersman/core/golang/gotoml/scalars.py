"""Numbers, dates and escapes of TOML as Go values. Raises ScalarError with the library's words."""

from __future__ import annotations

import math
from typing import Final

from steersman.core.golang.gotime import UTC, GoTime, Location, parse_time
from steersman.core.golang.gotoml.errors import ScalarError
from steersman.core.golang.layout_reader import LayoutError
from steersman.core.golang.numbers import NumberRangeError, NumberSyntaxError, parse_float, parse_int
from steersman.core.golang.quote import quote
from steersman.core.golang.types import Int64

_HEX: Final = frozenset("0123456789abcdefABCDEF")
_LOCAL_DATETIME: Final = Location("datetime-local")
_LOCAL_DATE: Final = Location("date-local")
_LOCAL_TIME: Final = Location("time-local")
_LAYOUTS: Final = (
    ("2006-01-02T15:04:05.999999999Z07:00", UTC),
    ("2006-01-02T15:04:05.999999999", _LOCAL_DATETIME),
    ("2006-01-02", _LOCAL_DATE),
    ("15:04:05.999999999", _LOCAL_TIME),
    ("2006-01-02T15:04Z07:00", UTC),
    ("2006-01-02T15:04", _LOCAL_DATETIME),
    ("15:04", _LOCAL_TIME),
)
_SINGLE_ESCAPES: Final = {
    "b": "\b",
    "t": "\t",
    "n": "\n",
    "f": "\f",
    "r": "\r",
    "e": "\x1b",
    '"': '"',
    "\\": "\\",
}
ESCAPE_DIGITS: Final = {"x": 2, "u": 4, "U": 8}
"""How many hexadecimal digits follow."""


def integer(text: str) -> Int64:
    """Decimal, or hexadecimal, octal, binary by its prefix."""
    if not _underscores_are_inside(text):
        raise ScalarError(f"Invalid integer {quote(text)}: underscores must be surrounded by digits")
    if _has_leading_zero(text):
        raise ScalarError(f"Invalid integer {quote(text)}: cannot have leading zeroes")
    try:
        return Int64(parse_int(text, 0))
    except NumberRangeError:
        raise ScalarError(f"{text} is out of range for int64") from None


def floating(text: str) -> float:
    """A float, also inf and nan."""
    parts = [part for part in text.replace("E", "e").replace("e", ".").split(".") if part]
    if not all(_underscores_are_inside(part) for part in parts):
        raise ScalarError(f"Invalid float {quote(text)}: underscores must be surrounded by digits")
    if parts and _has_leading_zero(parts[0]):
        raise ScalarError(f"Invalid float {quote(text)}: cannot have leading zeroes")
    if any(not following[:1].isdigit() for following in text.split(".")[1:]):
        raise ScalarError(f"Invalid float {quote(text)}: '.' must be followed by one or more digits")
    plain = text.replace("_", "")
    if plain in ("+nan", "-nan"):
        return math.copysign(math.nan, -1.0 if plain[0] == "-" else 1.0)
    try:
        return parse_float(plain)
    except NumberRangeError:
        raise ScalarError(f"{text} is out of range for float64") from None
    except NumberSyntaxError:
        raise ScalarError(f"Invalid float value: {quote(text)}") from None


def date_or_time(text: str) -> GoTime:
    """A date, a time, or both, with or without an offset."""
    normal = text.translate(str.maketrans("zt ", "ZTT"))
    for layout, location in _LAYOUTS:
        try:
            time = parse_time(layout, normal, location)
        except LayoutError:
            continue
        if _lacks_leading_zero(normal, layout):
            break
        return time
    raise ScalarError(f"invalid datetime: {quote(normal)}")


def unescape(text: str) -> str:
    """The text of a string in double quotes; the reader has checked its escapes."""
    out: list[str] = []
    position = 0
    while (backslash := text.find("\\", position)) >= 0:
        out.append(text[position:backslash])
        letter = text[backslash + 1]
        position = backslash + 2
        if letter in ESCAPE_DIGITS:
            digits = text[position : position + ESCAPE_DIGITS[letter]]
            position += len(digits)
            out.append(_character(digits))
        elif letter in _SINGLE_ESCAPES:
            out.append(_SINGLE_ESCAPES[letter])
        else:
            raise ScalarError(f"invalid escape: '\\{letter}'")
    out.append(text[position:])
    return "".join(out)


def join_lines(text: str) -> str:
    """Without the white space behind a backslash that ends a line, and without a first newline."""
    text = text.removeprefix("\r").removeprefix("\n") if text.startswith(("\n", "\r\n")) else text
    out: list[str] = []
    position = 0
    while (backslash := text.find("\\", position)) >= 0:
        end = backslash + 1
        while text[end : end + 1] in (" ", "\t", "\r", "\n"):
            end += 1
        if "\n" in text[backslash + 1 : end]:
            out.append(text[position:backslash])
            position = end
        else:
            out.append(text[position : backslash + 2])
            position = backslash + 2
    out.append(text[position:])
    return "".join(out)


def _character(digits: str) -> str:
    code = int(digits, 16)
    if code > 0x10FFFF or 0xD800 <= code <= 0xDFFF:
        raise ScalarError(f"Escaped character '\\u{digits}' is not valid UTF-8.")
    return chr(code)


def _underscores_are_inside(text: str) -> bool:
    if text.lstrip("+-") in ("nan", "inf"):
        return True
    after_digit = False
    for char in text:
        if char == "_" and not after_digit:
            return False
        after_digit = char in _HEX
    return after_digit


def _has_leading_zero(text: str) -> bool:
    if text[:1] in ("+", "-"):
        return len(text) > 2 and text[1] == "0"
    return len(text) > 1 and text[0] == "0" and text[1] not in "box"


def _lacks_leading_zero(text: str, layout: str) -> bool:
    """Go reads `1:2:3` where TOML wants `01:02:03`; then the separators stand elsewhere."""
    for index, char in enumerate(layout):
        if char in ".Z":
            return False
        if not char.isdigit() and text[index : index + 1] != char:
            return True
    return False
