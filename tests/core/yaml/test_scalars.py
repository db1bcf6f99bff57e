"""What plain scalars mean. Every row was answered by go-yaml v2 2.4.4 (through sigs.k8s.io/yaml 1.6.0)."""

from __future__ import annotations

import math

import pytest

from steersman.core.yaml.scalars import Scalar, is_timestamp, needs_quotes, resolve


@pytest.mark.parametrize(
    ("text", "value"),
    [
        *((word, True) for word in ("y", "Y", "yes", "Yes", "YES", "on", "On", "ON", "true", "True", "TRUE")),
        *((word, False) for word in ("n", "N", "no", "No", "NO", "off", "Off", "OFF", "false", "False", "FALSE")),
        *((word, None) for word in ("", "~", "null", "Null", "NULL")),
        *((word, word) for word in ("tRue", "yEs", "nil", "none", "nan", "Inf", "Infinity", "=", "<<", "_1", "é")),
    ],
)
def test_words(text: str, value: Scalar) -> None:
    assert resolve(text) is value or resolve(text) == value == text


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("0", 0),
        ("-0", 0),
        ("+1", 1),
        ("-1", -1),
        ("1_000", 1000),
        ("1_", 1),
        ("010", 8),
        ("010_0", 64),
        ("-010", -8),
        ("0o17", 15),
        ("0O7", 7),
        ("0x1F", 31),
        ("+0x1f", 31),
        ("0X1F", 31),
        ("0b101", 5),
        ("-0b11", -3),
        ("9223372036854775807", 2**63 - 1),
        ("-9223372036854775808", -(2**63)),
        ("18446744073709551615", 2**64 - 1),
    ],
)
def test_integers(text: str, value: int) -> None:
    assert resolve(text) == value
    assert type(resolve(text)) is int


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("1.0", 1.0),
        ("1.", 1.0),
        (".5", 0.5),
        (".5_0", 0.5),
        ("-.5e3", -500.0),
        ("1e3", 1000.0),
        ("1E+3", 1000.0),
        ("1_0.5", 10.5),
        ("08", 8.0),
        ("18446744073709551616", 2.0**64),
        ("-9223372036854775809", -(2.0**63)),
        ("+9223372036854775808", 2.0**63),
        ("0777777777777777777777777", 7.77777777777777777777777e23),
        (".inf", math.inf),
        ("-.INF", -math.inf),
    ],
)
def test_floats(text: str, value: float) -> None:
    assert resolve(text) == value
    assert type(resolve(text)) is float


@pytest.mark.parametrize(
    "text",
    [
        *("12:30", "1:20:30", "190:20:30.15", "-1:30"),
        *("2001-01-01", "2001-12-14t21:59:43.10-05:00", "2001-12-14 21:59:43"),
        *("0x", "0b", "0b2", "0o9", "0o", "1e", "1e+", "1e400", ".", "..5", "._5", "+", "-", "--1", "1.2.3", "1-2"),
        "0xFFFFFFFFFFFFFFFFF",
    ],
)
def test_look_like_numbers_but_are_text(text: str) -> None:
    assert resolve(text) == text


def test_very_long_digits_are_no_integers() -> None:
    assert resolve("9" * 5000) == "9" * 5000
    assert resolve("9" * 300) == float("9" * 300)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2001-1-1", True),
        ("2001-01-01", True),
        ("2001-12-14t21:59:43.10-05:00", True),
        ("2001-12-14T21:59:43Z", True),
        ("2001-12-14 21:59:43.1", True),
        ("2000-02-29", True),
        ("1900-02-29", False),
        ("2001-13-01", False),
        ("2001-01-00", False),
        ("2001-01-01 24:00:00", False),
        ("2001-01-01 1:2", False),
        ("01-01-01", False),
    ],
)
def test_timestamps(text: str, expected: bool) -> None:
    assert is_timestamp(text) is expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        *((text, True) for text in ("", "y", "off", "~", "null", "1", "0o7", ".5", "1.", "1_0", "+1", "1e3", ".nan")),
        *((text, True) for text in ("12:30", "1:2", "190:20:30", "+1:30.5", "2001-1-1", "2001-01-01T00:00:00Z")),
        *((text, False) for text in ("0x", "1e", "nan", "0o8", "_1", "=", "<<", ".", "+", "99:99", "2001-13-1", "nil")),
    ],
)
def test_needs_quotes(text: str, expected: bool) -> None:
    assert needs_quotes(text) is expected
