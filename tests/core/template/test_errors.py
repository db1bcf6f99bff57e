"""What users read when a template fails: Helm's text, and where it happened."""

from __future__ import annotations

import time
from typing import Any

import pytest
from core.template.support import run

from steersman.core.golang.types import StringList, Values
from steersman.core.template.errors import TemplateError

_DATA: dict[str, Any] = {"s": "str", "n": 3.0, "nil": None, "l": [1], "names": StringList(["a"]), "m": {"a": {"b": 1}}}


def _failure(text: str, data: Any = None, **others: str) -> TemplateError:
    with pytest.raises(TemplateError) as caught:
        run(text, _DATA if data is None else data, **others)
    return caught.value


@pytest.mark.parametrize(
    ("text", "place", "node", "message"),
    [
        ("{{ .m.x.y }}", "1:5", ".m.x.y", "nil pointer evaluating interface {}.y"),
        ("a\né {{ .s.x }}", "2:8", ".s.x", "can't evaluate field x in type interface {}"),
        ("{{ $x := .s }}{{ $x.y }}", "1:19", "$x.y", "can't evaluate field y in type string"),
        ("{{ range .l }}{{ .x }}{{ end }}", "1:17", ".x", "can't evaluate field x in type interface {}"),
        ("{{ range .names }}{{ .x }}{{ end }}", "1:21", ".x", "can't evaluate field x in type string"),
        ("{{ range $v := list nil }}{{ $v.x }}{{ end }}", "1:31", "$v.x", "nil pointer evaluating interface {}.x"),
        (
            "{{ $v := 1 }}{{ range $v = list nil }}{{ $v.x }}{{ end }}",
            "1:43",
            "$v.x",
            "nil pointer evaluating interface {}.x",
        ),
        ("{{ (list 1).x }}", "1:9", "1", "can't evaluate field x in type []interface {}"),
        ("{{ .s 1 }}", "1:3", ".s", "s is not a method but has arguments"),
        ("{{ 1 2 }}", "1:3", "1", "can't give argument to non-function 1"),
        ("{{ nil }}", "1:3", "nil", "nil is not a command"),
        ("{{ $x = 1 }}", "1:8", "1", "undefined variable: $x"),
        ("{{ or 1 ($x := 2) }}{{ $x }}", "1:23", "$x", "undefined variable: $x"),
        ("{{ upper 1 }}", "1:9", "1", "expected string; found 1"),
        ("{{ upper nil }}", "1:9", "nil", "cannot assign nil to string"),
        ("{{ upper .nil }}", "1:9", ".nil", "wrong type for value; expected string; got interface {}"),
        ("{{ upper (.nil) }}", "1:10", ".nil", "invalid value; expected string"),
        ("{{ .n | upper }}", "1:8", "upper", "wrong type for value; expected string; got float64"),
        ("{{ upper (or .nil .n) }}", "1:18", ".n", "wrong type for value; expected string; got float64"),
        ("{{ upper (or .n .s) }}", "1:13", ".n", "wrong type for value; expected string; got float64"),
        ("{{ upper (and .s (or .nil .n)) }}", "1:26", ".n", "wrong type for value; expected string; got float64"),
        ("{{ range or .nil .s }}{{ end }}", "1:17", ".s", "range can't iterate over str"),
        ("{{ range or .n .s }}{{ end }}", "1:12", ".n", "range can't iterate over 3"),
        ("{{ range $a, $b := 3 }}{{ end }}", "1:19", "3", "can't use 3 to iterate over more than one variable"),
        (
            "{{ set .l `a` 1 }}",
            "1:7",
            ".l",
            "wrong type for value; expected map[string]interface {}; got []interface {}",
        ),
        (
            "{{ set .nil `a` 1 }}",
            "1:7",
            ".nil",
            "wrong type for value; expected map[string]interface {}; got interface {}",
        ),
        ("{{ set 1 `a` 1 }}", "1:7", "1", "can't handle 1 for arg of type map[string]interface {}"),
        ("{{ upper }}", "1:3", "upper", "wrong number of args for upper: want 1 got 0"),
        ("{{ print | upper `x` }}", "1:11", "upper", "wrong number of args for upper: want 1 got 2"),
        ("{{ index }}", "1:3", "index", "wrong number of args for index: want at least 1 got 0"),
        ("{{ 9223372036854775808 }}", "1:3", "9223372036854775808", "9223372036854775808 overflows int"),
        ('{{ template "no" .s }}', "1:12", '{{template "no" .s}}', 'template "no" not defined'),
    ],
)
def test_errors_of_the_language(text: str, place: str, node: str, message: str) -> None:
    assert _failure(text).message == f't:{place}\n  executing "t" at <{node}>:\n    {message}'


@pytest.mark.parametrize(
    ("text", "call", "message"),
    [
        ("{{ eq 1 1.0 }}", "eq 1 1.0", "incompatible types for comparison: int and float64"),
        ("{{ index .l 5 }}", "index .l 5", "index out of range: 5"),
        ("{{ index .l 1 }}", "index .l 1", "reflect: slice index out of range"),
        ("{{ index .l `0` }}", "index .l `0`", "cannot index slice/array with type string"),
        ("{{ index .m nil }}", "index .m nil", "value is nil; should be of type string"),
        ("{{ index .m `x` `y` }}", "index .m `x` `y`", "index of nil pointer"),
        ("{{ len .nil }}", "len .nil", "len of nil pointer"),
        ("{{ len (.nil) }}", "len (.nil)", "reflect: call of reflect.Value.Type on zero Value"),
        ("{{ len .n }}", "len .n", "len of type float64"),
        ("{{ call .s }}", "call .s", "non-function .s of type string"),
        ("{{ call nil }}", "call nil", "call of nil"),
    ],
)
def test_errors_of_functions_are_gos_own_line(text: str, call: str, message: str) -> None:
    function = call.split()[0]
    wanted = f'template: t:1:3: executing "t" at <{call}>: error calling {function}: {message}'
    assert _failure(text).message == wanted


def test_errors_inside_includes_are_blocks_outermost_first() -> None:
    helpers = '{{ define "a" }}\n{{ include "b" . }}{{ end }}{{ define "b" }}{{ template "c" . }}{{ end }}'
    error = _failure('{{ include "a" . }}', helpers=helpers, more='{{ define "c" }}{{ .m.x.y }}{{ end }}')
    assert error.message == (
        't:1:3\n  executing "t" at <include "a" .>:\n    error calling include:\n'
        'helpers:2:3\n  executing "a" at <include "b" .>:\n    error calling include:\n'
        'more:1:21\n  executing "c" at <.m.x.y>:\n    nil pointer evaluating interface {}.y'
    )
    assert (error.template, error.line, error.column) == ("more", 1, 22)


def test_required_and_fail_speak_for_themselves_with_the_outermost_place() -> None:
    error = _failure('a\n {{ include "h" . }}', h='{{ define "h" }}\n\n{{ required "say: what" .nil }}{{ end }}')
    assert error.message == "execution error at (t:2:4): say: what"
    assert (error.template, error.line) == ("h", 3)


def test_an_error_inside_tpl_is_one_line() -> None:
    error = _failure('{{ tpl "{{ .m.x.y }}" . }}')
    assert error.message == (
        'template: t:1:3: executing "t" at <tpl "{{ .m.x.y }}" .>: error calling tpl: error during tpl function '
        'execution for "{{ .m.x.y }}": template: gotpl:1:5: executing "gotpl" at <.m.x.y>: nil pointer evaluating '
        "interface {}.y"
    )


def test_the_excerpt_shows_the_line_and_a_caret() -> None:
    error = _failure("one\ntwo\n\tthree {{ .m.x.y }} end\nfour")
    assert error.excerpt == "1 | one\n2 | two\n3 | \tthree {{ .m.x.y }} end\n  | \t           ^"


def test_text_of_values_is_never_excerpted() -> None:
    error = _failure("{{ tpl .secret . }}", {"secret": "hunter2 {{ .a.b }}"})
    assert (error.template, error.line) == ("t", 1)
    assert error.excerpt == "1 | {{ tpl .secret . }}\n  |    ^"


def test_what_is_not_there_is_shown_where_it_is_named() -> None:
    error = _failure('a\n{{ include "h" . }}', h='{{ define "h" }}\n{{ include "none" . }}{{ end }}')
    assert (error.template, error.line) == ("h", 2)
    assert error.excerpt == '1 | {{ define "h" }}\n2 | {{ include "none" . }}{{ end }}\n  |    ^'


def test_parse_errors() -> None:
    error = _failure("ok\n{{ if .a }}\n{{ nope 1 }}")
    assert error.message == 'parse error at (t:3): function "nope" not defined'
    assert (error.template, error.line) == ("t", 3)
    assert error.excerpt.startswith("1 | ok\n2 | {{ if .a }}\n3 | {{ nope 1 }}\n")


def test_endless_include_stops_at_a_thousand() -> None:
    error = _failure('{{ include "a" . }}', a='{{ define "a" }}{{ include "a" . }}{{ end }}')
    assert error.message.startswith(
        'template: t:1:3: executing "t" at <include "a" .>: error calling include: template: a:'
    )
    assert error.message.endswith(
        "error calling include: rendering template has a nested reference name: a: unable to execute template"
    )
    assert error.message.count("executing") == 1002


def test_a_thousand_includes_are_fine() -> None:
    helper = '{{ define "a" }}{{ if . }}{{ include "a" (sub . 1 | int) }}{{ else }}end{{ end }}{{ end }}'
    assert run('{{ include "a" 1000 }}', h=helper) == "end"


def test_endless_template_actions_stop() -> None:
    error = _failure('{{ template "a" . }}', a='{{ define "a" }}{{ template "a" . }}{{ end }}')
    assert error.message.endswith("exceeded maximum template depth (100000)")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("{{ .x }}", 't:1:3\n  executing "t" at <.x>:\n    map has no entry for key "x"'),
        ("{{ .m.a.z }}", 't:1:5\n  executing "t" at <.m.a.z>:\n    map has no entry for key "z"'),
        ("{{ $x := .nil }}{{ $x.y }}", 't:1:21\n  executing "t" at <$x.y>:\n    nil data; no entry for key "y"'),
    ],
)
def test_strict(text: str, message: str) -> None:
    with pytest.raises(TemplateError) as caught:
        run(text, _DATA, strict=True)
    assert caught.value.message == message


def test_strict_takes_what_is_there() -> None:
    assert run("{{ .m.a.b }}{{ .s }}", Values(_DATA), strict=True) == "1str"


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("{{ range 1 }}" * 30 + "{{ end }}" * 30, id="loops"),
        pytest.param("{{ if 1 }}" * 200 + "{{ end }}" * 200, id="blocks"),
        pytest.param("{{ " + "(" * 20_000 + "1" + ")" * 20_000 + " }}", id="parentheses"),
    ],
)
def test_nesting_has_a_limit_with_a_clear_error(text: str) -> None:
    assert _failure(text).message == "parse error at (t:1): template nests too deeply"


def test_a_text_that_calls_itself_stops() -> None:
    error = _failure("{{ tpl .x . }}", {"x": "{{ tpl .x . }}"})
    assert error.message.endswith("exceeded maximum template depth (100000)")


@pytest.mark.parametrize("shown", ["$d", "$d.d", "print $d", "$d | toString"])
def test_a_value_that_holds_itself_is_an_error_where_it_is_printed(shown: str) -> None:
    with pytest.raises(TemplateError, match=r"^t:1:\d+\n  executing .*\n    exceeded maximum template depth"):
        run("{{ $d := dict }}{{ $_ := set $d `d` $d }}{{ " + shown + " }}")


@pytest.mark.parametrize("body", ["text{{ template `t2` . }}", "{{ $x := 1 }}{{ $x }}{{ include `t2` . }}"])
def test_recursion_that_ends_in_a_line_without_a_node(body: str) -> None:
    """A call for the text itself may be the one too many; then the place is that of the call before."""
    for extra in range(4):
        nested = "{{ include `t3` . }}" * (extra % 2) + "{{ template `t2` . }}" * (1 - extra % 2)
        message = _failure(nested, t2=body + "{{ if . }}x{{ end }}" * extra, t3="{{ template `t2` . }}").message
        assert "exceeded maximum template depth" in message or "nested reference name" in message


def test_a_chain_of_thousands_of_links_is_told_in_linear_time() -> None:
    ring = "".join(f"{{{{ define `r{at}` }}}}{{{{ include `r{(at + 1) % 50}` . }}}}{{{{ end }}}}" for at in range(50))
    before = time.process_time()
    assert "exceeded maximum template depth" in _failure(ring + "{{ include `r0` . }}").message
    assert time.process_time() - before < 3
