"""Functions that generated code does itself instead of calling: the few that charts use everywhere.

`expressions.py` asks for each call. Only what can be said in one expression, with the result of the real function for
every input, belongs here; the tests run both and compare.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from steersman.core.template.variables import Value


def inlined(name: str, values: Sequence[Value]) -> str | None:
    """An expression for the call, or None where the function has to be called."""
    inline = _INLINE.get(name)
    return inline(values) if inline else None


def _not(values: Sequence[Value]) -> str:
    return f"not {values[0].code}"


def _default(values: Sequence[Value]) -> str | None:
    if len(values) != 2:
        return None
    fallback, given = values
    return f"{given.code} if {given.code} else {fallback.code}"


def _ternary(values: Sequence[Value]) -> str:
    yes, no, condition = values
    return f"{yes.code} if {condition.code} else {no.code}"


def _eq(values: Sequence[Value]) -> str | None:
    return _comparison(values, "f_eq", "==")


def _ne(values: Sequence[Value]) -> str | None:
    return _comparison(values, "f_ne", "!=")


def _comparison(values: Sequence[Value], function: str, operator: str) -> str | None:
    """A comparison with a string constant needs no look at kinds where the other side is a string."""
    if len(values) != 2:
        return None
    left, right = values
    if not right.is_string_constant():
        left, right = right, left
    if not right.is_string_constant():
        return None
    call = f"{function}({values[0].code},{values[1].code})"
    return f"{left.code}{operator}{right.code} if type({left.code}) is str else {call}"


def _dict(values: Sequence[Value]) -> str | None:
    keys, items = values[::2], values[1::2]
    if len(keys) != len(items) or not all(key.is_string_constant() for key in keys):
        return None
    return "{" + ",".join([f"{key.code}:{item.code}" for key, item in zip(keys, items, strict=True)]) + "}"


def _list(values: Sequence[Value]) -> str:
    return "[" + ",".join([value.code for value in values]) + "]"


_INLINE: Final[dict[str, Callable[[Sequence[Value]], str | None]]] = {
    "default": _default,
    "dict": _dict,
    "empty": _not,
    "eq": _eq,
    "list": _list,
    "ne": _ne,
    "not": _not,
    "ternary": _ternary,
    "tuple": _list,
}
