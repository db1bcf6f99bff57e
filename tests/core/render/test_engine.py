"""The stages of a render as one: what comes out, in which order, and what is shared between charts."""

from __future__ import annotations

from typing import Any

import pytest

from steersman.core.chart.chartfile import V3
from steersman.core.chart.loader import load_files
from steersman.core.chart.model import Chart
from steersman.core.manifest.errors import ManifestError
from steersman.core.render.capabilities import default_capabilities
from steersman.core.render.compiled import CompiledChart, template_sources
from steersman.core.render.engine import RenderOptions, check_chart, render
from steersman.core.render.errors import IncompatibleCluster, RenderError
from steersman.core.render.model import ReleaseInfo, Rendered, RenderRequest
from steersman.core.template.compiled import StaleCompiledTemplate
from steersman.core.template.environment import Environment
from steersman.core.template.errors import TemplateError
from steersman.core.template.runtime import Effects
from steersman.core.values.errors import ValuesError

ENVIRONMENT = Environment()
CHART_YAML = "apiVersion: v2\nname: app\nversion: 1.0.0\n"


def chart(files: dict[str, str], chart_yaml: str = CHART_YAML) -> Chart:
    return load_files({"Chart.yaml": chart_yaml.encode(), **{name: text.encode() for name, text in files.items()}})


def rendered(
    tree: Chart, values: dict[str, Any] | None = None, *, options: RenderOptions | None = None, crds: bool = False
) -> Rendered:
    request = RenderRequest("", values or {}, ReleaseInfo("rel", "ns"), default_capabilities(), include_crds=crds)
    return render(tree, request, CompiledChart(ENVIRONMENT), Effects(), options)


def test_the_manifest_is_what_helm_stores() -> None:
    tree = chart(
        {
            "templates/b.yaml": "kind: Service\nmetadata: {name: {{ .Release.Name }}}\n\n---\nkind: Namespace",
            "templates/hook.yaml": "kind: Job\nmetadata: {name: j, annotations: {helm.sh/hook: test}}",
            "templates/NOTES.txt": "Hello {{ .Release.Namespace }}",
            "templates/_helpers.tpl": "{{ define `x` }}{{ end }}",
            "templates/blank.yaml": "{{ if false }}x{{ end }}\n",
        }
    )
    outcome = rendered(tree)
    assert outcome.manifest == (
        "---\n# Source: app/templates/b.yaml\nkind: Namespace\n"
        "---\n# Source: app/templates/b.yaml\nkind: Service\nmetadata: {name: rel}\n\n\n"
    )
    assert [manifest.object for manifest in outcome.manifests] == [
        {"kind": "Namespace"},
        {"kind": "Service", "metadata": {"name": "rel"}},
    ]
    assert [hook.name for hook in outcome.hooks] == ["j"]
    assert outcome.notes == "Hello ns"


SUB = {"charts/sub/Chart.yaml": "name: sub\nversion: 1.0.0\n"}


@pytest.mark.parametrize(
    ("options", "notes"),
    [
        pytest.param(RenderOptions(), "own", id="own"),
        pytest.param(RenderOptions(subchart_notes=True), "own\nsub", id="all"),
    ],
)
def test_notes(options: RenderOptions, notes: str) -> None:
    tree = chart({**SUB, "templates/NOTES.txt": "own", "charts/sub/templates/NOTES.txt": "sub"})
    assert rendered(tree, options=options).notes == notes


def test_templates_run_deepest_first_and_in_descending_order() -> None:
    files = {**SUB, "templates/a.yaml": "", "templates/b.yaml": "", "charts/sub/templates/z.yaml": ""}
    assert list(template_sources(chart(files))) == [
        "app/charts/sub/templates/z.yaml",
        "app/templates/b.yaml",
        "app/templates/a.yaml",
    ]


def test_parents_override_what_their_subcharts_define() -> None:
    files = {
        **SUB,
        "templates/_a.tpl": "{{ define `name` }}parent{{ end }}",
        "charts/sub/templates/_a.tpl": "{{ define `name` }}child{{ end }}",
        "charts/sub/templates/x.yaml": "kind: {{ include `name` . }}",
    }
    assert "kind: parent" in rendered(chart(files)).manifest


def test_values_set_in_a_subchart_are_seen_in_its_parent() -> None:
    files = {
        **SUB,
        "charts/sub/templates/x.yaml": "{{ $_ := set .Values `seen` `yes` }}",
        "templates/x.yaml": "kind: {{ .Values.sub.seen }}{{ .Subcharts.sub.Values.seen }}",
    }
    assert "kind: yesyes" in rendered(chart(files)).manifest


def test_one_render_leaves_nothing_to_the_next() -> None:
    tree = chart({"values.yaml": "m: {a: 1}", "templates/x.yaml": "{{ $_ := set .Values.m `a` 2 }}kind: A"})
    compiled = CompiledChart(ENVIRONMENT)
    request = RenderRequest("", {"m": {"b": {}}}, ReleaseInfo("rel", "ns"), default_capabilities())
    first, second = (render(tree, request, compiled, Effects()) for _ in range(2))
    assert first == second
    assert tree.values == {"m": {"a": 1.0}}
    assert request.values == {"m": {"b": {}}}


def test_crds_come_only_on_request_and_are_no_part_of_the_manifest() -> None:
    tree = chart({"crds/x.yaml": "kind: CustomResourceDefinition\n---\n# nothing\n", "templates/x.yaml": "kind: A"})
    assert rendered(tree).crds == ()
    outcome = rendered(tree, crds=True)
    assert [(file.path, file.objects) for file in outcome.crds] == [
        ("app/crds/x.yaml", ({"kind": "CustomResourceDefinition"},))
    ]
    assert "CustomResourceDefinition" not in outcome.manifest


def test_a_v3_chart_is_not_rendered_and_why_is_said() -> None:
    with pytest.raises(RenderError) as caught:
        check_chart(load_files({"Chart.yaml": b"apiVersion: v3\nname: app\nversion: 1.0.0\n"}, V3))
    assert caught.value.message == "invalid chart apiVersion"
    assert "use v2" in caught.value.hint


def test_what_a_record_says_of_the_chart() -> None:
    info = rendered(chart({"values.yaml": "a: 1"}, CHART_YAML + "appVersion: '2'\n")).chart
    assert (info.name, info.version, info.app_version, info.values) == ("app", "1.0.0", "2", {"a": 1.0})
    assert info.metadata == {"name": "app", "version": "1.0.0", "apiVersion": "v2", "appVersion": "2"}


@pytest.mark.parametrize(
    ("chart_yaml", "files", "values", "kind", "message"),
    [
        pytest.param(
            CHART_YAML + "type: library\n", {}, {}, RenderError, "library charts are not installable", id="library"
        ),
        pytest.param(
            CHART_YAML + "dependencies: [{name: x, version: 1.x}, {name: z, version: 1.x}]\n",
            {},
            {},
            RenderError,
            "missing in charts/ directory: x, z",
            id="dependencies",
        ),
        pytest.param(
            CHART_YAML + "kubeVersion: '>=99'\n",
            {},
            {},
            IncompatibleCluster,
            "chart requires kubeVersion: >=99 which is incompatible with Kubernetes v1.37.0",
            id="kube-version",
        ),
        pytest.param(
            CHART_YAML + "dependencies: [{name: sub, version: 1.x}]\n",
            SUB,
            {"sub": 1},
            ValuesError,
            "chart dependencies processing failed: type mismatch on sub: %!t(int=1)",
            id="values",
        ),
        pytest.param(
            CHART_YAML,
            {"values.schema.json": '{"required": ["a"]}'},
            {},
            ValuesError,
            "values don't meet the specifications of the schema",
            id="schema",
        ),
        pytest.param(
            CHART_YAML,
            {"templates/x.yaml": "{{ nope }}"},
            {},
            TemplateError,
            'parse error at (app/templates/x.yaml:1): function "nope" not defined',
            id="template",
        ),
        pytest.param(
            CHART_YAML,
            {"templates/x.yaml": "a: {"},
            {},
            ManifestError,
            "YAML parse error on app/templates/x",
            id="yaml",
        ),
    ],
)
def test_errors(
    chart_yaml: str, files: dict[str, str], values: dict[str, Any], kind: type[Exception], message: str
) -> None:
    with pytest.raises(kind) as caught:
        rendered(chart(files, chart_yaml), values)
    assert message in str(caught.value)


def test_compiled_charts_survive_as_bytes() -> None:
    tree = chart({"templates/x.yaml": "kind: {{ .Release.Name }}"})
    compiled = CompiledChart(ENVIRONMENT, chart=tree)
    request = RenderRequest("", {}, ReleaseInfo("rel", "ns"), default_capabilities())
    first = render(tree, request, compiled, Effects())
    assert compiled.grown
    restored = CompiledChart.from_bytes(ENVIRONMENT, compiled.to_bytes())
    assert restored.chart == tree
    assert render(tree, request, restored, Effects()) == first
    assert not restored.grown


def test_bytes_of_another_version_are_stale() -> None:
    with pytest.raises(StaleCompiledTemplate):
        CompiledChart.from_bytes(ENVIRONMENT, b"something else")
