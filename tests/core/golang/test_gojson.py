"""encoding/json: escapes, numbers, order, and its words for broken input."""

import math

import pytest

from steersman.core.golang.gojson import JSONError, decode, decode_lenient, encode
from steersman.core.golang.types import GoValue, Int64, NilList, Uint8


@pytest.mark.parametrize(
    ("value", "text"),
    [
        pytest.param({"b": 1, "a": None, "ab": []}, '{"a":null,"ab":[],"b":1}', id="sorted"),
        pytest.param("<a&b>\u2028\x7f\x08\x00", r'"\u003ca\u0026b\u003e\u2028' + "\x7f" + r'\b\u0000"', id="escapes"),
        pytest.param("a\udcff", r'"a\ufffd"', id="broken-byte"),
        pytest.param("é😀", '"é😀"', id="unicode"),
        pytest.param(1.0, "1", id="whole-float"),
        pytest.param(1e20, "100000000000000000000", id="large-float"),
        pytest.param(1e21, "1e+21", id="larger-float"),
        pytest.param(1e-7, "1e-7", id="small-float"),
        pytest.param(-0.0, "-0", id="negative-zero"),
        pytest.param(Int64(2**62), str(2**62), id="int64"),
        pytest.param(NilList(), "null", id="nil-list"),
        pytest.param([Uint8(104), "x"], '[104,"x"]', id="list"),
    ],
)
def test_written(value: GoValue, text: str) -> None:
    assert encode(value) == text


def test_written_plainly() -> None:
    assert encode({"a": "<&>"}, escape_html=False) == '{"a":"<&>"}'
    assert encode({"a": [1, {}], "b": []}, pretty=True) == '{\n  "a": [\n    1,\n    {}\n  ],\n  "b": []\n}'


@pytest.mark.parametrize("value", [math.nan, math.inf, [-math.inf]])
def test_no_form_for(value: GoValue) -> None:
    with pytest.raises(JSONError, match=r"^json: unsupported value: (NaN|[+-]Inf)$"):
        encode(value)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        pytest.param(' {"a": [1, true, null]} ', {"a": [1.0, True, None]}, id="document"),
        pytest.param('{"a":1,"a":2}', {"a": 2.0}, id="last-wins"),
        pytest.param(r'"\ud83d\ude00\ud83d"', "😀\ufffd", id="surrogates"),
        pytest.param("1e400", 0.0, id="too-large"),
        pytest.param("12345678901234567890", 12345678901234567890.0, id="float"),
    ],
)
def test_read(text: str, value: GoValue) -> None:
    assert decode_lenient(text)[0] == value


def test_integers_are_floats() -> None:
    assert type(decode("1")) is float


@pytest.mark.parametrize(
    ("text", "message"),
    [
        pytest.param("", "unexpected end of JSON input", id="empty"),
        pytest.param("{", "unexpected end of JSON input", id="open"),
        pytest.param("{a", "invalid character 'a' looking for beginning of object key string", id="key"),
        pytest.param("[1 2]", "invalid character '2' after array element", id="comma"),
        pytest.param("1 x", "invalid character 'x' after top-level value", id="rest"),
        pytest.param("nul!", "invalid character '!' in literal null (expecting 'l')", id="literal"),
        pytest.param("01", "invalid character '1' after top-level value", id="leading-zero"),
        pytest.param("NaN", "invalid character 'N' looking for beginning of value", id="python-only"),
        pytest.param('"\t"', r"invalid character '\t' in string literal", id="control"),
        pytest.param("[" * 10_001, "invalid character '[' exceeded max depth", id="depth"),
    ],
)
def test_refused(text: str, message: str) -> None:
    with pytest.raises(JSONError) as caught:
        decode(text)
    assert str(caught.value) == message


def test_a_number_too_large_leaves_its_place_empty() -> None:
    value, error = decode_lenient('{"a": 1e400, "b": 2}')
    assert value == {"a": None, "b": 2.0}
    assert str(error) == "json: cannot unmarshal number 1e400 into Go value of type float64"
