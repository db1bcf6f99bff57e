"""Values of Jinja2 expressions as Go values, and as text. What is undefined comes in three kinds:

- a key that a map lacks is `Unset`: it prints nothing, is false, and is nil to functions, as in Go templates;
- what is read of it in turn is `Unreachable`: it may be asked for (`is defined`, `default`), but not used;
- a name that nobody defined is Jinja2's StrictUndefined: the same.

All functions here raise TemplateRuntimeError (UndefinedError, SecurityError among them) for what cannot be a value.
"""

from __future__ import annotations

import operator
from collections.abc import Iterator
from typing import Any, Final, NoReturn

from jinja2.environment import TemplateModule
from jinja2.exceptions import TemplateRuntimeError
from jinja2.runtime import LoopContext, StrictUndefined, Undefined

from steersman.core.golang.format import display, sorted_items
from steersman.core.golang.numbers import MAX_INT64, MIN_INT64
from steersman.core.golang.types import GoStruct, GoValue

_AS_THEY_ARE: Final = frozenset({str, bool, float, bytes, type(None)})


class Unset(Undefined):
    """A key that a map does not have."""

    __slots__ = ()

    def __eq__(self, other: object) -> bool:
        return other is None or isinstance(other, Undefined)

    def __ne__(self, other: object) -> bool:
        return not self == other

    def __hash__(self) -> int:
        return hash(None)


class Unreachable(StrictUndefined):
    """Something read of what is not there."""

    __slots__ = ()


def refuse_undefined(value: Undefined) -> NoReturn:
    """Fail as Jinja2 does where an undefined value is used."""
    value._fail_with_undefined_error()


def go_value(value: Any) -> GoValue:
    """The value as functions of Go templates know it. Maps and lists of a chart come back as they are, since functions
    may change them; those written in the template are copied where something in them is not Go's."""
    kind = type(value)
    if kind in _AS_THEY_ARE:
        return value
    if kind is int:
        return within_64_bits(value)
    if kind is dict:
        return _map(value)
    if kind is list:
        return _list(value)
    if isinstance(value, dict | list | int | complex | GoStruct):
        return value
    return _converted(value)


def _converted(value: Any) -> GoValue:
    """Values that only Python has."""
    if isinstance(value, StrictUndefined):
        refuse_undefined(value)
    if isinstance(value, Undefined):
        return None
    if isinstance(value, str | TemplateModule):
        return str(value)
    if isinstance(value, tuple | range | Iterator) and not isinstance(value, LoopContext):
        return [go_value(item) for item in value]
    raise TemplateRuntimeError(f"{noun(value)} is not a value; call it, or read one of its attributes")


def _map(value: dict[Any, Any]) -> dict[str, GoValue]:
    clean = {text(key): go_value(item) for key, item in value.items()}
    is_clean = all(map(operator.is_, clean.values(), value.values())) and all(type(key) is str for key in value)
    return value if is_clean else clean


def _list(value: list[Any]) -> list[GoValue]:
    clean = [go_value(item) for item in value]
    return value if all(map(operator.is_, clean, value)) else clean


def within_64_bits(value: int) -> int:
    """The integer, if Go's int can hold it."""
    if MIN_INT64 <= value <= MAX_INT64:
        return value
    raise TemplateRuntimeError("a whole number that does not fit into 64 bits")


def text(value: Any) -> str:
    """What `{{ value }}` prints: what the Go template would, and nothing for nil."""
    if type(value) is str:
        return value
    plain = go_value(value)
    return "" if plain is None else display(plain)


def whole(value: Any) -> Any:
    """Numbers from values are floats: one without decimals, as the int that Python wants for counts and positions."""
    return int(value) if isinstance(value, float) and value.is_integer() else value


def each(value: Any) -> Any:
    """What a `for` goes through: items of lists, keys of maps in Go's order, nothing for nil."""
    if value is None:
        return ()
    if isinstance(value, dict):
        return [key for key, _ in sorted_items(value)]
    if isinstance(value, str | int | float | GoStruct):
        ways = {str: " (use |list for its characters)", int: " (use range)", float: " (use range)"}
        raise TemplateRuntimeError(f"cannot loop over {noun(value)}{ways.get(type(value), '')}")
    return value


def noun(value: Any) -> str:
    """What the value is, in words of chart authors."""
    if value is None or isinstance(value, Undefined):
        return "nothing"
    if isinstance(value, bool):
        return "a boolean"
    for kind, words in _NOUNS:
        if isinstance(value, kind):
            return words
    if isinstance(value, GoStruct):
        return f"an object ({value.go_type})"
    return "a loop" if isinstance(value, LoopContext) else "a function" if callable(value) else "an object of Jinja2"


_NOUNS: Final[tuple[tuple[Any, str], ...]] = (
    (str, "a string"),
    (bytes, "a file's bytes"),
    (int | float | complex, "a number"),
    (dict, "a map"),
    (list | tuple | range, "a list"),
)
