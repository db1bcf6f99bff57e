"""What a plain scalar means: go-yaml v2's reading of YAML 1.1 (and where v3 differs), for the reader and the writers.

The reader turns text into values with it; the writers quote every string that would not read back as a string.
Differences from YAML 1.1: no base 60 numbers, timestamps stay text, `0o7` is octal as well as `07`.
"""

from __future__ import annotations

import re
from math import inf, isinf, nan
from typing import Final, TypeAlias

Scalar: TypeAlias = bool | int | float | str | None

_TRUE_WORDS: Final = ("true", "True", "TRUE")
_FALSE_WORDS: Final = ("false", "False", "FALSE")
_OLD_TRUE_WORDS: Final = ("y", "Y", "yes", "Yes", "YES", "on", "On", "ON")
_OLD_FALSE_WORDS: Final = ("n", "N", "no", "No", "NO", "off", "Off", "OFF")

WORDS: Final[dict[str, Scalar]] = {
    **dict.fromkeys((*_TRUE_WORDS, *_OLD_TRUE_WORDS), True),
    **dict.fromkeys((*_FALSE_WORDS, *_OLD_FALSE_WORDS), False),
    **dict.fromkeys(("", "~", "null", "Null", "NULL"), None),
    **dict.fromkeys((".nan", ".NaN", ".NAN"), nan),
    **dict.fromkeys((".inf", ".Inf", ".INF", "+.inf", "+.Inf", "+.INF"), inf),
    **dict.fromkeys(("-.inf", "-.Inf", "-.INF"), -inf),
}

SPECIAL_FIRST: Final = frozenset("0123456789+-.yYnNtTfFoO~")
"""A plain scalar that starts with any other character is a string."""

_DECIMAL = re.compile(r"[-+]?(?:0|[1-9][0-9]{0,19})").fullmatch
_PREFIXED = re.compile(r"([-+]?)0(?:([xX])([0-9a-fA-F]+)|([bB])([01]+)|[oO]?([0-7]+))").fullmatch
_FLOAT = re.compile(r"[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?").fullmatch
_DOT_FLOAT = re.compile(r"\.[0-9]+(?:_[0-9]+)*(?:[eE][-+]?[0-9]+(?:_[0-9]+)*)?").fullmatch
_DATE = re.compile(
    r"(?P<year>[0-9]{4})-(?P<month>[0-9]{1,2})-(?P<day>[0-9]{1,2})"
    r"(?:[Tt](?P<hour>[0-9]{1,2}):(?P<minute>[0-9]{1,2}):(?P<second>[0-9]{1,2})(?:[.,][0-9]+)?"
    r"(?:Z|[+-][0-9]{2}:[0-9]{2})"
    r"| (?P<hour2>[0-9]{1,2}):(?P<minute2>[0-9]{1,2}):(?P<second2>[0-9]{1,2})(?:[.,][0-9]+)?)?"
).fullmatch
_BASE60 = re.compile(r"[-+]?[0-9][0-9_]*(?::[0-5]?[0-9])+(?:\.[0-9_]*)?").fullmatch
_DAYS = (31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)

MIN_INT64: Final = -(2**63)
MAX_INT64: Final = 2**63 - 1
_MAX_UINT64: Final = 2**64 - 1


def resolve(text: str) -> Scalar:
    """The value of an untagged plain scalar. Integers beyond int64 and uint64 are floats."""
    if text and text[0] not in SPECIAL_FIRST:
        return text
    if text in WORDS:
        return WORDS[text]
    if text[0] in "yYnNtTfFoO~":
        return text
    if text[0] == ".":
        return _finite(text) if _DOT_FLOAT(text) else text
    return _number(text)


def is_timestamp(text: str) -> bool:
    """Whether go-yaml takes the text for a timestamp (short date, RFC 3339, or date and time without a zone)."""
    match = _DATE(text)
    if match is None:
        return False
    month, day, year = int(match["month"]), int(match["day"]), int(match["year"])
    hour, minute, second = (int(match[name] or match[f"{name}2"] or 0) for name in ("hour", "minute", "second"))
    return 1 <= month <= 12 and 1 <= day <= _days_in(month, year) and hour < 24 and minute < 60 and second < 60


def needs_quotes(text: str) -> bool:
    """Whether a string, written plain, would read back as something else under go-yaml v2 (or as base 60 elsewhere)."""
    if not text:
        return True
    if text[0] not in SPECIAL_FIRST:
        return False
    return type(resolve(text)) is not str or is_timestamp(text) or _BASE60(text) is not None


def _number(text: str) -> Scalar:
    plain = text.replace("_", "")
    integer = _integer(plain)
    if integer is not None:
        return integer
    return _finite(plain, text) if _FLOAT(plain) else text


def _integer(plain: str) -> int | None:
    """strconv.ParseInt and ParseUint with base 0; None where both fail."""
    if _DECIMAL(plain):
        value = int(plain)
    else:
        match = _PREFIXED(plain)
        if match is None:
            return None
        sign, _, hexadecimal, _, binary, octal = match.groups()
        value = int(hexadecimal, 16) if hexadecimal else int(binary, 2) if binary else int(octal, 8)
        if sign == "-":
            value = -value
    if MIN_INT64 <= value <= MAX_INT64 or (value <= _MAX_UINT64 and value > 0 and plain[0] != "+"):
        return value
    return None


def _finite(plain: str, otherwise: str | None = None) -> Scalar:
    """A float, or the text where it is too large for one."""
    value = float(plain)
    return (plain if otherwise is None else otherwise) if isinf(value) else value


def _days_in(month: int, year: int) -> int:
    if month == 2 and (year % 4 == 0 and (year % 100 != 0 or year % 400 == 0)):
        return 29
    return _DAYS[month - 1]
