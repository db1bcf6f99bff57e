"""Which charts take part, under which names, and what parents import."""

from typing import Any

import pytest

from steersman.core.chart.loader import load_files
from steersman.core.chart.model import Chart, walk
from steersman.core.values.dependencies import missing_dependencies, process_dependencies
from steersman.core.values.errors import ValuesError


def tree(dependencies: str, *, parent_values: str = "", child_values: str = "a: 1\n") -> Chart:
    """`app` with a chart `sub` 1.2.0 inside; `dependencies` is app's list as YAML."""
    return load_files(
        {
            "Chart.yaml": f"apiVersion: v2\nname: app\nversion: 1.0.0\n{dependencies}\n".encode(),
            "values.yaml": parent_values.encode(),
            "charts/sub/Chart.yaml": b"apiVersion: v2\nname: sub\nversion: 1.2.0\n",
            "charts/sub/values.yaml": child_values.encode(),
        }
    )


def process(chart: Chart, values: dict[str, Any]) -> Chart:
    return process_dependencies(chart, values, lambda _: None)


SWITCHED = "dependencies: [{name: sub, version: 1.x, condition: 'sub.enabled,sub.on', tags: [front, back]}]"


@pytest.mark.parametrize(
    ("dependencies", "values", "paths"),
    [
        pytest.param("", {"sub": {"enabled": False}}, ["app/charts/sub"], id="not-listed-is-always-on"),
        pytest.param("dependencies: [{name: sub, version: 1.x}]", {}, ["app/charts/sub"], id="listed"),
        pytest.param("dependencies: [{name: sub, version: 2.x}]", {}, ["app/charts/sub"], id="other-version-stays"),
        pytest.param(
            "dependencies: [{name: sub, version: 1.x, alias: one}, {name: sub, version: 1.x, alias: two}]",
            {},
            ["app/charts/one", "app/charts/two"],
            id="aliases",
        ),
        pytest.param(SWITCHED, {}, ["app/charts/sub"], id="switches-not-set"),
        pytest.param(SWITCHED, {"tags": {"front": False}}, [], id="tag-off"),
        pytest.param(SWITCHED, {"tags": {"front": False, "back": True}}, ["app/charts/sub"], id="one-tag-on"),
        pytest.param(SWITCHED, {"sub": {"enabled": False, "on": True}}, [], id="first-condition-decides"),
        pytest.param(SWITCHED, {"sub": {"enabled": "no", "on": False}}, [], id="non-bool-condition-is-skipped"),
        pytest.param(
            SWITCHED, {"tags": {"front": False}, "sub": {"on": True}}, ["app/charts/sub"], id="condition-beats-tags"
        ),
    ],
)
def test_which_charts_take_part(dependencies: str, values: dict[str, Any], paths: list[str]) -> None:
    processed = process(tree(dependencies), values)
    assert [path for path, _ in walk(processed)][1:] == paths


def test_a_dropped_dependency_leaves_chart_yaml_too() -> None:
    processed = process(tree(SWITCHED), {"sub": {"enabled": False}})
    assert processed.metadata.dependencies is None


@pytest.mark.parametrize(
    ("imports", "values"),
    [
        pytest.param("[data]", {"port": 1.0, "name": "parent"}, id="exports"),
        pytest.param("[{child: net, parent: deep.er}]", {"deep": {"er": {"mtu": 9.0}}, "name": "parent"}, id="pair"),
        pytest.param("[{child: net, parent: .}]", {"mtu": 9.0, "name": "parent"}, id="root"),
        pytest.param("[nothing]", {"name": "parent"}, id="missing"),
    ],
)
def test_imports_go_below_the_parents_own_values(imports: str, values: dict[str, Any]) -> None:
    chart = tree(
        f"dependencies: [{{name: sub, version: 1.x, import-values: {imports}}}]",
        parent_values="name: parent\n",
        child_values="exports: {data: {port: 1, name: child}}\nnet: {mtu: 9}\n",
    )
    processed = process(chart, {})
    assert {key: value for key, value in processed.values.items() if key != "sub"} == values


def test_what_cannot_be_imported_is_told() -> None:
    imports = "[nothing, {child: a, parent: b}]"
    lines: list[str] = []
    process_dependencies(
        tree(f"dependencies: [{{name: sub, version: 1.x, import-values: {imports}}}]"), {}, lines.append
    )
    assert lines == [
        r'level=WARN msg="ImportValues missing table" error="\"exports\" is not a table"',
        r'level=WARN msg="ImportValues missing table from chart" chart=sub error="\"a\" is not a table"',
    ]


@pytest.mark.parametrize(
    ("child_values", "kept"),
    [
        pytest.param("a: {}\nexports: {b: {x: {v: 1}}}", {}, id="empty"),
        pytest.param("a: {z: 2}\nexports: {b: {x: {v: 1}}}", {"v": 1.0, "z": 2.0}, id="not-empty"),
    ],
)
def test_a_later_import_shows_in_the_child_unless_its_table_was_empty(child_values: str, kept: dict[str, Any]) -> None:
    imports = "[{child: a, parent: x}, {child: exports.b, parent: .}]"
    chart = tree(
        f"dependencies: [{{name: sub, version: 1.x, import-values: {imports}}}]",
        parent_values="sub: {a: {}}",
        child_values=child_values,
    )
    values = process(chart, {}).values
    assert (values["x"]["v"], values["sub"]["a"]) == (1.0, kept)


def test_a_table_cannot_be_imported_into_itself() -> None:
    imports = "[{child: net, parent: a}, {child: net, parent: a.b}]"
    chart = tree(
        f"dependencies: [{{name: sub, version: 1.x, import-values: {imports}}}]", child_values="net: {mtu: 9}\n"
    )
    with pytest.raises(ValuesError, match=r"import-values of sub: the table net would contain itself under a\.b"):
        process(chart, {})


def test_the_loaded_chart_is_not_changed() -> None:
    chart = tree(SWITCHED)
    process(chart, {"sub": {"enabled": False}})
    assert [path for path, _ in walk(chart)] == ["app", "app/charts/sub"]


def test_missing_dependencies_are_named() -> None:
    chart = tree("dependencies: [{name: sub, version: 9.x}, {name: gone, version: 1.x}]")
    assert missing_dependencies(chart) == ["gone"]
