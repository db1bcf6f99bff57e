"""BurntSushi's TOML: what is read, what is written, and its words for broken documents."""

import pytest

from steersman.core.golang.gotime import GoTime
from steersman.core.golang.gotoml import TOMLError, dump_toml, load_toml
from steersman.core.golang.types import GoValue, Int64, MapList


@pytest.mark.parametrize(
    ("text", "value"),
    [
        pytest.param('a = "x"\n[b.c]\nd = [1, 2.5]', {"a": "x", "b": {"c": {"d": [1, 2.5]}}}, id="tables"),
        pytest.param("[[a]]\nb=1\n[[a]]\nb=2", {"a": [{"b": 1}, {"b": 2}]}, id="array-of-tables"),
        pytest.param("a = 1_000\nb = 0xff\nc = 0o17", {"a": 1000, "b": 255, "c": 15}, id="integers"),
        pytest.param('a = """\nx\\\n  y"""', {"a": "xy"}, id="long-text"),
        pytest.param(r"a = 'C:\x'", {"a": r"C:\x"}, id="literal"),
        pytest.param("a = { b = 1, c.d = true }", {"a": {"b": 1, "c": {"d": True}}}, id="inline"),
    ],
)
def test_read(text: str, value: GoValue) -> None:
    assert load_toml(text) == value


def test_kinds_of_values() -> None:
    read = load_toml("i = 1\nt = 2023-11-14T22:13:20Z\n[[l]]\n")
    assert type(read["i"]) is Int64
    assert read["t"] == GoTime(1_700_000_000_000_000_000)
    assert type(read["l"]) is MapList


@pytest.mark.parametrize(
    ("text", "message"),
    [
        pytest.param("a = 1\na = 2", "toml: line 2 (last key \"a\"): Key 'a' has already been defined.", id="twice"),
        pytest.param("[a]\n[a]", "toml: line 2: Key 'a' has already been defined.", id="table-twice"),
        pytest.param("a =", 'toml: line 1 (last key "a"): unexpected EOF; expected value', id="value"),
        pytest.param("a = 0x_f", """toml: line 1 (last key "a"): not a hexadecimal number: '0x_'""", id="separator"),
        pytest.param("a = nope", """toml: line 1 (last key "a"): expected value but found "nope" instead""", id="word"),
    ],
)
def test_refused(text: str, message: str) -> None:
    with pytest.raises(TOMLError) as caught:
        load_toml(text)
    assert str(caught.value) == message


@pytest.mark.parametrize(
    ("value", "text"),
    [
        pytest.param({"b": 1, "a": "x"}, 'a = "x"\nb = 1\n', id="sorted"),
        pytest.param({"t": {"x": 1.0}, "a": True}, "a = true\n\n[t]\n  x = 1.0\n", id="tables-last"),
        pytest.param({"a b": {"c": [1, 2]}}, '["a b"]\n  c = [1, 2]\n', id="quoted-key"),
        pytest.param({"a": [{"b": 1}]}, "[[a]]\n  b = 1\n", id="array-of-tables"),
        pytest.param({"a": None}, "", id="nil"),
    ],
)
def test_written(value: GoValue, text: str) -> None:
    assert dump_toml(value) == text
