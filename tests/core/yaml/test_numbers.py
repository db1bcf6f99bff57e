"""Numbers as go-yaml writes them."""

import pytest

from steersman.core.yaml.numbers import written_integer


@pytest.mark.parametrize(
    ("value", "integer"),
    [
        pytest.param(-0.0, 0, id="negative-zero"),
        pytest.param(9007199254740991.0, 9007199254740991, id="last-exact"),
        pytest.param(9007199254740994.0, 9007199254740994, id="sixteen-digits"),
        pytest.param(2.0**63, 9223372036854776000, id="shortest-digits"),
        pytest.param(-(2.0**63), -9223372036854776000, id="negative"),
    ],
)
def test_an_integer_is_written_by_its_shortest_digits(value: float, integer: int) -> None:
    assert written_integer(value) == integer
