"""Number literals of templates: which Go types can hold what was written.

Called by `parser.py`. A number in a template has no type of its own; the parameter it is passed to decides, and where
that takes anything the spelling does (`compiler.py`).
"""

from __future__ import annotations

import re
from typing import Final

from steersman.core.golang.numbers import NumberRangeError, NumberSyntaxError, parse_float, parse_int, parse_uint
from steersman.core.golang.quote import quote, unquote_char
from steersman.core.template.nodes import Number

_FLOAT: Final = r"""(?:
    0[xX][0-9a-fA-F_]*(?:\.[0-9a-fA-F_]*)?(?:[pP][+-]?[0-9_]*)?
  | [0-9_]*(?:\.[0-9_]*)?(?:[eEpP][+-]?[0-9_]*)?
)"""
# As fmt.Sscan cuts a complex number: an `i` right after a sign could start `inf`, and is gone.
_TWO_PARTS: Final = re.compile(rf"([+-]?i?{_FLOAT})([+-](?!i){_FLOAT})i", re.VERBOSE)


class NumberError(ValueError):
    """A literal that is no number; the text is Go's."""


def char_constant(position: int, source: str) -> Number:
    """`'a'`: the rune's number."""
    char, tail = unquote_char(source[1:], "'")
    if tail != "'":
        raise NumberError(f"malformed character constant: {source}")
    code = ord(char) - 0xDC00 if "\udc80" <= char <= "\udcff" else ord(char)
    return Number(position, source, integer=code, unsigned=code, floating=float(code))


def complex_constant(position: int, source: str) -> Number:
    """`1+2i`"""
    parts = _TWO_PARTS.fullmatch(source)
    if parts is None:
        raise NumberError("syntax error scanning complex number")
    real, imaginary = (_part(text) for text in parts.groups())
    return _from_complex(position, source, complex(real, imaginary))


def _part(text: str) -> float:
    try:
        return parse_float(text)
    except NumberSyntaxError as error:
        raise NumberError(f"strconv.ParseFloat: parsing {quote(text)}: invalid syntax") from error
    except NumberRangeError as error:
        raise NumberError(f"strconv.ParseFloat: parsing {quote(text)}: value out of range") from error


def number_constant(position: int, source: str) -> Number:
    """An integer, a float, or an imaginary number."""
    if source.endswith("i"):
        imaginary = _float(source[:-1])
        if imaginary is not None:
            return _from_complex(position, source, complex(0.0, imaginary))
    number = Number(position, source, integer=_signed(source), unsigned=_unsigned(source))
    if number.integer == 0:
        number.unsigned = 0  # also for -0
    if number.integer is not None:
        number.floating = float(number.integer)
    elif number.unsigned is not None:
        number.floating = float(number.unsigned)
    else:
        _set_float(number)
    return number


def _set_float(number: Number) -> None:
    value = _float(number.source)
    if value is None:
        raise NumberError(f"illegal number syntax: {quote(number.source)}")
    if not any(mark in number.source for mark in ".eEpP"):
        # An integer too large for any type, which float syntax would take.
        raise NumberError(f"integer overflow: {quote(number.source)}")
    number.floating = value
    _set_integers(number, value)


def _set_integers(number: Number, value: float) -> None:
    if value.is_integer() and -(2.0**63) <= value < 2.0**63:
        number.integer = int(value)
    if value.is_integer() and 0 <= value < 2.0**64:
        number.unsigned = int(value)


def _from_complex(position: int, source: str, value: complex) -> Number:
    number = Number(position, source, imaginary=value)
    if value.imag == 0:
        number.floating = value.real
        _set_integers(number, value.real)
    return number


def _signed(source: str) -> int | None:
    try:
        return parse_int(source, 0)
    except (NumberSyntaxError, NumberRangeError):
        return None


def _unsigned(source: str) -> int | None:
    try:
        return parse_uint(source, 0)
    except (NumberSyntaxError, NumberRangeError):
        return None


def _float(source: str) -> float | None:
    try:
        return parse_float(source)
    except (NumberSyntaxError, NumberRangeError):
        return None
