"""Choosing between values: default, empty, coalesce, any, all, ternary.

Empty is the zero of a type: nil, "", 0, 0.0, false, a list or map without items; structs never are. For every type that
`golang.types` lists, that is Python's own truth, so the functions ask for it directly: `default` runs thousands of
times in a large chart.
"""

from __future__ import annotations

from steersman.core.golang.types import GoValue
from steersman.core.template.funcs.registry import ANY, BOOL, FunctionTable

TABLE = FunctionTable()


@TABLE.function("default", params=(ANY,), variadic=ANY)
def default(fallback: GoValue, *given: GoValue) -> GoValue:
    """The first value given, or the fallback when that is empty or missing."""
    return given[0] if given and given[0] else fallback


@TABLE.function("empty", params=(ANY,), result=BOOL)
def empty(value: GoValue) -> bool:
    """Whether the value is the zero of its type."""
    return not value


@TABLE.function("coalesce", variadic=ANY)
def coalesce(*values: GoValue) -> GoValue:
    """The first value that is not empty, or nil."""
    for value in values:
        if value:
            return value
    return None


@TABLE.function("all", variadic=ANY, result=BOOL)
def all_of(*values: GoValue) -> bool:
    """Whether no value is empty."""
    return all(values)


@TABLE.function("any", variadic=ANY, result=BOOL)
def any_of(*values: GoValue) -> bool:
    """Whether some value is not empty."""
    return any(values)


@TABLE.function("ternary", params=(ANY, ANY, BOOL))
def ternary(if_true: GoValue, if_false: GoValue, condition: bool) -> GoValue:
    """The first value when the condition holds, else the second."""
    return if_true if condition else if_false
