"""Writing YAML as Helm's toYaml (go-yaml v2 behind JSON) and toYamlPretty (go-yaml v3) do."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from typing import Any, ClassVar

import pytest
from hypothesis import given
from hypothesis import strategies as st

from steersman.core import yaml
from steersman.core.golang.types import Duration, GoStruct, Int64, NilList, NilMap, StringList, Values
from steersman.core.yaml.order import sorted_keys, sorted_keys_pretty

LONG = "word " * 20


class Certificate(GoStruct):
    go_type: ClassVar[str] = "sprig.certificate"
    go_fields: ClassVar[tuple[str, ...]] = ("Cert", "Key")

    def __init__(self, cert: str, key: str) -> None:
        self.Cert = cert
        self.Key = key


@pytest.mark.parametrize(
    ("value", "text"),
    [
        pytest.param(None, "null", id="null"),
        pytest.param({}, "{}", id="empty map"),
        pytest.param([], "[]", id="empty list"),
        pytest.param("", '""', id="empty text"),
        pytest.param({"b": [1, {"c": [], "a": {}}], "a": None}, "a: null\nb:\n- 1\n- a: {}\n  c: []", id="nested"),
        pytest.param([[1, [2]], [[{"a": 1, "b": 2}]]], "- - 1\n  - - 2\n- - - a: 1\n      b: 2", id="lists in lists"),
        pytest.param({"y": 1, "n": 2, "10": 3, "~": 4}, '"~": 4\n"10": 3\n"n": 2\n"y": 1', id="keys that need quotes"),
        pytest.param({"k" * 129: [1, {"a": 2}]}, f"? {'k' * 129}\n: - 1\n  - a: 2", id="long key, list"),
        pytest.param({"a\nb": {"c": 1, "d": 2}}, "? |-\n  a\n  b\n: c: 1\n  d: 2", id="key of two lines"),
        pytest.param({"é" * 65: 1}, f"? {'é' * 65}\n: 1", id="keys are measured in bytes"),
        pytest.param(["a\n\u2028", 1], "- |+\n  a\n\u2028- 1", id="text that ends in a line separator"),
        pytest.param([True, False], "- true\n- false", id="booleans"),
    ],
)
def test_collections(value: Any, text: str) -> None:
    assert yaml.dump(value) == text + "\n"


@pytest.mark.parametrize(
    ("text", "written"),
    [
        *((text, text) for text in ("a", "a b", "a,b", "x]", "a#b", "it's", "a\\b", "-x", "?x", ":x", "é", "\u200b")),
        *((text, f"'{text}'") for text in (" ", "a ", " a", "a: b", "a:", "a #b", "#a", "- a", "-", "? a", "*a", "&a")),
        *((text, f"'{text}'") for text in ("!a", "|a", ">", "%a", "@a", "`a", "[a", "{a", ",a", "---a", "...", '"a')),
        ("'a", "'''a'"),
        ("yes", '"yes"'),
        ("12:30", '"12:30"'),
        ("a\tb", '"a\\tb"'),
        ("a\rb", '"a\\rb"'),
        ("\x1b[0m", '"\\e[0m"'),
        ("\U0001f600", '"\\U0001F600"'),
        ("\ufeffa b", '"\\uFEFF\\x61\\x20\\x62"'),
        ("a\u2028b", "'a\u2028  b'"),
        ("a\nb", "|-\n  a\n  b"),
        ("a\nb\n", "|\n  a\n  b"),
        ("a\n\n\nb\n\n", "|+\n  a\n\n\n  b\n"),
        (" a\nb", "|2-\n   a\n  b"),
        ("\n", "|2+\n"),
        ("a \nb", '"a \\nb"'),
        ("a\nb ", '"a\\nb "'),
        ("a\tb\nc", '"a\\tb\\nc"'),
    ],
)
def test_styles_of_strings(text: str, written: str) -> None:
    assert yaml.dump(text) == written + "\n"


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (LONG + "end", "word " * 16 + "word\n  word word word end"),
        ({"key": "x" * 90 + " y z"}, "key: " + "x" * 90 + "\n  y z"),
        ({"key": "x" * 90 + "  y z"}, "key: " + "x" * 90 + "  y\n  z"),
        ([{"a": "x" * 80 + " y"}], "- a: " + "x" * 80 + "\n    y"),
        ({"a": ["x" * 80 + " y"]}, "a:\n- " + "x" * 80 + "\n  y"),
        ("'" + "x" * 80 + " y", "'''" + "x" * 80 + "\n  y'"),
        ("\t" + "x" * 80 + "  y z", '"\\t' + "x" * 80 + '\n  \\ y z"'),
        ({"x" * 90 + " y": 1}, "x" * 90 + " y: 1"),
    ],
    ids=["plain", "value", "double blank", "in a list", "list of a key", "single quotes", "double quotes", "key"],
)
def test_long_lines_break_at_blanks(value: Any, text: str) -> None:
    assert yaml.dump(value) == text + "\n"


@pytest.mark.parametrize(
    ("value", "text", "pretty"),
    [
        (1, "1", "1"),
        (Int64(-5), "-5", "-5"),
        (1.0, "1", "1"),
        (-0.0, "0", "-0"),
        (1.5, "1.5", "1.5"),
        (1000000.0, "1000000", "1e+06"),
        (123456789.123, "1.23456789123e+08", "1.23456789123e+08"),
        (0.00001, "1e-05", "1e-05"),
        (12345678901234567890.0, "12345678901234567000", "1.2345678901234567e+19"),
        (1e20, "1e+20", "1e+20"),
        (1e21, "1e+21", "1e+21"),
        (2.0**63, "9223372036854776000", "9.223372036854776e+18"),
        (-(2.0**63), "-9.223372036854776e+18", "-9.223372036854776e+18"),
    ],
)
def test_numbers(value: float, text: str, pretty: str) -> None:
    assert yaml.dump(value) == text + "\n"
    assert yaml.dump_pretty(value) == pretty + "\n"


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ({"a": [1, {"b": [2]}], "c": {"d": []}}, "a:\n  - 1\n  - b:\n      - 2\nc:\n  d: []"),
        ({"a": "a\tb\nc"}, "a: |-\n  a\tb\n  c"),
        ({"a": LONG + "end"}, f"a: {LONG}end"),
        (math.inf, ".inf"),
        (math.nan, ".nan"),
        ("\x7f", '"\\x7F"'),
        ("\udcff", "!!binary /w=="),
        ("\udcff" * 60, "!!binary |\n  " + "/" * 70 + "\n  " + "/" * 10),
        (b"ab", "- 97\n- 98"),
        (Duration(90_000_000_000), "1m30s"),
        ({"a": Certificate("c", "k")}, "a:\n  cert: c\n  key: k"),
        (NilList(), "[]"),
    ],
)
def test_pretty(value: Any, text: str) -> None:
    assert yaml.dump_pretty(value) == text + "\n"


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (Values({"a": Values()}), "a: {}"),
        (StringList(["a", "1"]), '- a\n- "1"'),
        ({"a": NilList(), "b": NilMap()}, "a: null\nb: null"),
        (b"ab", "YWI="),
        (Duration(90_000_000_000), "90000000000"),
        ({"a": Certificate("c", "k")}, "a:\n  Cert: c\n  Key: k"),
        ("\udcff", "\ufffd"),
        ("a \x85 b", "a b"),
    ],
    ids=["values", "strings", "nil", "bytes", "duration", "struct", "no UTF-8", "next line"],
)
def test_types_of_go(value: Any, text: str) -> None:
    assert yaml.dump(value) == text + "\n"


@pytest.mark.parametrize(
    ("value", "message"),
    [
        (math.inf, "error marshaling into JSON: json: unsupported value: +Inf"),
        ({"a": [-math.inf]}, "error marshaling into JSON: json: unsupported value: -Inf"),
        (math.nan, "error marshaling into JSON: json: unsupported value: NaN"),
        ("\x7f", "yaml: control characters are not allowed"),
        ({"k" * 1023: 1}, "yaml: did not find expected ',' or '}'"),
        ({"a\x85b": 1}, "yaml: line 1: did not find expected ',' or '}'"),
    ],
)
def test_what_cannot_be_written(value: Any, message: str) -> None:
    with pytest.raises(yaml.YAMLError) as raised:
        yaml.dump(value)
    assert raised.value.message == message


@pytest.mark.parametrize(
    "keys",
    [
        ["", "_c", "1.5", "9", "10", "B", "a-b", "a.b", "a9", "a10", "b", "true", "é"],
        ["", "-", "/", "_", "A", "a", "a-", "a/", "aa", "b"],
        ["a1", "a01", "a2", "a10", "a100", "a10b"],
        ["1", "2", "10", "A"],
    ],
)
def test_natural_order(keys: list[str]) -> None:
    assert sorted_keys(reversed(keys)) == keys


def test_after_a_digit_letters_come_first_in_pretty_output() -> None:
    assert sorted_keys(["1a", "1-"]) == ["1-", "1a"]
    assert sorted_keys_pretty(["1-", "1a"]) == ["1a", "1-"]


_TEXTS = st.text(
    alphabet=st.characters(exclude_categories=["Cs", "Cc"], exclude_characters="\ufeff\ufffe\uffff\u2028\u2029")
    | st.sampled_from("\n\n :#-'\"\\\t{}[]"),
    max_size=120,
)
_JSON = st.recursive(
    st.none() | st.booleans() | st.floats(allow_nan=False, allow_infinity=False) | _TEXTS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(_TEXTS, inner, max_size=4),
    max_leaves=12,
)


@given(_JSON)
def test_what_is_written_reads_back_equal(value: Any) -> None:
    assert yaml.load(yaml.dump(value)) == value
    assert yaml.load(yaml.dump_pretty(value)) == value


@pytest.mark.parametrize("write", [yaml.dump, yaml.dump_pretty])
def test_a_map_that_holds_itself(write: Callable[[Any], str]) -> None:
    cycle: dict[str, Any] = {}
    cycle["a"] = [cycle]
    with pytest.raises(yaml.YAMLError, match="encountered a cycle via map"):
        write(cycle)


def test_blanks_before_no_line_break_take_no_quadratic_time() -> None:
    before = time.process_time()
    yaml.dump(" " * 200_000 + "a\x85")
    assert time.process_time() - before < 1
