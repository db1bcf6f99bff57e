"""Patterns that Go refuses, in its words; what patterns match is tested with the functions."""

import pytest

from steersman.core.golang.goregexp_syntax import RegexError, compile_pattern


@pytest.mark.parametrize(
    ("pattern", "message"),
    [
        pytest.param(r"\C", r"invalid escape sequence: `\C`", id="any-byte"),
        pytest.param("a{9999999999}", "invalid repeat count: `{9999999999}`", id="huge-repeat"),
        pytest.param("a{1001}", "invalid repeat count: `{1001}`", id="repeat"),
        pytest.param("(?<!x)a", "invalid named capture: `(?<!x)a`", id="lookbehind"),
        pytest.param("(?=x)", "invalid or unsupported Perl syntax: `(?=`", id="lookahead"),
        pytest.param(r"(a)\1", r"invalid escape sequence: `\1`", id="backreference"),
        pytest.param(r"\p{foo}", r"invalid character class range: `\p{foo}`", id="class-name"),
        pytest.param(r"\pN)", r"unexpected ): `\pN)`", id="whole"),
        pytest.param(r"\x{", r"invalid escape sequence: `\x{`", id="open-escape"),
        pytest.param("a\\", "trailing backslash at end of expression: ``", id="backslash"),
        pytest.param("a\udcffb", "invalid UTF-8: `\udcffb`", id="bytes"),
        pytest.param(r"(\pL{30}){33}" * 9, "expression too large: `" + r"(\pL{30}){33}" * 9 + "`", id="size"),
    ],
)
def test_errors_are_gos(pattern: str, message: str) -> None:
    with pytest.raises(RegexError) as caught:
        compile_pattern(pattern)
    assert caught.value.message == f"error parsing regexp: {message}"
