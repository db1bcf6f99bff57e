"""From offsets and generated code back to places in template files.

`place_at` and `location` are used by the parser and the runtime when something failed; nothing here runs otherwise.
"""

from __future__ import annotations

from typing import Final

from steersman.core.golang.types import byte_length
from steersman.core.template.errors import Place

TPL_NAME: Final = "gotpl"
"""The name that Helm gives to the text of `tpl`, and to the set of templates as a whole."""

_CONTEXT_LINES: Final = 2
_WIDEST_LINE: Final = 160


def location(name: str, source: str, position: int) -> str:
    """`NAME:LINE:COLUMN` as Go writes it: lines from 1, columns in bytes from 0 (on the first line and on others)."""
    start = source.rfind("\n", 0, position) + 1
    return f"{name}:{source.count(chr(10), 0, position) + 1}:{byte_length(source[start:position])}"


def place_at(name: str, source: str, position: int | None, line: int = 0) -> Place:
    """Where in the file, for people: line and column from 1, and an excerpt with a caret.

    Text passed to `tpl` comes from values, which may be secret: it gets no excerpt.
    """
    if position is None:
        return Place(name, line, 0, "")
    start = source.rfind("\n", 0, position) + 1
    line = source.count("\n", 0, position) + 1
    column = position - start
    shown = "" if name == TPL_NAME else excerpt(source, line, column)
    return Place(name, line, column + 1, shown)


def excerpt(source: str, line: int, column: int) -> str:
    """The line and those before it, numbered, with a caret below the column (from 0)."""
    lines = source.split("\n")
    first = max(line - _CONTEXT_LINES, 1)
    width = len(str(line))
    shown = [f"{number:>{width}} | {_cut(lines[number - 1])}" for number in range(first, line + 1)]
    if column < _WIDEST_LINE:
        shown.append(f"{'':>{width}} | {_blanks(lines[line - 1][:column])}^")
    return "\n".join(shown)


def _cut(line: str) -> str:
    line = line.rstrip("\r")
    return line if len(line) <= _WIDEST_LINE else line[:_WIDEST_LINE] + "…"


def _blanks(text: str) -> str:
    """Blanks as wide as the text, tabs kept, so that the caret stands where it should."""
    return "".join(["\t" if char == "\t" else " " for char in text])
