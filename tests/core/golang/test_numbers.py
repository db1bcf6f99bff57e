"""strconv's numbers: parsing and the forms fmt does not reach."""

from __future__ import annotations

import math
import time

import pytest

from steersman.core.golang.numbers import (
    MAX_INT64,
    MIN_INT64,
    NumberRangeError,
    NumberSyntaxError,
    format_float_verb,
    parse_float,
    parse_int,
    parse_uint,
    shortest_digits,
)


@pytest.mark.parametrize(
    ("text", "base", "wanted"),
    [
        ("0", 10, 0),
        ("-12", 10, -12),
        ("+12", 10, 12),
        ("010", 10, 10),
        ("010", 0, 8),
        ("0x1F", 0, 31),
        ("0o17", 0, 15),
        ("0b101", 0, 5),
        ("1_000", 0, 1000),
        ("0x_1F", 0, 31),
        ("-0x10", 0, -16),
        ("9223372036854775807", 10, MAX_INT64),
        ("-9223372036854775808", 10, MIN_INT64),
    ],
)
def test_parse_int(text: str, base: int, wanted: int) -> None:
    assert parse_int(text, base) == wanted


@pytest.mark.parametrize(
    ("text", "base"),
    [("", 10), ("-", 10), ("08", 0), ("0x", 0), ("1_", 0), ("1__0", 0), ("_1", 0), ("1_000", 10), ("0x1", 10),
     ("1.0", 10), (" 1", 10), ("١", 10), ("--1", 0)],
)  # fmt: skip
def test_texts_that_are_no_integers(text: str, base: int) -> None:
    with pytest.raises(NumberSyntaxError):
        parse_int(text, base)


@pytest.mark.parametrize(("text", "nearest"), [("9223372036854775808", MAX_INT64), ("-" + "9" * 5000, MIN_INT64)])
def test_integers_out_of_range_tell_the_nearest(text: str, nearest: int) -> None:
    with pytest.raises(NumberRangeError) as caught:
        parse_int(text)
    assert caught.value.nearest == nearest


def test_unsigned_takes_no_sign() -> None:
    assert parse_uint("18446744073709551615") == 2**64 - 1
    with pytest.raises(NumberSyntaxError):
        parse_uint("-1")
    with pytest.raises(NumberRangeError):
        parse_uint("18446744073709551616")


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("1.5", 1.5),
        (".5", 0.5),
        ("1.", 1.0),
        ("1e3", 1000.0),
        ("-1E-2", -0.01),
        ("0x1p4", 16.0),
        ("0x1.8p1", 3.0),
        ("inf", math.inf),
        ("-Infinity", -math.inf),
        ("0x_1p4", 16.0),
        ("1_000.0", 1000.0),
        ("1e1_0", 1e10),
    ],
)
def test_parse_float(text: str, wanted: float) -> None:
    assert parse_float(text) == wanted


@pytest.mark.parametrize(
    "text", ["", ".", "e3", "1e", "0x1", "1__0.0", "1_.0", "1._5", "0b1", "1.5x", " 1", "1,5", "infinit"]
)
def test_texts_that_are_no_floats(text: str) -> None:
    with pytest.raises(NumberSyntaxError):
        parse_float(text)


def test_floats_out_of_range() -> None:
    with pytest.raises(NumberRangeError):
        parse_float("1e400")


@pytest.mark.parametrize(
    ("value", "verb", "precision", "wanted"),
    [
        (123.456, "e", None, "1.23456e+02"),
        (123.456, "f", None, "123.456"),
        (0.000123, "f", None, "0.000123"),
        (1e21, "f", None, "1000000000000000000000"),
        (100000.0, "g", 3, "1e+05"),
        (0.0, "g", None, "0"),
        (0.0, "x", None, "0x0p+00"),
        (-0.0, "b", None, "-0p-1074"),
        (1.0, "x", 2, "0x1.00p+00"),
        (1.999, "x", 1, "0x1.0p+01"),
        (5e-324, "b", None, "1p-1074"),
    ],
)
def test_format_float_verb(value: float, verb: str, precision: int | None, wanted: str) -> None:
    assert format_float_verb(value, verb, precision) == wanted


@pytest.mark.parametrize(
    ("value", "digits", "place"),
    [(123.456, "123456", 3), (0.00012, "12", -3), (1e22, "1", 23), (1200.0, "12", 4), (0.0, "0", 1), (-2.5, "25", 1)],
)
def test_shortest_digits(value: float, digits: str, place: int) -> None:
    assert shortest_digits(value) == (digits, place)


@pytest.mark.parametrize("text", ["1" * 200_000 + "x", "0x" + "1" * 200_000 + "px"], ids=["decimal", "hexadecimal"])
def test_long_texts_that_are_no_numbers_are_refused_at_once(text: str) -> None:
    before = time.process_time()
    with pytest.raises(NumberSyntaxError):
        parse_float(text)
    assert time.process_time() - before < 1
