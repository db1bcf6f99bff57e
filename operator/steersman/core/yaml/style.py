"""How go-yaml writes one string: plain, quoted or as a literal block, and where long lines break.

Called by `writer`. The rules are those of libyaml's emitter as Go ported it. A line breaks only at a blank that stands
beyond column 80, hence lines may be longer.
"""

from __future__ import annotations

import re
from functools import cache, lru_cache
from typing import Final

from steersman.core.yaml.scalars import WORDS, needs_quotes

WIDTH: Final = 80

NO_BREAK: Final = "\0"
"""Ends a literal whose last line break is written as it is, so that no other one follows it."""

_BREAKS = r"\u2028\u2029"
_WORD = re.compile(r"[A-Za-z_/$][A-Za-z0-9_./$-]*").fullmatch
_BLANK_BEFORE_BREAK = re.compile(rf" [\n{_BREAKS}]").search
_BLANK_AFTER_BREAK = re.compile(rf"[{_BREAKS}] ").search
_BREAK = re.compile(rf"[\n\r\x85{_BREAKS}]").search
_LINE_STARTS = re.compile(rf"(?:^|(?<=[\n{_BREAKS}]))(?=[^\n{_BREAKS}])").sub
_LINE_STARTS_WITHIN = re.compile(rf"(?<=[{_BREAKS}])(?=[^{_BREAKS}]+.)").sub

_LONGEST_SIMPLE_KEY: Final = 128
_ESCAPES: Final = {
    "\0": "\\0", "\a": "\\a", "\b": "\\b", "\t": "\\t", "\n": "\\n", "\v": "\\v", "\f": "\\f", "\r": "\\r",
    "\x1b": "\\e", '"': '\\"', "\\": "\\\\", "\x85": "\\N", "\xa0": "\\_", "\u2028": "\\L", "\u2029": "\\P",
}  # fmt: skip


class _Characters:
    """The patterns that depend on which characters may stand unescaped; `text` and `quoted` are regex classes of those
    in plain and in double-quoted scalars."""

    def __init__(self, text: str, quoted: str) -> None:
        body = rf"(?:(?![:#{_BREAKS}])[{text}])*"
        self.plain = re.compile(
            rf"(?!---|\.\.\.)(?:(?![-?: #,\[\]{{}}&*!|>'\"%@`{_BREAKS}])[{text}]|[-?:](?=[^ ]))"
            rf"{body}(?:(?::(?=[^ ])|(?<! )#){body})*(?<! )"
        ).fullmatch
        self.unprintable = re.compile(rf"[^\n{text}]").search
        self.unprintable_but_tab = re.compile(rf"[^\n\t{text}]").search
        self.to_escape = re.compile(rf"[^{quoted}]").sub


_ASCII: Final = _Characters(r"\x20-\x7e", r"\x20!#-\[\]-\x7e")


@cache
def _all_characters() -> _Characters:
    """Not U+FEFF, nothing above U+FFFF. Compiled when first needed: Python takes long over such classes."""
    return _Characters(
        r"\x20-\x7e\xa0-\ud7ff\ue000-\ufefe\uff00-\ufffd",
        r"\x20!#-\[\]-\x7e\xa0-\u2027\u202a-\ud7ff\ue000-\ufefe\uff00-\ufffd",
    )


def _characters(text: str) -> _Characters:
    return _ASCII if text.isascii() else _all_characters()


@lru_cache(maxsize=4096)
def simple_key(key: str) -> str | None:
    """A key as it is written before its value; None for one that is too long for that and written after `? `.

    Keys repeat, hence the cache."""
    if len(key) > _LONGEST_SIMPLE_KEY or len(key.encode("utf-8", "surrogateescape")) > _LONGEST_SIMPLE_KEY:
        return None
    return None if _BREAK(key) else _one_line(key)


def string(text: str, column: int, pad: str, *, width: int, tabs_in_blocks: bool) -> str:
    """A value that starts in `column`; further lines start with `pad`. A literal's last line break is left out.

    That may be a U+2028 or U+2029, which NO_BREAK then follows."""
    if "\n" in text:
        if _fits_block(text, tabs_in_blocks):
            return _literal(text, pad)
        written = _double_quoted(text)
    else:
        written = _one_line(text)
        if written[0] == "'" and _BREAK(written):
            written = _LINE_STARTS_WITHIN(pad, written)
    if column + len(written) <= width or " " not in text:
        return written
    return _folded(written, column, pad, width)


def _one_line(text: str) -> str:
    """The text without line breaks and without folding."""
    if _WORD(text):
        return f'"{text}"' if text in WORDS else text
    if needs_quotes(text):
        return _double_quoted(text)
    characters = _characters(text)
    if characters.plain(text):
        return text
    if characters.unprintable(text) or _BLANK_BEFORE_BREAK(text) or _BLANK_AFTER_BREAK(text):
        return _double_quoted(text)
    return "'" + text.replace("'", "''") + "'"


def _double_quoted(text: str) -> str:
    if text[:1] == "\ufeff":
        return '"' + "".join(map(_escape, text)) + '"'  # a byte order mark up front makes Go escape every character
    return '"' + _characters(text).to_escape(lambda match: _escape(match[0]), text) + '"'


def _escape(char: str) -> str:
    short = _ESCAPES.get(char)
    if short is not None:
        return short
    code = ord(char)
    if code <= 0xFF:
        return f"\\x{code:02X}"
    return f"\\u{code:04X}" if code <= 0xFFFF else f"\\U{code:08X}"


def _fits_block(text: str, tabs_in_blocks: bool) -> bool:
    if text[-1] == " " or _BLANK_BEFORE_BREAK(text):
        return False
    characters = _characters(text)
    return not (characters.unprintable_but_tab if tabs_in_blocks else characters.unprintable)(text)


def _literal(text: str, pad: str) -> str:
    hint = "2" if text[0] == " " or _BREAK(text[0]) else ""
    chomp = ""
    if not _BREAK(text[-1]):
        chomp = "-"
    elif len(text) == 1 or _BREAK(text[-2]):
        chomp = "+"
    end = NO_BREAK if text[-1] in "\u2028\u2029" else ""
    return f"|{hint}{chomp}\n{_LINE_STARTS(pad, text.removesuffix(chr(10)))}{end}"


def _folded(written: str, column: int, pad: str, width: int) -> str:
    """Break at single blanks beyond the width (in double quotes also before further blanks, the next one escaped)."""
    double = written[0] == '"'
    first, last = (2, len(written) - 3) if written[0] in "\"'" else (1, len(written) - 2)
    parts: list[str] = []
    start = 0
    at = written.find(" ", max(first, width + 1 - column))
    while 0 <= at <= last:
        before_blank = written[at + 1] == " "
        if written[at - 1] == " " or (before_blank and not double):
            at = written.find(" ", at + 1)
            continue
        parts += (written[start:at], "\n", pad, "\\" if before_blank else "")
        start = at + 1
        column = len(pad) + before_blank
        at = written.find(" ", max(start, start + width + 1 - column))
    parts.append(written[start:])
    return "".join(parts)
