"""Rules for values.yaml, and what they do to the user's values on the way."""

from __future__ import annotations

from typing import Any

import pytest
from core.lint.folders import folder

from steersman.core.lint.model import LintRequest
from steersman.core.lint.values import check_values

SCHEMA = '{"properties": {"a": {"type": "integer"}, "b": {"type": "object", "required": ["c"]}}}'


@pytest.mark.parametrize(
    ("text", "values", "line"),
    [
        pytest.param("a: 1", {}, "", id="fits"),
        pytest.param("a: x", {}, "[ERROR] values.yaml: - at '/a': got string, want integer\n", id="default"),
        pytest.param("a: x", {"a": 1.0}, "", id="default-replaced"),
        pytest.param("a: 1", {"a": "x"}, "[ERROR] values.yaml: - at '/a': got string, want integer\n", id="given"),
        pytest.param("a: x", {"a": None}, "", id="default-taken-away"),
        pytest.param(
            "b: {c: 1}", {"b": {"c": None}}, "[ERROR] values.yaml: - at '/b': missing property 'c'\n", id="inner-null"
        ),
        pytest.param("a: 1\n---\na: x", {}, "", id="first-document-only"),
        pytest.param(
            "- a",
            {},
            "[ERROR] values.yaml: unable to parse YAML: error unmarshaling JSON: while decoding JSON: json: cannot "
            "unmarshal array into Go value of type common.Values",
            id="no-map",
        ),
    ],
)
def test_rules(text: str, values: dict[str, Any], line: str) -> None:
    chart = folder({"values.yaml": text, "values.schema.json": SCHEMA})
    found = check_values(chart, values, LintRequest({}), lambda _: None)
    assert [str(finding) for finding in found] == [line] * bool(line)


def test_without_the_schema() -> None:
    chart = folder({"values.yaml": "a: x", "values.schema.json": SCHEMA})
    assert list(check_values(chart, {}, LintRequest({}, skip_schema=True), lambda _: None)) == []


def test_inner_maps_of_the_user_take_defaults_in_and_lose_nulls() -> None:
    values: dict[str, Any] = {"b": {"c": None, "d": 1}, "top": None}
    list(check_values(folder({"values.yaml": "b: {c: 1, e: 2}\ntop: 1"}), values, LintRequest({}), lambda _: None))
    assert values == {"b": {"d": 1, "e": 2.0}, "top": None}
