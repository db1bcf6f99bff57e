"""Targets: templates, from text to what a render of them gives."""

from __future__ import annotations

from typing import Any

from fuzz.bounds import at_most
from fuzz.strategies import joined, parts_of, soup
from fuzz.target import Target
from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

from steersman.core.golang.format import sprintf
from steersman.core.golang.gojson import decode_lenient
from steersman.core.golang.types import Duration, Int64, Values, from_bytes
from steersman.core.jinja.environment import Source
from steersman.core.jinja.templates import JinjaTemplates
from steersman.core.render.context import release_object
from steersman.core.render.model import ReleaseInfo
from steersman.core.template.environment import Environment, TemplateSet
from steersman.core.template.errors import ParseError, TemplateError
from steersman.core.template.lexer import tokenize
from steersman.core.template.runtime import Effects
from steersman.rendering.limits import RenderLimits

_RECURSION = RenderLimits().recursion
_RUN_SECONDS = 0.5
_ENVIRONMENT = Environment()
_EFFECTS = Effects(clock=lambda: 1_700_000_000 * 10**9, entropy=bytes)
_VALUES = {
    "a": 1.0, "b": "text", "c": True, "d": None, "e": [1.0, "x", None, {"k": "v"}], "f": {"g": {"h": 2.5}, "i": "j"},
    "empty": {}, "none": [], "int": Int64(7), "big": 1e21, "duration": Duration(3_600_000_000_000),
    "yaml": "a: [1, &x 2]",
}  # fmt: skip
_FUNCTIONS = sorted(_ENVIRONMENT.functions)
# Minutes of computing by design: keys and slow hashes. The limits of the renderer are for those.
_SLOW = {name for name in _FUNCTIONS if name.startswith("gen") or name in ("derivePassword", "htpasswd", "bcrypt")}

_FIELDS = (
    ".",
    "$",
    ".Values",
    ".Values.a",
    ".Values.f.g.h",
    ".Values.nothing.here",
    "$.Values.e",
    ".Release.Name",
    "$x",
    "$y",
)
_LITERALS = (
    "1", "-1", "0x1F", "1e3", "1.5", "0b1", "'a'", '"s"', '""', '"%v"', '"a\\n\\x41\\u00e9"', "`raw`", "true", "nil",
    "9223372036854775807",
    "9223372036854775808", "1i", '"{{ . }}"', '"(a|b)*"', '"2006-01-02"', '"t"', "100000", "1_0", "1.", "08",
)  # fmt: skip
_WORDS = tuple(
    word.encode()
    for word in (
        "{{", "}}", "{{-", "-}}", "{{- ", " -}}", "{{/*", "*/}}", " ", "\n", "(", ")", "|", " | ", ":=", "=", ",", ".",
        "$", "$x",
        "if ", "else", "else if ", "end", "{{end}}", "{{ end }}", "range ", "with ", "define ", 'define "t"',
        'template "t" .', "block ",
        "break", "continue", "include ", 'include "t" .', "tpl ", *_FIELDS, *_LITERALS,
        *(f"{name} " for name in _FUNCTIONS),
    )
)  # fmt: skip


def _pipelines() -> SearchStrategy[str]:
    operand = st.sampled_from(_FIELDS) | st.sampled_from(_LITERALS)
    function = st.sampled_from([name for name in _FUNCTIONS if name not in _SLOW])

    def larger(inner: SearchStrategy[str]) -> SearchStrategy[str]:
        argument = (
            operand
            | inner.map("({})".format)
            | st.tuples(inner, st.just(".x")).map(lambda pair: f"({pair[0]}){pair[1]}")
        )
        call = st.tuples(function, st.lists(argument, max_size=3)).map(lambda pair: " ".join([pair[0], *pair[1]]))
        return st.lists(call | operand, min_size=1, max_size=3).map(" | ".join)

    return st.recursive(operand, larger, max_leaves=6)


def _statements() -> SearchStrategy[str]:
    pipe = _pipelines()
    simple = (
        st.sampled_from(["text\n", " ", "{{/* c */}}", "{{ break }}", "{{ continue }}", "é", "<no value>", "---\n"])
        | pipe.map("{{{{ {} }}}}".format)
        | pipe.map("{{{{- {} -}}}}".format)
        | pipe.map("{{{{ $x := {} }}}}".format)
        | pipe.map("{{{{ $x = {} }}}}".format)
        | pipe.map('{{{{ template "t" {} }}}}'.format)
    )
    heads = (
        "if {}",
        "with {}",
        "range {}",
        "range $x, $y := {}",
        "range $x = {}",
        "with $y := {}",
        'define "t"',
        'block "t" {}',
    )
    tails = ("", "{{ else }}e", "{{ else if . }}f", "{{ else with . }}g")

    def larger(inner: SearchStrategy[str]) -> SearchStrategy[str]:
        body = st.lists(inner, max_size=4).map("".join)
        block = st.tuples(st.sampled_from(heads), pipe, body, st.sampled_from(tails)).map(_block)
        return st.lists(block | simple, min_size=1, max_size=4).map("".join)

    return st.recursive(simple, larger, max_leaves=8)


def _block(parts: tuple[str, str, str, str]) -> str:
    head, pipe, body, tail = parts
    return f"{{{{ {head.replace('{}', pipe)} }}}}{body}{tail}{{{{ end }}}}"


_TEMPLATES = _statements().map(lambda text: f"{{{{ $x := 1 }}}}{{{{ $y := . }}}}{text}".encode())


def _lex(data: bytes) -> None:
    source = from_bytes(data)
    tokens = tokenize(source)
    assert tokens[-1].kind in ("eof", "error")
    for token in tokens:
        assert 0 <= token.position <= len(source)
        str(token)


def _render(data: bytes) -> None:
    """Compiling must be quick and quiet; running may take too long, but must end in a TemplateError if in any."""
    compiled = [_ENVIRONMENT.compile("t", from_bytes(data))]
    for index in range(len(compiled[0].names)):
        compiled[0].code(index)
    templates = TemplateSet(_ENVIRONMENT, compiled)
    with at_most(_RUN_SECONDS):
        root = {"Values": dict(_VALUES), "Release": release_object(ReleaseInfo("r", "n"))}
        templates.execute("t", root, templates.runtime(_EFFECTS))


def _jinja(data: bytes) -> None:
    """As `_render`, for the other template language."""
    templates = JinjaTemplates(_ENVIRONMENT.functions, {"c/t": Source(from_bytes(data), "c")}, {})
    with at_most(_RUN_SECONDS):
        root = Values(Values=Values(_VALUES), Release=release_object(ReleaseInfo("r", "n")))
        templates.execute("c/t", root, TemplateSet(_ENVIRONMENT, ()).runtime(_EFFECTS))


_JINJA_WORDS = tuple(
    word.encode()
    for word in (
        "{{ ", " }}", "{% ", " %}", "{%- ", " -%}", "{# ", " #}", "if ", "else", "elif ", "endif", "for x in ",
        "endfor",
        "set ", "endset", "macro m(a, b=1)", "endmacro", "call m(1)", "endcall", "filter ", "endfilter", "raw",
        "endraw",
        "include 't'", "import 't' as t", "from 't' import m", "extends 't'", "block b", "endblock", "with ", "endwith",
        " is defined", " is mapping", " in ", " not ", " and ", " or ", " ~ ", " + ", " - ", " * ", " ** ", " // ",
        " % ",
        " == ", "(", ")", "[", "]", "[1:]", "{", "}", ",", ":", ".", "|", "'s'", '"%s %d"', "1", "2.5", "1e999", "true",
        "none", "Values", "Values.e", "Values.f.g", "Release.Name", "x", "loop.index", "loop.cycle(1, 2)", "range(9)",
        "namespace(a=1)", "self", "super()", "__class__", ".__init__", "|default('d')", "|join(',')", "|tojson",
        "|indent(4)",
        "|map('upper')", "|selectattr('k')", "|sort", "|groupby('k')", "|batch(2)", "|format(1)", "|replace('a', 'b')",
        "|first",
        "|list", "|length", "toYaml(", "include(", "tpl(", "quote(", "printf('%v', ", "default(", "fail(", "lookup(",
    )
)  # fmt: skip


def _format(data: bytes) -> None:
    template, arguments = parts_of(data, 2)
    values: Any = decode_lenient(from_bytes(arguments))[0]
    sprintf(from_bytes(template)[:200], values if isinstance(values, list) else [values, Int64(-7), b"by", Duration(1)])


_VERBS = tuple(
    word.encode()
    for word in (
        "%",
        "%v",
        "%s",
        "%d",
        "%q",
        "%x",
        "%T",
        "%+",
        "%#",
        "%-",
        "%0",
        "%5",
        "%.3",
        "%*d",
        "%[1]",
        "%[",
        "]",
        "%%",
        "%c",
        "%U",
        "%e",
        "%t",
        "%p",
        "99999",
        "%.*f",
        "%!",
        " ",
    )
)

TARGETS = (
    Target("lexer", _lex, _TEMPLATES | soup(_WORDS), _WORDS),
    Target("template", _render, _TEMPLATES, _WORDS, (ParseError, TemplateError), recursion=_RECURSION),
    Target("jinja", _jinja, soup(_JINJA_WORDS), _JINJA_WORDS, (TemplateError,), recursion=_RECURSION),
    Target("printf", _format, joined(soup(_VERBS, 8), st.just(b'[1.5, "s", null, {"a": [true]}, [1]]')), _VERBS),
)
