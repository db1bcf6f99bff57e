"""Arithmetic of Sprig on int64 (`add`…), rounding, and lists of numbers; `decimals` has `addf` and its kin.

Every operand may be anything: `golang.cast` turns it into a number first. Integers wrap like Go's int64.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import reduce

from steersman.core.golang.cast import to_float64, to_int64, wrap_int64
from steersman.core.golang.format import sprint_one
from steersman.core.golang.numbers import (
    MAX_INT64,
    MAX_UINT64,
    MIN_INT64,
    NumberRangeError,
    NumberSyntaxError,
    parse_int,
)
from steersman.core.golang.types import GoValue, Int64, IntList
from steersman.core.template.funcs.registry import (
    ANY,
    FLOAT64,
    INT,
    INT64,
    STRING,
    FunctionError,
    FunctionTable,
)

TABLE = FunctionTable()

_INT_LIST = "[]int"
_LARGEST_EXPONENT = 2**12
_ENOUGH_DIGITS = 4000
"""More than Python turns into a number is never read; all that counts here is being too large."""


@TABLE.function("int64", params=(ANY,), result=INT64)
def as_int64(value: GoValue) -> Int64:
    """As an int64, 0 when it is no number."""
    return Int64(to_int64(value))


@TABLE.function("int", params=(ANY,), result=INT)
def as_int(value: GoValue) -> int:
    """As an int, 0 when it is no number."""
    return to_int64(value)


@TABLE.function("float64", params=(ANY,), result=FLOAT64)
def as_float64(value: GoValue) -> float:
    """As a float64, 0 when it is no number."""
    return to_float64(value)


@TABLE.function("atoi", params=(STRING,), result=INT)
def atoi(text: str) -> int:
    """A decimal text as an int: 0 when it is none, the nearest int64 when it is too large."""
    return read_decimal(text)


def read_decimal(text: str) -> int:
    """strconv.ParseInt in base 10 where the caller ignores the error: Go stops at the first thing wrong."""
    try:
        return parse_int(text)
    except NumberRangeError as error:
        return int(error.nearest)
    except NumberSyntaxError:
        digits = text[1:] if text[:1] in ("+", "-") else text
        leading = digits[: len(digits) - len(digits.lstrip("0123456789"))]
        if leading.strip("0") and int(leading[:_ENOUGH_DIGITS]) > MAX_UINT64:
            return MIN_INT64 if text[0] == "-" else MAX_INT64
        return 0


@TABLE.function("toDecimal", params=(ANY,), result=INT64)
def to_decimal(value: GoValue) -> Int64:
    """The printed value read as octal digits."""
    try:
        return Int64(parse_int(sprint_one(value), 8))
    except (NumberRangeError, NumberSyntaxError):
        return Int64(0)


@TABLE.function("add1", params=(ANY,), result=INT64)
def add1(value: GoValue) -> Int64:
    """One more."""
    return Int64(wrap_int64(to_int64(value) + 1))


@TABLE.function("add", variadic=ANY, result=INT64)
def add(*values: GoValue) -> Int64:
    """The sum."""
    return Int64(wrap_int64(sum(map(to_int64, values))))


@TABLE.function("sub", params=(ANY, ANY), result=INT64)
def sub(left: GoValue, right: GoValue) -> Int64:
    """The difference."""
    return Int64(wrap_int64(to_int64(left) - to_int64(right)))


@TABLE.function("mul", params=(ANY,), variadic=ANY, result=INT64)
def mul(first: GoValue, *others: GoValue) -> Int64:
    """The product."""
    return Int64(reduce(lambda product, value: wrap_int64(product * to_int64(value)), others, to_int64(first)))


@TABLE.function("div", params=(ANY, ANY), result=INT64)
def div(left: GoValue, right: GoValue) -> Int64:
    """The quotient, cut toward zero."""
    return Int64(wrap_int64(_quotient(to_int64(left), to_int64(right))))


@TABLE.function("mod", params=(ANY, ANY), result=INT64)
def mod(left: GoValue, right: GoValue) -> Int64:
    """The remainder, with the sign of the dividend."""
    dividend, divisor = to_int64(left), to_int64(right)
    return Int64(dividend - divisor * _quotient(dividend, divisor))


def _quotient(dividend: int, divisor: int) -> int:
    if divisor == 0:
        raise FunctionError("runtime error: integer divide by zero")
    quotient = abs(dividend) // abs(divisor)
    return quotient if (dividend < 0) == (divisor < 0) else -quotient


@TABLE.function("max", "biggest", params=(ANY,), variadic=ANY, result=INT64)
def maximum(first: GoValue, *others: GoValue) -> Int64:
    """The largest, as an int64."""
    return Int64(max(map(to_int64, (first, *others))))


@TABLE.function("min", params=(ANY,), variadic=ANY, result=INT64)
def minimum(first: GoValue, *others: GoValue) -> Int64:
    """The smallest, as an int64."""
    return Int64(min(map(to_int64, (first, *others))))


@TABLE.function("maxf", params=(ANY,), variadic=ANY, result=FLOAT64)
def maximum_float(first: GoValue, *others: GoValue) -> float:
    """The largest, as a float64."""
    return reduce(_larger, map(to_float64, others), to_float64(first))


@TABLE.function("minf", params=(ANY,), variadic=ANY, result=FLOAT64)
def minimum_float(first: GoValue, *others: GoValue) -> float:
    """The smallest, as a float64."""
    return -reduce(_larger, [-to_float64(value) for value in others], -to_float64(first))


def _larger(left: float, right: float) -> float:
    """math.Max: infinity beats NaN, and 0 is larger than -0."""
    if math.inf in (left, right):
        return math.inf
    if math.isnan(left) or math.isnan(right):
        return math.nan
    if left == right == 0:
        return left if math.copysign(1.0, left) > 0 else right
    return max(left, right)


@TABLE.function("ceil", params=(ANY,), result=FLOAT64)
def ceil(value: GoValue) -> float:
    """The next whole number up, as a float64."""
    return _whole(math.ceil, to_float64(value))


@TABLE.function("floor", params=(ANY,), result=FLOAT64)
def floor(value: GoValue) -> float:
    """The next whole number down, as a float64."""
    return _whole(math.floor, to_float64(value))


def _whole(to_integer: Callable[[float], int], number: float) -> float:
    # Python's integer has no negative zero, Go's ceil of -0.5 is one.
    return math.copysign(to_integer(number), number) if math.isfinite(number) else number


@TABLE.function("round", params=(ANY, INT), variadic=FLOAT64, result=FLOAT64)
def round_value(value: GoValue, places: int, *threshold: float) -> float:
    """To `places` decimals: up when the fraction reaches the threshold (0.5), else down, also below zero."""
    limit = threshold[0] if threshold else 0.5
    power = _power_of_ten(places)
    if not power:
        return math.nan
    scaled = power * to_float64(value)
    fraction, _ = math.modf(scaled)
    return _whole(math.ceil if fraction >= limit else math.floor, scaled) / power


def _power_of_ten(places: int) -> float:
    """math.Pow(10, places) with Go's own roundings: by squaring mantissa and exponent apart."""
    mantissa, exponent = 1.0, 0
    square, square_exponent = math.frexp(10.0)
    left = abs(places)
    while left:
        if abs(square_exponent) > _LARGEST_EXPONENT:
            exponent += square_exponent
            break
        if left & 1:
            mantissa *= square
            exponent += square_exponent
        square *= square
        square_exponent *= 2
        if square < 0.5:
            square *= 2
            square_exponent -= 1
        left >>= 1
    if places < 0:
        mantissa, exponent = 1 / mantissa, -exponent
    try:
        return math.ldexp(mantissa, exponent)
    except OverflowError:
        return math.inf


@TABLE.function("until", params=(INT,), result=_INT_LIST)
def until(count: int) -> IntList:
    """From 0 up, or down, to before the count."""
    return _listed(range(0, count, -1 if count < 0 else 1))


@TABLE.function("untilStep", params=(INT, INT, INT), result=_INT_LIST)
def until_step(start: int, stop: int, step: int) -> IntList:
    """From start to before stop; nothing when the step does not lead there."""
    return _listed(_steps(start, stop, step))


@TABLE.function("seq", variadic=INT, result=STRING)
def seq(*numbers: int) -> str:
    """Numbers as text, like the command: `end`, `start end` or `start step end`, the end included."""
    if not 1 <= len(numbers) <= 3:
        return ""
    start = numbers[0] if len(numbers) > 1 else 1
    end = numbers[-1]
    direction = -1 if end < start else 1
    step = numbers[1] if len(numbers) == 3 else direction
    if end < start and step > 0:
        return ""
    return " ".join(map(str, _steps(start, end + direction, step)))


def _listed(numbers: range) -> IntList:
    try:
        return IntList(numbers)
    except OverflowError as error:
        raise MemoryError("more items than a list can have") from error


def _steps(start: int, stop: int, step: int) -> range:
    leads_there = step < 0 if stop < start else step > 0
    return range(start, stop, step) if leads_there else range(0)
