"""Trees and Go's complaints. Positions are Go's too, since errors show them."""

from __future__ import annotations

import pytest

from steersman.core.template.errors import ParseError
from steersman.core.template.nodes import Action, Chain, Field, Number, Tree, Variable
from steersman.core.template.parser import parse

_FUNCTIONS = {"print", "eq", "upper", "dict"}


def _parse(source: str) -> dict[str, Tree]:
    return parse("f.yaml", source, _FUNCTIONS)


@pytest.mark.parametrize(
    ("source", "text"),
    [
        ("{{}}", "1: missing value for command"),
        ("{{ if }}{{ end }}", "1: missing value for if"),
        ("\n\n{{ nope }}", '3: function "nope" not defined'),
        ("{{ $x }}", '1: undefined variable "$x"'),
        ("{{ if true }}{{ $x := 1 }}{{ end }}{{ $x }}", '1: undefined variable "$x"'),
        ("{{ if true }}", "1: unexpected EOF"),
        ("{{ end }}", "1: unexpected {{end}}"),
        ("{{ if true }}{{ else }}{{ else }}{{ end }}", "1: expected end; found {{else}}"),
        ("{{ with 1 }}{{ else if 2 }}{{ end }}", "1: unexpected <if> in input"),
        ("{{ range 1 }}{{ else }}{{ break }}{{ end }}", "1: {{break}} outside {{range}}"),
        ("{{ if 1 }}{{ continue }}{{ end }}", "1: {{continue}} outside {{range}}"),
        ('{{ define "a" }}1{{ end }}\n{{ define "a" }}2{{ end }}', '2: template: multiple definition of template "a"'),
        ('{{ define "f.yaml" }}x{{ end }}y', '1: template: multiple definition of template "f.yaml"'),
        ('{{ if true }}{{ define "a" }}{{ end }}{{ end }}', "1: unexpected <define> in command"),
        ("{{ define .a.b }}{{ end }}", '1: unexpected ".a" in define clause'),
        ("{{ template x }}", '1: unexpected "x" in template clause'),
        ('{{ block "x" }}{{ end }}', "1: missing value for block clause"),
        ('{{ "a" | 1 }}', "1: non executable command in pipeline stage 2"),
        ('{{ "a".b }}', '1: unexpected . after term "\\"a\\""'),
        ("{{ | upper }}", '1: unexpected "|" in command'),
        ("{{ $a, $b := 1 }}", "1: too many declarations in command"),
        ("{{ range $a, 1 }}{{ end }}", "1: range can only initialize variables"),
        ("{{ 18446744073709551616 }}", '1: integer overflow: "18446744073709551616"'),
        ("{{ 08 }}", '1: integer overflow: "08"'),
        ("{{ '' }}", "1: invalid syntax"),
        ('{{ "\\q" }}', "1: invalid syntax"),
        ("{{ print\n  'a }}", "2: unterminated character constant in action started at f.yaml:1"),
        ("{{ print\n", "2: unclosed action started at f.yaml:1"),
        ('{{ print "' + "a" * 20 + '" }}{{ print # }}', '1: unexpected "#" in operand'),
        ('{{ "' + "a" * 20 + '" := 1 }}', '1: unexpected ":=" in operand'),
        ('{{ end "' + "a" * 20 + '" }}', '1: unexpected "\\"aaaaaaaaa"... in end'),
    ],
)
def test_errors(source: str, text: str) -> None:
    with pytest.raises(ParseError) as caught:
        _parse(source)
    assert caught.value.text == f"template: f.yaml:{text}"


@pytest.mark.parametrize(
    ("source", "position"),
    [("{{ .a }}", 3), ("{{ .a.b.c }}", 5), ("{{ .é.b }}", 5), ("{{ .a.é.b }}", 5), ("{{ $.a.b }}", 4)],
)
def test_a_chain_stands_at_the_dot_of_its_second_part(source: str, position: int) -> None:
    action = _parse(source)["f.yaml"].statements[0]
    assert isinstance(action, Action)
    operand = action.pipe.commands[0].arguments[0]
    assert isinstance(operand, Field | Variable)
    assert operand.position == position


def test_a_pipeline_writes_itself_as_go_does() -> None:
    source = "{{ $x := print  (dict \"a\" 1).a.b   nil|upper | print 0x1F `r` 'c' true . $ }}"
    action = _parse(source)["f.yaml"].statements[0]
    assert isinstance(action, Action)
    assert str(action.pipe) == "$x := print (dict \"a\" 1).a.b nil | upper | print 0x1F `r` 'c' true . $"
    assert isinstance(action.pipe.commands[0].arguments[1], Chain)


@pytest.mark.parametrize(
    ("source", "integer", "floating"),
    [("1", 1, 1.0), ("1e3", 1000, 1000.0), ("1.5", None, 1.5), ("-0", 0, 0.0), ("0x10", 16, 16.0), ("'a'", 97, 97.0),
     ("18446744073709551615", None, 1.8446744073709552e19), ("2i", None, None), ("3+0i", 3, 3.0)],
)  # fmt: skip
def test_numbers_have_every_type_that_holds_them(source: str, integer: int | None, floating: float | None) -> None:
    action = _parse(f"{{{{ {source} }}}}")["f.yaml"].statements[0]
    assert isinstance(action, Action)
    number = action.pipe.commands[0].arguments[0]
    assert isinstance(number, Number)
    assert (number.integer, number.floating) == (integer, floating)


def test_definitions_become_trees_of_their_own() -> None:
    trees = _parse('a{{ define "x" }}b{{ end }}{{ block "y" . }}c{{ end }}{{ define "z" }} {{/* c */}} {{ end }}')
    assert sorted(trees) == ["f.yaml", "x", "y", "z"]
    assert [name for name, tree in sorted(trees.items()) if tree.is_blank()] == ["z"]


def test_a_blank_definition_gives_way() -> None:
    trees = _parse('{{ define "x" }} {{ end }}{{ define "x" }}b{{ end }}{{ define "x" }}{{ end }}')
    assert not trees["x"].is_blank()
