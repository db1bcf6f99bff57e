"""What templates do when they run: a table of the language, beyond the vectors that Helm itself answered."""

from __future__ import annotations

from typing import Any

import pytest
from core.template.support import run

from steersman.core.golang.types import IntList, NestedList, NilList, StringList, StringMap, Uint8, Values

_DATA = {
    "a": "A",
    "n": 3.0,
    "nil": None,
    "l": [1, "x", None],
    "m": {"k": "v", "d": {"e": "deep"}},
    "empty": [],
    "s": StringList(["p", "q"]),
    "sm": StringMap({"k": "v"}),
}


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        pytest.param("{{ .a }}{{ .m.d.e }}{{ $.m.k }}{{ (.m).d.e }}", "Adeepvdeep", id="fields"),
        pytest.param("[{{ .missing }}|{{ .m.missing }}|{{ .nil }}]", "[||]", id="missing fields are nothing"),
        pytest.param("[{{ .sm.k }}|{{ .sm.missing }}|{{ printf `%q` .sm.missing }}]", '[v||""]', id="typed map"),
        pytest.param("{{ $x := .nil }}[{{ $x.y.z }}]", "[]", id="fields of an untyped nil"),
        pytest.param("{{ with .m }}{{ .k }}{{ $.a }}{{ end }}", "vA", id="with"),
        pytest.param("{{ with $x := .m.d }}{{ $x.e }}{{ .e }}{{ end }}", "deepdeep", id="with variable"),
        pytest.param("{{ with .nil }}x{{ else with .a }}{{ . }}{{ else }}z{{ end }}", "A", id="else with"),
        pytest.param("{{ if .empty }}x{{ else if .n }}y{{ else }}z{{ end }}", "y", id="else if"),
        pytest.param("{{ range .l }}[{{ . }}]{{ end }}", "[1][x][]", id="range list"),
        pytest.param("{{ range $i, $e := .l }}{{ $i }}{{ $e }};{{ end }}", "01;1x;2;", id="range with index"),
        pytest.param(
            "{{ range $k, $v := .m }}{{ $k }}={{ $v }};{{ end }}", "d=map[e:deep];k=v;", id="range map sorted"
        ),
        pytest.param("{{ range $v := .m }}{{ $v }};{{ end }}", "map[e:deep];v;", id="one variable takes values"),
        pytest.param("{{ range .s }}{{ . }}{{ end }}{{ range .sm }}{{ . }}{{ end }}", "pqv", id="range typed"),
        pytest.param("{{ range 3 }}{{ . }}{{ end }}{{ range $i := 2 }}{{ $i }}{{ end }}", "01201", id="range int"),
        pytest.param("{{ range -1 }}x{{ else }}none{{ end }}", "none", id="range negative"),
        pytest.param("{{ range int64 2 }}{{ typeOf . }}{{ . }};{{ end }}", "int640;int641;", id="range int64"),
        pytest.param("{{ range int64 9e15 }}{{ . }}{{ break }}{{ end }}", "0", id="range is not spelled out"),
        pytest.param(
            "{{ range $i, $e := .empty }}x{{ else }}{{ $i }}{{ $e }}{{ end }}", "[][]", id="variables in else"
        ),
        pytest.param(
            "{{ range .l }}{{ if kindIs `int` . }}{{ continue }}{{ end }}{{ . }}{{ break }}{{ end }}", "x", id="break"
        ),
        pytest.param(
            "{{ range .l }}{{ range $.s }}{{ . }}{{ break }}{{ end }}{{ else }}no{{ end }}", "ppp", id="break inner"
        ),
        pytest.param("{{ $x := 1 }}{{ range .l }}{{ $x = . }}{{ end }}[{{ $x }}]", "[]", id="assign in range"),
        pytest.param(
            "{{ $k := 0 }}{{ $v := 0 }}{{ range $k, $v = .m }}{{ end }}{{ $k }}{{ $v }}", "kv", id="range assigns"
        ),
        pytest.param("{{ $v := 0 }}{{ range $v = .empty }}{{ end }}{{ $v }}", "[]", id="range assigns the collection"),
        pytest.param("{{ $x := 1 }}{{ if $x := 2 }}{{ $x }}{{ end }}{{ $x }}", "21", id="shadowed"),
        pytest.param("{{ $x := 1 }}{{ print $x ($x = 2) $x }}", "1 2 2", id="arguments keep what they saw"),
        pytest.param("{{ $ := 5 }}{{ $ }}{{ .a }}", "5A", id="dollar redefined"),
        pytest.param("{{ or .nil .a }}{{ and .a .nil }}{{ and 1 2 }}{{ or 0 false }}", "A2false", id="and, or"),
        pytest.param("{{ or 1 (fail `x`) }}{{ and 0 (fail `x`) }}{{ .a | or 0 }}", "10A", id="and, or stop early"),
        pytest.param("{{ not .nil }}{{ not .a }}", "truefalse", id="not"),
        pytest.param(
            "{{ index .m `d` `e` }}{{ index .l 1 }}{{ index `abc` 0 }}{{ index .sm `x` }}", "deepx97", id="index"
        ),
        pytest.param("{{ len .l }}{{ len `é` }}{{ len .m }}{{ len .sm }}", "3221", id="len"),
        pytest.param("{{ .a | printf `%s-%s` `b` }}", "b-A", id="piped last"),
        pytest.param("{{ print 1e3 0x10 'a' 1i }}", "1000 16 97 (0+1i)", id="numbers"),
        pytest.param(
            "{{ define `x` }}<{{ . }}>{{ end }}{{ template `x` .a }}{{ template `x` }}", "<A><>", id="template"
        ),
        pytest.param("{{ block `b` .m }}{{ .k }}{{ end }}{{ include `b` (dict `k` 1) }}", "v1", id="block"),
        pytest.param("{{ html `<a>` }}{{ js `'` }}{{ urlquery `a b` }}", "&lt;a&gt;\\'a+b", id="escapes"),
        pytest.param("{{ js `\x01é\u200b` }}", "\\u0001é\\u200B", id="js of what does not print"),
        pytest.param("{{ (or .nil .m).k }}{{ (and .a .m).d.e }}", "vdeep", id="fields of and, or"),
        pytest.param("{{ if and .a (or .nil (not .nil)) }}yes{{ end }}", "yes", id="nested conditions"),
        pytest.param("{{ eq `a` `b` `a` }}{{ eq .a `A` }}{{ ne .a `A` }}{{ eq `A` .a }}", "truetruefalsetrue", id="eq"),
        pytest.param("a{{/* {{ nope }} */}}b{{- /* x */ -}} c", "abc", id="comments"),
        pytest.param("{{ `<no value>` }}|{{ .nil }}", "|", id="no value is taken out, also where it was meant"),
        pytest.param("{{ include `t2` . }}", "two", id="a file by its name"),
        pytest.param("{{ .Values.AsMap.a }}{{ (.Values.Table `m`).k }}", "Av", id="methods of Values"),
        pytest.param("{{ .Values.YAML }}", "a: A\nm:\n  k: v\n", id="Values as YAML"),
    ],
)
def test_language(text: str, wanted: str) -> None:
    data = Values({**_DATA, "Values": Values({"a": "A", "m": {"k": "v"}})})
    assert run(text, data, t2="two") == wanted


@pytest.mark.parametrize(
    ("data", "wanted"),
    [
        pytest.param(None, "no", id="nil"),
        pytest.param(0.0, "no", id="zero"),
        pytest.param(0j, "no", id="complex zero"),
        pytest.param(Uint8(0), "no", id="uint8 zero"),
        pytest.param(float("nan"), "yes", id="not a number"),
        pytest.param("", "no", id="empty string"),
        pytest.param("false", "yes", id="any other string"),
        pytest.param(b"", "no", id="no bytes"),
        pytest.param(NilList(), "no", id="nil list"),
        pytest.param([None], "yes", id="list of nil"),
        pytest.param({}, "no", id="empty map"),
        pytest.param(NestedList([[]]), "yes", id="nested"),
        pytest.param(IntList([0]), "yes", id="ints"),
    ],
)
def test_truth(data: Any, wanted: str) -> None:
    assert run("{{ if . }}yes{{ else }}no{{ end }}", data) == wanted


def test_bytes_that_are_no_text_pass_through() -> None:
    assert run("\udcff{{ `\udcfe` }}{{ . }}", "\udcfd") == "\udcff\udcfe\udcfd"


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        pytest.param(r'{{ "\xc3" }}{{ "\xa9" }}', "é", id="template"),
        pytest.param(r'{{ define "x" }}{{ "\xc3" }}{{ "\xa9" }}{{ end }}{{ include "x" . | len }}', "2", id="include"),
        pytest.param(r'{{ print "\xc3" "\xa9" | upper }}', "É", id="print"),
        pytest.param(r'{{ printf "%s%s" "\xc3" "\xa9" | upper }}', "É", id="printf"),
        pytest.param(r'{{ printf "%s%2s" "\xc3" "\xa9" | upper | len }}', "7", id="printf-with-a-blank-between"),
        pytest.param(r'{{ list "\xc3" "\xa9" | join "" | upper }}', "É", id="join"),
        pytest.param(r'{{ "\xc3-\xa9" | replace "-" "" | upper }}', "É", id="replace"),
        pytest.param(r'{{ "é" | replace "\xc3" "\xc4" | upper }}', "ĩ".upper(), id="replace-a-byte"),
        pytest.param(r'{{ repeat 2 "\xa9\xc3" | quote }}', r'"\xa9é\xc3"', id="repeat"),
        pytest.param(r'{{ contains "\xa9" "é" }} {{ contains "\xaa" "é" }}', "true false", id="contains"),
        pytest.param(r'{{ hasPrefix "\xc3" "é" }} {{ hasSuffix "\xc3" "é" }}', "true false", id="prefix"),
        pytest.param(
            r'{{ trimPrefix "\xc3" "é" | quote }} {{ trimSuffix "\xa9" "é" | quote }}', r'"\xa9" "\xc3"', id="trim"
        ),
    ],
)
def test_halves_of_a_character(text: str, wanted: str) -> None:
    assert run(text) == wanted


def test_long_chains_of_else_if() -> None:
    chain = "".join([f"{{{{ else if eq . {number} }}}}{number}" for number in range(1, 60)])
    assert run(f"{{{{ if eq . 0 }}}}0{chain}{{{{ end }}}}", 59) == "59"
