"""Which engine renders `.j2` files: the chart's word and the operator's word together decide."""

from __future__ import annotations

from typing import Any

import pytest

from steersman.core.chart.loader import load_files
from steersman.core.chart.model import Chart
from steersman.core.manifest.errors import ManifestError
from steersman.core.render.capabilities import default_capabilities
from steersman.core.render.compiled import CompiledChart
from steersman.core.render.engine import render
from steersman.core.render.errors import RenderError
from steersman.core.render.model import ReleaseInfo, Rendered, RenderRequest
from steersman.core.template.environment import Environment
from steersman.core.template.errors import TemplateError
from steersman.core.template.runtime import Effects

ENVIRONMENT = Environment()
PLAIN = "apiVersion: v2\nname: app\nversion: 1.0.0\n"
ASKING = f"{PLAIN}annotations: {{steersman.dev/engine: jinja2}}\n"
JINJA = "kind: {{ Release.Name }}"
GO = "kind: {{ .Release.Name }}"


def chart(files: dict[str, str], chart_yaml: str = ASKING) -> Chart:
    return load_files({"Chart.yaml": chart_yaml.encode(), **{name: text.encode() for name, text in files.items()}})


def rendered(
    tree: Chart, *, allowed: bool, values: dict[str, Any] | None = None, compiled: CompiledChart | None = None
) -> Rendered:
    request = RenderRequest("", values or {}, ReleaseInfo("rel", "ns"), default_capabilities(), allow_jinja=allowed)
    return render(tree, request, compiled or CompiledChart(ENVIRONMENT), Effects())


@pytest.mark.parametrize(
    ("chart_yaml", "allowed", "text", "warned"),
    [
        pytest.param(ASKING, True, JINJA, False, id="both"),
        pytest.param(ASKING, False, GO, True, id="chart-only"),
        pytest.param(PLAIN, True, GO, False, id="operator-only"),
        pytest.param(PLAIN, False, GO, False, id="neither"),
        pytest.param(f"{PLAIN}annotations: {{steersman.dev/engine: go}}\n", True, GO, False, id="go-by-name"),
    ],
)
def test_both_must_say_so(chart_yaml: str, allowed: bool, text: str, warned: bool) -> None:
    outcome = rendered(chart({"templates/x.yaml.j2": text}, chart_yaml), allowed=allowed)
    assert outcome.manifest == "---\n# Source: app/templates/x.yaml.j2\nkind: rel\n"
    warning = (
        'level=WARN msg="chart asks for Jinja2 (steersman.dev/engine: jinja2), which needs the flag '
        '--enable-jinja-charts; its .j2 files are Go templates" chart=app'
    )
    assert outcome.warnings == ((warning,) if warned else ())


@pytest.mark.parametrize(
    ("text", "message"),
    [
        pytest.param(
            JINJA, 'parse error at (app/templates/x.yaml.j2:1): function "Release" not defined', id="template"
        ),
        pytest.param("{% if x %}", "YAML parse error on app/templates/x.yaml.j2: ", id="manifest"),
    ],
)
def test_a_failure_for_want_of_the_flag_says_so(text: str, message: str) -> None:
    with pytest.raises((TemplateError, ManifestError)) as caught:
        rendered(chart({"templates/x.yaml.j2": text}), allowed=False)
    assert caught.value.message.startswith(message)
    assert caught.value.hint == (
        "the chart asks for Jinja2 (steersman.dev/engine: jinja2), which needs the flag --enable-jinja-charts"
    )


def test_other_failures_of_such_a_chart_do_not() -> None:
    with pytest.raises(TemplateError) as caught:
        rendered(chart({"templates/x.yaml.j2": "a: 1", "templates/y.yaml": "{{ fail `no` }}"}), allowed=False)
    assert caught.value.hint == ""


@pytest.mark.parametrize("allowed", [True, False])
def test_an_engine_that_nobody_knows(allowed: bool) -> None:
    with pytest.raises(RenderError) as caught:
        rendered(chart({}, f"{PLAIN}annotations: {{steersman.dev/engine: mako}}\n"), allowed=allowed)
    assert str(caught.value) == (
        'chart app asks for a template engine that does not exist: steersman.dev/engine is "mako" '
        "(there are jinja2, and go, which is the default)"
    )


def test_other_files_stay_go_templates() -> None:
    files = {"templates/a.yaml": GO, "templates/b/c.yaml.j2": JINJA, "templates/_h.tpl": "{{ define `x` }}{{ end }}"}
    outcome = rendered(chart(files), allowed=True)
    assert outcome.manifest.count("kind: rel") == 2
    assert {manifest.path for manifest in outcome.manifests} == {"app/templates/a.yaml", "app/templates/b/c.yaml.j2"}


def test_each_chart_of_the_tree_speaks_for_itself() -> None:
    files = {
        "templates/x.yaml.j2": JINJA,
        "charts/sub/Chart.yaml": PLAIN.replace("name: app", "name: sub"),
        "charts/sub/templates/y.yaml.j2": GO,
    }
    assert rendered(chart(files), allowed=True).manifest.count("kind: rel") == 2


@pytest.mark.parametrize(
    ("files", "chart_yaml", "notes"),
    [
        pytest.param({"templates/NOTES.txt.j2": "{{ Release.Name }}"}, ASKING, "rel", id="jinja"),
        pytest.param({"templates/NOTES.txt.j2": "a", "templates/NOTES.txt": "b"}, ASKING, "b", id="both"),
        pytest.param({"templates/NOTES.txt.j2": "kind: A"}, PLAIN, "", id="go"),
    ],
)
def test_notes(files: dict[str, str], chart_yaml: str, notes: str) -> None:
    assert rendered(chart(files, chart_yaml), allowed=True).notes == notes


def test_hooks_and_order_are_those_of_other_templates() -> None:
    files = {
        "templates/x.yaml.j2": "{% for kind in ['Service', 'Namespace'] %}\n---\nkind: {{ kind }}\n{% endfor %}",
        "templates/y.yaml.j2": "kind: Job\nmetadata: {name: j, annotations: {helm.sh/hook: test}}",
    }
    outcome = rendered(chart(files), allowed=True)
    assert [manifest.kind for manifest in outcome.manifests] == ["Namespace", "Service"]
    assert [hook.name for hook in outcome.hooks] == ["j"]


def test_one_compiled_chart_serves_both_words() -> None:
    tree, compiled = chart({"templates/x.yaml.j2": "kind: {{ 'a' if true }}"}), CompiledChart(ENVIRONMENT)
    assert rendered(tree, allowed=True, compiled=compiled).manifest.endswith("kind: a\n")
    with pytest.raises(TemplateError, match="parse error"):
        rendered(tree, allowed=False, compiled=compiled)
    assert rendered(tree, allowed=True, compiled=compiled).manifest.endswith("kind: a\n")


def test_code_of_another_jinja_is_made_anew() -> None:
    tree, compiled = chart({"templates/x.yaml.j2": JINJA}), CompiledChart(ENVIRONMENT)
    rendered(tree, allowed=True, compiled=compiled)
    compiled._jinja_version = "0"
    restored = CompiledChart.from_bytes(ENVIRONMENT, compiled.to_bytes())
    rendered(tree, allowed=True, compiled=restored)
    assert restored.grown
