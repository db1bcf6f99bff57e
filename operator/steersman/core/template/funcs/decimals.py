"""Arithmetic of Sprig in decimal fractions: addf, subf, mulf, divf, add1f.

Every operand may be anything: `golang.cast` turns it into a float first. The functions compute exactly on the shortest
digits of their floats, so that 0.1 and 0.2 make 0.3.
"""

from __future__ import annotations

import math
from fractions import Fraction
from functools import reduce

from steersman.core.golang.cast import to_float64
from steersman.core.golang.numbers import format_float
from steersman.core.golang.types import GoValue
from steersman.core.template.funcs.registry import ANY, FLOAT64, FunctionError, FunctionTable

TABLE = FunctionTable()

_DIVISION_UNIT = Fraction(1, 10**16)


@TABLE.function("add1f", params=(ANY,), result=FLOAT64)
def add1f(value: GoValue) -> float:
    """One more, in decimals."""
    return _to_float(_decimal(value) + 1)


@TABLE.function("addf", variadic=ANY, result=FLOAT64)
def addf(*values: GoValue) -> float:
    """The sum, in decimals."""
    return _to_float(sum(map(_decimal, values), Fraction()))


@TABLE.function("subf", params=(ANY,), variadic=ANY, result=FLOAT64)
def subf(first: GoValue, *others: GoValue) -> float:
    """The first without the others, in decimals."""
    return _to_float(_decimal(first) - sum(map(_decimal, others), Fraction()))


@TABLE.function("mulf", params=(ANY,), variadic=ANY, result=FLOAT64)
def mulf(first: GoValue, *others: GoValue) -> float:
    """The product, in decimals."""
    return _to_float(reduce(lambda product, value: product * _decimal(value), others, _decimal(first)))


@TABLE.function("divf", params=(ANY,), variadic=ANY, result=FLOAT64)
def divf(first: GoValue, *others: GoValue) -> float:
    """The first divided by the others in turn, each time rounded to 16 decimals."""
    return _to_float(reduce(lambda quotient, value: _divided(quotient, _decimal(value)), others, _decimal(first)))


def _decimal(value: GoValue) -> Fraction:
    number = to_float64(value)
    if not math.isfinite(number):
        raise FunctionError(f"Cannot create a Decimal from {format_float(number)}")
    return Fraction(repr(number))


def _divided(dividend: Fraction, divisor: Fraction) -> Fraction:
    if not divisor:
        raise FunctionError("decimal division by 0")
    quotient = dividend / divisor
    units = math.floor(abs(quotient) / _DIVISION_UNIT + Fraction(1, 2))
    return _DIVISION_UNIT * (units if quotient > 0 else -units)


def _to_float(value: Fraction) -> float:
    try:
        return float(value)
    except OverflowError:
        return math.inf if value > 0 else -math.inf
