"""What `x.name`, `x[key]` and `x.name(…)` mean, and all that a template can reach of an object.

Keys of maps come first. Beyond them there is nothing but the lists of this file: fields and methods of Go's structs and
named types, a few methods of strings and maps that change nothing, and what Jinja2 documents of its own objects. No
attribute of a Python object is looked up by a name that is not on a list.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MethodType
from typing import Any, Final

from jinja2.environment import TemplateModule
from jinja2.exceptions import SecurityError, TemplateRuntimeError
from jinja2.runtime import BlockReference, LoopContext, StrictUndefined, TemplateReference, Undefined
from jinja2.utils import Cycler, Namespace

from steersman.core.golang.format import sorted_items
from steersman.core.golang.types import GoStruct
from steersman.core.jinja.values import Unreachable, Unset, go_value, noun, text, whole
from steersman.core.template.reflect import call_method, check_count, find_method, method_arguments

_OWN_ATTRIBUTES: Final[tuple[tuple[type, frozenset[str]], ...]] = (
    (
        LoopContext,
        frozenset(
            {
                "changed",
                "cycle",
                "depth",
                "depth0",
                "first",
                "index",
                "index0",
                "last",
                "length",
                "nextitem",
                "previtem",
                "revindex",
                "revindex0",
            }
        ),
    ),
    (Cycler, frozenset({"current", "next", "reset"})),
    (BlockReference, frozenset({"super"})),
    (tuple, frozenset({"grouper", "list"})),  # what `groupby` gives
)
"""Jinja2's own objects, and what its documentation offers of them."""

STRING_METHODS: Final = frozenset(
    {
        "capitalize",
        "count",
        "endswith",
        "find",
        "isalnum",
        "isalpha",
        "isdigit",
        "islower",
        "isupper",
        "lower",
        "lstrip",
        "partition",
        "removeprefix",
        "removesuffix",
        "replace",
        "rpartition",
        "rsplit",
        "rstrip",
        "split",
        "splitlines",
        "startswith",
        "strip",
        "title",
        "upper",
    }
)
"""Without `format` and `format_map`, which read attributes, and without those that pad to any width."""


class Method:
    """A method that a template may call."""

    __slots__ = ("_call",)

    def __init__(self, call: Callable[..., Any]) -> None:
        self._call = call

    def __call__(self, *arguments: Any, **named: Any) -> Any:
        return self._call(*arguments, **named)


def attribute(obj: Any, name: str) -> Any:
    """`obj.name`: the key of a map, else a field, else the result of a method that takes no arguments."""
    if isinstance(obj, dict):
        if name in obj:
            return dict.__getitem__(obj, name)
    elif isinstance(obj, Undefined) or obj is None:
        return _below_nothing(obj, name)
    method = find_method(obj, name)
    if method is not None:
        return call_method(method, name)
    if isinstance(obj, GoStruct) and name in obj.go_fields:
        return getattr(obj, name)
    return _unset(name) if isinstance(obj, dict) else _own_attribute(obj, name)


def item(obj: Any, key: Any) -> Any:
    """`obj[key]`: the key of a map, a position in a list or text, else as `obj.key`."""
    if isinstance(obj, dict):
        name = text(key)
        return dict.__getitem__(obj, name) if name in obj else _unset(name)
    if isinstance(obj, list | tuple | str | bytes | range):
        return _at(obj, whole(key)) if not isinstance(key, str) else attribute(obj, key)
    return attribute(obj, text(key))


def method(obj: Any, name: str) -> Any:
    """What `obj.name(…)` calls."""
    if isinstance(obj, dict) and name in obj:
        return dict.__getitem__(obj, name)
    found = None if obj is None or isinstance(obj, Undefined) else find_method(obj, name)
    if found is not None:
        return Method(_go_method(found, name))
    if isinstance(obj, dict) and name in _MAP_METHODS:
        return Method(lambda *arguments, **named: _MAP_METHODS[name](obj, *arguments, **named))
    if isinstance(obj, str):
        return _string_method(obj, name)
    value = attribute(obj, name)
    return _no_method(obj, name) if isinstance(value, Unset) and isinstance(obj, dict) else value


def part(obj: Any, start: Any, stop: Any, step: Any) -> Any:
    """`obj[start:stop:step]`."""
    if isinstance(obj, Undefined):
        return _below_nothing(obj, "a part")
    if not isinstance(obj, list | tuple | str | bytes | range):
        raise TemplateRuntimeError(f"cannot take a part of {noun(obj)}")
    return obj[whole(start) : whole(stop) : whole(step)]


def _at(obj: Any, position: Any) -> Any:
    if not isinstance(position, int) or isinstance(position, bool):
        raise TemplateRuntimeError(f"a position in {noun(obj)} is a whole number, not {noun(position)}")
    if -len(obj) <= position < len(obj):
        return obj[position]
    return Unreachable(hint=f"there is no item {position} in {noun(obj)} of length {len(obj)}")


def _below_nothing(obj: Undefined | None, name: str) -> Undefined:
    """What is asked of nothing. Of a name that nobody defined, the complaint stays about that name."""
    if isinstance(obj, StrictUndefined):
        return obj
    reason = "it would be of null" if obj is None else obj._undefined_message
    return Unreachable(hint=f'cannot read "{name}": {reason}')


def _unset(name: str) -> Undefined:
    return Unset(hint=f'"{name}" is not set')


def _no_method(obj: Any, name: str) -> Undefined:
    return StrictUndefined(hint=f'{noun(obj)} has no method "{name}" here', exc=SecurityError)


def _own_attribute(obj: Any, name: str) -> Any:
    """Attributes of Jinja2's objects; of anything else there are none."""
    for kind, names in _OWN_ATTRIBUTES:
        if isinstance(obj, kind) and name in names and hasattr(obj, name):
            return _callable(getattr(obj, name))
    if not name.startswith("_"):
        if isinstance(obj, Namespace):
            return getattr(obj, name, _unset(name))
        if isinstance(obj, TemplateModule) and name in vars(obj):
            return vars(obj)[name]
        if isinstance(obj, TemplateReference):
            return _block(obj, name)
    return StrictUndefined(hint=f'{noun(obj)} has no attribute "{name}" here', exc=SecurityError)


def _callable(value: Any) -> Any:
    """Methods of Jinja2's objects are marked as safe by being wrapped."""
    return Method(value) if isinstance(value, MethodType) else value


def _block(reference: TemplateReference, name: str) -> Any:
    try:
        return reference[name]
    except KeyError:
        return StrictUndefined(hint=f'there is no block "{name}"')


def _go_method(found: Callable[..., Any], name: str) -> Callable[..., Any]:
    def call(*arguments: Any, **named: Any) -> Any:
        if named:
            raise TemplateRuntimeError(f"{name} takes no named arguments")
        check_count(found, name, len(arguments))
        given = [whole(go_value(argument)) for argument in arguments]
        return found(*method_arguments(found, given, [False] * len(given)))

    return call


def _string_method(obj: str, name: str) -> Any:
    if name not in STRING_METHODS:
        return Method(_join(obj)) if name == "join" else _no_method(obj, name)
    bound = getattr(str(obj), name)
    return Method(
        lambda *arguments, **named: bound(
            *[whole(go_value(argument)) for argument in arguments],
            **{key: whole(go_value(argument)) for key, argument in named.items()},
        )
    )


def _join(separator: str) -> Callable[[Any], str]:
    return lambda items: separator.join([text(part) for part in items])


def _keys(obj: dict[str, Any]) -> list[str]:
    return [key for key, _ in sorted_items(obj)]


def _values(obj: dict[str, Any]) -> list[Any]:
    return [value for _, value in sorted_items(obj)]


def _get(obj: dict[str, Any], key: Any, default: Any = None) -> Any:
    name = text(key)
    return dict.__getitem__(obj, name) if name in obj else default


_MAP_METHODS: Final[Mapping[str, Callable[..., Any]]] = {
    "get": _get,
    "items": sorted_items,
    "keys": _keys,
    "values": _values,
}
"""In the order of Go's range, which is that of the keys."""
