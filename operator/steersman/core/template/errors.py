"""What goes wrong in templates: `TemplateError` for callers, and the errors that travel inside the engine.

Helm's text is the contract users know, so `TemplateError.message` is that text, byte for byte; where it happened and
the excerpt are separate fields. `GoError` keeps the chain of texts that Go's errors.Unwrap would give, because Helm
builds its message from that chain (`report.py`).
"""

from __future__ import annotations

from dataclasses import dataclass

from steersman.core.template.funcs.registry import FunctionError
from steersman.errors import InvalidInput


@dataclass(frozen=True, slots=True)
class Place:
    """A place in a template file: line from 1, column from 1, and the text around it with a caret."""

    template: str
    line: int
    column: int
    excerpt: str


class TemplateError(InvalidInput):
    """A template that does not parse or fails. `template`, `line`, `column` and `excerpt` tell where, when known."""

    reason = "RenderFailed"

    def __init__(self, message: str, place: Place | None = None) -> None:
        super().__init__(message)
        self.place = place
        self.template = place.template if place else ""
        self.line = place.line if place else 0
        self.column = place.column if place else 0
        self.excerpt = place.excerpt if place else ""


class ParseError(Exception):
    """A template that does not parse. `text` is Go's: `template: NAME:LINE: what`."""

    def __init__(self, text: str, place: Place) -> None:
        super().__init__(text)
        self.text = text
        self.place = place


class EvaluationError(Exception):
    """Something that text/template itself refuses at run time; the runtime adds the position of the node.

    `argument` is the index of the argument at fault where one line of generated code evaluates several; `cause` the
    text of the error that the message wraps, where it wraps one.
    """

    def __init__(self, message: str, *, cause: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.cause = cause
        self.argument: int | None = None


class GoError(FunctionError):
    """An error with its position, as `template: NAME:LINE:COL: executing "NAME" at <NODE>: …`.

    It is a FunctionError because `include` and `tpl` fail with it. `chain` are the texts of the errors it wraps,
    outermost first, itself included.
    """

    def __init__(self, text: str, chain: tuple[str, ...] = (), place: Place | None = None) -> None:
        super().__init__(text)
        self.chain = (text, *chain)
        self.place = place
