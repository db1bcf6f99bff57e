"""Go's strconv quoting: Quote, QuoteToASCII, QuoteRune, CanBackquote, Unquote, UnquoteChar.

Used by `%q`, sprig's `quote`, error texts, and the template parser for string literals. Text is printable by Unicode
15.0, which Go 1.26 knows; Python 3.11 knows 14.0, hence the table of what 15.0 added.
"""

from __future__ import annotations

from bisect import bisect_right
from typing import Final

from steersman.core.golang.types import joined

_ADDED_IN_UNICODE_15: Final = (
    (0x0CF3, 0x0CF3), (0x0ECE, 0x0ECE), (0x10EFD, 0x10EFF), (0x1123F, 0x11241), (0x11B00, 0x11B09),
    (0x11F00, 0x11F10), (0x11F12, 0x11F3A), (0x11F3E, 0x11F59), (0x1342F, 0x1342F), (0x13440, 0x13455),
    (0x1B132, 0x1B132), (0x1B155, 0x1B155), (0x1D2C0, 0x1D2D3), (0x1DF25, 0x1DF2A), (0x1E030, 0x1E06D),
    (0x1E08F, 0x1E08F), (0x1E4D0, 0x1E4F9), (0x1F6DC, 0x1F6DC), (0x1F774, 0x1F776), (0x1F77B, 0x1F77F),
    (0x1F7D9, 0x1F7D9), (0x1FA75, 0x1FA77), (0x1FA87, 0x1FA88), (0x1FAAD, 0x1FAAF), (0x1FABB, 0x1FABD),
    (0x1FABF, 0x1FABF), (0x1FACE, 0x1FACF), (0x1FADA, 0x1FADB), (0x1FAE8, 0x1FAE8), (0x1FAF7, 0x1FAF8),
    (0x2B739, 0x2B739), (0x31350, 0x323AF),
)  # fmt: skip
_ADDED_STARTS: Final = tuple(start for start, _ in _ADDED_IN_UNICODE_15)

_SHORT_ESCAPES: Final = {
    "\a": "\\a", "\b": "\\b", "\f": "\\f", "\n": "\\n", "\r": "\\r", "\t": "\\t", "\v": "\\v",
}  # fmt: skip
_SIMPLE_UNESCAPES: Final = {
    "a": "\a", "b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t", "v": "\v", "\\": "\\",
}  # fmt: skip
_HEX_LENGTHS: Final = {"x": 2, "u": 4, "U": 8}
_HEX_DIGITS: Final = frozenset("0123456789abcdefABCDEF")
_OCTAL_DIGITS: Final = frozenset("01234567")
_REPLACEMENT: Final = "�"


class QuoteSyntaxError(ValueError):
    """strconv.ErrSyntax: its text is always `invalid syntax`."""

    def __init__(self) -> None:
        super().__init__("invalid syntax")


def is_print(char: str) -> bool:
    """unicode.IsPrint: letters, marks, numbers, punctuation, symbols and the ASCII blank."""
    if char.isprintable():
        return True
    code = ord(char)
    index = bisect_right(_ADDED_STARTS, code) - 1
    return index >= 0 and code <= _ADDED_IN_UNICODE_15[index][1]


def quote(text: str) -> str:
    """strconv.Quote."""
    if text.isascii() and text.isprintable() and '"' not in text and "\\" not in text:
        return f'"{text}"'
    return _quoted(text, '"', ascii_only=False)


def quote_to_ascii(text: str) -> str:
    """strconv.QuoteToASCII."""
    return _quoted(text, '"', ascii_only=True)


def quote_rune(char: str, *, ascii_only: bool = False) -> str:
    """strconv.QuoteRune and QuoteRuneToASCII: `'x'`. A surrogate is no rune and reads as U+FFFD."""
    if "\ud800" <= char <= "\udfff":
        char = _REPLACEMENT
    return _quoted(char, "'", ascii_only=ascii_only)


def _quoted(text: str, mark: str, *, ascii_only: bool) -> str:
    return mark + "".join([_escaped(char, mark, ascii_only) for char in text]) + mark


def _escaped(char: str, mark: str, ascii_only: bool) -> str:
    if char in (mark, "\\"):
        return "\\" + char
    if (char.isascii() or not ascii_only) and is_print(char):
        return char
    if char in _SHORT_ESCAPES:
        return _SHORT_ESCAPES[char]
    code = ord(char)
    if code < 0x20 or code == 0x7F:
        return f"\\x{code:02x}"
    if 0xDC80 <= code <= 0xDCFF:  # a byte that is not UTF-8, see types.from_bytes
        return f"\\x{code - 0xDC00:02x}"
    return f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"


def can_backquote(text: str) -> bool:
    """strconv.CanBackquote: whether the text can stand between backquotes on one line as it is."""
    for char in text:
        code = ord(char)
        if (code < 0x20 and char != "\t") or char in "`\x7f\ufeff" or 0xDC80 <= code <= 0xDCFF:
            return False
    return True


def unquote(literal: str) -> str:
    """strconv.Unquote of a `"…"` or backquoted literal as the template lexer cuts it; raises QuoteSyntaxError."""
    mark, body = literal[0], literal[1:-1]
    if mark == "`":
        return body.replace("\r", "")
    if "\\" not in body and body.isprintable():
        return body
    chars: list[str] = []
    rest = body
    while rest:
        if rest[0] == "\n":
            raise QuoteSyntaxError
        char, rest = unquote_char(rest, mark)
        chars.append(char)
    return joined("".join(chars))  # bytes written as `\\xNN` may be a character together


def unquote_char(text: str, mark: str) -> tuple[str, str]:
    """strconv.UnquoteChar: the first character, escaped or not, and what follows it.

    A byte ≥ 0x80 written as `\\xNN` or `\\NNN` comes back as a surrogate escape.
    """
    if not text or text[0] == mark:
        raise QuoteSyntaxError
    if text[0] != "\\":
        # A byte that is not UTF-8 reads as U+FFFD here, as Go decodes it.
        return (_REPLACEMENT if "\udc80" <= text[0] <= "\udcff" else text[0]), text[1:]
    if len(text) < 2:
        raise QuoteSyntaxError
    letter, rest = text[1], text[2:]
    if letter in _SIMPLE_UNESCAPES:
        return _SIMPLE_UNESCAPES[letter], rest
    if letter == mark:
        return mark, rest
    if letter in _HEX_LENGTHS:
        return _hex_escape(letter, rest)
    if letter in _OCTAL_DIGITS:
        return _octal_escape(letter, rest)
    raise QuoteSyntaxError


def _hex_escape(letter: str, rest: str) -> tuple[str, str]:
    length = _HEX_LENGTHS[letter]
    digits = rest[:length]
    if len(digits) < length or not _HEX_DIGITS.issuperset(digits):
        raise QuoteSyntaxError
    code = int(digits, 16)
    if letter == "x":
        return _byte(code), rest[length:]
    if code > 0x10FFFF or 0xD800 <= code <= 0xDFFF:
        raise QuoteSyntaxError
    return chr(code), rest[length:]


def _octal_escape(first: str, rest: str) -> tuple[str, str]:
    digits = first + rest[:2]
    if len(digits) < 3 or not _OCTAL_DIGITS.issuperset(digits):
        raise QuoteSyntaxError
    code = int(digits, 8)
    if code > 255:
        raise QuoteSyntaxError
    return _byte(code), rest[2:]


def _byte(code: int) -> str:
    return chr(code) if code < 0x80 else chr(0xDC00 + code)
