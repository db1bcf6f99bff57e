"""File name patterns in Go's and in gobwas' dialect."""

import time

import pytest

from steersman.core.chart.errors import PatternError
from steersman.core.chart.patterns import compile_glob, path_match


@pytest.mark.parametrize(
    ("pattern", "name", "matches"),
    [
        pytest.param("templates/*.yaml", "templates/a.yaml", True, id="star"),
        pytest.param("templates/*.yaml", "templates/sub/a.yaml", False, id="star-stops-at-slash"),
        pytest.param("[^a]x", "/x", True, id="class-may-be-a-slash"),
        pytest.param("[a-c]", "b", True, id="range"),
        pytest.param("[c-a]", "b", False, id="empty-range"),
        pytest.param(r"\*", "*", True, id="escape"),
        pytest.param("?", "é", True, id="one-character"),
    ],
)
def test_path_match(pattern: str, name: str, matches: bool) -> None:
    assert path_match(pattern, name) is matches


@pytest.mark.parametrize("pattern", ["[", "[]", "[a", "[-x]", "a\\", "[a-]"])
def test_bad_path_patterns(pattern: str) -> None:
    with pytest.raises(PatternError, match="syntax error in pattern"):
        path_match(pattern, "x")


@pytest.mark.parametrize(
    ("pattern", "name", "matches"),
    [
        pytest.param("conf/**", "conf/a/b.yaml", True, id="super"),
        pytest.param("conf/*", "conf/a/b.yaml", False, id="any-stops-at-slash"),
        pytest.param("*.{yaml,yml}", "a.yml", True, id="alternatives"),
        pytest.param("{a,b{c,d}}", "bd", True, id="nested-alternatives"),
        pytest.param("a,b", "a,b", True, id="comma-outside-braces"),
        pytest.param("[!a]", "b", True, id="negated"),
        pytest.param("[a-c]", "d", False, id="range"),
        pytest.param("u/?.txt", "u/é.txt", False, id="multi-byte-in-a-fixed-row"),
        pytest.param("u/*.txt", "u/é.txt", True, id="multi-byte-under-any"),
        pytest.param(r"\{a\}", "{a}", True, id="escape"),
    ],
)
def test_glob(pattern: str, name: str, matches: bool) -> None:
    assert compile_glob(pattern)(name) is matches


@pytest.mark.parametrize("pattern", ["[", "[]", "[b-a]", "[ab"])
def test_bad_globs(pattern: str) -> None:
    with pytest.raises(PatternError):
        compile_glob(pattern)


def test_a_star_is_settled_with_the_first_place_that_fits() -> None:
    assert not path_match("*[/a]*b", "a/b"), "as in Go, which takes the a for the class and never the slash behind it"
    assert path_match("*[/]b", "a/b")


def test_many_stars_take_no_exponential_time() -> None:
    before = time.process_time()
    assert not path_match("*a" * 30 + "*b", "a" * 2000)
    assert not compile_glob("**a" * 30 + "**b")("a" * 2000)
    assert time.process_time() - before < 1


def test_braces_may_not_nest_without_end() -> None:
    with pytest.raises(PatternError, match="nested more than 100 levels deep"):
        compile_glob("{" * 5000)


def test_a_name_that_is_no_utf_8() -> None:
    assert compile_glob("a/*")("a/\udcff")
    assert path_match("a/?", "a/\udcff")
