"""Nothing that a chart says becomes Python: every place where its text meets generated code, with hostile text.

The strongest check is on the code itself: whatever the template, it consists of names, attributes and calls of ours,
and of constants.
"""

from __future__ import annotations

import ast
import re

import pytest
from core.template.support import environment, run
from hypothesis import given
from hypothesis import strategies as st

from steersman.core.golang.quote import quote
from steersman.core.template.compiled import CompiledTemplate
from steersman.core.template.errors import ParseError, TemplateError
from steersman.core.template.generator import literal
from steersman.core.template.runtime import GENERATED_NAMES

_PAYLOADS = [
    "__import__('os').system('true')",
    "'+__import__('os').getcwd()+'",
    '"+str(R)+"',
    "'''",
    '"""',
    "\\",
    "\\'",
    "'\\",
    "\n raise SystemExit",
    "\r raise SystemExit",
    "\x0b\x0c\x1c\x85\u2028\u2029 raise SystemExit",
    "#",
    "{R}",
    "{0.__class__}",
    "%(R)s%s",
    "\x00",
    "\udcff\udc80",
    "\\N{BULLET}\\x41\\u0041",
    "d0",
    "R",
    "w(o)",
    "f_env",
    "__builtins__",
    "é",
]

_NAMES = re.compile(r"t|R|o|w|[dvxi]\d+|x\d+_|f_[A-Za-z][A-Za-z0-9_]*|type|str|int|float|bool|list|dict|locals|complex")
_OURS = GENERATED_NAMES.keys() - {"__builtins__"}
_ATTRIBUTES = {"get", "append", "join"}
_NODES = (
    ast.Module | ast.FunctionDef | ast.arguments | ast.arg | ast.Assign | ast.Expr | ast.Return | ast.If | ast.For
    | ast.Try | ast.ExceptHandler | ast.Break | ast.Continue | ast.Pass | ast.Call | ast.keyword | ast.Name
    | ast.Constant | ast.Attribute | ast.Subscript | ast.Tuple | ast.List | ast.Dict | ast.IfExp | ast.Compare
    | ast.BoolOp | ast.UnaryOp | ast.Starred | ast.expr_context | ast.cmpop | ast.boolop | ast.unaryop
)  # fmt: skip


def _check(compiled: CompiledTemplate) -> None:
    """The generated code of every template of the file is made of what the compiler writes."""
    for code in compiled.codes:
        assert isinstance(code, str)
        tree = ast.parse(code)
        assert len(tree.body) == 1
        for node in ast.walk(tree):
            assert isinstance(node, _NODES), ast.dump(node)
            if isinstance(node, ast.Name):
                assert node.id in _OURS or _NAMES.fullmatch(node.id), node.id
            if isinstance(node, ast.Attribute):
                assert node.attr in _ATTRIBUTES, node.attr
            if isinstance(node, ast.Dict):
                assert all(isinstance(key, ast.Constant) for key in node.keys)


def _compile(source: str, name: str = "f") -> CompiledTemplate:
    compiled = environment().compile(name, source)
    _check(compiled)
    return compiled


@pytest.mark.parametrize("payload", _PAYLOADS)
class TestPayloads:
    def test_text(self, payload: str) -> None:
        text = payload.replace("{{", "")
        _compile(text)
        assert run(text) == text

    def test_string_literal(self, payload: str) -> None:
        source = f"{{{{ {quote(payload)} }}}}"
        _compile(source)
        assert run(source) == payload

    def test_raw_string(self, payload: str) -> None:
        if "`" not in payload:
            _compile(f"{{{{ `{payload}` }}}}")
            assert run(f"{{{{ `{payload}` }}}}") == payload.replace("\r", "")

    def test_names_of_templates(self, payload: str) -> None:
        name = f"`{payload}`"
        source = f"{{{{ define {name} }}}}x{{{{ end }}}}{{{{ template {name} }}}}{{{{ include {name} . }}}}"
        _compile(source)
        assert run(source) == "xx"
        with pytest.raises(TemplateError):
            run(f"{{{{ template {name} }}}}")

    def test_names_of_files(self, payload: str) -> None:
        _compile("{{ .a.b }}", payload)
        with pytest.raises(TemplateError):
            run(f"{{{{ include `{payload}` . }}}}", {"a": 1}, **{payload: "{{ .a.b }}"})

    def test_comments(self, payload: str) -> None:
        source = f"a{{{{/* {payload} */}}}}b"
        _compile(source)
        assert run(source) == "ab"

    def test_keys_of_dict(self, payload: str) -> None:
        source = f"{{{{ dict `{payload}` 1 | toJson | len }}}}"
        _compile(source)
        assert int(run(source)) > 4

    def test_tpl(self, payload: str) -> None:
        assert run("{{ tpl .text . }}", {"text": "{{ `" + payload + "` }}"}) == payload.replace("\r", "")

    def test_keys_that_templates_read(self, payload: str) -> None:
        assert run("{{ index . .key }}", {"key": payload, payload: "found"}) == "found" or payload == "key"

    def test_as_an_operand(self, payload: str) -> None:
        """Wherever the grammar takes a name; nearly all of these do not parse, which is fine too."""
        for shape in (
            "{{ %s }}",
            "{{ .%s }}",
            "{{ $%s := 1 }}{{ $%s }}",
            "{{ .a.%s.b }}",
            "{{ '%s' }}",
            "{{ print %s }}",
        ):
            source = shape.replace("%s", payload)
            try:
                _compile(source)
            except ParseError:
                continue


@pytest.mark.parametrize("name", ["__class__", "__globals__", "f_code", "get", "keys", "pop", "append", "go_methods"])
def test_attributes_of_python_objects_are_not_fields(name: str) -> None:
    assert run(f"[{{{{ .{name} }}}}]", {"a": 1}) == "[]"
    for value in ("text", 1, 1.5, [1], b"x", True):
        with pytest.raises(TemplateError, match="can't evaluate field"):
            run(f"{{{{ .v.{name} }}}}", {"v": value})


@pytest.mark.parametrize("name", ["π", "ñ_1", "变量", "if_", "None", "import", "lambda", "R", "d0", "v1", "__debug__"])
def test_variables_and_fields_may_be_called_anything(name: str) -> None:
    source = f"{{{{ ${name} := .{name} }}}}{{{{ ${name} = print ${name} 1 }}}}{{{{ ${name} }}}}"
    _compile(source)
    assert run(source, {name: "x"}) == "x1"


@given(st.text(max_size=60))
def test_any_text(text: str) -> None:
    text = text.replace("{{", "{ {")
    _compile(text)
    assert run(text) == text


@given(
    st.lists(
        st.sampled_from(["{{", "}}", " ", '"', "`", "'", "$x", ":=", ".a", "|", "(", ")", "print", "\\", "\n", "1"])
    )
)
def test_any_mix_of_syntax(parts: list[str]) -> None:
    try:
        _compile("".join(parts))
    except ParseError:
        return


@pytest.mark.parametrize("value", [b"x", [], {}, object(), ("a", [])])
def test_only_plain_constants_reach_the_code(value: object) -> None:
    with pytest.raises(TypeError):
        literal(value)


def test_a_string_that_is_more_than_a_string_is_refused() -> None:
    class Sneaky(str):
        def __repr__(self) -> str:
            return "__import__('os')"

    with pytest.raises(TypeError):
        literal(Sneaky("x"))


def test_generated_code_sees_hardly_any_builtins() -> None:
    builtins = GENERATED_NAMES["__builtins__"]
    assert not builtins.keys() & {"open", "exec", "eval", "compile", "getattr", "setattr", "globals", "__import__"}
