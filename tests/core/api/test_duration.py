"""Durations as Go writes them."""

import pytest

from steersman.core.api import duration


@pytest.mark.parametrize(
    ("text", "expected"),
    [("5m", 300), ("1h30m", 5400), ("1.5s", 1.5), ("100ms", 0.1), ("0s", 0), ("2m2m", 240)],
)
def test_seconds(text: str, expected: float) -> None:
    assert duration.seconds(text) == pytest.approx(expected)


@pytest.mark.parametrize("text", ["", "5", "m", "5 m", "-5m", "5m\n", "5d", "1us", "five"])
def test_anything_else_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="is no duration"):
        duration.seconds(text)
