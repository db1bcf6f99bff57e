"""Python's `%` formats, for the operator and the filter `format`: texts as templates print them, widths bounded."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, Final

from jinja2.exceptions import TemplateRuntimeError

from steersman.core.jinja.values import noun, text

WIDEST: Final = 10_000
"""Characters that a width, precision or indentation may ask for."""

_SPEC: Final = re.compile(
    r"%(?:\((?P<key>[^)]*)\))?(?P<flags>[-+ #0]*)(?P<width>\d{0,9})(?:\.(?P<precision>\d{0,9}))?(?P<verb>.?)", re.DOTALL
)
_WHOLE: Final = frozenset("diuoxX")
_DECIMAL: Final = frozenset("eEfFgG")


def percent(template: str, values: Any) -> str:
    """`template % values`: values in a tuple, by name in a map, or one alone. Raises TemplateRuntimeError."""
    named = values if isinstance(values, dict) else None
    positional = iter(values if isinstance(values, tuple) else (values,))
    formatted = _SPEC.sub(lambda match: _formatted(match, positional, named), template)
    if named is None and next(positional, positional) is not positional:
        raise TemplateRuntimeError("more values than the format has verbs")
    return formatted


def bounded(width: int) -> int:
    """The width, if it is a sane one."""
    if width > WIDEST:
        raise TemplateRuntimeError(f"a width of {width}; at most {WIDEST} is allowed")
    return width


def _formatted(match: re.Match[str], positional: Iterator[Any], named: dict[str, Any] | None) -> str:
    verb = match["verb"]
    if verb == "%":
        return "%"
    for part in ("width", "precision"):
        bounded(int(match[part] or 0))
    precision = f".{match['precision']}" if match["precision"] else ""
    spec = f"%{match['flags']}{match['width']}{precision}"
    value = _value(match["key"], positional, named)
    if verb == "s":
        return f"{spec}s" % text(value)
    if verb in _WHOLE:
        return f"{spec}{verb}" % int(_number(value, verb))
    if verb in _DECIMAL:
        return f"{spec}{verb}" % float(_number(value, verb))
    raise TemplateRuntimeError(f'unknown format "%{verb}"; there are %s, %d, %x, %o, %e, %f, %g and %%')


def _value(key: str | None, positional: Iterator[Any], named: dict[str, Any] | None) -> Any:
    if key is None:
        for value in positional:
            return value
        raise TemplateRuntimeError("fewer values than the format has verbs")
    if named is None or key not in named:
        raise TemplateRuntimeError(f'the format names "{key}", which is not among its values')
    return named[key]


def _number(value: Any, verb: str) -> int | float:
    if isinstance(value, int | float) and not isinstance(value, bool):
        return value
    raise TemplateRuntimeError(f"the format %{verb} takes a number, not {noun(value)}")
