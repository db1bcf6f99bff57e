"""Rules for what templates give."""

from __future__ import annotations

from typing import Any

import pytest
from core.lint.folders import CHART_YAML, findings

GOOD = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\n"


@pytest.mark.parametrize(
    ("files", "lines"),
    [
        pytest.param({"a.yaml": GOOD}, [], id="good"),
        pytest.param({"a.yaml": "\n \n" + GOOD}, [], id="blank-lines-first"),
        pytest.param(
            {"a.yaml": " a: 1\n metadata: {name: a}\n"},
            [
                '[WARNING] templates/a.yaml: document starts with an illegal indent: " a: 1", which may cause '
                "parsing problems"
            ],
            id="indent",
        ),
        pytest.param(
            {"a.yaml": f"# {'x' * 65534}\n{GOOD}"},
            ["[WARNING] templates/a.yaml: bufio.Scanner: token too long"],
            id="long-line",
        ),
        pytest.param({"a.yaml": f"# {'x' * 65533}\n{GOOD}"}, [], id="longest-line"),
        pytest.param(
            {"a.json": "{}", "b": GOOD},
            [
                "[ERROR] templates/a.json: file extension '.json' not valid. Valid extensions are .yaml, .yml, .tpl, "
                "or .txt",
                "[ERROR] templates/b: file extension '' not valid. Valid extensions are .yaml, .yml, .tpl, or .txt",
            ],
            id="extensions",
        ),
        pytest.param(
            {"a.yaml": "a: b: c", "b.yaml": "kind: Role\nmetadata: {name: /}"},
            [
                "[ERROR] templates/a.yaml: unable to parse YAML: error converting YAML to JSON: yaml: mapping values "
                "are "
                "not allowed in this context"
            ],
            id="ends-at-what-is-no-yaml",
        ),
        pytest.param(
            {"a.yaml": "kind: DaemonSet\nmetadata: {name: a}\n"},
            ['[ERROR] templates/a.yaml: a DaemonSet must contain matchLabels or matchExpressions, and "a" does not'],
            id="selector",
        ),
        pytest.param({"a.yaml": "kind: DaemonSet\nmetadata: {name: a}\n# matchLabels"}, [], id="selector-anywhere"),
        pytest.param(
            {
                "a.yaml": "kind: List\nmetadata: {name: a}\nitems: [{metadata: {annotations: "
                "{helm.sh/resource-policy: keep}}}]"
            },
            ["[ERROR] templates/a.yaml: annotation 'helm.sh/resource-policy' within List objects are ignored"],
            id="list",
        ),
        pytest.param(
            {"a.yaml": "kind: List\nmetadata: {name: a}\nitems: {}"},
            [
                "[ERROR] templates/a.yaml: unable to parse YAML: error unmarshaling JSON: while decoding JSON: json: "
                "cannot "
                "unmarshal object into Go struct field .Items of type []struct { Metadata struct { Annotations "
                "map[string]string } }"
            ],
            id="list-of-nothing",
        ),
        pytest.param(
            {"a.yaml": "{{ end }}"},
            ["[ERROR] templates/: parse error at (app/templates/a.yaml:1): unexpected {{end}}"],
            id="syntax",
        ),
        pytest.param({"a.yaml": GOOD + '{{ required "x" .Values.x }}{{ fail "y" }}'}, [], id="forgiven"),
        pytest.param(
            {
                "a.yaml": GOOD.replace(
                    "name: a", "name: {{ .Release.Name }}-{{ .Release.Revision }}-{{ .Release.IsInstall }}"
                )
            },
            [],
            id="release",
        ),
    ],
)
def test_rules(files: dict[str, str], lines: list[str]) -> None:
    assert findings({f"templates/{name}": text for name, text in files.items()}) == lines


def test_the_release_they_see() -> None:
    text = "kind: Role\nmetadata: {name: '{{ .Release.Name }}/{{ .Release.Namespace }}/{{ .Release.Revision }}'}"
    (line,) = findings({"templates/a.yaml": text}, namespace="there")
    assert '"test-release/there/0"' in line


@pytest.mark.parametrize(
    ("values", "name"),
    [({}, "default"), ({"name": None}, "default"), ({"name": "Given"}, "Given"), ({"in": {"name": None}}, "default")],
)
def test_a_null_does_not_last(values: dict[str, Any], name: str) -> None:
    text = "kind: Role\nmetadata: {name: '/{{ default .Values.in.name .Values.name }}'}"
    (line, *_) = findings({"values.yaml": "name: default\nin: {name: inner}", "templates/a.yaml": text}, values)
    assert f'"/{name}"' in line


JINJA = CHART_YAML + "annotations: {steersman.dev/engine: ENGINE}\n"


@pytest.mark.parametrize(
    ("engine", "allowed", "files", "lines"),
    [
        pytest.param(
            "jinja2",
            True,
            {"a.yaml.j2": "kind: DaemonSet\nmetadata: {name: {{ required('x', none) or 'a' }}}\n", "_m.j2": "{{ x }}"},
            ['[ERROR] templates/a.yaml.j2: a DaemonSet must contain matchLabels or matchExpressions, and "a" does not'],
            id="jinja",
        ),
        pytest.param(
            "jinja2",
            False,
            {"a.yaml.j2": GOOD},
            [
                "[ERROR] templates/a.yaml.j2: file extension '.j2' not valid. Valid extensions are .yaml, .yml, .tpl, "
                "or .txt"
            ],
            id="not-allowed",
        ),
        pytest.param(
            "mako",
            True,
            {},
            [
                "[ERROR] templates/: chart app asks for a template engine that does not exist: steersman.dev/engine is "
                '"mako"'
            ],
            id="no-engine",
        ),
    ],
)
def test_jinja(engine: str, allowed: bool, files: dict[str, str], lines: list[str]) -> None:
    given = {f"templates/{name}": text for name, text in files.items()}
    chart = {"Chart.yaml": JINJA.replace("ENGINE", engine), **given}
    assert findings(chart, only_helm=True, allow_jinja=allowed) == lines
