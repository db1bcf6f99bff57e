"""time.ParseDuration and rounding."""

import pytest

from steersman.core.golang.durations import (
    HOUR,
    MAX,
    MILLISECOND,
    MIN,
    MINUTE,
    SECOND,
    DurationError,
    parse_duration,
    quote_ascii,
    round_to,
    truncate,
)


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        pytest.param("0", 0, id="bare-zero"),
        pytest.param("300ms", 300 * MILLISECOND, id="milliseconds"),
        pytest.param("-1.5h", -90 * MINUTE, id="negative"),
        pytest.param("+2h45m", 2 * HOUR + 45 * MINUTE, id="several"),
        pytest.param(".5s", SECOND // 2, id="no-whole"),
        pytest.param("1.s", SECOND, id="no-fraction"),
        pytest.param("1µs", 1000, id="micro"),
        pytest.param("1μs", 1000, id="mu"),
        pytest.param("9223372036854775807ns", MAX, id="largest"),
        pytest.param("-9223372036854775808ns", MIN, id="smallest"),
        pytest.param("0.1000000000000000000000000000h", 6 * MINUTE, id="long-fraction"),
    ],
)
def test_read(text: str, wanted: int) -> None:
    assert parse_duration(text) == wanted


@pytest.mark.parametrize(
    ("text", "message"),
    [
        pytest.param("", 'time: invalid duration ""', id="empty"),
        pytest.param("-", 'time: invalid duration "-"', id="sign"),
        pytest.param("1", 'time: missing unit in duration "1"', id="unit"),
        pytest.param("1d", 'time: unknown unit "d" in duration "1d"', id="days"),
        pytest.param("1é", r'time: unknown unit "\xc3\xa9" in duration "1\xc3\xa9"', id="bytes"),
        pytest.param(".s", 'time: invalid duration ".s"', id="point"),
        pytest.param("9223372036854775808ns", 'time: invalid duration "9223372036854775808ns"', id="too-large"),
        pytest.param("3000000h", 'time: invalid duration "3000000h"', id="too-many-hours"),
        pytest.param("9" * 5000 + "s", f'time: invalid duration "{"9" * 5000}s"', id="thousands-of-digits"),
    ],
)
def test_refused(text: str, message: str) -> None:
    with pytest.raises(DurationError) as caught:
        parse_duration(text)
    assert str(caught.value) == message


@pytest.mark.parametrize(
    ("nanoseconds", "multiple", "truncated", "rounded"),
    [
        pytest.param(7, 5, 5, 5, id="down"),
        pytest.param(8, 5, 5, 10, id="up"),
        pytest.param(5, 10, 0, 10, id="half"),
        pytest.param(-5, 10, 0, -10, id="half-negative"),
        pytest.param(7, 0, 7, 7, id="no-multiple"),
        pytest.param(MAX, 2, MAX - 1, MAX, id="largest"),
        pytest.param(MIN, 3, MIN + 2, MIN, id="smallest"),
    ],
)
def test_rounding(nanoseconds: int, multiple: int, truncated: int, rounded: int) -> None:
    assert (truncate(nanoseconds, multiple), round_to(nanoseconds, multiple)) == (truncated, rounded)


def test_quoting_is_that_of_time() -> None:
    assert quote_ascii('a"\\\n\udcff') == r'"a\"\\\x0a\xff"'
