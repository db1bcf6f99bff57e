"""Coalescing: the cases that decide what a user's null, a parent's null and globals mean."""

from typing import Any

import pytest

from steersman.core.chart.metadata import Metadata
from steersman.core.chart.model import Chart
from steersman.core.values.errors import ValuesError
from steersman.core.values.merge import coalesce_values, deep_copy, merge_layers, merge_values


def chart(name: str, values: dict[str, Any], *subcharts: Chart) -> Chart:
    return Chart(metadata=Metadata(name=name, version="1.0.0"), values=values, subcharts=subcharts)


def coalesce(tree: Chart, given: dict[str, Any]) -> dict[str, Any]:
    return coalesce_values(tree, given, lambda _: None)


@pytest.mark.parametrize(
    ("default", "given", "result"),
    [
        pytest.param({"a": 1}, {}, {"a": 1}, id="default"),
        pytest.param({"a": 1}, {"a": 2}, {"a": 2}, id="given-wins"),
        pytest.param({"a": 1}, {"a": None}, {}, id="null-removes-a-default"),
        pytest.param({}, {"a": None}, {"a": None}, id="null-without-a-default-stays"),
        pytest.param({"a": None}, {}, {}, id="null-default-is-dropped"),
        pytest.param({"a": {"x": None, "y": 1}}, {"a": {}}, {"a": {"y": 1}}, id="nested-null-default-is-dropped"),
        pytest.param({"a": {"x": 1}}, {"a": {"x": None, "z": None}}, {"a": {"z": None}}, id="nested-nulls"),
        pytest.param({"a": {"x": 1}}, {"a": 5}, {"a": 5}, id="scalar-over-map"),
        pytest.param({"a": 5}, {"a": {"x": 1}}, {"a": {"x": 1}}, id="map-over-scalar"),
        pytest.param({"l": [1, 2]}, {"l": [3]}, {"l": [3]}, id="lists-are-replaced"),
    ],
)
def test_one_chart(default: dict[str, Any], given: dict[str, Any], result: dict[str, Any]) -> None:
    assert coalesce(chart("p", default), given) == result


@pytest.mark.parametrize(
    ("parent", "given", "result"),
    [
        pytest.param({}, {}, {"a": 1, "global": {}}, id="defaults"),
        pytest.param({"s": {"a": 2}}, {}, {"a": 2, "global": {}}, id="parent-wins"),
        pytest.param({"s": {"a": None}}, {}, {"a": 1, "global": {}}, id="parents-null-alone-is-cleaned-away"),
        pytest.param({"s": {"a": None}}, {"s": {"z": 1}}, {"z": 1, "global": {}}, id="parents-null-with-a-section"),
        pytest.param({}, {"s": {"a": None}}, {"global": {}}, id="users-null"),
        pytest.param({"global": {"g": 1}}, {"global": {"h": 2}}, {"a": 1, "global": {"g": 1, "h": 2}}, id="globals"),
    ],
)
def test_sections_of_subcharts(parent: dict[str, Any], given: dict[str, Any], result: dict[str, Any]) -> None:
    assert coalesce(chart("p", parent, chart("s", {"a": 1})), given)["s"] == result


def test_merging_keeps_nulls() -> None:
    tree = chart("p", {"a": None, "b": {"x": 1}})
    assert merge_values(tree, {"b": {"x": None}}, lambda _: None) == {"a": None, "b": {"x": None}}


def test_neither_charts_nor_given_values_are_changed() -> None:
    tree, given = chart("p", {"a": {"x": 1}, "s": {}}, chart("s", {"b": {"z": None}})), {"a": {"x": None}}
    coalesce(tree, given)
    assert (tree.values, tree.subcharts[0].values, given) == (
        {"a": {"x": 1}, "s": {}},
        {"b": {"z": None}},
        {"a": {"x": None}},
    )


def test_a_section_that_is_no_map() -> None:
    with pytest.raises(ValuesError) as caught:
        coalesce(chart("p", {"s": "text"}, chart("s", {})), {})
    assert caught.value.message == "type mismatch on s: %!t(string=text)"


def test_warnings_name_the_path() -> None:
    lines: list[str] = []
    coalesce_values(chart("p", {"a": {"b": {"x": 1}}, "c": 1}), {"a": {"b": 2}, "c": {"d": 1}}, lines.append)
    assert lines == [
        'level=INFO msg="warning: cannot overwrite table with non table for p.a.b (map[x:1])"',
        'level=INFO msg="warning: skipped value for p.c: Not a table."',
    ]


def test_layers_merge_maps_and_replace_the_rest() -> None:
    layers = [{"a": {"x": 1, "y": 1}, "l": [1, 2]}, {"a": {"y": None}, "l": [3]}, {"b": 1}]
    assert merge_layers(layers) == {"a": {"x": 1, "y": None}, "l": [3], "b": 1}
    assert layers[0] == {"a": {"x": 1, "y": 1}, "l": [1, 2]}


def test_deep_copy_shares_no_container() -> None:
    original = {"a": [{"b": 1}]}
    copied = deep_copy(original)
    copied["a"][0]["b"] = 2
    assert original == {"a": [{"b": 1}]}
