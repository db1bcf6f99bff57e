"""Sprig's conversions: what any value is as an int64, a float64 and a string."""

import math

import pytest

from steersman.core.golang.cast import strval, to_float64, to_int64, wrap_int64
from steersman.core.golang.numbers import MAX_INT64, MIN_INT64
from steersman.core.golang.types import Duration, GoValue, Int64, Uint8


@pytest.mark.parametrize(
    ("value", "wanted"),
    [
        pytest.param(7, 7, id="int"),
        pytest.param(Int64(7), 7, id="int64"),
        pytest.param(Uint8(7), 7, id="byte"),
        pytest.param(True, 1, id="bool"),
        pytest.param(-7.9, -7, id="float"),
        pytest.param(1e19, MIN_INT64, id="float-too-large"),
        pytest.param(math.nan, MIN_INT64, id="nan"),
        pytest.param("12", 12, id="text"),
        pytest.param("0x1f", 31, id="hexadecimal"),
        pytest.param("007", 7, id="leading-zeros"),
        pytest.param("1.0", 1, id="whole-decimal"),
        pytest.param("1.9", 0, id="decimal"),
        pytest.param("no", 0, id="word"),
        pytest.param("", 0, id="empty"),
        pytest.param("9223372036854775808", 0, id="text-too-large"),
        pytest.param(None, 0, id="nil"),
        pytest.param([1], 0, id="list"),
        pytest.param(Duration(5), 0, id="named-integer"),
    ],
)
def test_to_int64(value: GoValue, wanted: int) -> None:
    assert to_int64(value) == wanted
    assert type(to_int64(value)) is int


@pytest.mark.parametrize(
    ("value", "wanted"),
    [
        pytest.param(7, 7.0, id="int"),
        pytest.param(True, 1.0, id="bool"),
        pytest.param("1.5e3", 1500.0, id="text"),
        pytest.param("-inf", -math.inf, id="infinite"),
        pytest.param("x", 0.0, id="word"),
        pytest.param({}, 0.0, id="map"),
    ],
)
def test_to_float64(value: GoValue, wanted: float) -> None:
    assert to_float64(value) == wanted


@pytest.mark.parametrize(
    ("value", "wanted"),
    [
        pytest.param("x", "x", id="text"),
        pytest.param(None, "<nil>", id="nil"),
        pytest.param(True, "true", id="bool"),
        pytest.param(1.0, "1", id="float"),
        pytest.param(1e21, "1e+21", id="large-float"),
        pytest.param([1, "a"], "[1 a]", id="list"),
        pytest.param({"b": 1, "a": 2}, "map[a:2 b:1]", id="map"),
        pytest.param(Duration(1_500_000_000), "1.5s", id="stringer"),
    ],
)
def test_strval(value: GoValue, wanted: str) -> None:
    assert strval(value) == wanted


def test_arithmetic_wraps() -> None:
    assert wrap_int64(MAX_INT64 + 1) == MIN_INT64
    assert wrap_int64(MIN_INT64 - 1) == MAX_INT64
    assert wrap_int64(MAX_INT64) == MAX_INT64
