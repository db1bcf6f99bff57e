"""What goes wrong in templates: `TemplateError` for callers, and the errors that travel inside the engine.

Helm's text is the contract users know, so `TemplateError.message` is that text, byte for byte; where it happened and
the excerpt are separate fields. `GoError` keeps the chain that Go's errors.Unwrap would give, because Helm builds its
message from that chain (`report.py`).
"""

from __future__ import annotations

from typing import NamedTuple

from steersman.errors import InvalidInput


class Place(NamedTuple):
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


class GoError(Exception):
    """An error of a running template as Go words it: `template: NAME:LINE:COL: executing "NAME" at <NODE>: …`.

    `head` is what this error adds, `inner` what it wraps (an error's text, or nothing); `place` is that of the wrapped
    error where it is not given. Heads are joined only when the text is asked for: endless recursion wraps a thousand
    times.
    """

    def __init__(self, head: str, inner: GoError | str = "", place: Place | None = None) -> None:
        super().__init__()
        self.head = head
        self.inner = inner
        self.place: Place | None = place or (inner.place if isinstance(inner, GoError) else None)

    def parts(self) -> list[str]:
        """Heads outermost first, and last the text that is no template's error, if there is one."""
        found: list[str] = []
        error: GoError | str = self
        while isinstance(error, GoError):
            found.append(error.head)
            error = error.inner
        return [*found, error] if error else found

    def __str__(self) -> str:
        return "".join(self.parts())
