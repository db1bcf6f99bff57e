"""Go's view of characters: `unicode` classes, one-to-one case mapping, and what a rune loop makes of a broken byte.

Called by the string functions of templates. Python's own methods differ: `upper` turns `ß` into `SS`, `lower` knows the
final sigma, `isspace` accepts the separators 0x1C to 0x1F.
"""

from __future__ import annotations

import unicodedata
from functools import lru_cache
from typing import Final

SPACE: Final = (
    "\t\n\v\f\r \x85\xa0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a"
    "\u2028\u2029\u202f\u205f\u3000"
)
"""unicode.IsSpace; as a string, since `str.strip` takes one."""

REPLACEMENT: Final = "\ufffd"


def scrub(text: str) -> str:
    """The text as a rune loop sees it: each byte that is not UTF-8 becomes U+FFFD. Character counts stay."""
    if text.isascii() or _is_valid(text):
        return text
    return "".join(REPLACEMENT if "\ud800" <= char <= "\udfff" else char for char in text)


def is_letter(char: str) -> bool:
    """unicode.IsLetter."""
    return _category(char)[0] == "L"


def is_upper(char: str) -> bool:
    """unicode.IsUpper."""
    return _category(char) == "Lu"


def is_lower(char: str) -> bool:
    """unicode.IsLower."""
    return _category(char) == "Ll"


def is_title(char: str) -> bool:
    """unicode.IsTitle."""
    return _category(char) == "Lt"


def is_number(char: str) -> bool:
    """unicode.IsNumber."""
    return _category(char)[0] == "N"


def is_digit(char: str) -> bool:
    """unicode.IsDigit."""
    return _category(char) == "Nd"


def is_punctuation(char: str) -> bool:
    """unicode.IsPunct."""
    return _category(char)[0] == "P"


@lru_cache(maxsize=4096)
def to_upper(char: str) -> str:
    """unicode.ToUpper: one character to one."""
    mapped = char.upper()
    # Where the full mapping is several characters (`ß`, `ᾀ`), the simple one is the title case if that is single.
    return mapped if len(mapped) == 1 else to_title(char)


@lru_cache(maxsize=4096)
def to_lower(char: str) -> str:
    """unicode.ToLower: one character to one."""
    mapped = char.lower()
    return mapped if len(mapped) == 1 else mapped[0]


@lru_cache(maxsize=4096)
def to_title(char: str) -> str:
    """unicode.ToTitle: one character to one."""
    mapped = char.title()
    return mapped if len(mapped) == 1 else char


def upper(text: str) -> str:
    """strings.ToUpper."""
    return text.upper() if text.isascii() else "".join(map(to_upper, scrub(text)))


def lower(text: str) -> str:
    """strings.ToLower."""
    return text.lower() if text.isascii() else "".join(map(to_lower, scrub(text)))


@lru_cache(maxsize=4096)
def _category(char: str) -> str:
    return unicodedata.category(char)


def _is_valid(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True
