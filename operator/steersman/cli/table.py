"""Tables as Helm prints them: columns as wide as their widest cell, a blank-padded cell and a tab between two.

Used by commands that list things.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence

_ELLIPSIS = "..."


def table(rows: Sequence[Sequence[str]], max_width: int = 0) -> str:
    """The rows as lines, without the last line break. Cells wider than `max_width` (0: any width) are cut."""
    columns = list(zip(*rows, strict=True))
    widths = [max(map(_width, cells), default=0) for cells in columns]
    if max_width:
        widths = [min(width, max_width) for width in widths]
    return "\n".join("\t".join(map(_fitted, row, widths)) for row in rows)


def _fitted(text: str, width: int) -> str:
    missing = width - _width(text)
    if missing >= 0:
        return text + " " * missing
    taken = 0
    for end, char in enumerate(text, start=1):  # at least one character stays, however narrow the column
        taken += _width(char)
        if taken >= width - len(_ELLIPSIS):
            return text[:end] + _ELLIPSIS
    return text


def _width(text: str) -> int:
    """How many columns of a terminal a text takes."""
    if text.isascii():
        return len(text)
    return sum(_char_width(char) for char in text)


def _char_width(char: str) -> int:
    if unicodedata.combining(char):
        return 0
    return 2 if unicodedata.east_asian_width(char) in "WF" else 1
