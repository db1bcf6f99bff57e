"""The `--set` family: types of values, and the corners where text ends early. The grammar itself is in the vectors."""

from typing import Any

import pytest

from steersman.core.golang.types import Int64
from steersman.core.values.errors import ValuesError
from steersman.core.values.set_syntax import set_files, set_json, set_literal, set_strings, set_values, typed_value

NINES = "9" * 5000


@pytest.mark.parametrize(
    ("text", "value", "kind"),
    [
        pytest.param("TRUE", True, bool, id="bool-in-any-case"),
        pytest.param("null", None, type(None), id="null"),
        pytest.param("0", 0, Int64, id="zero"),
        pytest.param("-12", -12, Int64, id="integer"),
        pytest.param("+1", 1, Int64, id="plus"),
        pytest.param("007", "007", str, id="leading-zero"),
        pytest.param("1.5", "1.5", str, id="no-floats"),
        pytest.param("9223372036854775808", "9223372036854775808", str, id="out-of-int64"),
        pytest.param("1_000", "1_000", str, id="underscore"),
        pytest.param(NINES, NINES, str, id="thousands-of-digits"),
    ],
)
def test_types(text: str, value: Any, kind: type) -> None:
    assert typed_value(text) == value
    assert type(typed_value(text)) is kind


@pytest.mark.parametrize(
    ("text", "values"),
    [
        pytest.param("a.b=1,c=x", {"a": {"b": 1}, "c": "x"}, id="path"),
        pytest.param("a[1].b=x", {"a": [None, {"b": "x"}]}, id="index"),
        pytest.param("a={1,x,}", {"a": [1, "x", ""]}, id="list"),
        pytest.param(r"a\.b=c\,d", {"a.b": "c,d"}, id="escapes"),
        pytest.param("a=", {"a": ""}, id="empty-value"),
        pytest.param("=x", {}, id="no-key"),
        pytest.param("a[1", {}, id="ends-in-an-index"),
        pytest.param("a[0].b=", {"a": []}, id="empty-value-inside-a-list"),
    ],
)
def test_set(text: str, values: dict[str, Any]) -> None:
    target: dict[str, Any] = {}
    set_values(target, text)
    assert target == values


def test_the_family() -> None:
    values: dict[str, Any] = {"m": {"x": 1}}
    set_strings(values, "s=1")
    set_literal(values, r"l=a,b=c\,")
    set_files(values, "f=name", lambda path: f"content of {path}")
    values = set_json(values, '{"m": {"y": [1, null]}}')
    values = set_json(values, 'j={"a":1} ,k=2')
    assert values == {
        "m": {"x": 1, "y": [1.0, None]},
        "s": "1",
        "l": r"a,b=c\,",
        "f": "content of name",
        "j": {"a": 1.0},
        "k": 2.0,
    }


@pytest.mark.parametrize(
    ("text", "message"),
    [
        pytest.param("a=tru", "unexpected EOF", id="cut-literal"),
        pytest.param("a=[1", "unexpected EOF", id="cut-list"),
        pytest.param("a=tru ", "invalid character ' ' in literal true (expecting 'e')", id="wrong-literal"),
        pytest.param(
            "a=[1e400]", "json: cannot unmarshal number 1e400 into Go value of type float64", id="large-number"
        ),
    ],
)
def test_errors_of_json(text: str, message: str) -> None:
    with pytest.raises(ValuesError) as caught:
        set_json({}, text)
    assert caught.value.message == message


@pytest.mark.parametrize(
    ("text", "message"),
    [
        pytest.param("a", 'key "a" has no value', id="no-value"),
        pytest.param("a,b=1", 'key "a" has no value (cannot end with ,)', id="comma"),
        pytest.param("a[-1]=x", "negative -1 index not allowed", id="negative"),
        pytest.param(
            "a[99999]=x", "index of 99999 is greater than maximum supported index of 65536", id="index-too-large"
        ),
        pytest.param(
            f"a[{'9' * 5000}]=x",
            f'error parsing index: strconv.Atoi: parsing "{"9" * 5000}": value out of range',
            id="index-of-thousands-of-digits",
        ),
        pytest.param("a" + "[0]" * 5000 + "=x", "lists are nested more than 100 levels deep", id="lists-in-lists"),
        pytest.param("a" + "[0].a" * 5000 + "=x", "lists are nested more than 100 levels deep", id="maps-in-lists"),
        pytest.param("a[0]x=1", "unexpected data at end of array index: ['x']", id="after-index"),
        pytest.param(
            "m.x.y=1",
            "unable to parse key: interface conversion: interface {} is int64, not map[string]interface {}",
            id="below-a-scalar",
        ),
    ],
)
def test_errors(text: str, message: str) -> None:
    with pytest.raises(ValuesError) as caught:
        set_values({"m": {"x": Int64(1)}}, text)
    assert caught.value.message == message
