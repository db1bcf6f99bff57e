"""Names of Go's types and kinds, which type may be assigned to which, and what is nil.

Used by argument checks and error texts of the template runtime, by `typeOf`, `kindOf`, `%T`, and by `compare`.
"""

from __future__ import annotations

from typing import Final

from steersman.core.golang.types import GoStruct, GoValue, Int64, NilList, NilMap, NilStringList

INTERFACE: Final = "interface {}"

_EXACT_TYPES: Final[dict[type, str]] = {
    str: "string",
    bool: "bool",
    int: "int",
    float: "float64",
    complex: "complex128",
    list: "[]interface {}",
    dict: "map[string]interface {}",
    bytes: "[]uint8",
}
_MAP: Final = "map[string]interface {}"
_BASIC_KINDS: Final = frozenset({"string", "bool", "int", "int64", "uint8", "uint64", "float64", "complex128"})


def type_name(value: GoValue) -> str:
    """reflect.TypeOf(value).String(); `<nil>` for nil."""
    name = _EXACT_TYPES.get(type(value))
    if name is not None:
        return name
    return "<nil>" if value is None else str(value.go_type)


def kind_name(value: GoValue) -> str:
    """reflect.ValueOf(value).Kind().String(); `invalid` for nil."""
    if value is None:
        return "invalid"
    name = type_name(value)
    if name in _BASIC_KINDS:
        return name
    if isinstance(value, dict):
        return "map"
    if isinstance(value, list | bytes):
        return "slice"
    if isinstance(value, int):
        return "int64" if isinstance(value, Int64) else "int"
    return "ptr" if name.startswith("*") else "struct"


def is_nil(value: GoValue) -> bool:
    """nil, or the nil of its type."""
    return value is None or isinstance(value, NilList | NilMap | NilStringList)


def is_assignable(value: GoValue, static_type: str) -> bool:
    """Whether a value other than nil may be passed where `static_type` is declared.

    A named type (common.Values) passes as its underlying type (map[string]interface {}).
    """
    if static_type == INTERFACE or type_name(value) == static_type:
        return True
    if isinstance(value, dict):
        return static_type == _MAP and element_type(value) == INTERFACE and type_name(value) != "map[string]string"
    if isinstance(value, list):
        return static_type == _underlying_list(value)
    return False


def _underlying_list(value: GoValue) -> str:
    element = getattr(value, "go_element", None)
    return type_name(value) if element is None else f"[]{element}"


def can_be_nil(static_type: str) -> bool:
    """Whether an untyped nil may be passed where `static_type` is declared."""
    return static_type == INTERFACE or static_type.startswith(("map[", "[]", "*"))


def element_type(container: GoValue) -> str:
    """The static type of what indexing or ranging over the container gives."""
    declared = getattr(container, "go_element", None)
    if declared is not None:
        return str(declared)
    name = type_name(container)
    if name.startswith("map[string]"):
        return name.removeprefix("map[string]")
    if name.startswith("[]"):
        return name.removeprefix("[]")
    return INTERFACE if isinstance(container, dict) else "uint8" if isinstance(container, str) else name


def is_pointer(value: GoValue) -> bool:
    """Whether Go holds this struct by pointer."""
    return isinstance(value, GoStruct) and value.go_type.startswith("*")
