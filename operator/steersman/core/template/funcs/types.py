"""Questions about types: typeOf, typeIs, typeIsLike, kindOf, kindIs, deepEqual. Names are Go's."""

from __future__ import annotations

from steersman.core.golang.compare import deep_equal
from steersman.core.golang.kinds import kind_name, type_name
from steersman.core.golang.types import GoValue
from steersman.core.template.funcs.registry import ANY, BOOL, STRING, FunctionTable

TABLE = FunctionTable()


@TABLE.function("typeOf", params=(ANY,), result=STRING)
def type_of(value: GoValue) -> str:
    """`[]interface {}`, `float64`, `*semver.Version`; `<nil>` of nil."""
    return type_name(value)


@TABLE.function("typeIs", params=(STRING, ANY), result=BOOL)
def type_is(name: str, value: GoValue) -> bool:
    """Whether that is the value's type."""
    return name == type_name(value)


@TABLE.function("typeIsLike", params=(STRING, ANY), result=BOOL)
def type_is_like(name: str, value: GoValue) -> bool:
    """Whether that is the value's type, or the type it points to."""
    return type_name(value) in (name, f"*{name}")


@TABLE.function("kindOf", params=(ANY,), result=STRING)
def kind_of(value: GoValue) -> str:
    """`slice`, `map`, `string`…; `invalid` of nil."""
    return kind_name(value)


@TABLE.function("kindIs", params=(STRING, ANY), result=BOOL)
def kind_is(name: str, value: GoValue) -> bool:
    """Whether that is the value's kind."""
    return name == kind_name(value)


@TABLE.function("deepEqual", params=(ANY, ANY), result=BOOL)
def deep_equal_values(left: GoValue, right: GoValue) -> bool:
    """reflect.DeepEqual: types and contents alike."""
    return deep_equal(left, right)
