"""Values that templates speak of."""

from __future__ import annotations

import pytest

from steersman.core.chart.loader import load_files
from steersman.core.lint.value_uses import ValueUses, value_uses

CHART = {"Chart.yaml": b"apiVersion: v2\nname: app\nversion: 1.0.0\n"}


def uses(text: str, **files: str) -> ValueUses:
    named = {name.replace("__", "/"): content.encode() for name, content in files.items()}
    return value_uses(load_files({**CHART, "templates/a.yaml": text.encode(), **named}))


@pytest.mark.parametrize(
    ("text", "paths"),
    [
        ("{{ .Values.a.b }}", {("a", "b")}),
        ("{{ $.Values.a }}{{ (dict).context.Values.b }}", {("a",), ("b",)}),
        ("{{ toYaml .Values }}", {()}),
        ('{{ index .Values "a-b" "c" }}', {("a-b", "c")}),
        ('{{ index .Values.x "a-b" }}', {("x", "a-b")}),
        ("{{ index .Values $key }}", {()}),
        ("no values", set()),
    ],
)
def test_paths(text: str, paths: set[tuple[str, ...]]) -> None:
    assert uses(text).paths == paths


def test_jinja_has_values_by_name() -> None:
    files = {"templates/b.yaml.j2": b"{{ Values.a.b }}{{ Root.Values.c }}{{ myValues.d }}"}
    assert value_uses(load_files({**CHART, **files})).paths == {("a", "b"), ("c",)}
    assert uses("Values.x in the text of a Go template").paths == set()


def test_questions() -> None:
    found = uses("{{ .Values.a.b }}{{ toYaml .Values.c }}")
    assert found.mentions(("a",))
    assert found.mentions(("a", "b"))
    assert not found.mentions(("a", "b", "x"))
    assert found.uses_whole(("c", "x"))
    assert not found.uses_whole(("a",))
    assert found.names_below(("a",)) == {"b"}
    assert found.inside("a").mentions(("b",))


def test_subcharts_files_and_defaults_count() -> None:
    subchart = {"charts__sub__Chart.yaml": "apiVersion: v2\nname: sub\nversion: 1.0.0\n"}
    found = uses("", **subchart, charts__sub__templates__a="{{ .Values.a }}", config="{{ .Values.b }}")
    assert found.paths == {("a",), ("b",)}
