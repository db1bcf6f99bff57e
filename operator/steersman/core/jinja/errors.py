"""Errors of Jinja2 templates → TemplateError, in the form of Helm's texts: `parse error at (FILE:LINE): …`.

Jinja2 knows lines and no columns. Where templates include or call each other, the innermost place comes first, and then
those that led to it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from itertools import groupby
from types import TracebackType
from typing import Final, TypeAlias

from jinja2.environment import Template
from jinja2.exceptions import TemplateError as JinjaError
from jinja2.exceptions import TemplateSyntaxError

from steersman.core.golang.types import GoPanic
from steersman.core.jinja.environment import Source
from steersman.core.jinja.functions import CallFailed
from steersman.core.template.debug import excerpt
from steersman.core.template.errors import EvaluationError, Place, TemplateError

FAILURES: Final = (
    JinjaError,
    EvaluationError,
    GoPanic,  # FunctionError among them
    ArithmeticError,
    AssertionError,
    AttributeError,
    LookupError,
    NameError,
    RuntimeError,  # RecursionError among them
    TypeError,
    ValueError,
)
"""What running a template raises when the template is wrong. The limits of a render are none of these."""

_Spot: TypeAlias = tuple[str, int]
"""Template and line."""

_TAG: Final = re.compile(r".*?(?=\{[{%#])|\s*")
_SHOWN: Final = 10
"""How many of the places that led to an error are told."""


def syntax_error(path: str, error: Exception, sources: Mapping[str, Source]) -> TemplateError:
    """A template that does not compile."""
    if isinstance(error, TemplateSyntaxError):
        message, line = error.message or "syntax error", error.lineno
    elif isinstance(error, ValueError):
        message, line = f"a literal cannot be read ({error})", 1
    else:  # what Jinja2 makes of it is too much for Python
        message, line = f"blocks or expressions nest too deeply ({error})", 1
    return TemplateError(f"parse error at ({path}:{line}): {message}", _place((path, line), sources))


def execution_error(path: str, error: Exception, sources: Mapping[str, Source]) -> TemplateError:
    """A template that failed while it ran. `path` is the file that was run."""
    spots = [spot for spot, _ in groupby(_spots(error.__traceback__))] or [(path, 1)]
    (template, line), callers = spots[-1], spots[-2::-1]
    lines = [f"execution error at ({template}:{line}): {_message(error)}"]
    lines += [f"  called from {caller}:{at}" for caller, at in callers[:_SHOWN]]
    inner = error.place if isinstance(error, CallFailed) else None
    shown = inner if inner is not None and inner.excerpt else _place(spots[-1], sources)
    return TemplateError("\n".join(lines), shown)


def _spots(frame: TracebackType | None) -> Iterator[_Spot]:
    """The places in templates that a traceback goes through, outermost first."""
    while frame is not None:
        template = frame.tb_frame.f_globals.get("__jinja_template__")
        if isinstance(template, Template) and template.name is not None:
            yield template.name, template.get_corresponding_lineno(frame.tb_lineno)
        frame = frame.tb_next


def _message(error: Exception) -> str:
    if isinstance(error, OverflowError):
        return "a number that is too large"
    if isinstance(error, RecursionError):
        return "macros or templates call each other too deeply"
    if isinstance(error, EvaluationError | GoPanic | JinjaError) and error.message:
        return error.message
    return str(error) or type(error).__name__


def _place(spot: _Spot, sources: Mapping[str, Source]) -> Place:
    """The place with an excerpt; the caret stands at the line's first tag, which need not be the one that failed."""
    path, line = spot
    text = sources[path].text
    lines = text.split("\n")
    if line > len(lines):
        return Place(path, line, 0, "")
    before = _TAG.match(lines[line - 1])
    return Place(path, line, 0, excerpt(text, line, before.end() if before else 0))
