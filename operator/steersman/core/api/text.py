"""Texts for people, as a status has them: on one line, in sentences, and cut to a length without hiding the cut."""

from __future__ import annotations

import re
from typing import Final

_LINE_BREAK: Final = re.compile(r"\s*\n\s*")
_WORD: Final = re.compile(r"[a-z]+(-[a-z]+)*")


def sentences(what: str, *advice: str) -> str:
    """What happened, on one line as a table's last column needs it, then each advice as a sentence of its own.

    Without advice no full stop is added: more may follow."""
    told = _LINE_BREAK.sub(" ", what).strip()
    given = [text for text in advice if text]
    if not given:
        return told
    return " ".join(f"{text.rstrip(' .:;')}." for text in (told, *map(_begun, given)))


def _begun(text: str) -> str:
    """With a capital, unless it begins with the name of something (`spec.chart`, `valuesKey`)."""
    first = text.partition(" ")[0].rstrip(",:;")
    return text[0].upper() + text[1:] if _WORD.fullmatch(first) else text


def clip(text: str, limit: int) -> str:
    """The text, or its beginning and how many characters are missing, within `limit` characters in all."""
    if len(text) <= limit:
        return text
    # The count in the note changes its length, so room is kept for the largest count there can be.
    room = max(limit - len(_note(len(text))), 0)
    return (text[:room] + _note(len(text) - room))[:limit]


def _note(missing: int) -> str:
    return f"… (+{missing} characters)"
