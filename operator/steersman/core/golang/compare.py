"""Comparison as Go has it: eq, ne, lt, le, gt, ge of text/template with their error texts, and reflect.DeepEqual.

Used by the template builtins and by sprig's deepEqual, has, uniq and without.
"""

from __future__ import annotations

from typing import Final

from steersman.core.golang.format import sprintf
from steersman.core.golang.kinds import is_nil, is_pointer, kind_name, type_name
from steersman.core.golang.types import GoStruct, GoValue, to_bytes

_BASIC: Final = {
    "bool": "bool",
    "int": "int",
    "int64": "int",
    "uint8": "uint",
    "uint64": "uint",
    "float64": "float",
    "complex128": "complex",
    "string": "string",
}
_BAD_TYPE: Final = "invalid type for comparison"


class ComparisonError(ValueError):
    """The two values cannot be compared; the text is Go's."""


def equal(left: GoValue, right: GoValue) -> bool:
    """`eq` of two operands."""
    if type(left) is type(right) and type(left) in (str, int, float, bool):
        return bool(left == right)
    left_kind, right_kind = _basic_kind(left), _basic_kind(right)
    if left_kind != right_kind:
        if left is None or right is None:
            return False
        if {left_kind, right_kind} != {"int", "uint"}:
            raise ComparisonError(f"incompatible types for comparison: {type_name(left)} and {type_name(right)}")
        return int(left) == int(right)
    if left_kind is not None:
        return bool(left == right)
    return _equal_others(left, right)


def _equal_others(left: GoValue, right: GoValue) -> bool:
    """Neither operand is of a basic kind: maps, slices, structs, nil."""
    if left is not None and right is not None and kind_name(left) != kind_name(right):
        raise ComparisonError(
            sprintf("non-comparable types %s: ", [left])
            + f"{type_name(left)}, {type_name(right)}: "
            + sprintf("%v", [right])
        )
    if is_nil(left) or is_nil(right):
        return is_nil(left) == is_nil(right)
    if not isinstance(right, GoStruct):
        raise ComparisonError(sprintf("non-comparable type %s: ", [right]) + type_name(right))
    if is_pointer(right):
        return left is right
    return type(left) is type(right) and bool(left == right)


def less(left: GoValue, right: GoValue) -> bool:
    """`lt`."""
    left_kind, right_kind = _basic_kind(left), _basic_kind(right)
    if left_kind is None or right_kind is None:
        raise ComparisonError(_BAD_TYPE)
    if left_kind != right_kind:
        if {left_kind, right_kind} != {"int", "uint"}:
            raise ComparisonError(f"incompatible types for comparison: {type_name(left)} and {type_name(right)}")
        return int(left) < int(right)
    if left_kind in ("bool", "complex"):
        raise ComparisonError(_BAD_TYPE)
    if left_kind == "string":
        return less_text(left, right)
    return bool(left < right)


def less_text(left: str, right: str) -> bool:
    """Go orders strings by their bytes. Code points order alike, but for bytes carried as surrogate escapes."""
    if left.isascii() and right.isascii():
        return left < right
    return to_bytes(left) < to_bytes(right)


def less_or_equal(left: GoValue, right: GoValue) -> bool:
    """`le`."""
    return less(left, right) or equal(left, right)


def _basic_kind(value: GoValue) -> str | None:
    if isinstance(value, int) and type(value) is not bool and type_name(value) not in ("uint8", "uint64"):
        return "int"
    return _BASIC.get(type_name(value))


def deep_equal(left: GoValue, right: GoValue) -> bool:
    """reflect.DeepEqual: same type, same content. NaN differs from itself, nil differs from empty."""
    if type(left) is not type(right):
        return False
    if isinstance(left, dict):
        return len(left) == len(right) and all(
            key in right and deep_equal(value, right[key]) for key, value in left.items()
        )
    if isinstance(left, list):
        return len(left) == len(right) and all(deep_equal(a, b) for a, b in zip(left, right, strict=True))
    return bool(left == right)
