"""Characters as Go's `unicode` and `strings` see them, where Python differs."""

import pytest

from steersman.core.golang import runes


@pytest.mark.parametrize(
    ("text", "upper"),
    [
        pytest.param("abc-1", "ABC-1", id="ascii"),
        pytest.param("straße", "STRAßE", id="sharp-s-stays"),
        pytest.param("éω", "ÉΩ", id="letters"),
        pytest.param("ŉ", "ŉ", id="no-single-capital"),
        pytest.param("a\udcff", "A\ufffd", id="broken-byte"),
    ],
)
def test_upper(text: str, upper: str) -> None:
    assert runes.upper(text) == upper


@pytest.mark.parametrize(
    ("text", "lower"),
    [
        pytest.param("ABC", "abc", id="ascii"),
        pytest.param("ΑΣ", "ασ", id="no-final-sigma"),
        pytest.param("İ", "i", id="dotted-i"),
    ],
)
def test_lower(text: str, lower: str) -> None:
    assert runes.lower(text) == lower


def test_title_is_a_case_of_its_own() -> None:
    assert runes.to_title("ǆ") == "ǅ"
    assert runes.is_title("ǅ")
    assert not runes.is_upper("ǅ")


def test_scrub_replaces_each_broken_byte() -> None:
    assert runes.scrub("a\udcf0\udc9fé") == "a\ufffd\ufffdé"
    assert runes.scrub("aé") == "aé"


@pytest.mark.parametrize(
    ("char", "kinds"),
    [
        pytest.param("a", {"letter", "lower"}, id="letter"),
        pytest.param("٣", {"number", "digit"}, id="foreign-digit"),
        pytest.param("½", {"number"}, id="fraction"),
        pytest.param("_", {"punctuation"}, id="underscore"),
        pytest.param("$", set(), id="symbol"),
    ],
)
def test_kinds(char: str, kinds: set[str]) -> None:
    names = ("letter", "upper", "lower", "title", "number", "digit", "punctuation")
    assert {name for name in names if getattr(runes, f"is_{name}")(char)} == kinds


def test_space_is_gos() -> None:
    assert "\x85\u2003 x\v".strip(runes.SPACE) == "x"
    assert "\x1cx".strip(runes.SPACE) == "\x1cx", "a separator is no space to Go"
