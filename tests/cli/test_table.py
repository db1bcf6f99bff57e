"""Tables as Helm prints them."""

from __future__ import annotations

import pytest

from steersman.cli.table import table


@pytest.mark.parametrize(
    ("rows", "width", "text"),
    [
        ([], 0, ""),
        ([("A", "BB"), ("ccc", "")], 0, "A  \tBB\nccc\t  "),
        ([("12345678901", "x")], 10, "1234567...\tx"),
        ([("1234567890", "x")], 10, "1234567890\tx"),
        ([("abcdef", "x")], 2, "a...\tx"),
        ([("日本", "x"), ("abc", "y")], 0, "日本\tx\nabc \ty"),
        ([("日本語の表", "x")], 9, "日本語...\tx"),
        ([("e\u0301", "x"), ("ab", "y")], 0, "e\u0301 \tx\nab\ty"),
    ],
    ids=["none", "padded", "cut", "fits", "narrow", "wide", "wide-cut", "combining"],
)
def test_table(rows: list[tuple[str, ...]], width: int, text: str) -> None:
    assert table(rows, width) == text
