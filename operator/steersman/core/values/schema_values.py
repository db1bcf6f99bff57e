"""JSON values as schemas see them: their types, when two are equal, and how they keep to bounds.

Called by `schema_walk` and `schema_document`. Numbers are compared as decimals, whatever holds them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from decimal import Decimal
from fractions import Fraction
from typing import Any, Final

from steersman.core.values.schema_text import Complaint, Path, number_text

_TYPES: Final = ("null", "boolean", "number", "integer", "string", "array", "object")
_BOUNDS: Final[dict[str, Callable[[Decimal, Decimal], bool]]] = {
    "minimum": lambda got, want: got >= want,
    "maximum": lambda got, want: got <= want,
    "exclusiveMinimum": lambda got, want: got > want,
    "exclusiveMaximum": lambda got, want: got < want,
    "multipleOf": lambda got, want: Fraction(got) % Fraction(want) == 0,
}


def type_of(value: Any) -> str:
    """JSON's name for the type of a value; every number is a number."""
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "boolean"
    if isinstance(value, str):
        return "string"
    if isinstance(value, dict):
        return "object"
    return "array" if isinstance(value, list) else "number"


def type_words(names: Iterable[str]) -> str:
    """Types that a value may have: `integer or string`."""
    wanted = set(names)
    return " or ".join(name for name in _TYPES if name in wanted)


def is_integer(value: Any) -> bool:
    """Whether a value is a number without a fraction."""
    return type_of(value) == "number" and value == int(value)


def equal(left: Any, right: Any) -> bool:
    """JSON's equality: numbers by value, true is not 1."""
    return type_of(left) == type_of(right) and bool(_key(left) == _key(right))


def first_equal_pair(values: list[Any]) -> tuple[int, int] | None:
    """The indexes of the first element that an earlier one equals, the earlier one first."""
    seen: dict[Any, int] = {}
    for index, value in enumerate(values):
        first = seen.setdefault(_key(value), index)
        if first != index:
            return first, index
    return None


def count(schema: dict[str, Any], what: str, value: Any, path: Path) -> Iterator[Complaint]:
    """minItems and maxItems and their like."""
    least, most = schema.get(f"min{what}"), schema.get(f"max{what}")
    if least is not None and len(value) < least:
        yield Complaint(path, f"min{what}: got {len(value):,}, want {int(least):,}")
    if most is not None and len(value) > most:
        yield Complaint(path, f"max{what}: got {len(value):,}, want {int(most):,}")


def bounds(schema: dict[str, Any], value: float, path: Path, draft: int) -> Iterator[Complaint]:
    """minimum and its like; draft 4's exclusive bounds are flags beside it."""
    got = _decimal(value)
    for keyword, fits in _BOUNDS.items():
        want = schema.get(keyword)
        if want is None or isinstance(want, bool):
            continue
        name = keyword
        if draft == 4 and keyword in ("minimum", "maximum") and schema.get(f"exclusive{keyword.title()}"):
            name = f"exclusive{keyword.title()}"
            fits = _BOUNDS[name]
        if not fits(got, _decimal(want)):
            yield Complaint(path, f"{name}: got {number_text(value)}, want {number_text(float(want))}")


def _key(value: Any) -> Any:
    """Equal for equal JSON values, and hashable."""
    if isinstance(value, dict):
        return "object", frozenset((name, _key(item)) for name, item in value.items())
    if isinstance(value, list):
        return "array", tuple(map(_key, value))
    kind = type_of(value)
    return kind, _decimal(value) if kind == "number" else value


def _decimal(value: Any) -> Decimal:
    return Decimal(repr(value)) if isinstance(value, float) else Decimal(value)
