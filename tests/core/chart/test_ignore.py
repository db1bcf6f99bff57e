"""`.helmignore`, beyond the vectors of the conformance tests: what is peculiar to Helm's dialect."""

import pytest

from steersman.core.chart.errors import ChartError
from steersman.core.chart.ignore import parse_ignore


@pytest.mark.parametrize(
    ("rules", "path", "is_folder", "ignored"),
    [
        pytest.param("", "templates/.swp", False, True, id="default-rule"),
        pytest.param("*.bak", "a/b.bak", False, True, id="name-anywhere"),
        pytest.param("/a.txt", "b/a.txt", False, False, id="anchored"),
        pytest.param("docs/", "docs", True, True, id="folder"),
        pytest.param("docs/", "docs", False, False, id="folder-rule-for-a-file"),
        pytest.param("!keep.txt", "other.txt", False, True, id="negation-ignores-all-else"),
        pytest.param("!keep.txt", "keep.txt", False, False, id="negation-keeps"),
        pytest.param("!docs/", "a.txt", False, True, id="negated-folder-ignores-files"),
        pytest.param("\ufeff*.txt", "a.txt", False, True, id="byte-order-mark"),
    ],
)
def test_rules(rules: str, path: str, is_folder: bool, ignored: bool) -> None:
    assert parse_ignore(rules).ignores(path, is_folder=is_folder) is ignored


@pytest.mark.parametrize("rules", ["a/**/b", "[a"])
def test_rules_that_do_not_parse(rules: str) -> None:
    with pytest.raises(ChartError):
        parse_ignore(rules)
