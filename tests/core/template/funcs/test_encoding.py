"""JSON of values that no template literal makes, and what JSON refuses."""

import pytest

from steersman.core.golang.gotime import GoTime
from steersman.core.golang.types import Duration, GoStruct, NilList, NilMap, Uint64
from steersman.core.template.funcs import encoding
from steersman.core.template.funcs.registry import FunctionError


class Point(GoStruct):
    go_type = "main.Point"
    go_fields = ("Y", "X")
    Y = 1
    X = "<"


@pytest.mark.parametrize(
    ("value", "text"),
    [
        pytest.param(b"\xff\x00", '"/wA="', id="bytes"),
        pytest.param(NilList(), "null", id="nil-list"),
        pytest.param(NilMap(), "null", id="nil-map"),
        pytest.param(Duration(1500), "1500", id="duration"),
        pytest.param(Uint64(2**64 - 1), "18446744073709551615", id="uint64"),
        pytest.param(GoTime(0), '"1970-01-01T00:00:00Z"', id="time"),
        pytest.param(Point(), '{"Y":1,"X":"\\u003c"}', id="struct-in-its-order"),
        pytest.param("\udcff", '"\\ufffd"', id="broken-text"),
        pytest.param(-0.0, "-0", id="minus-zero"),
    ],
)
def test_values(value: object, text: str) -> None:
    assert encoding.to_json(value) == text


def holds_itself() -> dict[str, object]:
    mapping: dict[str, object] = {}
    mapping["self"] = mapping
    return mapping


@pytest.mark.parametrize(
    ("value", "message"),
    [
        pytest.param(float("inf"), "json: unsupported value: +Inf", id="infinity"),
        pytest.param(
            GoTime(10**20 * 10**9),
            "json: error calling MarshalJSON for type time.Time: Time.MarshalJSON: year outside of range [0,9999]",
            id="year",
        ),
        pytest.param(
            holds_itself(), "json: unsupported value: encountered a cycle via map[string]interface {}", id="cycle"
        ),
    ],
)
def test_what_json_refuses(value: object, message: str) -> None:
    assert encoding.to_json(value) == encoding.to_pretty_json(value) == ""
    for strict in (encoding.must_to_json, encoding.must_to_pretty_json, encoding.to_raw_json):
        with pytest.raises(FunctionError) as caught:
            strict(value)
        assert caught.value.message == message


def test_a_number_out_of_range_leaves_the_rest() -> None:
    found = encoding.from_json('{"a": 1e999, "b": 1}')
    assert found == {
        "a": None,
        "b": 1.0,
        "Error": "json: cannot unmarshal number 1e999 into Go value of type float64",
    }


def test_nesting_is_bounded() -> None:
    assert encoding.from_json_array("[" * 20_000) == ["invalid character '[' exceeded max depth"]
