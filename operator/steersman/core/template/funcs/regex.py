"""Regular expression functions of Sprig over Go's syntax (`regex_syntax` compiles).

The subject stands before the replacement. `regexMatch` swallows a bad pattern, the other plain names panic with it, the
`must` names return its error. A text with bytes that are no UTF-8 is matched as if they were U+FFFD, as Go reads them.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from itertools import accumulate
from typing import Any, Final

from steersman.core.golang.runes import is_digit, is_letter, scrub
from steersman.core.golang.types import NilStringList, StringList
from steersman.core.template.funcs.regex_syntax import Pattern, RegexError, compile_pattern, must_compile
from steersman.core.template.funcs.registry import BOOL, INT, STRING, STRING_LIST, FunctionTable

TABLE = FunctionTable()

_META: Final = {ord(char): f"\\{char}" for char in "\\.+*?()|[]{}^$"}
_LARGEST_GROUP: Final = 100_000_000
_Piece = str | int | tuple[str]
"""Of a replacement: literal text, a group's number, or a group's name."""


@TABLE.function("regexMatch", params=(STRING, STRING), result=BOOL)
def regex_match(pattern: str, text: str) -> bool:
    """Whether the pattern is found; false when it does not compile."""
    try:
        return _is_found(compile_pattern(pattern), text)
    except RegexError:
        return False


@TABLE.function("mustRegexMatch", params=(STRING, STRING), result=BOOL)
def must_regex_match(pattern: str, text: str) -> bool:
    """Whether the pattern is found."""
    return _is_found(compile_pattern(pattern), text)


@TABLE.function("regexFind", params=(STRING, STRING), result=STRING)
def regex_find(pattern: str, text: str) -> str:
    """The first match, "" when there is none."""
    return _first(must_compile(pattern), text)


@TABLE.function("mustRegexFind", params=(STRING, STRING), result=STRING)
def must_regex_find(pattern: str, text: str) -> str:
    """The first match, "" when there is none."""
    return _first(compile_pattern(pattern), text)


@TABLE.function("regexFindAll", params=(STRING, STRING, INT), result=STRING_LIST)
def regex_find_all(pattern: str, text: str, limit: int) -> StringList:
    """At most `limit` matches, all when it is negative; a nil list when there are none."""
    return _find_all(must_compile(pattern), text, limit)


@TABLE.function("mustRegexFindAll", params=(STRING, STRING, INT), result=STRING_LIST)
def must_regex_find_all(pattern: str, text: str, limit: int) -> StringList:
    """At most `limit` matches, all when it is negative; a nil list when there are none."""
    return _find_all(compile_pattern(pattern), text, limit)


@TABLE.function("regexReplaceAll", params=(STRING, STRING, STRING), result=STRING)
def regex_replace_all(pattern: str, text: str, replacement: str) -> str:
    """Every match replaced, `$1` and `${name}` standing for groups."""
    return _replace(must_compile(pattern), text, _pieces(replacement))


@TABLE.function("mustRegexReplaceAll", params=(STRING, STRING, STRING), result=STRING)
def must_regex_replace_all(pattern: str, text: str, replacement: str) -> str:
    """Every match replaced, `$1` and `${name}` standing for groups."""
    return _replace(compile_pattern(pattern), text, _pieces(replacement))


@TABLE.function("regexReplaceAllLiteral", params=(STRING, STRING, STRING), result=STRING)
def regex_replace_all_literal(pattern: str, text: str, replacement: str) -> str:
    """Every match replaced by this very text."""
    return _replace(must_compile(pattern), text, (replacement,))


@TABLE.function("mustRegexReplaceAllLiteral", params=(STRING, STRING, STRING), result=STRING)
def must_regex_replace_all_literal(pattern: str, text: str, replacement: str) -> str:
    """Every match replaced by this very text."""
    return _replace(compile_pattern(pattern), text, (replacement,))


@TABLE.function("regexSplit", params=(STRING, STRING, INT), result=STRING_LIST)
def regex_split(pattern: str, text: str, limit: int) -> StringList:
    """The parts between matches, at most `limit`; all when it is negative, a nil list when it is 0."""
    return _split(must_compile(pattern), pattern, text, limit)


@TABLE.function("mustRegexSplit", params=(STRING, STRING, INT), result=STRING_LIST)
def must_regex_split(pattern: str, text: str, limit: int) -> StringList:
    """The parts between matches, at most `limit`; all when it is negative, a nil list when it is 0."""
    return _split(compile_pattern(pattern), pattern, text, limit)


@TABLE.function("regexQuoteMeta", params=(STRING,), result=STRING)
def regex_quote_meta(text: str) -> str:
    """The text as a pattern that matches it."""
    return text.translate(_META)


def _subject(text: str) -> str | bytes:
    """What RE2 is given. Bytes spare it counting characters, and in ASCII the positions are the same."""
    return text.encode() if text.isascii() else scrub(text)


def _is_found(pattern: Pattern, text: str) -> bool:
    return next(_found(pattern, text), None) is not None


def _first(pattern: Pattern, text: str) -> str:
    match = next(_found(pattern, text), None)
    return text[match.start() : match.end()] if match else ""


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


def _matches(pattern: Pattern, text: str) -> Iterator[Any]:
    """All matches; an empty one right behind another does not count."""
    previous_end = -1
    for match in _found(pattern, text):
        start, end = match.span()
        if start < end or start != previous_end:
            yield match
        previous_end = end


def _find_all(pattern: Pattern, text: str, limit: int) -> StringList:
    found = StringList()
    for match in _matches(pattern, text):
        if len(found) == limit:
            break
        found.append(text[match.start() : match.end()])
    return found or NilStringList()


def _replace(pattern: Pattern, text: str, pieces: tuple[_Piece, ...]) -> str:
    out: list[str] = []
    position = 0
    for match in _matches(pattern, text):
        start, end = match.span()
        out.append(text[position:start])
        for piece in pieces:
            out.append(piece if type(piece) is str else _group_text(pattern, match, text, piece))
        position = end
    out.append(text[position:])
    return "".join(out)


def _group_text(pattern: Pattern, match: Any, text: str, group: _Piece) -> str:
    if isinstance(group, int):
        numbers = [group] if group < len(pattern.names) else []
    else:
        numbers = [number for number, name in enumerate(pattern.names) if name == group[0]]
    for number in numbers:
        start, end = match.span(number)
        if start >= 0:
            return text[start:end]
    return ""


@lru_cache(maxsize=256)
def _pieces(replacement: str) -> tuple[_Piece, ...]:
    """A replacement cut at its `$1`, `${1}`, `$name`; `$$` is a dollar, a lone `$` itself."""
    pieces: list[_Piece] = []
    position = 0
    while (dollar := replacement.find("$", position)) >= 0:
        pieces.append(replacement[position:dollar])
        position = dollar + 1
        if replacement.startswith("$", position):
            pieces.append("$")
            position += 1
            continue
        name, rest = _group_name(replacement[position:])
        pieces.append(_group_number(name) if name else "$")
        position = len(replacement) - len(rest)
    pieces.append(replacement[position:])
    return tuple(piece for piece in pieces if piece != "")


def _group_name(text: str) -> tuple[str, str]:
    """The longest name at the start, in braces or not, and what follows; ("", …) when there is none."""
    braced = text.startswith("{")
    start = 1 if braced else 0
    end = start
    while end < len(text) and (text[end] == "_" or is_letter(text[end]) or is_digit(text[end])):
        end += 1
    if end == start or (braced and text[end : end + 1] != "}"):
        return "", text
    return text[start:end], text[end + braced :]


def _group_number(name: str) -> _Piece:
    if not name.isascii() or not name.isdigit() or (name[0] == "0" and len(name) > 1):
        return (name,)
    number = int(name) if len(name) < 10 else _LARGEST_GROUP
    return number if number < _LARGEST_GROUP else (name,)


def _split(pattern: Pattern, written: str, text: str, limit: int) -> StringList:
    if limit == 0:
        return NilStringList()
    if written and not text:
        return StringList([""])
    parts = StringList()
    start = end = 0
    for match in _matches(pattern, text):
        if len(parts) == limit - 1:
            break
        end = match.start()
        if match.end() != 0:
            parts.append(text[start:end])
        start = match.end()
    if end != len(text):
        parts.append(text[start:])
    return parts
