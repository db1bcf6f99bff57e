"""Go's strconv for numbers: floats as text (%v, %e, %f, %g, %b, %x), ParseInt, ParseUint, ParseFloat.

`format.py` builds fmt's verbs on the first half; template literals, sprig's casts and YAML read with the second.
"""

from __future__ import annotations

import math
import re
from typing import Final

MAX_INT64: Final = 2**63 - 1
MIN_INT64: Final = -(2**63)
MAX_UINT64: Final = 2**64 - 1

_BASE_PREFIXES: Final = {"0x": 16, "0o": 8, "0b": 2}
_DIGITS: Final = {2: "01", 8: "01234567", 10: "0123456789", 16: "0123456789abcdef"}
_INTEGER: Final = {base: re.compile(f"[{digits}]+", re.ASCII) for base, digits in _DIGITS.items()}
_DECIMAL_FLOAT: Final = re.compile(r"[+-]?(\d+(\.\d*)?|\.\d+)(e[+-]?\d+)?", re.ASCII)
_HEX_FLOAT: Final = re.compile(r"[+-]?0x([0-9a-f]+(\.[0-9a-f]*)?|\.[0-9a-f]+)p[+-]?\d+", re.ASCII)
_SPECIAL_FLOATS: Final = re.compile(r"[+-]?(inf|infinity)|nan")
_SEPARATED: Final = re.compile(r"[+-]?(0[xob]_?)?[0-9a-f]+(_[0-9a-f]+)*")
# Each underscore stands between two digits (of the base), or after the 0x.
_SEPARATED_FLOAT: Final = re.compile(
    r"[+-]?(0x([0-9a-f.p+-]|(?<=[0-9a-fx])_(?=[0-9a-f]))*|([0-9.e+-]|(?<=[0-9])_(?=[0-9]))*)"
)


class NumberSyntaxError(ValueError):
    """The text is no number of the kind asked for."""


class NumberRangeError(ValueError):
    """A number, but one that the type cannot hold. `nearest` is the value Go returns along with the error."""

    def __init__(self, nearest: float) -> None:
        super().__init__("value out of range")
        self.nearest = nearest


def format_float(value: float) -> str:
    """A float as `%v` prints it: the shortest digits that read back the same, an exponent below 1e-4 and from 1e6."""
    if value == value and -1e6 < value < 1e6 and (value >= 1e-4 or value <= -1e-4):
        text = repr(value)
        return text[:-2] if text.endswith(".0") else text
    return format_float_verb(value, "g", None)


def format_float_verb(value: float, verb: str, precision: int | None) -> str:
    """strconv.FormatFloat for the verbs b e E f g G x X; precision None is Go's -1, the shortest digits."""
    if math.isnan(value):
        return "NaN"
    if math.isinf(value):
        return "+Inf" if value > 0 else "-Inf"
    if verb == "b":
        return _binary(value)
    if verb in "xX":
        text = _hexadecimal(value, precision)
        return text.upper() if verb == "X" else text
    if precision is None:
        return _shortest(value, verb)
    return f"{value:.{precision if verb in 'eEf' else precision or 1}{verb}}"


def shortest_digits(value: float) -> tuple[str, int]:
    """The shortest decimal digits of |value| that round-trip, and the decimal point's place (0.d1d2… × 10^place)."""
    mantissa, _, exponent = repr(abs(value)).partition("e")
    whole, _, fraction = mantissa.partition(".")
    digits = (whole + fraction).lstrip("0")
    place = len(whole) + int(exponent or 0) - (len(whole + fraction) - len(digits))
    digits = digits.rstrip("0")
    return (digits, place) if digits else ("0", 1)


def _shortest(value: float, verb: str) -> str:
    sign = "-" if math.copysign(1.0, value) < 0 else ""
    digits, place = shortest_digits(value)
    exponent = place - 1
    if verb in "eE" or (verb in "gG" and not -4 <= exponent < 6):
        return sign + _with_exponent(digits, exponent, "E" if verb in "EG" else "e")
    return sign + _positional(digits, place)


def _with_exponent(digits: str, exponent: int, letter: str) -> str:
    mantissa = digits[0] + ("." + digits[1:] if len(digits) > 1 else "")
    return f"{mantissa}{letter}{'-' if exponent < 0 else '+'}{abs(exponent):02d}"


def _positional(digits: str, place: int) -> str:
    if place <= 0:
        return "0." + "0" * -place + digits
    if place >= len(digits):
        return digits + "0" * (place - len(digits))
    return f"{digits[:place]}.{digits[place:]}"


def _binary(value: float) -> str:
    mantissa, exponent = math.frexp(value)
    if value == 0:
        return ("-" if math.copysign(1.0, value) < 0 else "") + "0p-1074"
    shift = max(exponent - 53, -1074)
    return f"{int(math.ldexp(mantissa, exponent - shift))}p{shift:+d}"


def _hexadecimal(value: float, precision: int | None) -> str:
    sign = "-" if math.copysign(1.0, value) < 0 else ""
    value = abs(value)
    if value == 0:
        fraction = "." + "0" * precision if precision else ""
        return f"{sign}0x0{fraction}p+00"
    mantissa, exponent = math.frexp(value)
    bits = int(math.ldexp(mantissa, 53))  # 1.xxx × 2^(exponent-1), 52 fraction bits
    exponent -= 1
    if precision is not None and precision < 13:
        bits, exponent = _rounded(bits, exponent, precision)
    digits = f"{bits & (2**52 - 1):013x}"
    digits = digits.rstrip("0") if precision is None else digits[:precision].ljust(precision, "0")
    fraction = "." + digits if digits else ""
    return f"{sign}0x1{fraction}p{'-' if exponent < 0 else '+'}{abs(exponent):02d}"


def _rounded(bits: int, exponent: int, precision: int) -> tuple[int, int]:
    """The 53-bit mantissa rounded half to even after `precision` hexadecimal digits."""
    drop = 4 * (13 - precision)
    unit = 1 << drop
    rest = bits & (unit - 1)
    bits -= rest
    if rest > unit // 2 or (rest == unit // 2 and bits & unit):
        bits += unit
    return (bits >> 1, exponent + 1) if bits >= 2**53 else (bits, exponent)


def parse_int(text: str, base: int = 10) -> int:
    """strconv.ParseInt(text, base, 64). Base 0 reads 0x, 0o, 0b, a leading 0 (octal) and underscores."""
    negative, digits = _sign(text)
    value = _magnitude(digits, base)
    if negative:
        value = -value
    if value > MAX_INT64:
        raise NumberRangeError(MAX_INT64)
    if value < MIN_INT64:
        raise NumberRangeError(MIN_INT64)
    return value


def parse_uint(text: str, base: int = 10) -> int:
    """strconv.ParseUint(text, base, 64): no sign allowed."""
    value = _magnitude(text, base)
    if value > MAX_UINT64:
        raise NumberRangeError(MAX_UINT64)
    return value


def _sign(text: str) -> tuple[bool, str]:
    return (text[0] == "-", text[1:]) if text[:1] in ("+", "-") else (False, text)


def _magnitude(text: str, base: int) -> int:
    if base == 0:
        base, text = _detect_base(text.lower())
    else:
        text = text.lower()
    if not _INTEGER[base].fullmatch(text):
        raise NumberSyntaxError(text)
    # int() refuses texts of thousands of digits; anything beyond 70 significant ones is out of range anyway.
    text = text.lstrip("0") or "0"
    return int(text[:70], base) if len(text) <= 70 else MAX_UINT64 + 1


def _detect_base(text: str) -> tuple[int, str]:
    if "_" in text:
        if not _SEPARATED.fullmatch(text):
            raise NumberSyntaxError(text)
        text = text.replace("_", "")
    base = _BASE_PREFIXES.get(text[:2])
    if base is not None:
        return base, text[2:]
    return (8, text[1:]) if len(text) > 1 and text[0] == "0" else (10, text)


def parse_float(text: str) -> float:
    """strconv.ParseFloat(text, 64): decimal or hexadecimal, underscores between digits, inf and nan."""
    lowered = text.lower()
    if "_" in lowered:
        lowered = _without_separators(lowered)
    if _DECIMAL_FLOAT.fullmatch(lowered) or _SPECIAL_FLOATS.fullmatch(lowered):
        value = float(lowered)
    elif _HEX_FLOAT.fullmatch(lowered):
        value = _from_hex(lowered)
    else:
        raise NumberSyntaxError(text)
    if math.isinf(value) and "inf" not in lowered:
        raise NumberRangeError(value)
    return value


def _without_separators(text: str) -> str:
    if not _SEPARATED_FLOAT.fullmatch(text):
        raise NumberSyntaxError(text)
    return text.replace("_", "")


def _from_hex(text: str) -> float:
    try:
        return float.fromhex(text)
    except OverflowError:
        return -math.inf if text.startswith("-") else math.inf
