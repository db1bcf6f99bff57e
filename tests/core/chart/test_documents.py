"""Values files of several documents."""

from typing import Any

import pytest

from steersman.core.chart.documents import load_values
from steersman.core.chart.errors import ChartError


@pytest.mark.parametrize(
    ("text", "values"),
    [
        pytest.param("", {}, id="empty"),
        pytest.param("# only a comment\n", {}, id="comment"),
        pytest.param("a: 1\r\nb: x", {"a": 1.0, "b": "x"}, id="windows"),
        pytest.param("a: {x: 1, z: 2}\n---\na: {z: 3}\n", {"a": {"x": 1.0, "z": 3.0}}, id="maps-merge"),
        pytest.param("l: [1, 2]\n--- # later\nl: [3]\n", {"l": [3.0]}, id="lists-are-replaced"),
        pytest.param("a: 1\n---\na: null\n", {"a": None}, id="null-is-a-value"),
        pytest.param("---\n---\na: 1\n", {"a": 1.0}, id="leading-separators"),
        pytest.param("a: |\n  x\n---\nb: 1\n", {"a": "x\n", "b": 1.0}, id="after-a-block"),
    ],
)
def test_documents_merge_from_left_to_right(text: str, values: dict[str, Any]) -> None:
    assert load_values(text.encode()) == values


@pytest.mark.parametrize(
    ("text", "message"),
    [
        pytest.param("a: 1\n---x\n", "error reading yaml document: invalid Yaml document separator: x", id="separator"),
        pytest.param(
            "a: 1\n---\n- 1\n",
            "cannot unmarshal yaml document: error unmarshaling JSON: while decoding JSON: "
            "json: cannot unmarshal array into Go value of type map[string]interface {}",
            id="list",
        ),
    ],
)
def test_what_is_no_values_file(text: str, message: str) -> None:
    with pytest.raises(ChartError) as caught:
        load_values(text.encode())
    assert caught.value.message == message
