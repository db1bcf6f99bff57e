"""Which keys a schema knows at a place."""

from __future__ import annotations

import json
from typing import Any

import pytest

from steersman.core.lint.schema_keys import SchemaPlace, schema_place

LISTED: dict[str, Any] = {"properties": {"a": {}}}


def place(schema: Any, *keys: str) -> SchemaPlace:
    found = schema_place(json.dumps(schema).encode())
    for key in keys:
        found = found.item(int(key)) if key.isdigit() else found.at(key)
    return found


@pytest.mark.parametrize(
    ("schema", "keys", "known", "unknown"),
    [
        pytest.param(LISTED, (), ["a"], ["b"], id="properties"),
        pytest.param({**LISTED, "additionalProperties": False}, (), ["a"], ["b"], id="closed"),
        pytest.param({**LISTED, "additionalProperties": True}, (), ["a", "b"], [], id="open"),
        pytest.param({**LISTED, "additionalProperties": {"type": "string"}}, (), ["a", "b"], [], id="open-by-schema"),
        pytest.param({**LISTED, "unevaluatedProperties": {}}, (), ["a", "b"], [], id="unevaluated"),
        pytest.param({"type": "object"}, (), ["a", "b"], [], id="free"),
        pytest.param(True, (), ["a"], [], id="true"),
        pytest.param({"patternProperties": {"^x-": {}}}, (), ["x-a"], ["a"], id="pattern"),
        pytest.param({"patternProperties": {"(?=a)": {}}}, (), ["a", "b"], [], id="pattern-re2-does-not-know"),
        pytest.param({"allOf": [LISTED, {"properties": {"b": {}}}]}, (), ["a", "b"], ["c"], id="all-of"),
        pytest.param({"oneOf": [LISTED, {"properties": {"b": {}}}]}, (), ["a", "b"], ["c"], id="one-of"),
        pytest.param({"anyOf": [LISTED, True]}, (), ["a"], ["c"], id="any-of-true"),
        pytest.param({"if": LISTED, "then": {"properties": {"b": {}}}}, (), ["a", "b"], ["c"], id="if"),
        pytest.param(
            {"dependentSchemas": {"x": LISTED}, "dependencies": {"y": ["z"]}}, (), ["a"], ["x"], id="dependent"
        ),
        pytest.param({"$ref": "#/$defs/d", "$defs": {"d": LISTED}}, (), ["a"], ["b"], id="reference"),
        pytest.param({"$ref": "#/$defs/d~1e", "$defs": {"d/e": LISTED}}, (), ["a"], ["b"], id="escaped-reference"),
        pytest.param({"$ref": "https://example.com/x", **LISTED}, (), ["a", "b"], [], id="reference-elsewhere"),
        pytest.param({"$ref": "#/$defs/none", **LISTED}, (), ["a", "b"], [], id="reference-to-nothing"),
        pytest.param({"$ref": "#name", **LISTED}, (), ["a", "b"], [], id="reference-to-an-anchor"),
        pytest.param({"properties": {"a": {"$ref": "#"}}}, ("a", "a", "a"), ["a"], ["b"], id="circle"),
        pytest.param({"$ref": "#", **LISTED}, (), ["a"], ["b"], id="circle-at-once"),
        pytest.param({"properties": {"a": LISTED}}, ("a",), ["a"], ["b"], id="below"),
        pytest.param({"properties": {"a": {}}}, ("a",), ["a", "b"], [], id="below-free"),
        pytest.param({"additionalProperties": LISTED}, ("x",), ["a"], ["b"], id="below-any-key"),
        pytest.param({"items": LISTED}, ("3",), ["a"], ["b"], id="items"),
        pytest.param({"prefixItems": [LISTED], "items": {}}, ("0",), ["a"], ["b"], id="first-item"),
        pytest.param({"prefixItems": [LISTED], "items": {}}, ("1",), ["a", "b"], [], id="other-items"),
        pytest.param({"items": [{}], "additionalItems": LISTED}, ("1",), ["a"], ["b"], id="additional-items"),
    ],
)
def test_keys(schema: Any, keys: tuple[str, ...], known: list[str], unknown: list[str]) -> None:
    found = place(schema, *keys)
    assert {key: found.knows(key) for key in (*known, *unknown)} == {
        **dict.fromkeys(known, True),
        **dict.fromkeys(unknown, False),
    }


def test_names() -> None:
    assert place({"allOf": [LISTED], "properties": {"b": {}}}).known() == {"a", "b"}


def test_what_is_no_json() -> None:
    assert schema_place(b"{").knows("a")
    assert schema_place(None).knows("a")
