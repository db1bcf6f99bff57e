"""The order in which go-yaml writes the keys of a mapping: natural, so that `a9` comes before `a10`.

Called by `writer`. Where two keys first differ: two letters by code point; a letter after anything else; digits by the
number that starts there; other characters before digits. v3 lets letters come first right after a digit.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from functools import cmp_to_key
from typing import Any, Final

from steersman.core.golang.runes import is_digit, is_letter, scrub

_DIGIT = re.compile(r"[0-9]").search
_DIGITS_BASE: Final = 0x100
_LETTERS_BASE: Final = 0x200
_BY_CLASS: Final = {
    code: code + (_LETTERS_BASE if chr(code).isalpha() else _DIGITS_BASE if chr(code).isdigit() else 0)
    for code in range(128)
}
"""ASCII characters moved apart by class: then comparing texts is comparing code points, as long as no numbers meet."""


def sorted_keys(keys: Iterable[str]) -> list[str]:
    """go-yaml v2's order."""
    return _sorted(keys, _V2)


def sorted_keys_pretty(keys: Iterable[str]) -> list[str]:
    """go-yaml v3's order."""
    return _sorted(keys, _V3)


def _sorted(keys: Iterable[str], natural: Callable[[str], Any]) -> list[str]:
    listed = list(keys)
    joined = "".join(listed)
    if joined.isascii() and not _DIGIT(joined):
        return sorted(listed, key=_class_key)
    if scrub(joined) != joined:
        return sorted(listed, key=lambda key: natural(scrub(key)))
    return sorted(listed, key=natural)


def _class_key(text: str) -> str:
    return text.translate(_BY_CLASS)


def _compare(left: str, right: str, *, letter_after_digit_first: bool) -> int:
    after_digit = False
    for index, (a, b) in enumerate(zip(left, right, strict=False)):
        if a == b:
            after_digit = is_digit(a)
            continue
        a_letter, b_letter = is_letter(a), is_letter(b)
        if a_letter and b_letter:
            return -1 if a < b else 1
        if a_letter or b_letter:
            first = a_letter if letter_after_digit_first and after_digit else b_letter
            return -1 if first else 1
        return _compare_numbers(left, right, index)
    return len(left) - len(right)


def _compare_numbers(left: str, right: str, index: int) -> int:
    """From the first difference on; an earlier digit other than 0 in the same run keeps leading zeros significant."""
    seed = 1 if "0" in (left[index], right[index]) and _inside_number(left, index) else 0
    a, a_end = _number_at(left, index, seed)
    b, b_end = _number_at(right, index, seed)
    if a != b:
        return -1 if a < b else 1
    if a_end != b_end:
        return a_end - b_end
    return -1 if left[index] < right[index] else 1


def _inside_number(text: str, index: int) -> bool:
    while index > 0 and is_digit(text[index - 1]):
        index -= 1
        if text[index] != "0":
            return True
    return False


def _number_at(text: str, index: int, number: int) -> tuple[int, int]:
    """The number whose digits start there, in Go's wrapping int64, and where it ends."""
    while index < len(text) and is_digit(text[index]):
        number = (number * 10 + ord(text[index]) - ord("0") + 2**63) % 2**64 - 2**63
        index += 1
    return number, index


def _compare_v2(left: str, right: str) -> int:
    return _compare(left, right, letter_after_digit_first=False)


def _compare_v3(left: str, right: str) -> int:
    return _compare(left, right, letter_after_digit_first=True)


_V2 = cmp_to_key(_compare_v2)
_V3 = cmp_to_key(_compare_v3)
