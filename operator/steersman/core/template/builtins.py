"""The functions that Go's text/template has by itself. Helm's `slice` is sprig's, so Go's is not here.

`and`, `or` are control flow and written by the compiler; their entries hold the signature only. `len` of a typed nil
and the callee's name of `call` need what the compiler knows, see `expressions.py`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final, NoReturn

from steersman.core.golang.compare import ComparisonError, equal, less, less_or_equal
from steersman.core.golang.format import shown_argument, sprint, sprintf, sprintln
from steersman.core.golang.kinds import type_name
from steersman.core.golang.quote import is_print
from steersman.core.golang.types import GoStruct, GoValue, Uint8, byte_length, to_bytes
from steersman.core.template.funcs.registry import ANY, BOOL, INT, STRING, FunctionError, FunctionTable

TABLE = FunctionTable()

_HTML: Final = str.maketrans({"\0": "�", '"': "&#34;", "'": "&#39;", "&": "&amp;", "<": "&lt;", ">": "&gt;"})
_JS: Final = {"\\": "\\\\", "'": "\\'", '"': '\\"', "<": "\\u003C", ">": "\\u003E", "&": "\\u0026", "=": "\\u003D"}


def _short_circuit(*_: GoValue) -> NoReturn:
    raise AssertionError("the compiler writes `and` and `or` itself")


TABLE.function("and", "or", params=(ANY,), variadic=ANY)(_short_circuit)


@TABLE.function("not", params=(ANY,), result=BOOL)
def not_(value: GoValue) -> bool:
    return not value


def _compared(compare: Callable[[GoValue, GoValue], bool], left: GoValue, right: GoValue) -> bool:
    try:
        return compare(left, right)
    except ComparisonError as error:
        raise FunctionError(str(error)) from error


@TABLE.function("eq", params=(ANY,), variadic=ANY, result=BOOL)
def eq(left: GoValue, *others: GoValue) -> bool:
    """Whether the first equals any of the others, looked at from left to right."""
    if not others:
        raise FunctionError("missing argument for comparison")
    return any(_compared(equal, left, other) for other in others)


@TABLE.function("ne", params=(ANY, ANY), result=BOOL)
def ne(left: GoValue, right: GoValue) -> bool:
    return not _compared(equal, left, right)


@TABLE.function("lt", params=(ANY, ANY), result=BOOL)
def lt(left: GoValue, right: GoValue) -> bool:
    return _compared(less, left, right)


@TABLE.function("le", params=(ANY, ANY), result=BOOL)
def le(left: GoValue, right: GoValue) -> bool:
    return _compared(less_or_equal, left, right)


@TABLE.function("gt", params=(ANY, ANY), result=BOOL)
def gt(left: GoValue, right: GoValue) -> bool:
    return not _compared(less_or_equal, left, right)


@TABLE.function("ge", params=(ANY, ANY), result=BOOL)
def ge(left: GoValue, right: GoValue) -> bool:
    return not _compared(less, left, right)


@TABLE.function("len", params=(ANY,), result=INT)
def length(value: GoValue) -> int:
    if isinstance(value, str):
        return byte_length(value)
    if isinstance(value, dict | list | bytes):
        return len(value)
    if value is None:
        raise FunctionError("reflect: call of reflect.Value.Type on zero Value")
    raise FunctionError(f"len of type {_element_name(value)}")


@TABLE.function("index", params=(ANY,), variadic=ANY)
def index(item: GoValue, *indexes: GoValue) -> GoValue:
    if item is None:
        raise FunctionError("index of untyped nil")
    for at in indexes:
        if item is None:
            raise FunctionError("index of nil pointer")
        item = _indexed(item, at)
    return item


def _indexed(item: GoValue, at: GoValue) -> GoValue:
    if isinstance(item, dict):
        return _key(item, at)
    if isinstance(item, list):
        return item[_position(at, len(item), "slice")]
    if isinstance(item, bytes):
        return Uint8(item[_position(at, len(item), "slice")])
    if isinstance(item, str):
        data = to_bytes(item)
        return Uint8(data[_position(at, len(data), "string")])
    raise FunctionError(f"can't index item of type {_element_name(item)}")


def _element_name(item: GoValue) -> str:
    # Go looks behind a pointer first.
    return type_name(item).removeprefix("*") if isinstance(item, GoStruct) else type_name(item)


def _key(item: dict[str, GoValue], at: GoValue) -> GoValue:
    if type(at) is str:
        return item.get(at) if type(item) is dict else _typed_key(item, at)
    if at is None:
        raise FunctionError("value is nil; should be of type string")
    raise FunctionError(f"value has type {type_name(at)}; should be string")


def _typed_key(item: dict[str, GoValue], at: str) -> GoValue:
    if at in item:
        return item[at]
    return "" if type_name(item) == "map[string]string" else getattr(item, "go_zero", None)


def _position(at: GoValue, size: int, container: str) -> int:
    if at is None:
        raise FunctionError("cannot index slice/array with nil")
    if not isinstance(at, int) or type(at) is bool:
        raise FunctionError(f"cannot index slice/array with type {type_name(at)}")
    if not 0 <= at <= size:
        raise FunctionError(f"index out of range: {int(at)}")
    if at == size:
        # text/template lets the length pass as an index, and reflect stumbles over it.
        raise FunctionError(f"reflect: {container} index out of range")
    return int(at)


@TABLE.function("call", params=(ANY,), variadic=ANY)
def call(name: str | None, function: GoValue, *_: GoValue) -> NoReturn:
    """No value of a Helm template is a function, so this only has errors. `name` is how the callee is written, None
    where it is piped in: then the error names it as reflect.Value.String does."""
    if function is None:
        raise FunctionError("call of nil")
    kind = type_name(function)
    if name is None:
        name = function if type(function) is str else f"<{kind} Value>"
    raise FunctionError(f"non-function {name} of type {kind}")


@TABLE.function("print", variadic=ANY, result=STRING)
def print_(*values: GoValue) -> str:
    return sprint(values)


@TABLE.function("println", variadic=ANY, result=STRING)
def println(*values: GoValue) -> str:
    return sprintln(values)


@TABLE.function("printf", params=(STRING,), variadic=ANY, result=STRING)
def printf(template: str, *values: GoValue) -> str:
    return sprintf(template, values)


def _as_text(values: Sequence[GoValue]) -> str:
    return sprint(["<no value>" if value is None else value for value in values], shown_argument)


@TABLE.function("html", variadic=ANY, result=STRING)
def html(*values: GoValue) -> str:
    return _as_text(values).translate(_HTML)


@TABLE.function("js", variadic=ANY, result=STRING)
def js(*values: GoValue) -> str:
    return "".join([_js_char(char) for char in _as_text(values)])


def _js_char(char: str) -> str:
    escaped = _JS.get(char)
    if escaped is not None:
        return escaped
    if char < " ":
        return f"\\u00{ord(char):02X}"
    # Bytes that are no UTF-8 stay: Go asks whether U+FFFD prints.
    return char if char.isascii() or "\udc80" <= char <= "\udcff" or is_print(char) else f"\\u{ord(char):04X}"


@TABLE.function("urlquery", variadic=ANY, result=STRING)
def urlquery(*values: GoValue) -> str:
    from urllib.parse import quote_plus  # only here: it is slow to import, and `urlquery` is rare

    return quote_plus(to_bytes(_as_text(values)), safe="-_.~")
