"""Heads of documents: YAML, JSON in a row, and both."""

from __future__ import annotations

import pytest

from steersman.core.lint.documents import DocumentError, Head, read_heads


@pytest.mark.parametrize(
    ("text", "names"),
    [
        pytest.param("metadata: {name: a}\n---\nmetadata: {name: b}\n", ["a", "b"], id="yaml"),
        pytest.param("---\n---\n# nothing\n---\nmetadata: {name: a}\n", ["a"], id="empty"),
        pytest.param('{"metadata": {"name": "a"}} {"metadata": {"name": "b"}}\n', ["a", "b"], id="json"),
        pytest.param('\n {"metadata": {"name": "a"}}\n---\nmetadata: {name: b}\n', ["a", "b"], id="json-then-yaml"),
        pytest.param("{metadata: {name: a}}\n---\n{metadata: {name: b}}\n", ["a", "b"], id="flow"),
        pytest.param("METADATA: {NAME: 5}", ["5"], id="any-case-numbers-as-text"),
        pytest.param(' {"metadata": {"name": 5}}', ["5"], id="json-number-as-text"),
    ],
)
def test_documents(text: str, names: list[str]) -> None:
    assert [head.name for head in read_heads(text)] == names


def test_what_is_read_of_one() -> None:
    assert list(read_heads("apiVersion: v1\nkind: Pod")) == [Head("v1", "Pod", "")]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        pytest.param(
            "a: 1\n b: 2",
            "error converting YAML to JSON: yaml: line 2: mapping values are not allowed in this context",
            id="yaml",
        ),
        pytest.param("a: 1\n--- b\n", "invalid Yaml document separator: b", id="separator"),
        pytest.param(
            "kind: []",
            "error unmarshaling JSON: while decoding JSON: json: cannot unmarshal array into Go struct field "
            "k8sYamlStruct.Kind of type string",
            id="type",
        ),
        pytest.param(
            "{a: b", "json: offset 2: invalid character 'a' looking for beginning of object key string", id="json"
        ),
        pytest.param('{"a": ', "unexpected EOF", id="json-end"),
        pytest.param(
            '{"a": 1}\n{"b": 2}\nc: 3',
            "invalid character 'c' looking for beginning of value",
            id="no-way-back",
        ),
        pytest.param(
            '{"kind": []}',
            "json: cannot unmarshal array into Go struct field k8sYamlStruct.Kind of type string",
            id="json-type",
        ),
    ],
)
def test_refused(text: str, message: str) -> None:
    with pytest.raises(DocumentError) as caught:
        list(read_heads(text))
    assert str(caught.value) == message
