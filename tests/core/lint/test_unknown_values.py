"""Keys that nothing knows: with a schema, without one, in subcharts; and what is no such key."""

from __future__ import annotations

import json
from typing import Any

import pytest
from core.lint.folders import CHART_YAML, ours

TEMPLATE = (
    "kind: A\nmetadata: {name: a}\na: {{ .Values.replicas }} {{ .Values.image.tag }}{{ toYaml .Values.resources }}\n"
)
DEFAULTS = "replicas: 1\nimage: {tag: '1', pullPolicy: Always}\nresources: {}\n"
PROPERTIES = {
    "replicas": {},
    "port": {},
    "image": {"properties": {"tag": {}, "pullPolicy": {}}},
    "resources": {"properties": {"limits": {}, "requests": {}}},
    "hosts": {"items": {"properties": {"name": {}}}},
}
PLAIN = {"values.yaml": DEFAULTS, "templates/a.yaml": TEMPLATE}
WITH_SCHEMA = {**PLAIN, "values.schema.json": json.dumps({"properties": PROPERTIES})}
NOWHERE = "is not known to values.yaml and the templates"
NOT_IN_SCHEMA = "is not known to values.schema.json and values.yaml"


def told(severity: str, message: str) -> str:
    return f"[{severity}] given values: {message} [steersman/unknown-value]"


@pytest.mark.parametrize(
    ("given", "message"),
    [
        pytest.param({"replica": 1}, f"replica {NOT_IN_SCHEMA}; did you mean replicas?", id="slip"),
        pytest.param({"Port": 1}, f"Port {NOT_IN_SCHEMA}; did you mean port?", id="case"),
        pytest.param({"other": 1}, f"other {NOT_IN_SCHEMA}", id="no-name-near"),
        pytest.param({"image": {"tga": 1}}, f"image.tga {NOT_IN_SCHEMA}", id="inner"),
        pytest.param(
            {"image": {"pullpolicy": 1}}, f"image.pullpolicy {NOT_IN_SCHEMA}; did you mean pullPolicy?", id="near"
        ),
        pytest.param(
            {"resources": {"limit": 1}}, f"resources.limit {NOT_IN_SCHEMA}; did you mean limits?", id="slip-in-whole"
        ),
        pytest.param({"resources": {"claims": []}}, "", id="used-as-a-whole"),
        pytest.param(
            {"hosts": [{"name": 1}, {"nmae": 1}]}, f"hosts[1].nmae {NOT_IN_SCHEMA}; did you mean name?", id="list"
        ),
        pytest.param({"replicas": 2, "port": 1, "image": {"tag": "2"}}, "", id="known"),
        pytest.param({"global": {"x": 1}, "tags": {"y": True}}, "", id="global-and-tags"),
    ],
)
def test_given_keys_with_a_schema(given: dict[str, Any], message: str) -> None:
    assert ours(WITH_SCHEMA, given) == [told("WARNING", message)] * bool(message)


@pytest.mark.parametrize(
    ("given", "message"),
    [
        pytest.param({"replicsa": 1}, f"replicsa {NOWHERE}; did you mean replicas?", id="slip"),
        pytest.param({"other": {"x": 1}}, f"other {NOWHERE}", id="no-name-near"),
        pytest.param({"image": {"regsitry": 1}}, f"image.regsitry {NOWHERE}", id="inner"),
        pytest.param({"resources": {"limits": {"cpu": 1}}}, "", id="used-as-a-whole"),
        pytest.param({"kind": 1}, "", id="a-word-of-the-templates"),
        pytest.param({"replica": 1}, f"replica {NOWHERE}; did you mean replicas?", id="a-part-of-a-word"),
        pytest.param({"image": {"tag": "2"}, "replicas": None}, "", id="known"),
        pytest.param({"global": {"x": 1}}, "", id="global"),
    ],
)
def test_given_keys_without_a_schema(given: dict[str, Any], message: str) -> None:
    assert ours(PLAIN, given) == [told("INFO", message)] * bool(message)


@pytest.mark.parametrize("template", ["{{ toYaml .Values }}", "{{ index .Values .Release.Name }}", "{{ .Values.x.y }}"])
def test_keys_that_a_template_may_mean(template: str) -> None:
    assert ours({"templates/a.yaml": f"# {template}"}, {"x": {"y": 1}}) == []


@pytest.mark.parametrize(
    ("given", "message"),
    [
        pytest.param({"labels": {"tier": "web"}}, "", id="any-key"),
        pytest.param({"labels": {"disk-2": "web"}}, "", id="told-apart"),
        pytest.param({"labels": {"TEAM": "web"}}, f"labels.TEAM {NOWHERE}; did you mean team?", id="case"),
        pytest.param({"labels": {"taem": "web"}}, f"labels.taem {NOWHERE}; did you mean team?", id="swapped"),
        pytest.param({"lables": {}}, f"lables {NOWHERE}; did you mean labels?", id="top"),
        pytest.param({"label": {}}, f"label {NOWHERE}; did you mean labels?", id="left-out"),
        pytest.param({"labbels": {}}, f"labbels {NOWHERE}; did you mean labels?", id="too-many"),
        pytest.param({"other": {}}, "", id="no-slip"),
    ],
)
def test_slips_in_what_a_template_takes_as_a_whole(given: dict[str, Any], message: str) -> None:
    chart = {
        "values.yaml": "labels: {team: a, disk-1: b}",
        "templates/a.yaml": "# {{ toYaml .Values.labels }}{{ toYaml .Values }}",
    }
    assert ours(chart, given) == [told("INFO", message)] * bool(message)


def test_where_a_schema_lists_no_keys_the_chart_decides() -> None:
    schema = json.dumps({"properties": {"image": {"type": "object"}, "free": {"additionalProperties": True}}})
    chart = {**PLAIN, "values.schema.json": schema}
    assert ours(chart, {"image": {"regsitry": 1}, "free": {"x": 1}}) == [
        told("INFO", f"image.regsitry {NOWHERE}"),
        "[INFO] values.yaml: values.schema.json does not know replicas, resources [steersman/unknown-value]",
    ]


@pytest.mark.parametrize(
    ("values", "lines"),
    [
        pytest.param("replicas: 1", [], id="known"),
        pytest.param(
            "replica: 1",
            ["[WARNING] values.yaml: values.schema.json does not know replica; did you mean replicas?"],
            id="slip",
        ),
        pytest.param(
            "replicas: 1\nreplicass: 1", ["[INFO] values.yaml: values.schema.json does not know replicass"], id="both"
        ),
        pytest.param(
            "a: 1\nb: 1\nc: 1\nimage: {d: 1, e: 1}\nf: 1\n",
            ["[INFO] values.yaml: values.schema.json does not know a, b, c, image.d, image.e and 1 more"],
            id="many",
        ),
        pytest.param("hosst: 1", ["[INFO] values.yaml: values.schema.json does not know hosst"], id="used"),
        pytest.param("global: {a: 1}\nredis: {b: 1}", [], id="other-charts"),
    ],
)
def test_keys_of_values_yaml(values: str, lines: list[str]) -> None:
    chart = {"Chart.yaml": f"{CHART_YAML}dependencies: [{{name: redis, version: 1.0.0}}]\n"}
    schema = json.dumps({"properties": PROPERTIES})
    template = {"templates/a.yaml": "# {{ .Values.hosst }}"}
    found = ours({**chart, **template, "values.yaml": values, "values.schema.json": schema})
    assert found == [f"{line} [steersman/unknown-value]" for line in lines]


UMBRELLA = {
    "Chart.yaml": CHART_YAML
    + "dependencies: [{name: redis, alias: cache, version: 1.x, condition: cache.enabled}, {name: gone, version: "
    "1.x}]\n",
    "values.yaml": "cache: {fromParent: 1}\n",
    "templates/a.yaml": "a: {{ .Values.cache.readByParent }}",
    "charts/redis/Chart.yaml": "apiVersion: v2\nname: redis\nversion: 1.0.0\n",
    "charts/redis/values.yaml": "port: 1\n",
    "charts/other/Chart.yaml": "apiVersion: v2\nname: other\nversion: 1.0.0\n",
}


@pytest.mark.parametrize(
    ("given", "message"),
    [
        pytest.param({"cache": {"prot": 1}}, f"cache.prot {NOWHERE}; did you mean port?", id="slip"),
        pytest.param({"cache": {"port": 1, "fromParent": 1, "readByParent": 1, "enabled": True}}, "", id="known"),
        pytest.param({"gone": {"x": 1}}, "", id="chart-that-is-not-there"),
        pytest.param({"other": {"x": 1}}, f"other.x {NOWHERE}", id="unlisted-chart"),
        pytest.param({"redis": {"port": 1}}, f"redis {NOWHERE}", id="name-instead-of-alias"),
    ],
)
def test_subcharts(given: dict[str, Any], message: str) -> None:
    assert ours(UMBRELLA, given) == [told("INFO", message)] * bool(message)


def test_a_subchart_has_its_own_schema() -> None:
    chart = {**UMBRELLA, "charts/redis/values.schema.json": json.dumps({"properties": {"port": {}, "enabled": {}}})}
    assert ours(chart, {"cache": {"prot": 1}}) == [
        told("WARNING", f"cache.prot {NOT_IN_SCHEMA}; did you mean port?"),
    ]
