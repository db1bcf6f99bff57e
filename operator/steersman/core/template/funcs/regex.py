"""Regular expression functions of Sprig over Go's regexp (`golang.goregexp`).

The subject stands before the replacement. `regexMatch` swallows a bad pattern, the other plain names panic with it, the
`must` names return its error.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any, Final

from steersman.core.golang.goregexp import first, is_found, matches
from steersman.core.golang.goregexp_syntax import Pattern, RegexError, compile_pattern, must_compile
from steersman.core.golang.runes import is_digit, is_letter
from steersman.core.golang.types import NilStringList, StringList
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
        return is_found(compile_pattern(pattern), text)
    except RegexError:
        return False


@TABLE.function("mustRegexMatch", params=(STRING, STRING), result=BOOL)
def must_regex_match(pattern: str, text: str) -> bool:
    """Whether the pattern is found."""
    return is_found(compile_pattern(pattern), text)


@TABLE.function("regexFind", params=(STRING, STRING), result=STRING)
def regex_find(pattern: str, text: str) -> str:
    """The first match, "" when there is none."""
    return first(must_compile(pattern), text)


@TABLE.function("mustRegexFind", params=(STRING, STRING), result=STRING)
def must_regex_find(pattern: str, text: str) -> str:
    """The first match, "" when there is none."""
    return first(compile_pattern(pattern), text)


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


def _find_all(pattern: Pattern, text: str, limit: int) -> StringList:
    found = StringList()
    for match in matches(pattern, text):
        if len(found) == limit:
            break
        found.append(text[match.start() : match.end()])
    return found or NilStringList()


def _replace(pattern: Pattern, text: str, pieces: tuple[_Piece, ...]) -> str:
    out: list[str] = []
    position = 0
    for match in matches(pattern, text):
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
    for match in matches(pattern, text):
        if len(parts) == limit - 1:
            break
        end = match.start()
        if match.end() != 0:
            parts.append(text[start:end])
        start = match.end()
    if end != len(text):
        parts.append(text[start:])
    return parts
