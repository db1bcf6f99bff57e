"""The functions of Go templates as Jinja2 functions and filters.

As a filter, a function takes the piped value as its LAST argument, as in a Go pipeline. Arguments are checked as Go's
text/template does, with two differences: whole floats pass where an int is wanted (all numbers from values are floats),
and `include` and `tpl` take the whole context where none is given.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final, TypeAlias

from jinja2 import pass_environment
from jinja2.exceptions import TemplateRuntimeError

from steersman.core.golang.types import GoPanic, GoValue
from steersman.core.jinja.values import Unreachable, go_value
from steersman.core.template.errors import EvaluationError, GoError, Place
from steersman.core.template.funcs.registry import ANY, FLOAT64, Function
from steersman.core.template.reflect import validated
from steersman.core.template.report import execution_error, marked_message

if TYPE_CHECKING:
    from steersman.core.jinja.environment import JinjaEnvironment

Callback: TypeAlias = Callable[..., Any]

_LANGUAGE: Final = frozenset({"and", "or", "not", "call"})
"""Go has functions for these; Jinja2 has words, and nothing to `call`."""

_WITH_DEFAULT_DATA: Final = frozenset({"include", "tpl"})
_TAKES_UNREACHABLE: Final = frozenset({"coalesce", "default", "empty", "required"})
"""Functions that are there for what may be missing, on any level."""

_WHOLE_NUMBERS: Final = frozenset({"int", "int64", "uint8", "uint32"})


class CallFailed(TemplateRuntimeError):
    """A function failed. `place` is where in a Go template, if it was in one."""

    def __init__(self, message: str, place: Place | None = None) -> None:
        super().__init__(message)
        self.place = place


def as_functions(functions: Mapping[str, Function]) -> dict[str, Callback]:
    """What templates call: `toYaml(Values.a)`. A function is looked up, and with it imported, when it is called."""
    return {name: _callback(name, functions) for name in functions if name not in _LANGUAGE}


def as_filters(callbacks: Mapping[str, Callback]) -> dict[str, Any]:
    """What templates pipe into: `Values.a | toYaml`."""
    return {name: _piped(callback) for name, callback in callbacks.items()}


def _callback(name: str, functions: Mapping[str, Function]) -> Callback:
    @pass_environment
    def call(environment: JinjaEnvironment, *arguments: Any, **named: Any) -> Any:
        if named and name == "dict":  # Jinja2 has a dict too, which takes names
            arguments = (*arguments, *(part for pair in named.items() for part in pair))
        elif named:
            raise CallFailed(f"{name} takes no named arguments")
        return _run(functions[name], environment, arguments)

    return call


def _piped(callback: Callback) -> Callback:
    @pass_environment
    def call(environment: JinjaEnvironment, value: Any, *arguments: Any, **named: Any) -> Any:
        return callback(environment, *arguments, value, **named)

    return call


def _run(function: Function, environment: JinjaEnvironment, arguments: Sequence[Any]) -> Any:
    name, runtime = function.name, environment.runtime
    given = [_go_argument(name, argument) for argument in arguments]
    if name in _WITH_DEFAULT_DATA and len(given) == 1:
        given.append(environment.root)
    try:
        typed = _typed(function, given)
        return function.call(runtime, *typed) if function.runtime else function.call(*typed)
    except (EvaluationError, GoPanic) as error:
        raise CallFailed(marked_message(error.message) or f"error calling {name}: {error.message}") from error
    except GoError as error:
        message = marked_message(str(error)) or f"error calling {name}: {execution_error(error).message}"
        raise CallFailed(message, error.place) from error


def _go_argument(name: str, argument: Any) -> GoValue:
    if isinstance(argument, Unreachable) and name in _TAKES_UNREACHABLE:
        return None
    return go_value(argument)


def _typed(function: Function, given: Sequence[GoValue]) -> list[GoValue]:
    """The arguments as the parameters want them. Raises EvaluationError."""
    wanted, count = len(function.params), len(given)
    if count < wanted or (count > wanted and function.variadic is None):
        least = "" if function.variadic is None else "at least "
        raise EvaluationError(f"wrong number of args for {function.name}: want {least}{wanted} got {count}")
    types = [*function.params, *[function.variadic or ANY] * (count - wanted)]
    return [validated(_number(value, kind), kind, False) for value, kind in zip(given, types, strict=True)]


def _number(value: GoValue, static_type: str) -> GoValue:
    if type(value) is float and static_type in _WHOLE_NUMBERS and value.is_integer():
        return int(value)
    if type(value) is int and static_type == FLOAT64:
        return float(value)
    return value
