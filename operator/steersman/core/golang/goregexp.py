"""Go's regexp: what a pattern finds in a text. `goregexp_syntax` compiles patterns.

Called by the functions `regexMatch` and their kin, and for JSON schemas. A text with bytes that are no UTF-8 is matched
as if they were U+FFFD, as Go reads them.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import accumulate
from typing import Any

from steersman.core.golang.goregexp_syntax import Pattern
from steersman.core.golang.runes import scrub


def is_found(pattern: Pattern, text: str) -> bool:
    """Whether the pattern is in the text."""
    return next(_found(pattern, text), None) is not None


def first(pattern: Pattern, text: str) -> str:
    """The first match, "" when there is none."""
    match = next(_found(pattern, text), None)
    return text[match.start() : match.end()] if match else ""


def matches(pattern: Pattern, text: str) -> Iterator[Any]:
    """All matches, as objects with `start`, `end` and `span`; an empty one right behind another does not count."""
    previous_end = -1
    for match in _found(pattern, text):
        start, end = match.span()
        if start < end or start != previous_end:
            yield match
        previous_end = end


def _found(pattern: Pattern, text: str) -> Iterator[Any]:
    """What RE2 finds one after another."""
    if pattern.has_inner_boundary and not text.isascii():
        return _between_characters(pattern, scrub(text))
    return pattern.compiled.finditer(_subject(text))  # type: ignore[no-any-return]


def _between_characters(pattern: Pattern, text: str) -> Iterator[_Counted]:
    """As `finditer`, without the empty matches inside characters."""
    data = text.encode()
    places = {offset: index for index, offset in enumerate(accumulate([len(c.encode()) for c in text], initial=0))}
    position = 0
    while position <= len(data):
        match = pattern.compiled.search(data, position)
        if match is None:
            return
        start, end = match.span()
        if start in places:
            yield _Counted(match, places)
        position = end + (start == end)


def _subject(text: str) -> str | bytes:
    """What RE2 is given. Bytes spare it counting characters, and in ASCII the positions are the same."""
    return text.encode() if text.isascii() else scrub(text)


class _Counted:
    """A match in bytes, told in characters."""

    __slots__ = ("_match", "_places")

    def __init__(self, match: Any, places: dict[int, int]) -> None:
        self._match = match
        self._places = places

    def span(self, group: int = 0) -> tuple[int, int]:
        start, end = self._match.span(group)
        return (self._places[start], self._places[end]) if start >= 0 else (-1, -1)

    def start(self) -> int:
        return self.span()[0]

    def end(self) -> int:
        return self.span()[1]
