"""values.schema.json: the verdict, and the words Helm 4.3.1 (santhosh-tekuri/jsonschema 6.0.3) has for it."""

from __future__ import annotations

import json
from typing import Any

import pytest

from steersman.core.chart.metadata import Metadata
from steersman.core.chart.model import Chart
from steersman.core.golang.types import Int64, Values
from steersman.core.values.errors import ValuesError
from steersman.core.values.schema import complaints_about, validate

DRAFT4 = "http://json-schema.org/draft-04/schema#"
DRAFT6 = "http://json-schema.org/draft-06/schema#"
DRAFT7 = "http://json-schema.org/draft-07/schema#"
DRAFT2019 = "https://json-schema.org/draft/2019-09/schema"
NOT_VALID = '"file:///values.schema.json#" is not valid against metaschema: jsonschema validation failed with '
LATEST = "'https://json-schema.org/draft/2020-12/schema#'\n"


def chart(name: str, schema: Any = None, *subcharts: Chart) -> Chart:
    data = None if schema is None else json.dumps(schema).encode()
    return Chart(metadata=Metadata(name=name, version="1.0.0"), schema=data, subcharts=subcharts)


def complaints(schema: Any, values: Any) -> list[str]:
    return complaints_about(json.dumps(schema).encode(), values).splitlines()


@pytest.mark.parametrize(
    ("schema", "values"),
    [
        ({"type": "integer"}, 5.0),
        ({"$schema": DRAFT4, "type": "integer"}, 5.0),
        ({"type": "integer"}, Int64(5)),
        ({"properties": {"a": {"type": "object"}}}, Values(a=Values())),
        ({"format": "email"}, "not asserted since 2019-09"),
        ({"$ref": "urn:whatever"}, {"anything": 1}),
        ({"pattern": "^\\d+$"}, "12"),
        ({"$schema": DRAFT7, "$ref": "#/definitions/a", "required": ["b"], "definitions": {"a": {}}}, {}),
        ({"$schema": DRAFT4, "minimum": 3, "exclusiveMinimum": False}, 3.0),
    ],
)
def test_fits(schema: Any, values: Any) -> None:
    assert complaints(schema, values) == []


@pytest.mark.parametrize(
    ("schema", "values", "lines"),
    [
        ({"type": "object"}, 1.5, ["- at '': got number, want object"]),
        ({"type": ["string", "null", "integer"]}, 5.5, ["- at '': got number, want null or integer or string"]),
        ({"properties": {"a/b~c": {"type": "string"}}}, {"a/b~c": True}, ["- at '/a~1b~0c': got boolean, want string"]),
        ({"required": ["b"]}, {}, ["- at '': missing property 'b'"]),
        ({"required": ["b", "it's"]}, {}, ["- at '': missing properties 'b', 'it\\'s'"]),
        ({"enum": [1, 1.50, "a", None, True]}, 5.0, ["- at '': value must be one of 1, 1.5, 'a', <nil>, true"]),
        ({"enum": ["a"]}, 5.0, ["- at '': value must be 'a'"]),
        ({"enum": [[1], 2]}, 5.0, ["- at '': 'enum' failed"]),
        ({"const": None}, 5.0, ["- at '': value must be <nil>"]),
        ({"const": {"a": 1}}, 5.0, ["- at '': 'const' failed"]),
        ({"minimum": 12345678.5}, 123456.5, ["- at '': minimum: got 123,456.5, want 1.23456785×10⁰⁷"]),
        ({"maximum": 0.00001}, 1.0, ["- at '': maximum: got 1, want 1×10⁻⁰⁵"]),
        ({"$schema": DRAFT4, "minimum": 3, "exclusiveMinimum": True}, 3.0,
         ["- at '': exclusiveMinimum: got 3, want 3"]),
        ({"exclusiveMaximum": 3}, 3.0, ["- at '': exclusiveMaximum: got 3, want 3"]),
        ({"multipleOf": 0.3}, 1.0, ["- at '': multipleOf: got 1, want 0.3"]),
        ({"minLength": 1234}, "a", ["- at '': minLength: got 1, want 1,234"]),
        ({"pattern": "^a'b$"}, "secret", ["- at '': value does not match pattern '^a\\'b$'"]),
        ({"$schema": DRAFT7, "format": "email"}, "secret", ["- at '': value is not valid email"]),
        ({"additionalProperties": False, "properties": {"a": False}}, {"a": 1.0, "c": 1.0, "b": 1.0},
         ["- at '/a': false schema", "- at '': additional properties 'b', 'c' not allowed"]),
        ({"patternProperties": {"^x": {"type": "string"}}}, {"x1": 1.0}, ["- at '/x1': got number, want string"]),
        ({"propertyNames": {"pattern": "^a"}}, {"b": 1.0},
         ["- at '': invalid propertyName 'b'", "  - at '': value does not match pattern '^a'"]),
        ({"dependentRequired": {"a": ["b", "c"]}}, {"a": 1.0},
         ["- at '': properties 'b', 'c' required, if 'a' exists"]),
        ({"items": {"type": "string"}, "uniqueItems": True, "maxItems": 1}, [1.0, 1.0],
         ["- at '': maxItems: got 2, want 1", "- at '': items at 0 and 1 are equal",
          "- at '/0': got number, want string", "- at '/1': got number, want string"]),
        ({"$schema": DRAFT7, "items": [{"type": "string"}], "additionalItems": False}, [1.0, 2.0, 3.0],
         ["- at '/0': got number, want string", "- at '': last 2 additionalItem(s) not allowed"]),
        ({"prefixItems": [{"type": "string"}], "items": False}, ["a", 2.0], ["- at '/1': false schema"]),
        ({"contains": {"type": "string"}}, [1.0],
         ["- at '': no items match contains schema", "  - at '/0': got number, want string"]),
        ({"contains": {"type": "string"}, "minContains": 2}, ["a", 1.0],
         ["- at '': min 2 items required to match contains schema, but matched 1 items at 0",
          "  - at '/1': got number, want string"]),
        ({"not": {}}, {}, ["- at '': 'not' failed"]),
        ({"oneOf": [{"type": "string"}, {}, {}]}, {}, ["- at '': 'oneOf' failed, subschemas 1, 2 matched"]),
        ({"oneOf": [{"type": "string"}, {"type": "null"}]}, {},
         ["- at '': 'oneOf' failed, none matched", "  - at '': got object, want string",
          "  - at '': got object, want null"]),
        ({"anyOf": [{"type": "string"}, {"allOf": [{"minProperties": 1}, {}]}]}, {},
         ["- at '': 'anyOf' failed", "  - at '': got object, want string", "  - at '': 'allOf' failed",
          "    - at '': minProperties: got 0, want 1"]),
        ({"if": {"required": ["a"]}, "then": {"required": ["b"]}, "else": {"required": ["c"]}}, {},
         ["- at '': missing property 'c'"]),
    ],
)  # fmt: skip
def test_complaints(schema: Any, values: Any, lines: list[str]) -> None:
    assert complaints(schema, values) == lines


@pytest.mark.parametrize(
    ("schema", "values", "lines"),
    [
        ({"pattern": "^a'b$"}, "it's", ["- at '': 'it\\'s' does not match pattern '^a\\'b$'"]),
        ({"$schema": DRAFT7, "format": "uri"}, "a\\", ["- at '': 'a\\' is not valid uri: relative url"]),
    ],
)
def test_complaints_that_show_values(schema: Any, values: Any, lines: list[str]) -> None:
    assert complaints_about(json.dumps(schema).encode(), values, show_values=True).splitlines() == lines


TWO_WRONGS = {"required": ["x"], "minProperties": 2}


@pytest.mark.parametrize(
    ("schema", "values", "lines"),
    [
        pytest.param({**TWO_WRONGS, "type": "array"}, {}, ["- at '': got object, want array"],
                     id="type hides the rest"),
        pytest.param(TWO_WRONGS, {}, ["- at '': minProperties: got 0, want 2", "- at '': missing property 'x'"],
                     id="no heading at the top"),
        pytest.param({"properties": {"a": TWO_WRONGS}}, {"a": {}},
                     ["- at '/a': minProperties: got 0, want 2", "- at '/a': missing property 'x'"],
                     id="nor where all is in one place"),
        pytest.param({"properties": {"a": TWO_WRONGS}, "required": ["z"]}, {"a": {}},
                     ["- at '': missing property 'z'", "- at '/a': validation failed",
                      "  - at '/a': minProperties: got 0, want 2", "  - at '/a': missing property 'x'"],
                     id="several in one of many places are grouped"),
        pytest.param({"properties": {"a": {"$ref": "#/$defs/q"}}, "$defs": {"q": {"required": ["x"]}}}, {"a": {}},
                     ["- at '/a': missing property 'x'"], id="a reference with one complaint is not seen"),
        pytest.param({"$ref": "#/$defs/q", "$defs": {"q": TWO_WRONGS}}, {},
                     ["- at '': validation failed", "  - at '': minProperties: got 0, want 2",
                      "  - at '': missing property 'x'"], id="a reference with several is"),
        pytest.param({"$ref": "#q", "$defs": {"q": {"$anchor": "q", "type": "string"}}}, 1.0,
                     ["- at '': got number, want string"], id="reference by anchor"),
        pytest.param({"properties": {"a": {}}, "allOf": [{"properties": {"b": {}}}, {"patternProperties": {"^c": {}}}],
                      "unevaluatedProperties": {"type": "string"}}, {"a": 1.0, "b": 1.0, "cc": 1.0, "d": 1.0, "e": "x"},
                     ["- at '/d': got number, want string"], id="unevaluated properties"),
        pytest.param({"anyOf": [{"properties": {"a": {}}}, {"properties": {"b": {}}, "required": ["z"]}],
                      "not": {"required": ["z"], "properties": {"c": {}}}, "unevaluatedProperties": False},
                     {"a": 1.0, "b": 1.0, "c": 1.0}, ["- at '/b': false schema", "- at '/c': false schema"],
                     id="what failed evaluates nothing"),
        pytest.param({"allOf": [{"additionalProperties": True}], "unevaluatedProperties": False, "required": ["b"]},
                     {"a": 1.0}, ["- at '': missing property 'b'"], id="additional properties are evaluated"),
        pytest.param({"prefixItems": [{}], "contains": {"type": "string"}, "unevaluatedItems": False},
                     [1.0, 2.0, "x"], ["- at '/1': false schema"], id="unevaluated items"),
        pytest.param({"$schema": DRAFT2019, "items": [{}], "if": {"items": [{}, {}]}, "unevaluatedItems": False},
                     [1.0, 2.0, 3.0], ["- at '/2': false schema"], id="unevaluated items of 2019-09"),
        pytest.param({"properties": {"a": {"$dynamicRef": "#x"}}, "$defs": {"x": {"$dynamicAnchor": "x",
                      "type": "string"}}}, {"a": 1.0}, ["- at '/a': got number, want string"], id="dynamic reference"),
        pytest.param({"$schema": DRAFT2019, "properties": {"a": {"$recursiveRef": "#"}, "b": {"type": "string"}}},
                     {"a": {"a": {"b": 1.0}}}, ["- at '/a/a/b': got number, want string"], id="recursive reference"),
        pytest.param({"$ref": "s.json", "$id": "https://e.com/r.json",
                      "$defs": {"q": {"$id": "s.json", "type": "string"}}}, 1.0,
                     ["- at '': got number, want string"], id="reference by the URL of a part"),
        pytest.param({"unevaluatedProperties": False, "properties": {"a": {"type": "string"}}}, {"a": 1.0, "b": 2.0},
                     ["- at '/a': got number, want string", "- at '/b': false schema"], id="unevaluated properties"),
        pytest.param({"unevaluatedItems": {"type": "string"}, "prefixItems": [{}],
                      "anyOf": [{"contains": {"const": 3}}]}, [1.0, 2.0, 3.0],
                     ["- at '/1': got number, want string"], id="unevaluated items"),
        pytest.param({"allOf": [{"properties": {"a": {}}}], "not": {"unevaluatedProperties": False},
                      "unevaluatedProperties": False}, {"a": 1.0}, [], id="what parts evaluated"),
        pytest.param({"$id": "tree", "$dynamicAnchor": "node", "required": ["v"],
                      "properties": {"c": {"items": {"$dynamicRef": "#node"}}}}, {"v": 1.0, "c": [{"v": 1.0}, {}]},
                     ["- at '/c/1': missing property 'v'"], id="dynamic reference"),
        pytest.param({"$schema": DRAFT2019, "$recursiveAnchor": True, "required": ["v"],
                      "properties": {"c": {"items": {"$recursiveRef": "#"}}}}, {"v": 1.0, "c": [{"v": 1.0}, {}]},
                     ["- at '/c/1': missing property 'v'"], id="recursive reference"),
        pytest.param({"allOf": [{"$ref": "#"}]}, {},
                     ["- at '': 'allOf' failed",
                      "  - at '': both /allOf/0/$ref and  resolve to \"file:///values.schema.json#\" "
                      "causing reference cycle"],
                     id="reference cycle"),
        pytest.param({"$schema": DRAFT7, "$ref": "#/definitions/a", "const": 1, "type": "null",
                      "definitions": {"a": {"type": "string"}}}, 2.0, ["- at '': value must be 1"],
                     id="constants beside a reference count in old drafts"),
        pytest.param({"$schema": DRAFT7, "pattern": "(?i)^A"}, "b", ["- at '': value does not match pattern '(?i)^A'"],
                     id="patterns of Go"),
    ],
)  # fmt: skip
def test_shape_of_the_report(schema: Any, values: Any, lines: list[str]) -> None:
    assert complaints(schema, values) == lines


@pytest.mark.parametrize(
    ("schema", "message"),
    [
        (b"{", "unexpected EOF"),
        (b"", "EOF"),
        (b"{} x", "invalid character after top-level value"),
        (b'{"type": "foo"}', f"{NOT_VALID}{LATEST}- at '': 'allOf' failed\n  - at '/type': 'anyOf' failed\n"
         "    - at '/type': value must be one of 'array', 'boolean', 'integer', 'null', 'number', 'object', 'string'\n"
         "    - at '/type': got string, want array"),
        (b'{"$schema": "http://json-schema.org/draft-07/schema#", "enum": [1, 2, 1.0]}',
         f"{NOT_VALID}'{DRAFT7}'\n- at '/enum': items at 0 and 2 are equal"),
        (b'{"$defs": {"unused": {"pattern": "(?=a)"}}}',
         f"{NOT_VALID}{LATEST}- at '': 'allOf' failed\n  - at '/$defs/unused': 'allOf' failed\n"
         "    - at '/$defs/unused/pattern': '(?=a)' is not valid regex: "
         "error parsing regexp: invalid or unsupported Perl syntax: `(?=`"),
        (b'{"$ref": "#/x/y"}', 'json-pointer in "file:///values.schema.json#/x/y" not found'),
        (b'{"$ref": "#x"}', 'anchor in "file:///values.schema.json#x" not found in schema "file:///values.schema.json"'),
        (b'{"$ref": "#/x", "x": {"type": 5}}',
         '"file:///values.schema.json#/x" is not valid against metaschema: jsonschema validation failed with '
         f"{LATEST}- at '': 'allOf' failed\n  - at '/type': 'anyOf' failed\n"
         "    - at '/type': value must be one of 'array', 'boolean', 'integer', 'null', 'number', 'object', 'string'\n"
         "    - at '/type': got number, want array"),
        (b'{"$schema": "foo"}', 'failing loading "foo": no URLLoader registered for "foo"'),
        (b'{"$id": "::"}', 'error in parsing id at "file:///values.schema.json#"'),
        (b'{"$ref": "https://example.com/x.json"}',
         "values.schema.json refers to https://example.com/x.json: only references inside the schema are followed"),
        (b'{"$ref": "other.json"}',
         'failing loading "file:///other.json": open /other.json: no such file or directory'),
    ],
)  # fmt: skip
def test_bad_schemas_are_refused(schema: bytes, message: str) -> None:
    with pytest.raises(ValuesError) as raised:
        complaints_about(schema, {})
    assert raised.value.message == message


def test_every_chart_of_the_tree_is_checked() -> None:
    strings = {"properties": {"a": {"type": "string"}}}
    tree = chart("p", {"required": ["b"]}, chart("c", strings, chart("d", strings)), chart("e", strings), chart("f"))
    with pytest.raises(ValuesError) as raised:
        validate(tree, {"c": {"a": 5.0, "d": {"a": 6.0}}, "e": {"a": "fits"}, "f": {"a": 1.0}})
    assert raised.value.message == (
        "values don't meet the specifications of the schema(s) in the following chart(s):\n"
        "p:\n- at '': missing property 'b'\n"
        "c:\n- at '/a': got number, want string\n"
        "d:\n- at '/a': got number, want string\n"
    )


def test_a_section_that_is_no_map() -> None:
    with pytest.raises(ValuesError) as raised:
        validate(chart("p", None, chart("s", {})), {"s": "text"})
    assert raised.value.message.endswith("s:\ninvalid type for values: expected object (map), got string\n")


def test_a_subchart_without_values_is_not_checked() -> None:
    validate(chart("p", None, chart("s", {"required": ["a"]}), chart("t", {"required": ["a"]})), {"t": None})


@pytest.mark.parametrize(
    ("bound", "message"),
    [
        pytest.param("9" * 5000, "- at '/a': minimum: got 1, want ∞\n", id="thousands-of-digits"),
        pytest.param("1e99999999999999999999", "values.schema.json holds a number whose exponent", id="exponent"),
    ],
)
def test_numbers_beyond_all_bounds(bound: str, message: str) -> None:
    chart_schema = f'{{"properties": {{"a": {{"minimum": {bound}}}}}}}'.encode()
    try:
        told = complaints_about(chart_schema, {"a": 1.0})
    except ValuesError as error:
        told = error.message
    assert told.startswith(message)
