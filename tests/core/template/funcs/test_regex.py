"""Regular expressions where RE2 and Go disagree; matches in general are compared with Helm in test_recorded."""

import pytest

from steersman.core.golang.types import GoPanic
from steersman.core.template.funcs import regex


def test_the_plain_functions_panic_like_must_compile() -> None:
    with pytest.raises(GoPanic, match=r"^regexp: Compile\(`\(`\): error parsing regexp: missing closing \)"):
        regex.regex_find("(", "x")
    assert not regex.regex_match("(", "x")


@pytest.mark.parametrize(
    ("pattern", "text", "matches"),
    [
        pytest.param(r"\p{greek}+", "abΩα", ["Ωα"], id="script"),
        pytest.param(r"\p{upper case letter}", "aB", ["B"], id="alias-with-blanks"),
        pytest.param(r"\p{uppercase-letter}", "aB", ["B"], id="alias"),
        pytest.param(r"[^\p{ascii}]", "aé", ["é"], id="ascii"),
        pytest.param(r"\Q\C\E", r"a\C", [r"\C"], id="quoted"),
        pytest.param("(?P<n>a)|(?P<n>b)", "ab", ["a", "b"], id="same-name"),
        pytest.param("x*", "axb", ["", "x", ""], id="empty"),
        pytest.param("a$", "a\n", [], id="dollar"),
        pytest.param(".", "é\udcff", ["é", "\udcff"], id="broken"),
    ],
)
def test_matches(pattern: str, text: str, matches: list[str]) -> None:
    assert regex.must_regex_find_all(pattern, text, -1) == matches


@pytest.mark.parametrize(
    ("replacement", "result"),
    [
        pytest.param("$1", "ab", id="number"),
        pytest.param("$1x", "", id="longest-name"),
        pytest.param("${1}x", "axbx", id="braces"),
        pytest.param("$n", "ab", id="name"),
        pytest.param("$$", "$$", id="dollar"),
        pytest.param("${", "${${", id="open"),
        pytest.param("$0$9", "ab", id="missing"),
    ],
)
def test_replacements(replacement: str, result: str) -> None:
    assert regex.regex_replace_all("(?P<n>[ab])", "ab", replacement) == result


def test_the_first_group_of_a_name_that_matched_counts() -> None:
    assert regex.regex_replace_all("(?P<n>a)|(?P<n>b)", "ab", "[$n]") == "[a][b]"


def test_evil_patterns_stay_linear() -> None:
    assert not regex.regex_match("^(a+)+$", "a" * 20_000 + "b")
