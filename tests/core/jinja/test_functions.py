"""Functions of Go templates, called and piped into; Jinja2's own filters beside them."""

from __future__ import annotations

from typing import Any

import pytest
from core.jinja.support import complaint, failure, run
from jinja2.filters import FILTERS
from jinja2.tests import TESTS

from steersman.core.jinja.filters import all_filters, all_tests
from steersman.core.jinja.functions import as_functions
from steersman.core.template.environment import Environment

VALUES: dict[str, Any] = {
    "n": 2.0,
    "port": 8080.0,
    "yes": True,
    "empty": "",
    "list": [3.0, 1.0],
    "m": {"a": {"k": "v"}},
}
HELPERS = {
    "_h__tpl": "{{ define `name` }}{{ .Release.Name }}-{{ .Chart.Name }}{{ end }}"
    "{{ define `nil` }}<{{ .Values.missing }}>{{ end }}"
    "{{ define `bad` }}\n{{ required `need it` .Values.missing }}{{ end }}"
    "{{ define `deep` }}{{ .Values.missing.a }}{{ end }}"
}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param("{{ toYaml(Values.m) }}", "a:\n  k: v", id="call"),
        pytest.param("{{ Values.m | toYaml | nindent(2) }}", "\n  a:\n    k: v", id="pipe"),
        pytest.param("{{ 'abc' | trunc(2) }}{{ 'a-b' | replace('-', '_') }}", "aba_b", id="piped-value-is-last"),
        pytest.param("{{ trunc(Values.n, 'abc') }}{{ until(Values.n) }}", "ab[0 1]", id="whole-floats-are-ints"),
        pytest.param("{{ addf(1, 2) }}{{ add(Values.n, 1) }}", "33", id="numbers"),
        pytest.param("{{ ternary('a', 'b', Values.yes) }}", "a", id="bool"),
        pytest.param("{{ dict('a', 1, b=2) }}{{ list(1, (2, 3)) }}", "map[a:1 b:2][1 [2 3]]", id="containers"),
        pytest.param("{{ Values.empty | quote }}{{ Values.missing | quote }}", '""', id="nil"),
        pytest.param("{{ Values.list | map('int') | map('add1') | join(',') }}", "4,2", id="map"),
        pytest.param(
            "{{ include('name', Root) }} {{ include('name') }} {{ Root | include('name') }}",
            "rel-app rel-app rel-app",
            id="include",
        ),
        pytest.param(
            "{{ include('name', {'Release': {'Name': 'a'}, 'Chart': {'Name': 'b'}}) }}", "a-b", id="include-data"
        ),
        pytest.param("{{ include('nil') }}", "<>", id="include-nil"),
        pytest.param("{{ tpl('{{ .Values.port }}') }}{{ tpl('{{ .a }}', {'a': 1}) }}", "80801", id="tpl"),
        pytest.param("{% do set(Values, 'new', (1, 2)) %}{{ Values.new }}", "[1 2]", id="set"),
        pytest.param("{{ lookup('v1', 'Pod', 'a', 'b') }}", "map[]", id="lookup"),
        pytest.param("{{ now() | date('2006') }}{{ 'a' | sha256sum | trunc(4) }}", "1970ca97", id="others"),
        pytest.param("{{ required('m', Values.port) }}{{ Values.port | required('m') }}", "80808080", id="required"),
        pytest.param(
            "{{ default('d', Values.a.b) }}{{ coalesce(Values.a.b, 'c') }}{{ empty(Values.a.b) }}",
            "dctrue",
            id="on-any-level",
        ),
    ],
)
def test_functions(text: str, expected: str) -> None:
    assert run(text, VALUES, **HELPERS) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param("{{ Values.m | toYaml | indent(2) }}|{{ indent(2, 'a') }}", "a:\n    k: v|  a", id="indent"),
        pytest.param(
            "{% set e = '' %}{{ e | default('d') }}|{{ e | default('d', true) }}|{{ default('d', e) }}",
            "|d|d",
            id="default",
        ),
        pytest.param(
            "{{ Values.missing | default('d') }}{{ Values.a.b | d('e') }}{{ none | default('f') }}",
            "def",
            id="default-of-missing",
        ),
        pytest.param("{{ 'abc' | list }}{{ list('abc') }}", "[a b c][abc]", id="list"),
        pytest.param("{{ 2.567 | round(1) }}{{ round(2.567, 1) }}", "2.62.6", id="round"),
        pytest.param("{{ Values.list | max }}{{ max(1, 2) }}", "32", id="max"),
        pytest.param("{{ [1, 2, 3] | slice(2) | list }}{{ slice([1, 2, 3], 1) }}", "[[1 2] [3]][2 3]", id="slice"),
        pytest.param("{{ [80.0, 'a', true] | join('-') }}{{ join('-', [1, 2]) }}", "80-a-true1-2", id="join"),
        pytest.param(
            "{{ 'a,b' | replace(',', ';') }}{{ 'b' | first }}{{ 'AB' | lower }}{{ ' a ' | trim }}",
            "a;bbaba",
            id="texts",
        ),
    ],
)
def test_as_a_filter_the_name_is_jinjas_and_as_a_function_helms(text: str, expected: str) -> None:
    assert run(text, VALUES) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param("{{ Values.port | string }}{{ Values.n | upper }}", "80802", id="numbers-as-texts"),
        pytest.param("{{ 'x' | indent(Values.n, true) }}{{ 'a' | center(5) }}|", "  x  a  |", id="widths"),
        pytest.param("{{ 'a b c' | truncate(Values.n + 1, true, '', 0) }}", "a b", id="truncate"),
        pytest.param(
            "{{ Values.m | tojson }}{{ {'a': 1.0} | tojson(indent=2) }}", '{"a":{"k":"v"}}{\n  "a": 1\n}', id="tojson"
        ),
        pytest.param(
            "{{ {'b': 1, 'a': 2} | items | list }}{{ Values.missing | items }}", "[[a 2] [b 1]][]", id="items"
        ),
        pytest.param("{{ {'b': 1, 'a': 2} | dictsort(by='value') }}", "[[b 1] [a 2]]", id="dictsort"),
        pytest.param("{{ [{'a': 1}, {'a': 2}] | map(attribute='a') | sum }}", "3", id="attribute"),
        pytest.param("{{ [{'a': 1}, {}] | map(attribute='a', default=5) | list }}", "[1 5]", id="attribute-default"),
        pytest.param("{{ [{'a': 1}, {'a': 2}] | selectattr('a', 'eq', 2) | list }}", "[map[a:2]]", id="selectattr"),
        pytest.param(
            "{% for g in [{'a': 1, 'b': 2}] | groupby('a') %}{{ g.grouper }}{{ g.list }}{% endfor %}",
            "1[map[a:1 b:2]]",
            id="groupby",
        ),
        pytest.param("{{ [{'a': 1.0}, {'a': true}] | join(',', attribute='a') }}", "1,true", id="join-attribute"),
        pytest.param("{{ Values | attr('port') }}{{ Values.m | attr('items') }}", "8080", id="attr"),
        pytest.param("{{ '<' | e }}{{ ('<' | safe) ~ '<' }}{{ '<a>b' | striptags }}", "&lt;<<b", id="html"),
        pytest.param("{{ [1, 2, 3] | random }}", "1", id="random"),
        pytest.param("{{ '%s %03d %.1f %%' | format(Values.n, Values.n, 1.25) }}", "2 002 1.2 %", id="format"),
        pytest.param(
            "{{ '%(a)s' | format(a=1.0) }}{{ '%(a)s' % {'a': 1.0} }}{{ '%s%s' % (1.0, true) }}",
            "111true",
            id="format-by-name",
        ),
        pytest.param(
            "{{ 2.0 is integer }}{{ 1.5 is integer }}{{ 1.5 is float }}{{ 2.0 is float }}{{ true is integer }}",
            "truefalsetruefalsefalse",
            id="tests-of-numbers",
        ),
        pytest.param(
            "{{ Values.missing is none }}{{ none is none }}{{ Values.n is even }}{{ Values.m is mapping }}",
            "truetruetruetrue",
            id="other-tests",
        ),
        pytest.param(
            "{{ [3, 1] | sort }}{{ [1, 1] | unique | list }}{{ 'ab' | reverse }}{{ [1, 2] | reverse | list }}",
            "[1 3][1]ba[2 1]",
            id="lists",
        ),
    ],
)
def test_jinjas_filters(text: str, expected: str) -> None:
    assert run(text, VALUES) == expected


@pytest.mark.parametrize(
    ("text", "message"),
    [
        pytest.param("{{ required('set it', Values.missing) }}", "set it", id="required"),
        pytest.param("{{ Values.a.b | required('set a.b') }}", "set a.b", id="required-on-any-level"),
        pytest.param("{{ Valuess.a | required('set it') }}", "'Valuess' is undefined", id="required-of-a-wrong-name"),
        pytest.param("{{ fail('boom') }}", "boom", id="fail"),
        pytest.param("{{ now().In(none) }}", "time: missing Location in call to Time.In", id="panic-of-a-method"),
        pytest.param("{{ include('bad') }}", "need it", id="required-in-a-define"),
        pytest.param(
            "{{ include('none') }}",
            'error calling include: template: no template "none" associated with template "gotpl"',
            id="include",
        ),
        pytest.param(
            "{{ nindent('a') }}", "error calling nindent: wrong number of args for nindent: want 2 got 1", id="too-few"
        ),
        pytest.param(
            "{{ trim('a', 'b') }}", "error calling trim: wrong number of args for trim: want 1 got 2", id="too-many"
        ),
        pytest.param(
            "{{ trunc(1.5, 'a') }}",
            "error calling trunc: wrong type for value; expected int; got float64",
            id="fraction",
        ),
        pytest.param(
            "{{ 1 | b64enc }}", "error calling b64enc: wrong type for value; expected string; got int", id="type"
        ),
        pytest.param("{{ toYaml(value=1) }}", "toYaml takes no named arguments", id="named"),
        pytest.param(
            "{{ semverCompare('>=1', 'x') }}", "error calling semverCompare: invalid semantic version", id="error"
        ),
        pytest.param("{{ '%d' | format('a') }}", "the format %d takes a number, not a string", id="format-type"),
        pytest.param("{{ '%s' | format }}", "fewer values than the format has verbs", id="format-few"),
        pytest.param("{{ '' | format(1) }}", "more values than the format has verbs", id="format-many"),
        pytest.param(
            "{{ '%(b)s' | format(a=1) }}", 'the format names "b", which is not among its values', id="format-name"
        ),
        pytest.param(
            "{{ '%r' | format(1) }}",
            'unknown format "%r"; there are %s, %d, %x, %o, %e, %f, %g and %%',
            id="format-verb",
        ),
        pytest.param("{{ 'a' + 1 }}", '"+" cannot take a string and a number; ~ joins texts', id="plus"),
        pytest.param("{{ true * 2 }}", '"*" cannot take a boolean and a number', id="boolean"),
        pytest.param("{{ 1 // 0 }}", "integer division or modulo by zero", id="zero"),
        pytest.param("{{ 1 | items }}", "a number has no items", id="items"),
        pytest.param(
            "{{ [1] | map(now()) | list }}",
            "a filter is named by a string, not by an object (time.Time)",
            id="filter-name",
        ),
        pytest.param(
            "{{ [1] | select(missing) | list }}", "a test is named by a string, not by nothing", id="test-name"
        ),
        pytest.param("{{ [1] | map('none') | list }}", "No filter named 'none'.", id="no-such-filter"),
        pytest.param("{{ [] | random }}", "no random item in an empty list", id="random"),
    ],
)
def test_what_is_refused(text: str, message: str) -> None:
    assert complaint(text, VALUES, **HELPERS) == message


def test_an_error_in_a_go_template_tells_both_places() -> None:
    error = failure("a\n{{ include('deep') }}", VALUES, **HELPERS)
    assert error.message == (
        "execution error at (app/templates/x.yaml.j2:2): error calling include: app/templates/_h.tpl:2:78\n"
        '  executing "deep" at <.Values.missing.a>:\n    nil pointer evaluating interface {}.a'
    )
    assert (error.template, error.line) == ("app/templates/_h.tpl", 2)


def test_every_function_but_the_words_of_the_language_is_there() -> None:
    functions = Environment().functions
    assert functions.keys() - as_functions(functions).keys() == {"and", "or", "not", "call"}


def test_every_filter_and_test_of_jinja_is_there_but_one() -> None:
    assert FILTERS.keys() - all_filters().keys() == {"pprint"}
    assert TESTS.keys() - all_tests().keys() == set()
