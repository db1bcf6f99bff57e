"""Go's time.Duration: reading and rounding counts of nanoseconds (`types.Duration` prints them).

Called by `types.Duration` and by the date functions of templates. The rules are those of Go's `time` package: `300ms`,
`-1.5h` or `2h45m` on reading, overflow of int64 refused.
"""

from __future__ import annotations

from typing import Final

NANOSECOND: Final = 1
MICROSECOND: Final = 1_000
MILLISECOND: Final = 1_000_000
SECOND: Final = 1_000_000_000
MINUTE: Final = 60 * SECOND
HOUR: Final = 60 * MINUTE

MAX: Final = 2**63 - 1
MIN: Final = -(2**63)

_UNITS: Final = {
    "ns": NANOSECOND,
    "us": MICROSECOND,
    "µs": MICROSECOND,
    "μs": MICROSECOND,
    "ms": MILLISECOND,
    "s": SECOND,
    "m": MINUTE,
    "h": HOUR,
}
_DIGITS: Final = "0123456789"
_MOST_DIGITS: Final = 19
"""What a number within int64 has; Python would refuse to read a few thousand."""


class DurationError(ValueError):
    """A text that is no duration; the message is Go's."""


def parse_duration(text: str) -> int:
    """Read `[-+]` and one or more of number and unit; raises DurationError."""
    negative = text.startswith("-")
    rest = text[1:] if text[:1] in ("-", "+") else text
    if rest == "0":
        return 0
    if not rest:
        raise _invalid(text)
    total = 0
    while rest:
        amount, rest = _leading_amount(rest, text)
        total += amount
        if total > -MIN:
            raise _invalid(text)
    if negative:
        return -total
    if total > MAX:
        raise _invalid(text)
    return total


def truncate(nanoseconds: int, multiple: int) -> int:
    """Toward zero, to a multiple of `multiple`; unchanged when that is not positive."""
    if multiple <= 0:
        return nanoseconds
    whole = abs(nanoseconds) // multiple * multiple
    return -whole if nanoseconds < 0 else whole


def round_to(nanoseconds: int, multiple: int) -> int:
    """To the nearest multiple, half away from zero; unchanged when `multiple` is not positive."""
    if multiple <= 0:
        return nanoseconds
    count = abs(nanoseconds)
    rest = count % multiple
    rounded = count - rest if rest * 2 < multiple else count - rest + multiple
    return max(-rounded, MIN) if nanoseconds < 0 else min(rounded, MAX)


def quote_ascii(text: str) -> str:
    r"""The quoting of Go's `time` errors: bytes outside printable ASCII as \xNN."""
    quoted = []
    for byte in text.encode("utf-8", "surrogateescape"):
        if byte < 0x20 or byte >= 0x80:
            quoted.append(f"\\x{byte:02x}")
        else:
            quoted.append(f"\\{chr(byte)}" if byte in b'"\\' else chr(byte))
    return f'"{"".join(quoted)}"'


def _leading_amount(rest: str, original: str) -> tuple[int, str]:
    whole, rest = _leading_digits(rest)
    if len(whole.lstrip("0")) > _MOST_DIGITS or int(whole[-_MOST_DIGITS:] or "0") > -MIN:
        raise _invalid(original)
    fraction = ""
    if rest.startswith("."):
        fraction, rest = _leading_digits(rest[1:])
    if not whole and not fraction:
        raise _invalid(original)
    unit, rest = _leading_unit(rest, original)
    return _scaled(int(whole[-_MOST_DIGITS:] or "0"), fraction, unit, original), rest


def _leading_digits(text: str) -> tuple[str, str]:
    rest = text.lstrip(_DIGITS)
    return text[: len(text) - len(rest)], rest


def _leading_unit(text: str, original: str) -> tuple[int, str]:
    end = next((index for index, char in enumerate(text) if char == "." or char in _DIGITS), len(text))
    name = text[:end]
    if not name:
        raise DurationError(f"time: missing unit in duration {quote_ascii(original)}")
    unit = _UNITS.get(name)
    if unit is None:
        raise DurationError(f"time: unknown unit {quote_ascii(name)} in duration {quote_ascii(original)}")
    return unit, text[end:]


def _scaled(whole: int, fraction: str, unit: int, original: str) -> int:
    amount = whole * unit
    if fraction:
        # Go multiplies in float64, and the last nanosecond of a fraction of an hour shows it. It also stops reading
        # digits before the numerator would leave int64.
        digits = fraction[:_MOST_DIGITS]
        while int(digits) > -MIN:
            digits = digits[:-1]
        amount += int(float(int(digits)) * (float(unit) / float(10 ** len(digits))))
    if amount > -MIN:
        raise _invalid(original)
    return amount


def _invalid(original: str) -> DurationError:
    return DurationError(f"time: invalid duration {quote_ascii(original)}")
