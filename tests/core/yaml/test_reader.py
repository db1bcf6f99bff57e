"""Reading YAML: values, errors and limits as sigs.k8s.io/yaml 1.6.0 gives them."""

from __future__ import annotations

from typing import Any

import pytest

from steersman.core import yaml
from steersman.core.yaml import direct
from steersman.core.yaml.decode import Decoder
from steersman.core.yaml.nodes import MAX_DEPTH, compose

VALUES = [
    pytest.param("", None, id="empty text"),
    pytest.param("# only a comment\n", None, id="only a comment"),
    pytest.param("---\n---\na: 1\n", None, id="first document is empty"),
    pytest.param("a: 1\n---\nb: 2", {"a": 1.0}, id="first document only"),
    pytest.param(" a: 1\nb: 2", {"a": 1.0}, id="less indented rest is another document"),
    pytest.param("just text", "just text", id="scalar document"),
    pytest.param("yes: a\non: b", {"true": "b"}, id="words as keys"),
    pytest.param("0x1F: a\n010: b\n1e3: c\n0.1: d\n1e40: e",
                 {"31": "a", "8": "b", "1000": "c", "0.1": "d", ".inf": "e"},
                 id="numbers as keys, floats in 32 bits"),
    pytest.param("a: 1\na: 2", {"a": 2.0}, id="last of duplicate keys"),
    pytest.param("a: {b: , c}\nd: [x, [y, {z: w}]]", {"a": {"b": None, "c": None}, "d": ["x", [True, {"z": "w"}]]},
                 id="flow collections"),
    pytest.param("a:\n- 1\n- - 2\n  -\n", {"a": [1.0, [2.0, None]]}, id="lists"),
    pytest.param("a: >\n  x\n  y\n\n  z\n   k\n  l\n", {"a": "x y\nz\n k\nl\n"}, id="folded"),
    pytest.param("a: |+\n  x\n\nb: |-\n  y\n", {"a": "x\n\n", "b": "y"}, id="literals"),
    pytest.param('a: "dq\n  fold\n\n  x\\\n  y"', {"a": "dq fold\nxy"}, id="folded quotes"),
    pytest.param('a: "\\u00e9\\x41\\n\\t\\e\\N\\_"', {"a": "éA\n\t\x1b\x85\xa0"}, id="escapes"),
    pytest.param('a: "it\\\'s"', {"a": "it's"}, id="escaped apostrophe, which libyaml refuses"),
    pytest.param("a: !!str 1\nb: !!int '2'\nc: !!float 3\nd: !!bool 'yes'\ne: !!null ''",
                 {"a": "1", "b": 2.0, "c": 3.0, "d": True, "e": None}, id="tags"),
    pytest.param("a: !custom x\nb: ! yes\nc: !!timestamp 2001-1-1", {"a": "x", "b": "yes", "c": "2001-1-1"},
                 id="tags that leave the text"),
    pytest.param("a: !!binary aGVsbG8=\nb: !!binary /w==", {"a": "hello", "b": "\ufffd"}, id="binary"),
    pytest.param("a: &x 1\nb: *x\n*x : c", {"a": 1.0, "b": 1.0, "1": "c"}, id="aliases"),
    pytest.param("a: &x {p: 1, q: 2}\nb:\n  <<: *x\n  q: 3", {"a": {"p": 1.0, "q": 2.0}, "b": {"p": 1.0, "q": 3.0}},
                 id="merge"),
    pytest.param("b:\n  q: 3\n  <<: {q: 1, z: 2}", {"b": {"q": 1.0, "z": 2.0}}, id="merge overwrites what came before"),
    pytest.param("x: &x {p: 1}\nz: &z {p: 2, q: 2}\nb:\n  <<: [*x, *z]",
                 {"x": {"p": 1.0}, "z": {"p": 2.0, "q": 2.0}, "b": {"p": 1.0, "q": 2.0}}, id="merge of several"),
    pytest.param("'<<': 1", {"<<": 1.0}, id="quoted merge key is a key"),
    pytest.param("a: [x:]\nb: {c:, d: e}", {"a": ["x:"], "b": {"c:": None, "d": "e"}}, id="colon before a bracket"),
    pytest.param("\ufeffa: b", {"a": "b"}, id="byte order mark"),
    pytest.param("a: b\n\ufeffc: d", {"a": "b", "\ufeffc": "d"}, id="byte order mark within the text"),
    pytest.param("a: 'x\\/y'\nb: \"\\\\/\"", {"a": "x\\/y", "b": "\\/"}, id="backslash and slash"),
    pytest.param("[!a, {b: c}, !!str , !t &x, d]", [{"b": "c"}, "", "", "d"], id="a comma behind a tag in brackets"),
    pytest.param("a: ![\nb: !c[1,2] 3", {"a": "", "b": "3"}, id="brackets and commas in tags"),
    pytest.param("9e-324: a\n1.17549435e-39: b", {"0": "a", "1.175495e-39": "b"}, id="subnormal floats as keys"),
    pytest.param("a: 9007199254740993", {"a": 9007199254740992.0}, id="every number a float64"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "value"), VALUES)
def test_values(text: str, value: Any) -> None:
    loaded = yaml.load(text)
    assert loaded == value
    assert _types(loaded) == _types(value)
    assert yaml.load(text.encode()) == value


def _types(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _types(item) for key, item in value.items()}
    return [_types(item) for item in value] if isinstance(value, list) else type(value)


ERRORS = [
    ("a: b: c", "yaml: mapping values are not allowed in this context", 1),
    ("a: 1\n b: 2", "yaml: line 2: mapping values are not allowed in this context", 2),
    ("a:\n\tb: 1", "yaml: line 2: found character that cannot start any token", 2),
    ("a: 'x", "yaml: found unexpected end of stream", 1),
    ("a: 'x\n", "yaml: line 2: found unexpected end of stream", 2),
    ("a: [", "yaml: line 1: did not find expected node content", 2),
    ("a: b\n- c", "yaml: line 1: did not find expected key", 2),
    ("- a\nb: 1", "yaml: line 1: did not find expected '-' indicator", 2),
    ("key: [a\nb: c", "yaml: line 1: did not find expected ',' or ']'", 2),
    ("a: b\nc\nd: e", "yaml: line 3: could not find expected ':'", 3),
    ('a: "x\\q"', "yaml: found unknown escape character", 1),
    ('x: 1\na: "b\n \\/c"', "yaml: line 3: found unknown escape character", 3),
    ('a: "\\/', "yaml: found unknown escape character", 1),
    ('a: 1\n"\u2028\\/"', "yaml: line 3: found unknown escape character", 3),
    ("a: b\n{}\nc: d", "yaml: line 1: did not find expected key", 2),
    ("a:\n  b: 1\n{ # none\n}", "yaml: line 2: did not find expected key", 3),
    ("- a\n[]", "yaml: line 1: did not find expected '-' indicator", 2),
    ("-\n[]", "yaml: line 3: could not find expected ':'", 3),
    ("- - # b\n\n# c\n  {}", "yaml: line 5: could not find expected ':'", 5),
    ("a:\n{}\nb: c", "yaml: line 3: could not find expected ':'", 3),
    ("[b\n?c]", "yaml: line 1: did not find expected ',' or ']'", 2),
    ("a: [b?c]", "yaml: did not find expected ',' or ']'", 1),
    ("\n\na: {b?c}", "yaml: line 2: did not find expected ',' or '}'", 3),
    ("%YAML 1.2\n---\na", "yaml: found incompatible YAML document", 1),
    ("%YAML 1.2\n", "yaml: found incompatible YAML document", 1),
    ("%YAML 1.1\n", "yaml: line 1: did not find expected <document start>", 2),
    ("a: \x07", "yaml: control characters are not allowed", None),
    ("a: \x7f", "yaml: control characters are not allowed", None),
    ("a: \udcff", "yaml: invalid leading UTF-8 octet", None),
    ("a: @\nb: \x07", "yaml: control characters are not allowed", None),
    ("[!a,b]", "yaml: line 1: did not find expected ',' or ']'", 2),
    ("a: 1\nplain\n@", "yaml: line 3: could not find expected ':'", 3),
    ("a: 1\n&a plain\n@", "yaml: line 3: could not find expected ':'", 3),
    ("a: 1\n'quoted'\n- b", "yaml: line 3: could not find expected ':'", 3),
    ("a: 1\n'quoted'\n\t", "yaml: line 3: found character that cannot start any token", 3),
    ("a: 1\n{b: 1}\n %c", "yaml: line 3: found character that cannot start any token", 3),
    ("a: 1\n&a\n@", "yaml: line 3: found character that cannot start any token", 3),
    ("a: 1\n{}\n@", "yaml: line 1: did not find expected key", 2),
    (f"a: @\n#{'é' * 252}\n\x07", "yaml: control characters are not allowed", None),
    (f"a: @\n#{'é' * 252}é\n\x07", "yaml: found character that cannot start any token", 1),
    ("a: *nope", "yaml: unknown anchor 'nope' referenced", 1),
    ("a: &a [*a]", "yaml: anchor 'a' value contains itself", 1),
    ("b: &b\n  *b: 1", "yaml: anchor 'b' value contains itself", 2),
    ("? <<: 1", "yaml: map merge requires map or sequence of maps as the value", 1),
    ("<<: 1", "yaml: map merge requires map or sequence of maps as the value", 1),
    ("a: &x [1]\n<<: *x", "yaml: map merge requires map or sequence of maps as the value", 2),
    ("a: !!int x", "yaml: cannot decode !!str `x` as a !!int", 1),
    ("a: !!null 2001-01-01", "yaml: cannot decode !!str `2001-01-01` as a !!null", 1),
    ("a: !!float 18446744073709551615", "yaml: cannot decode !!int `18446744073709551615` as a !!float", 1),
    ("a: !!binary x", "yaml: !!binary value contains invalid base64 data", 1),
    ("a: {{ .Values.x }}", 'yaml: invalid map key: map[interface {}]interface {}{".Values.x":interface {}(nil)}', 1),
    ("? [a, 1.5, ~, true]\n: b", 'yaml: invalid map key: []interface {}{"a", 1.5, interface {}(nil), true}', 1),
    (
        '? {10: a, 9: b, x: c, true: d, 1.5: e, ~: f, "10": g, 18446744073709551615: h, .inf: i, x: j}',
        "yaml: invalid map key: map[interface {}]interface {}{"
        'interface {}(nil):"f", "10":"g", "x":"j", 0xffffffffffffffff:"h", 9:"b", 10:"a", 1.5:"e", +Inf:"i", true:"d"}',
        1,
    ),
    (
        "? {a: 1, <<: [{b: 1}, {b: 2, c: 3}]}",
        'yaml: invalid map key: map[interface {}]interface {}{"a":1, "b":1, "c":3}',
        1,
    ),
    ("a: 1\n~: e", 'unsupported map key of type: %!s(<nil>), key: <nil>, value: "e"', 2),
    ("18446744073709551615: x", 'unsupported map key of type: uint64, key: 0xffffffffffffffff, value: "x"', 1),
    ("a: .inf\nb: 1", "json: unsupported value: +Inf", 1),
    ("a: .nan", "json: unsupported value: NaN", 1),
    ("a: .inf\nb: *c", "yaml: unknown anchor 'c' referenced", 2),
]


@pytest.mark.parametrize(("text", "problem", "line"), ERRORS)
def test_errors(text: str, problem: str, line: int | None) -> None:
    with pytest.raises(yaml.YAMLError) as raised:
        yaml.load(text)
    assert raised.value.message == f"error converting YAML to JSON: {problem}"
    assert raised.value.line == line


def test_utf_16() -> None:
    assert yaml.load('a: "\\\'é"'.encode("utf-16")) == {"a": "'é"}


def test_the_work_of_repairs_is_limited() -> None:
    with pytest.raises(yaml.YAMLError, match="too much that YAML's parsers read differently"):
        yaml.load(f"['{'x' * 2**20}', {'a:,' * 33}]")


def test_alias_bomb_is_refused() -> None:
    rows = ["a0: &a0 [x, x, x, x, x, x, x, x, x]"]
    rows += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]" for n in range(1, 9)]
    with pytest.raises(yaml.YAMLError, match="document contains excessive aliasing"):
        yaml.load("\n".join(rows))


def test_aliases_are_copies() -> None:
    value = yaml.load("a: &x {p: [1]}\nb: *x\nc: {<<: *x}")
    value["b"]["p"].append(2.0)
    assert value["a"] == value["c"] == {"p": [1.0]}


@pytest.mark.parametrize("opening", ["[", "- ", "{a: ", "? "])
def test_depth_is_limited(opening: str) -> None:
    with pytest.raises(yaml.YAMLError, match=f"exceeded max depth of {MAX_DEPTH}"):
        yaml.load(opening * (MAX_DEPTH + 2))


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("a: 9007199254740993", {"a": 9007199254740993}),
        ("a: 1.0\nb: -0.0\nc: 1.5", {"a": 1, "b": 0, "c": 1.5}),
        ("a: 1e3\nb: 1e30", {"a": 1000, "b": 1e30}),
        ("a: 1234567890123456789012", {"a": 1234567890123456789012.0}),
        ("a: 010\nb: '010'", {"a": 8, "b": "010"}),
    ],
)
def test_exact_numbers_are_those_the_api_server_sees(text: str, value: Any) -> None:
    loaded = yaml.load_exact(text)
    assert loaded == value
    assert _types(loaded) == _types(value)


def test_strict_names_every_duplicate() -> None:
    with pytest.raises(yaml.YAMLError) as raised:
        yaml.load_strict("a: 1\nb:\n  c: 1\n  c: 2\na: 3")
    assert raised.value.message == (
        "error converting YAML to JSON: yaml: unmarshal errors:\n"
        '  line 4: key "c" already set in map\n'
        '  line 5: key "a" already set in map'
    )
    assert raised.value.line == 4
    assert yaml.load_strict("a: 1\nb: 2.0") == {"a": 1, "b": 2}


@pytest.mark.parametrize(
    ("text", "kind"), [("[]", "array"), ("text", "string"), ("42", "number"), ("true", "bool"), ("1.5", "number")]
)
def test_a_map_is_wanted(text: str, kind: str) -> None:
    with pytest.raises(yaml.YAMLError) as raised:
        yaml.load_map(text)
    assert raised.value.message == (
        f"error unmarshaling JSON: while decoding JSON: json: cannot unmarshal {kind} into Go value of type "
        "map[string]interface {}"
    )


@pytest.mark.parametrize(("text", "value"), [("", {}), ("null", {}), ("a: 1", {"a": 1.0})])
def test_maps(text: str, value: dict[str, Any]) -> None:
    assert yaml.load_map(text) == value


def test_lists() -> None:
    assert yaml.load_list("") == []
    assert yaml.load_list("[1, a]") == [1.0, "a"]
    with pytest.raises(yaml.YAMLError, match=r"cannot unmarshal object into Go value of type \[\]interface \{\}"):
        yaml.load_list("a: b")


@pytest.mark.parametrize(("text", "value"), VALUES)
def test_the_short_way_agrees_with_the_exact_one(text: str, value: Any) -> None:
    root = compose(text)
    assert (None if root is None else Decoder(float).decode(root)) == value
    try:
        assert direct.read(text, float) == value
    except direct.NotCovered:
        assert any(mark in text for mark in ("*", "!", "<<", "\\'", "\\/", ":]", ":,", "\n\ufeff")) or root is None


@pytest.mark.parametrize("text", [row[0] for row in ERRORS])
def test_the_short_way_leaves_errors_alone(text: str) -> None:
    with pytest.raises(direct.NotCovered):
        direct.read(text, float)
