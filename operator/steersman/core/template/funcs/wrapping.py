"""The functions Sprig takes from goutils: abbreviating, wrapping, initials, white space, swapped case.

They treat texts byte by byte: `nospace` and `initials` read each byte as a character of Latin-1, so that letters
outside ASCII come out garbled. Charts see that from Helm, so they see it here.
"""

from __future__ import annotations

from typing import Final

from steersman.core.golang.runes import SPACE, is_lower, is_title, is_upper, scrub, to_lower, to_title, to_upper
from steersman.core.golang.types import from_bytes, to_bytes
from steersman.core.template.funcs.registry import INT, STRING, FunctionTable

TABLE = FunctionTable()

_LATIN1_SPACE: Final = frozenset("\t\n\v\f\r \x85\xa0")
_MARKER: Final = b"..."


@TABLE.function("abbrev", params=(INT, STRING), result=STRING)
def abbrev(width: int, text: str) -> str:
    """At most `width` bytes, `...` standing for what was cut; widths below 4 change nothing."""
    return text if width < 4 else from_bytes(_abbreviate(to_bytes(text), 0, width))


@TABLE.function("abbrevboth", params=(INT, INT, STRING), result=STRING)
def abbrevboth(left: int, width: int, text: str) -> str:
    """`abbrev` that may cut in front as well, keeping what stands at byte `left`."""
    if width < 4 or (left > 0 and width < 7):
        return text
    return from_bytes(_abbreviate(to_bytes(text), left, width))


def _abbreviate(data: bytes, offset: int, width: int) -> bytes:
    size = len(data)
    if size <= width:
        return data
    offset = min(offset, size)
    if size - offset < width - 3:
        offset = size - (width - 3)
    if offset <= 4:
        return data[: width - 3] + _MARKER
    if width < 7:
        return b""
    if offset + width - 3 < size:
        return _MARKER + _abbreviate(data[offset:], 0, width - 3)
    return _MARKER + data[size - (width - 3) :]


@TABLE.function("wrap", params=(INT, STRING), result=STRING)
def wrap(width: int, text: str) -> str:
    """Broken at blanks into lines of at most `width` bytes; longer words stay whole."""
    return from_bytes(_wrap(to_bytes(text), max(width, 1), b"\n", cut_words=False))


@TABLE.function("wrapWith", params=(INT, STRING, STRING), result=STRING)
def wrap_with(width: int, separator: str, text: str) -> str:
    """`wrap` with another line break, cutting longer words."""
    return from_bytes(_wrap(to_bytes(text), max(width, 1), to_bytes(separator) or b"\n", cut_words=True))


def _wrap(data: bytes, width: int, line_break: bytes, *, cut_words: bool) -> bytes:
    size, offset = len(data), 0
    out: list[bytes] = []
    while size - offset > width:
        if data[offset : offset + 1] == b" ":
            offset += 1
            continue
        blank = data.rfind(b" ", offset, offset + width + 1)
        if blank < 0 and cut_words:
            out += (data[offset : offset + width], line_break)
            offset += width
            continue
        if blank < 0:
            blank = data.find(b" ", offset + width)
        if blank < 0:
            break
        out += (data[offset:blank], line_break)
        offset = blank + 1
    out.append(data[offset:])
    return b"".join(out)


@TABLE.function("nospace", params=(STRING,), result=STRING)
def nospace(text: str) -> str:
    """Without white space."""
    letters = to_bytes(text).decode("latin-1")
    return "".join(char for char in letters if char not in _LATIN1_SPACE) if _has_latin1_space(letters) else text


def _has_latin1_space(text: str) -> bool:
    return any(char in _LATIN1_SPACE for char in text)


@TABLE.function("initials", params=(STRING,), result=STRING)
def initials(text: str) -> str:
    """The first byte of each word."""
    found, after_gap = [], True
    for char in to_bytes(text).decode("latin-1"):
        if char in _LATIN1_SPACE:
            after_gap = True
        elif after_gap:
            found.append(char)
            after_gap = False
    return "".join(found)


@TABLE.function("untitle", params=(STRING,), result=STRING)
def untitle(text: str) -> str:
    """The first letter of each word in lower case."""
    chars, at_start = [], True
    for char in scrub(text):
        if char in SPACE:
            at_start = True
        elif at_start:
            chars.append(to_lower(char))
            at_start = False
            continue
        chars.append(char)
    return "".join(chars)


@TABLE.function("swapcase", params=(STRING,), result=STRING)
def swapcase(text: str) -> str:
    """Upper to lower case and back; a lower-case letter at the start of a word becomes title case."""
    chars, at_start = [], True
    for char in scrub(text):
        if is_upper(char) or is_title(char):
            chars.append(to_lower(char))
            at_start = False
        elif is_lower(char):
            chars.append(to_title(char) if at_start else to_upper(char))
            at_start = False
        else:
            chars.append(char)
            at_start = char in SPACE
    return "".join(chars)
