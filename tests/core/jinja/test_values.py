"""Values in Jinja2 print and behave as they do in Go templates; what is missing is nothing, or an error."""

from __future__ import annotations

from typing import Any

import pytest
from core.jinja.support import complaint, rendered, run

VALUES: dict[str, Any] = {
    "n": 2.0,
    "big": 1_000_000.0,
    "frac": 1.5,
    "yes": True,
    "empty": "",
    "zero": 0.0,
    "name": "web",
    "list": [1.0, "a", None],
    "m": {"z": 1.0, "a": {"k": "v"}},
    "items": {"b": 1.0, "a": 2.0},
}


@pytest.mark.parametrize(
    "expression",
    [
        "Values.n",
        "Values.big",
        "Values.frac",
        "Values.yes",
        "Values.missing",
        "Values.list",
        "Values.m",
        "Values.m.a.k",
        "Values.zero",
        "Release.Revision",
        "Release.IsInstall",
        "Chart.Name",
        "Chart.Annotations",
        "Chart.unknown",
        "Template.BasePath",
        "Capabilities.KubeVersion",
        "Capabilities.KubeVersion.GitVersion",
        "Capabilities.HelmVersion.Version",
        "Subcharts",
    ],
)
def test_a_value_prints_as_in_a_go_template(expression: str) -> None:
    files = rendered(
        {"templates/x.yaml.j2": f"{{{{ {expression} }}}}", "templates/y.yaml": f"{{{{ .{expression} }}}}"}, VALUES
    )
    assert files["app/templates/x.yaml.j2"] == files["app/templates/y.yaml"]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param("{{ none }}{{ true }}{{ 2.0 }}", "true2", id="literals"),
        pytest.param("{{ [1, none, true] }}", "[1 <nil> true]", id="list"),
        pytest.param("{{ (1, 'a') }}{{ range(3) }}", "[1 a][0 1 2]", id="only-in-python"),
        pytest.param("{{ {'b': (1, 2), 3: none} }}", "map[3:<nil> b:[1 2]]", id="map"),
        pytest.param("{{ Values.n ~ '-' ~ Values.yes ~ Values.missing }}", "2-true", id="concat"),
        pytest.param("{{ Values.list[Values.zero] }}{{ Values.list[-2] }}", "1a", id="position"),
        pytest.param("{{ Values.list[:Values.n] }}{{ 'abc'[1:] }}{{ 'abc'[::-1] }}", "[1 a]bccba", id="part"),
        pytest.param("{{ range(Values.n) | list }}", "[0 1]", id="range"),
        pytest.param("{{ Values['m']['a'].k }}{{ Values.m['a']['k'] }}", "vv", id="item"),
        pytest.param("{% for k in Values.m %}{{ k }}{% endfor %}", "az", id="keys-in-order"),
        pytest.param("{% for k in Values.items %}{{ k }}{% endfor %}", "ab", id="key-like-a-method"),
        pytest.param("{% for k, v in Values.m.items() %}{{ k }}{{ v }},{% endfor %}", "amap[k:v],z1,", id="items"),
        pytest.param("{{ Values.m.keys() }}{{ Values.m.values() }}", "[a z][map[k:v] 1]", id="keys-values"),
        pytest.param("{{ Values.m.get('z') }}{{ Values.m.get('q', 7) }}", "17", id="get"),
        pytest.param("{{ Values.n == 2 }}{{ Values.n + 1 }}{{ 7 / 2 }}{{ 7 // 2 }}", "true33.53", id="numbers"),
        pytest.param("{{ 'a' if Values.empty }}{{ Values.missing == none }}", "true", id="nothing"),
        pytest.param("{% if Values.zero or Values.missing or Values.empty %}x{% endif %}", "", id="false"),
        pytest.param("{% for i in Values.missing %}x{% else %}none{% endfor %}", "none", id="loop-over-missing"),
        pytest.param("{% for i in none %}x{% endfor %}", "", id="loop-over-nil"),
        pytest.param(
            "{{ Values.missing is defined }}{{ Values.a.b.c is defined }}{{ x is defined }}",
            "falsefalsefalse",
            id="defined",
        ),
        pytest.param("{{ Files.Get('none') }}{{ Capabilities.APIVersions.Has('v1') }}", "true", id="methods"),
        pytest.param(
            "{{ Capabilities.KubeVersion.GitVersion() == Capabilities.KubeVersion.Version }}",
            "true",
            id="method-without-arguments",
        ),
        pytest.param(
            "{{ 'a-b'.split('-') }}{{ 'x'.upper() }}{{ ','.join([1.0, true]) }}", "[a b]X1,true", id="strings"
        ),
        pytest.param("{{ Root.Release.Name }}{{ Root.Values.name }}", "relweb", id="root"),
        pytest.param(
            "{% for x in [1, [2, [3]]] recursive %}{{ x if x is integer else '(' ~ loop(x) ~ ')' }}{% endfor %}",
            "1(2(3))",
            id="recursive-loop",
        ),
        pytest.param(
            "{% set ns = namespace(n=0) %}{% for i in [1, 2] %}{% set ns.n = ns.n + i %}{% endfor %}{{ ns.n }}",
            "3",
            id="namespace",
        ),
        pytest.param(
            "{% for i in [1, 2, 3] %}{{ loop.index }}/{{ loop.length }}{{ loop.cycle('a', 'b') }} {% endfor %}",
            "1/3a 2/3b 3/3a ",
            id="loop",
        ),
        pytest.param(
            "{% for i in range(9) %}{% if i == 1 %}{% continue %}{% elif i > 2 %}{% break %}{% endif %}{{ i }}"
            "{% endfor %}",
            "02",
            id="break-and-continue",
        ),
        pytest.param(
            "{% set c = cycler('a', 'b'), joiner('|') %}{{ c[0].next() }}{{ c[0].current }}{{ c[1]() }}{{ c[1]() }}",
            "ab|",
            id="cycler-and-joiner",
        ),
        pytest.param("{% filter upper %}a{{ Values.n }}{% endfilter %}", "A2", id="filter-block"),
        pytest.param("{% autoescape true %}{{ '<' ~ 'a' }}{% endautoescape %}", "&lt;a", id="autoescape"),
        pytest.param("a\n{{ 1 }}\n", "a\n1\n", id="last-newline"),
        pytest.param("\udcff{{ '\udcfe' | upper }}{{ '\udcfe' | b64enc }}", "\udcff\udcfe/g==", id="bytes"),
        pytest.param("{{ '<no value>' }}", "", id="no-value"),
    ],
)
def test_expressions(text: str, expected: str) -> None:
    assert run(text, VALUES) == expected


@pytest.mark.parametrize(
    ("text", "message"),
    [
        pytest.param("{{ Valuess.n }}", "'Valuess' is undefined", id="name"),
        pytest.param("{% if enabled %}{% endif %}", "'enabled' is undefined", id="name-in-if"),
        pytest.param("{{ Values.a.b }}", 'cannot read "b": "a" is not set', id="below-missing"),
        pytest.param("{{ Values.a.b.c }}", 'cannot read "b": "a" is not set', id="far-below-missing"),
        pytest.param("{{ Values.a[1:] }}", 'cannot read "a part": "a" is not set', id="part-of-missing"),
        pytest.param("{{ none.b }}", 'cannot read "b": it would be of null', id="below-nil"),
        pytest.param("{{ Values.name.b }}", 'a string has no attribute "b" here', id="below-string"),
        pytest.param("{{ Values.missing + 1 }}", '"missing" is not set', id="arithmetic-with-missing"),
        pytest.param("{{ toYaml(x) }}", "'x' is undefined", id="argument"),
        pytest.param("{{ Values.list[7] }}", "there is no item 7 in a list of length 3", id="out-of-range"),
        pytest.param("{{ Values.list['a'] }}", 'a list has no attribute "a" here', id="key-of-a-list"),
        pytest.param("{{ Values.list[1.5] }}", "a position in a list is a whole number, not a number", id="fraction"),
        pytest.param("{{ Values.m[1:] }}", "cannot take a part of a map", id="part-of-a-map"),
        pytest.param(
            "{% for c in Values.name %}{% endfor %}",
            "cannot loop over a string (use |list for its characters)",
            id="loop-over-string",
        ),
        pytest.param(
            "{% for c in Values.n %}{% endfor %}", "cannot loop over a number (use range)", id="loop-over-number"
        ),
        pytest.param(
            "{% for c in Capabilities %}{% endfor %}",
            "cannot loop over an object (*common.Capabilities)",
            id="loop-over-struct",
        ),
        pytest.param("{{ Values.m() }}", "a map cannot be called", id="call-of-a-map"),
        pytest.param("{{ Values.items() }}", "a map cannot be called", id="key-before-method"),
        pytest.param("{{ Values.missing() }}", 'a map has no method "missing" here', id="call-of-missing"),
        pytest.param("{{ nothing() }}", "'nothing' is undefined", id="call-of-nothing"),
        pytest.param(
            "{{ toYaml }}", "a function is not a value; call it, or read one of its attributes", id="function"
        ),
        pytest.param(
            "{% for i in [1] %}{{ loop }}{% endfor %}",
            "a loop is not a value; call it, or read one of its attributes",
            id="loop",
        ),
        pytest.param("{{ Files.Get }}", "wrong number of args for Get: want 1 got 0", id="method-wants-arguments"),
        pytest.param("{{ Files.Get(1) }}", "wrong type for value; expected string; got int", id="argument-of-a-method"),
        pytest.param("{{ 99999999999999999999 }}", "a whole number that does not fit into 64 bits", id="large-literal"),
        pytest.param("{{ 1 < 'a' }}", "'<' not supported between instances of 'int' and 'str'", id="comparison"),
    ],
)
def test_what_is_refused(text: str, message: str) -> None:
    assert complaint(text, VALUES) == message


def test_line_ends_become_newlines() -> None:
    assert run("a: 1\r\nb: 2\r\n") == "a: 1\nb: 2\n"
