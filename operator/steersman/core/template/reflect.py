"""What generated code asks of values when the fast way did not do: fields, methods, arguments, iteration.

Every function here is text/template's rule for values (`exec.go`), error texts included. Generated code reads fields of
plain dicts itself and comes here when that raised; so speed matters little, and being right about structs, named
maps, methods and nil does.

`interface` in the parameters says whether Go would hold the value with the static type `interface {}` (an element of a
map or list) or with its own type (a variable, the result of a pipeline): nil and error texts depend on it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import lru_cache
from types import MethodType, NoneType
from typing import Any, Final, NoReturn, get_args, get_type_hints

from steersman.core import yaml
from steersman.core.golang.format import shown_argument, sorted_items, sprint_one
from steersman.core.golang.kinds import INTERFACE, can_be_nil, element_type, is_assignable, type_name
from steersman.core.golang.quote import quote
from steersman.core.golang.types import Duration, GoPanic, GoStruct, GoValue, Uint8, Values
from steersman.core.template.errors import EvaluationError
from steersman.core.template.funcs.registry import BOOL, FLOAT64, INT, STRING, FunctionError

FIELD_ERRORS: Final = (KeyError, TypeError, AttributeError, GoPanic)
"""What reading `x["name"]` or `x.get("name")` raises where the value is no plain dict that has the name."""

_SIMPLE_HINTS: Final[dict[Any, str]] = {str: STRING, int: INT, float: FLOAT64, bool: BOOL}


def field_chain(base: GoValue, names: tuple[str, ...], interface: bool = False, strict: bool = False) -> GoValue:
    """`.a.b.c` read on `base`."""
    for name in names:
        base, interface = read_field(base, name, interface, strict)
    return base


def read_field(receiver: GoValue, name: str, interface: bool, strict: bool) -> tuple[GoValue, bool]:
    """One field, key or method without arguments, and whether the result has the static type `interface {}`."""
    if receiver is None:
        check_nil(name, interface, strict)
        return None, False
    method = find_method(receiver, name)
    if method is not None:
        return call_method(method, name), False
    if isinstance(receiver, GoStruct) and name in receiver.go_fields:
        return getattr(receiver, name), False
    if isinstance(receiver, dict):
        return _key(receiver, name, strict)
    raise cannot_evaluate(receiver, name, interface)


def check_nil(name: str, interface: bool, strict: bool) -> None:
    """A field of nil is an error where the nil has the static type `interface {}`, or where missing keys are errors."""
    if interface:
        raise EvaluationError(f"nil pointer evaluating {INTERFACE}.{name}")
    if strict:
        raise EvaluationError(f"nil data; no entry for key {quote(name)}")


def _key(receiver: dict[str, GoValue], name: str, strict: bool) -> tuple[GoValue, bool]:
    element = element_type(receiver)
    if name in receiver:
        return receiver[name], element == INTERFACE
    if strict:
        raise EvaluationError(f"map has no entry for key {quote(name)}")
    zero = "" if element == STRING else getattr(receiver, "go_zero", None)
    return zero, element == INTERFACE


def cannot_evaluate(receiver: GoValue, name: str, interface: bool) -> EvaluationError:
    static = INTERFACE if interface else type_name(receiver)
    if isinstance(receiver, GoStruct):
        if name in receiver.go_uncallable:
            return EvaluationError(receiver.go_uncallable[name])
        if name in receiver.go_hidden:
            return EvaluationError(f"{name} is an unexported field of struct type {static}")
    return EvaluationError(f"can't evaluate field {name} in type {static}")


def find_method(receiver: GoValue, name: str) -> Callable[..., GoValue] | None:
    """The method of that name, bound, or None."""
    if isinstance(receiver, Values):
        function = VALUES_METHODS.get(name)
        return MethodType(function, receiver) if function else None
    methods = getattr(type(receiver), "go_methods", None)
    if methods and name in methods:
        return getattr(receiver, methods[name])  # type: ignore[no-any-return]
    return None


class _Writer:
    """Go's io.Writer, which nothing in a template is."""

    go_type = "io.Writer"


def _as_map(values: Values) -> dict[str, GoValue]:
    return dict(values)


def _encode(_values: Values, _writer: _Writer) -> None:
    raise AssertionError("no value of a template is an io.Writer")


def _table(values: Values, name: str) -> Values:
    found: GoValue = values
    for part in name.split("."):
        found = found.get(part)
        if type(found) is not dict and type(found) is not Values:
            raise FunctionError(f"{quote(part)} is not a table")
    return Values(found)


def _yaml(values: Values) -> str:
    return yaml.dump(values)


VALUES_METHODS: Final[dict[str, Callable[..., GoValue]]] = {
    "AsMap": _as_map,
    "Encode": _encode,
    "Table": _table,
    "YAML": _yaml,
}
"""The methods of common.Values. They hide keys of the same names."""


def method_of(
    base: GoValue, names: tuple[str, ...], arguments: int, interface: bool = False, strict: bool = False
) -> Any:
    """The method for `.a.b argument…` read on `base`; None where its receiver is nil, which makes the result nil."""
    for name in names[:-1]:
        base, interface = read_field(base, name, interface, strict)
    name = names[-1]
    if base is None:
        check_nil(name, interface, strict)
        return None
    method = find_method(base, name)
    if method is not None:
        check_count(method, name, arguments)
        return method
    if isinstance(base, dict):
        raise EvaluationError(f"{name} is not a method but has arguments")
    if isinstance(base, GoStruct):
        if name in base.go_uncallable:
            raise EvaluationError(f"wrong number of args for {name}: want 0 got {arguments}")
        if name in base.go_fields:
            raise EvaluationError(f"{name} has arguments but cannot be invoked as function")
    raise cannot_evaluate(base, name, interface)


@lru_cache(maxsize=256)
def method_parameters(function: Callable[..., GoValue]) -> tuple[str, ...]:
    """Static Go types of a method's parameters, from its annotations."""
    import inspect  # only here: it takes long to import, and few templates call methods

    hints = get_type_hints(function)
    names = list(inspect.signature(function).parameters)[1:]
    return tuple([_static_type(hints.get(name)) for name in names])


def _static_type(hint: Any) -> str:
    hint = next((part for part in get_args(hint) if part is not NoneType), hint)
    return _SIMPLE_HINTS.get(hint) or str(getattr(hint, "go_type", INTERFACE))


def check_count(method: Callable[..., GoValue], name: str, given: int) -> None:
    wanted = len(method_parameters(method.__func__))  # type: ignore[attr-defined]
    if wanted != given:
        raise EvaluationError(f"wrong number of args for {name}: want {wanted} got {given}")


def call_method(method: Callable[..., GoValue], name: str) -> GoValue:
    """Call a method without arguments."""
    check_count(method, name, 0)
    try:
        return method()
    except GoPanic as error:
        raise EvaluationError(f"error calling {name}: {error.message}", cause=error.message) from error


class Literal:
    """A literal argument of a method, whose type is known only when the method is found."""

    __slots__ = ("source", "values")

    def __init__(self, source: str, **values: GoValue) -> None:
        self.source = source
        self.values = values

    def as_type(self, static_type: str) -> GoValue:
        """The literal as the parameter's type; EvaluationError where it is none."""
        if static_type == INTERFACE:
            return self.values["ideal"]
        if "nil" in self.values:
            if can_be_nil(static_type):
                return None
            raise EvaluationError(f"cannot assign nil to {static_type}")
        if static_type == Duration.go_type:
            return Duration(self.as_type("int64"))
        if static_type not in LITERAL_WORDS:
            raise EvaluationError(f"can't handle {self.source} for arg of type {static_type}")
        value = self.values.get(static_type)
        if value is None:
            raise EvaluationError(f"expected {LITERAL_WORDS[static_type]}; found {self.source}")
        return value


LITERAL_WORDS: Final = {
    "string": "string",
    "bool": "bool",
    "int": "integer",
    "int64": "integer",
    "uint8": "unsigned integer",
    "uint32": "unsigned integer",
    "float64": "float",
    "complex128": "complex",
}
"""Types that literals can be passed as, and what error texts call them."""


def method_arguments(
    method: Callable[..., GoValue], arguments: Iterable[GoValue], interfaces: Iterable[bool]
) -> tuple[GoValue, ...]:
    """The arguments of a method call as its parameters take them."""
    types = method_parameters(method.__func__)  # type: ignore[attr-defined]
    found: list[GoValue] = []
    for index, (value, static_type, interface) in enumerate(zip(arguments, types, interfaces, strict=True)):
        try:
            if isinstance(value, Literal):
                found.append(value.as_type(static_type))
            else:
                found.append(validated(value, static_type, interface))
        except EvaluationError as error:
            error.argument = index
            raise
    return tuple(found)


def validated(value: GoValue, static_type: str, interface: bool) -> GoValue:
    """The value as an argument of a parameter of this type; EvaluationError where Go would not assign it."""
    if value is None:
        if static_type == INTERFACE or (not interface and can_be_nil(static_type)):
            return None
        if interface:
            raise EvaluationError(f"wrong type for value; expected {static_type}; got {INTERFACE}")
        raise EvaluationError(f"invalid value; expected {static_type}")
    if is_assignable(value, static_type):
        return value
    raise EvaluationError(f"wrong type for value; expected {static_type}; got {type_name(value)}")


def elements(value: GoValue) -> Iterable[GoValue]:
    """What `range` with at most one variable goes through."""
    if isinstance(value, list):
        return value
    if isinstance(value, dict):
        return [item for _, item in sorted_items(value)]
    return _others(value)


def pairs(value: GoValue) -> Iterable[tuple[GoValue, GoValue]]:
    """What `range` with two variables goes through."""
    if isinstance(value, list):
        return list(enumerate(value))
    if isinstance(value, dict):
        return sorted_items(value)
    if isinstance(value, int) and type(value) is not bool:
        raise EvaluationError(f"can't use {sprint_one(value)} to iterate over more than one variable")
    return [(index, item) for index, item in enumerate(_others(value))]


def _others(value: GoValue) -> Iterable[GoValue]:
    if value is None:
        return ()
    if isinstance(value, bytes):
        return list(map(Uint8, value))
    if type(value) is int:
        return range(value)
    if isinstance(value, int) and type(value) is not bool:
        return map(type(value), range(value)) if value > 0 else ()
    raise EvaluationError(f"range can't iterate over {shown_argument(value)}")


def holds_interfaces(collection: GoValue) -> bool:
    """Whether elements of the collection have the static type `interface {}`."""
    return isinstance(collection, list | dict) and element_type(collection) == INTERFACE


def fail(message: str) -> NoReturn:
    """An error the compiler saw coming; it counts only when the place is reached."""
    raise EvaluationError(message)
