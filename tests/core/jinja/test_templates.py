"""Files of a chart among each other: partials, charts inside charts, and what users read when one fails."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from core.jinja.support import CHART_YAML, ENVIRONMENT, FILE, failure, rendered, run

from steersman.core import yaml
from steersman.core.render.compiled import CompiledChart
from steersman.core.template.errors import TemplateError

MACROS = """\
{% set suffix = 'x' %}
{% macro name(part) %}{{ Release.Name }}-{{ part }}{% endmacro %}
{% macro bad() %}
{{ nme }}{% endmacro %}"""
SUB = {
    "charts/lib/Chart.yaml": CHART_YAML.replace("name: app", "name: lib\ntype: library"),
    "charts/lib/templates/_macros.j2": "{% import '_n.j2' as n %}{% macro f() %}{{ n.g() ~ Chart.Name }}{% endmacro %}",
    "charts/lib/templates/_n.j2": "{% macro g() %}g-{% endmacro %}",
    "charts/lib/templates/ignored.yaml.j2": "{{ nothing }}",
}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param("{% import '_m.j2' as m %}{{ m.name('a') }}{{ m.suffix }}", "rel-ax", id="import"),
        pytest.param("{% from '_m.j2' import name, suffix as s %}{{ name('a') }}{{ s }}", "rel-ax", id="from"),
        pytest.param("{% include 'sub/_p.j2' %}", "part of app/templates/x.yaml.j2", id="include"),
        pytest.param("{% set v = 7 %}{% include '_v.j2' %}", "v=7", id="include-sees-variables"),
        pytest.param("{% set v = 7 %}{% include '_v.j2' without context %}", "v=none", id="include-without-context"),
        pytest.param(
            "{% include ['_none.j2', '_v.j2'] %}{% include '_none.j2' ignore missing %}", "v=none", id="choice"
        ),
        pytest.param(
            "{% extends '_base.j2' %}{% block b %}own {{ super() }}{% endblock %}", "<own base>", id="extends"
        ),
        pytest.param("{% import '_m.j2' as m %}{{ m }}", "\n\n", id="printed-module"),
        pytest.param(
            "{% call(x) each([1, 2]) %}{{ x }};{% endcall %}"
            "{% macro each(l) %}{% for x in l %}{{ caller(x) }}{% endfor %}{% endmacro %}",
            None,
            id="call",
        ),
    ],
)
def test_partials(text: str, expected: str | None) -> None:
    partials = {
        "_m__j2": MACROS,
        "_v__j2": "v={{ v | default('none') }}",
        "_base__j2": "<{% block b %}base{% endblock %}>",
        "sub/_p__j2": "part of {{ Template.Name }}",
    }
    if expected is None:
        assert "'each' is undefined" in failure(text, {}, **partials).message
    else:
        assert run(text, {}, **partials) == expected


def test_the_example_of_the_documents() -> None:
    text = (Path(__file__).resolve().parents[3] / "docs" / "jinja.md").read_text()
    (example,) = re.findall(r"```jinja\n(.*?)```", text, re.DOTALL)
    labels = "{% macro labels() %}a: {{ Release.Name }}\nb: c{% endmacro %}"
    document = yaml.load_map(run(example, {"settings": {"key": 'a "b"', "size": 1.0}}, _labels__j2=labels))
    assert document["metadata"] == {"name": "rel", "labels": {"a": "rel", "b": "c"}}
    assert document["data"] == {"key": 'a "b"', "size": "1"}


def test_partials_are_no_files_of_their_own() -> None:
    assert rendered({"templates/_m.j2": "a", "templates/x.yaml.j2": "b", "templates/d/_n.j2": "c"}) == {FILE: "b"}


def test_macros_of_a_chart_inside() -> None:
    files = {**SUB, "templates/x.yaml.j2": "{% from 'charts/lib/templates/_macros.j2' import f %}{{ f() }}"}
    assert rendered(files) == {FILE: "g-app"}


def test_a_chart_inside_does_not_see_its_parent() -> None:
    files = {
        "templates/_m.j2": "parent",
        "charts/sub/Chart.yaml": CHART_YAML.replace("name: app", "name: sub"),
        "charts/sub/templates/y.yaml.j2": "{% include '_m.j2' %}",
    }
    with pytest.raises(TemplateError, match=r'there is no template "app/charts/sub/templates/_m.j2" in this chart'):
        rendered(files)


def test_charts_inside_have_their_own_objects_and_share_values() -> None:
    files = {
        "templates/x.yaml.j2": "{{ Values.sub.seen }}{{ Subcharts.sub.Chart.Name }}",
        "charts/sub/Chart.yaml": CHART_YAML.replace("name: app", "name: sub"),
        "charts/sub/values.yaml": "a: 1",
        "charts/sub/templates/y.yaml.j2": "{{ Chart.Name }}{{ Values.a }}{% do set(Values, 'seen', 'yes') %}",
    }
    assert rendered(files) == {"app/charts/sub/templates/y.yaml.j2": "sub1", FILE: "yessub"}


def test_what_one_file_sets_is_seen_by_no_other() -> None:
    files = {
        "templates/_m.j2": "{% set name = Template.Name %}",
        "templates/a.yaml.j2": "{% import '_m.j2' as m %}{{ m.name }}{{ x | default('') }}",
        "templates/b.yaml.j2": "{% set x = 1 %}{% set Values = 2 %}{% import '_m.j2' as m %}{{ m.name }}",
    }
    assert rendered(files) == {
        "app/templates/b.yaml.j2": "app/templates/b.yaml.j2",
        "app/templates/a.yaml.j2": "app/templates/a.yaml.j2",
    }


def test_a_chart_is_compiled_once_and_its_code_can_be_kept() -> None:
    files = {"templates/x.yaml.j2": "{% import '_m.j2' as m %}{{ m.name(Values.a) }}", "templates/_m.j2": MACROS}
    compiled = CompiledChart(ENVIRONMENT)
    assert rendered(files, {"a": 1.0}, compiled) == {FILE: "rel-1"}
    assert compiled.grown
    restored = CompiledChart.from_bytes(ENVIRONMENT, compiled.to_bytes())
    assert rendered(files, {"a": 2.0}, restored) == {FILE: "rel-2"}
    assert not restored.grown
    assert rendered(files, {"a": 3.0}, restored) == {FILE: "rel-3"}


@pytest.mark.parametrize(
    ("text", "message"),
    [
        pytest.param(
            "a\n{{ 1 + }}", f"parse error at ({FILE}:2): unexpected 'end of print statement'", id="expression"
        ),
        pytest.param("{{ x | none }}", f"parse error at ({FILE}:1): No filter named 'none'.", id="filter"),
        pytest.param("\n\n{% nope %}", f"parse error at ({FILE}:3): Encountered unknown tag 'nope'.", id="tag"),
        pytest.param("a: 1\nb: {{ x }}\n", f"execution error at ({FILE}:2): 'x' is undefined", id="name"),
        pytest.param(
            "{% import '_m.j2' as m %}\n\n{{ m.bad() }}",
            f"execution error at (app/templates/_m.j2:4): 'nme' is undefined\n  called from {FILE}:3",
            id="macro",
        ),
        pytest.param(
            "\n{% include '_i.j2' %}",
            f"execution error at (app/templates/_i.j2:2): stop\n  called from {FILE}:2",
            id="include",
        ),
        pytest.param(
            "{% for i in [1] %}\n{{ upper() }}\n{% endfor %}",
            f"execution error at ({FILE}:2): error calling upper: wrong number of args for upper: want 1 got 0",
            id="function",
        ),
        pytest.param(
            "{% include '_none.j2' %}",
            f"execution error at ({FILE}:1): there is no template "
            '"app/templates/_none.j2" in this chart, or Jinja2 is not its engine',
            id="missing",
        ),
    ],
)
def test_messages(text: str, message: str) -> None:
    assert failure(text, {}, _m__j2=MACROS, _i__j2="\n{{ fail('stop') }}").message == message


def test_a_partial_that_does_not_parse_is_told_though_nobody_uses_it() -> None:
    error = failure("a", {}, _p__j2="{% if %}")
    assert error.message.startswith("parse error at (app/templates/_p.j2:1): ")


@pytest.mark.parametrize(
    ("text", "excerpt"),
    [
        pytest.param("a: 1\nb: {{ x }}\nc: 2", "1 | a: 1\n2 | b: {{ x }}\n  |    ^", id="tag"),
        pytest.param("a: {{\n  1 +\n}}", "1 | a: {{\n2 |   1 +\n3 | }}\n  | ^", id="no-tag"),
    ],
)
def test_the_excerpt_shows_the_line(text: str, excerpt: str) -> None:
    error = failure(text)
    assert (error.template, error.column, error.excerpt) == (FILE, 0, excerpt)


def test_a_number_of_thousands_of_digits_is_an_error_of_the_template() -> None:
    with pytest.raises(TemplateError, match=r"parse error at \(.*:1\): a literal cannot be read \(Exceeds the limit"):
        run("{{ " + "9" * 5000 + " }}")
