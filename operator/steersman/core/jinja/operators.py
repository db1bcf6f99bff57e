"""Arithmetic in Jinja2 expressions: numbers, and `+`, `*`, `%` of texts and lists, within bounds.

Python would take time and memory without end (`9**9**9`, `"x" * 10**9`), which no limit could stop in the middle.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Mapping
from typing import Any, Final, TypeGuard

from jinja2.exceptions import TemplateRuntimeError
from jinja2.runtime import Undefined

from steersman.core.jinja.formatting import percent
from steersman.core.jinja.values import noun, refuse_undefined, whole, within_64_bits

_LONGEST: Final = 1_000_000
"""Items or characters that `*` may make."""

_BITS: Final = 64


def binary(sign: str, left: Any, right: Any) -> Any:
    """`left sign right`. Raises TemplateRuntimeError, ArithmeticError."""
    for value in (left, right):
        if isinstance(value, Undefined):
            refuse_undefined(value)
    if _is_number(left) and _is_number(right):
        result = _power(left, right) if sign == "**" else _ARITHMETIC[sign](left, right)
        return within_64_bits(result) if isinstance(result, int) else result
    if sign == "+" and (_both(left, right, str) or _both(left, right, list) or _both(left, right, tuple)):
        return str(left) + str(right) if isinstance(left, str) else left + right
    if sign == "*" and isinstance(left, str | list) and isinstance(whole(right), int):
        return _repeated(left, whole(right))
    if sign == "%" and isinstance(left, str):
        return percent(str(left), right)
    hint = "; ~ joins texts" if sign == "+" else ""
    raise TemplateRuntimeError(f'"{sign}" cannot take {noun(left)} and {noun(right)}{hint}')


def _is_number(value: Any) -> TypeGuard[int | float]:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _both(left: Any, right: Any, kind: type) -> bool:
    return isinstance(left, kind) and isinstance(right, kind)


def _power(base: float, exponent: float) -> Any:
    if isinstance(base, int) and isinstance(exponent, int) and abs(base) > 1 and exponent > _BITS:
        raise TemplateRuntimeError("a whole number that does not fit into 64 bits")
    return base**exponent


def _repeated(value: Any, count: int) -> Any:
    if len(value) * count > _LONGEST:
        raise TemplateRuntimeError(f'"*" makes at most {_LONGEST} characters or items')
    return value * count


_ARITHMETIC: Final[Mapping[str, Callable[[Any, Any], Any]]] = {
    "+": operator.add,
    "-": operator.sub,
    "*": operator.mul,
    "/": operator.truediv,
    "//": operator.floordiv,
    "%": operator.mod,
}
