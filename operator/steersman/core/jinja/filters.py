"""Jinja2's own filters and tests, with values that are Go's.

Where a function of Go templates has the name of one of Jinja2's filters, the filter is Jinja2's and the function is
Go's: `x | indent(4)` does what Jinja2's documentation says, `indent(4, x)` what Helm's says.

Texts are made as `{{ }}` prints them, whole floats pass as counts, and nothing is marked as safe HTML. `pprint` is left
out: it shows Python's side of values.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import wraps
from typing import TYPE_CHECKING, Any, Final

from jinja2 import pass_environment
from jinja2.exceptions import TemplateRuntimeError
from jinja2.filters import FILTERS, make_attrgetter
from jinja2.runtime import Undefined
from jinja2.tests import TESTS

from steersman.core.golang.format import sorted_items
from steersman.core.jinja.access import attribute, method, part
from steersman.core.jinja.formatting import bounded, percent
from steersman.core.jinja.rewrite import CONCAT, EACH, METHOD, PART
from steersman.core.jinja.values import Unset, each, go_value, noun, refuse_undefined, text, whole
from steersman.core.template.funcs.encoding import to_json, to_pretty_json

if TYPE_CHECKING:
    from steersman.core.jinja.environment import JinjaEnvironment

_OF_TEXTS: Final = (
    "capitalize",
    "e",
    "escape",
    "forceescape",
    "lower",
    "replace",
    "striptags",
    "title",
    "trim",
    "truncate",
    "upper",
    "urlize",
    "wordcount",
    "wordwrap",
)
_OF_OTHERS: Final = (
    "abs",
    "batch",
    "count",
    "dictsort",
    "filesizeformat",
    "first",
    "float",
    "groupby",
    "int",
    "last",
    "length",
    "list",
    "map",
    "max",
    "min",
    "reject",
    "rejectattr",
    "reverse",
    "round",
    "select",
    "selectattr",
    "slice",
    "sort",
    "sum",
    "unique",
    "urlencode",
    "xmlattr",
)


def all_filters() -> dict[str, Any]:
    """Every filter by name, those of `rewrite` among them."""
    return {
        **{name: _adapted(FILTERS[name], text) for name in _OF_TEXTS},
        **{name: _adapted(FILTERS[name], _as_it_is) for name in _OF_OTHERS},
        **_OURS,
    }


def all_tests() -> dict[str, Any]:
    """Every test by name."""
    return {**TESTS, "none": _is_none, "integer": _is_integer, "float": _is_float}


def _adapted(filter_: Callable[..., Any], prepare: Callable[[Any], Any]) -> Callable[..., Any]:
    """A filter of Jinja2 with its value prepared, and counts as ints."""
    value_at = 1 if hasattr(filter_, "jinja_pass_arg") else 0

    @wraps(filter_)  # takes over that it wants the environment or context first
    def call(*arguments: Any, **named: Any) -> Any:
        given = [*arguments[:value_at], prepare(arguments[value_at]), *map(whole, arguments[value_at + 1 :])]
        result = filter_(*given, **{name: whole(value) for name, value in named.items()})
        return str(result) if isinstance(result, str) else result

    return call


def _as_it_is(value: Any) -> Any:
    return value


def _default(value: Any, fallback: Any = "", boolean: bool = False) -> Any:
    """Jinja2's, where nil counts as undefined, as it does in Go templates."""
    missing = value is None or isinstance(value, Undefined) or (boolean and not value)
    return fallback if missing else value


@pass_environment
def _attr(_environment: JinjaEnvironment, value: Any, name: str) -> Any:
    return attribute(value, text(name))


@pass_environment
def _join(environment: JinjaEnvironment, value: Any, separator: Any = "", attribute: Any = None) -> str:
    get = _as_it_is if attribute is None else make_attrgetter(environment, attribute)
    return text(separator).join([text(get(item)) for item in each(value)])


def _items(value: Any) -> list[tuple[str, Any]]:
    if isinstance(value, dict):
        return sorted_items(value)
    if value is None or isinstance(value, Unset):
        return []
    if isinstance(value, Undefined):
        refuse_undefined(value)
    raise TemplateRuntimeError(f"{noun(value)} has no items")


@pass_environment
def _random(environment: JinjaEnvironment, value: Any) -> Any:
    choices = list(each(value))
    if not choices:
        raise TemplateRuntimeError("no random item in an empty list")
    return choices[int.from_bytes(environment.runtime.entropy(8), "big") % len(choices)]


def _indent(value: Any, width: Any = 4, first: bool = False, blank: bool = False) -> str:
    pad = width if isinstance(width, str) else " " * bounded(whole(width))
    return str(FILTERS["indent"](text(value), pad, first, blank))


def _center(value: Any, width: Any = 80) -> str:
    return text(value).center(bounded(whole(width)))


def _format(value: Any, *arguments: Any, **named: Any) -> str:
    if arguments and named:
        raise TemplateRuntimeError("format takes values in order or by name, not both")
    return percent(text(value), named or arguments)


def _to_json(value: Any, indent: Any = None) -> str:
    """Helm's toJson, or toPrettyJson: Jinja2's own would write Python's numbers."""
    return to_json(go_value(value)) if indent is None else to_pretty_json(go_value(value))


def _concat(values: list[Any]) -> str:
    return "".join([text(value) for value in values])


_OURS: Final[Mapping[str, Callable[..., Any]]] = {
    "attr": _attr,
    "center": _center,
    "d": _default,
    "default": _default,
    "format": _format,
    "indent": _indent,
    "items": _items,
    "join": _join,
    "random": _random,
    "safe": text,
    "string": text,
    "tojson": _to_json,
    CONCAT: _concat,
    EACH: each,
    METHOD: method,
    PART: part,
}


def _is_none(value: Any) -> bool:
    return value is None or isinstance(value, Unset)


def _is_integer(value: Any) -> bool:
    return isinstance(whole(value), int) and not isinstance(value, bool)


def _is_float(value: Any) -> bool:
    return isinstance(value, float) and not value.is_integer()
