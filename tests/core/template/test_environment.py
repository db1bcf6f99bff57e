"""Sets of templates, `tpl`, and what a render may ask of the world."""

from __future__ import annotations

from typing import Any

import pytest
from core.template.support import environment, run

from steersman.core.template.environment import Environment, TemplateSet
from steersman.core.template.errors import TemplateError
from steersman.core.template.funcs.registry import STRING, FunctionTable
from steersman.core.template.runtime import Effects, RenderLimit


def test_a_later_file_replaces_what_an_earlier_one_defined() -> None:
    files = {"b": '{{ define "x" }}b{{ end }}', "a": '{{ define "x" }}a{{ end }}', "t": '{{ include "x" . }}'}
    templates = TemplateSet.parse(environment(), files)
    assert templates.execute("t", None, templates.runtime()) == "a"


def test_a_blank_definition_replaces_nothing() -> None:
    files = {"b": '{{ define "x" }}b{{ end }}', "a": '{{ define "x" }} {{/* none */}} {{ end }}'}
    assert run('{{ include "x" . }}', **files) == "b"


def test_a_file_without_a_body_can_be_included() -> None:
    assert run('[{{ include "h" . }}]', h='{{ define "x" }}b{{ end }}') == "[]"


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        pytest.param("{{ tpl .plain . }}", "no action", id="plain text"),
        pytest.param("{{ tpl .name . }}", "rel", id="fields"),
        pytest.param("{{ tpl .nested . }}", "rel!", id="tpl in tpl"),
        pytest.param("{{ tpl .defines . }}{{ include `h` . }}", "overfile", id="definitions stay inside"),
        pytest.param("{{ tpl .reads . }}", "file", id="sees the chart's definitions"),
        pytest.param('{{ tpl `{{ define "h" }}1{{ end }}{{ tpl .reads . }}` . }}', "1", id="nested sees outer"),
        pytest.param("{{ tpl `{{ . }}` 5 }}{{ tpl `{{ . }}` nil }}", "5", id="any data"),
        pytest.param("[{{ tpl .none . | quote }}]", '["|"]', id="no value is taken out"),
        pytest.param("{{ tpl `{{ $.name }}` (dict `name` 1) }}", "1", id="dollar is the data"),
        pytest.param('{{ tpl `{{ define "only" }}{{ end }} ` . }}|', " |", id="nothing but definitions"),
        pytest.param('{{ tpl `{{ if .a }}{{ include "gotpl" (dict) }}{{ end }}x` . }}', "xx", id="includes itself"),
    ],
)
def test_tpl(text: str, wanted: str) -> None:
    data = {
        "plain": "no action",
        "name": "{{ .Release }}",
        "nested": "{{ tpl .name . }}!",
        "defines": '{{ define "h" }}over{{ end }}{{ include "h" . }}',
        "reads": '{{ include "h" . }}',
        "none": "{{ .missing }}|<no value>",
        "Release": "rel",
        "a": True,
    }
    assert run(text, data, h='{{ define "h" }}file{{ end }}') == wanted


def test_tpl_definitions_are_gone_afterwards() -> None:
    with pytest.raises(TemplateError, match=r'no template \\?"q\\?" associated'):
        run('{{ tpl `{{ define "q" }}Q{{ end }}` . }}{{ include `q` . }}')


def test_values_set_by_one_file_are_seen_by_the_next() -> None:
    templates = TemplateSet.parse(environment(), {"a": "{{ $_ := set . `x` 1 }}", "b": "{{ .x }}"})
    data: dict[str, Any] = {}
    runtime = templates.runtime()
    assert [templates.execute(name, data, runtime) for name in ("a", "b")] == ["", "1"]


def test_lint_lets_required_and_fail_pass_and_notes_it() -> None:
    lint = environment(lint=True)
    templates = TemplateSet.parse(lint, {"t": '{{ required "need it" .x }}{{ required "b c" "" }}{{ fail "no" }}ok'})
    runtime = templates.runtime()
    assert templates.execute("t", {}, runtime) == "ok"
    assert runtime.warnings == [
        'level=WARN msg="missing required value" message="need it"',
        'level=WARN msg="missing required values" message="b c"',
        'level=INFO msg="funcMap fail" message=no',
    ]


@pytest.mark.parametrize("value", [False, 0, {}, []])
def test_required_takes_other_empty_values(value: Any) -> None:
    assert run("{{ kindOf (required `x` .v) }}", {"v": value})


def test_effects_are_the_callers() -> None:
    effects = Effects(
        clock=lambda: 1_700_000_000_000_000_000,
        lookup=lambda version, kind, namespace, name: {"found": f"{version}/{kind}/{namespace}/{name}"},
        resolve_host=lambda name: f"10.0.0.1 {name}",
    )
    text = '{{ now.Unix }} {{ (lookup "v1" "Pod" "ns" "n").found }} {{ getHostByName "h" }}'
    templates = TemplateSet.parse(environment(), {"t": text})
    assert templates.execute("t", None, templates.runtime(effects)) == "1700000000 v1/Pod/ns/n 10.0.0.1 h"


def test_lint_never_looks_up() -> None:
    templates = TemplateSet.parse(environment(lint=True), {"t": '{{ lookup "v1" "Pod" "" "" }}'})
    effects = Effects(lookup=lambda *_: {"a": "b"})
    assert templates.execute("t", None, templates.runtime(effects)) == "map[]"


def test_without_effects_there_is_no_clock_and_no_randomness() -> None:
    for text in ("{{ now }}", "{{ randAlpha 5 }}"):
        with pytest.raises(TemplateError, match="was given to this render"):
            run(text)


def test_every_text_is_accounted_for_and_the_account_can_stop_the_render() -> None:
    lengths: list[int] = []

    def account(length: int) -> None:
        lengths.append(length)
        if sum(lengths) > 25:
            raise RenderLimit("too much")

    source = '{{ define "a" }}1234567890{{ end }}{{ include "a" . }}{{ tpl "{{ 12345 }}" . }}'
    templates = TemplateSet.parse(environment(), {"t": source, "u": "abc" * 5})
    runtime = templates.runtime(Effects(account=account))
    templates.execute("u", None, runtime)
    with pytest.raises(RenderLimit):
        templates.execute("t", None, runtime)
    assert lengths == [15, 10, 5]


def test_more_functions_can_be_given() -> None:
    table = FunctionTable()
    table.function("shout", params=(STRING,), result=STRING)(lambda text: text.upper() + "!")
    templates = TemplateSet.parse(Environment(extra=table), {"t": "{{ shout `a` }}"})
    assert templates.execute("t", None, templates.runtime()) == "A!"


def test_executing_what_does_not_exist() -> None:
    templates = TemplateSet.parse(environment(), {"t": ""})
    with pytest.raises(TemplateError) as caught:
        templates.execute("u", None, templates.runtime())
    assert caught.value.message == 'template: no template "u" associated with template "gotpl"'
