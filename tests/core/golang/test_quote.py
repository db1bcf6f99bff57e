"""strconv's quoting, both ways."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from steersman.core.golang.quote import (
    QuoteSyntaxError,
    can_backquote,
    is_print,
    quote,
    quote_rune,
    quote_to_ascii,
    unquote,
)
from steersman.core.golang.types import from_bytes


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("", '""'),
        ("abc", '"abc"'),
        ('say "hi" \\', '"say \\"hi\\" \\\\"'),
        ("\a\b\f\n\r\t\v\x00\x7f", '"\\a\\b\\f\\n\\r\\t\\v\\x00\\x7f"'),
        ("é☃😀", '"é☃😀"'),
        ("\u200b\u00a0\u2028", '"\\u200b\\u00a0\\u2028"'),
        ("\U000e0001", '"\\U000e0001"'),
        (from_bytes(b"\xff\xc3"), '"\\xff\\xc3"'),
        ("\U0001fae8", '"\U0001fae8"'),
    ],
)
def test_quote(text: str, wanted: str) -> None:
    assert quote(text) == wanted


def test_quote_to_ascii() -> None:
    assert quote_to_ascii("é😀a") == '"\\u00e9\\U0001f600a"'


@pytest.mark.parametrize(("char", "wanted"), [("a", "'a'"), ("'", "'\\''"), ('"', "'\"'"), ("\ud800", "'�'")])
def test_quote_rune(char: str, wanted: str) -> None:
    assert quote_rune(char) == wanted


@pytest.mark.parametrize(
    ("text", "possible"),
    [("a\tb", True), ("a`", False), ("a\nb", False), ("\ufeff", False), ("é", True), ("\udcff", False)],
)
def test_can_backquote(text: str, possible: bool) -> None:
    assert can_backquote(text) is possible


def test_printable_by_unicode_15() -> None:
    assert is_print("\U0001fae8")  # added in 15.0
    assert not is_print("\U0001fae9")  # added in 16.0


@pytest.mark.parametrize(
    ("literal", "wanted"),
    [
        ('""', ""),
        ('"a\\n\\t\\"\\\\"', 'a\n\t"\\'),
        ('"\\x41\\101\\u00e9\\U0001F600"', "AAé😀"),
        ('"\\xc3\\xa9"', "é"),
        ('"\\xff"', "\udcff"),
        ("`a\\n\r\n`", "a\\n\n"),
        ('"it\'s"', "it's"),
    ],
)
def test_unquote(literal: str, wanted: str) -> None:
    assert unquote(literal) == wanted


@pytest.mark.parametrize(
    "literal", ['"\\q"', '"\\\'"', '"\\x4"', '"\\400"', '"\\u12"', '"\\ud800"', '"\\U00110000"', '"a\nb"', '"\\"']
)
def test_literals_that_are_none(literal: str) -> None:
    with pytest.raises(QuoteSyntaxError, match="invalid syntax"):
        unquote(literal)


@given(st.binary(max_size=40))
def test_quoted_bytes_read_back(data: bytes) -> None:
    assert unquote(quote(from_bytes(data))) == from_bytes(data)
