"""Retries and circuits, with time as data."""

from __future__ import annotations

import pytest

from steersman.registry.errors import CircuitOpen, RegistryUnavailable, TlsProblem
from steersman.registry.resilience import Circuit, RetryPolicy

REFUSED = RegistryUnavailable("r.io/web", "TLS failed", tls=TlsProblem.UNTRUSTED)


def highest(low: float, high: float) -> float:
    return high


@pytest.mark.parametrize(
    ("attempt", "retry_after", "pause"),
    [
        pytest.param(1, None, 1.0, id="first"),
        pytest.param(2, None, 2.0, id="doubles"),
        pytest.param(4, None, 5.0, id="bounded"),
        pytest.param(1, 3.0, 4.0, id="after-what-was-asked-for"),
        pytest.param(1, 6.0, None, id="asked-for-too-long"),
        pytest.param(5, None, None, id="enough"),
    ],
)
def test_pauses(attempt: int, retry_after: float | None, pause: float | None) -> None:
    policy = RetryPolicy(attempts=5, first_seconds=1.0, longest_seconds=5.0)
    assert policy.pause(attempt, retry_after, highest) == pause


def is_open(circuit: Circuit, now: float) -> bool:
    try:
        circuit.enter("r.io/web", now)
    except RegistryUnavailable:
        return True
    return False


def test_circuit_opens_and_tries_once() -> None:
    circuit = Circuit(threshold=2, first_pause=10, longest_pause=15)
    circuit.failed(REFUSED, 0)
    assert not is_open(circuit, 0)
    circuit.failed(REFUSED, 0)
    assert is_open(circuit, 9)
    assert not is_open(circuit, 10), "one trial"
    assert is_open(circuit, 10), "and no second one beside it"
    circuit.failed(REFUSED, 11)
    assert is_open(circuit, 25), "twice the pause, bounded"
    assert not is_open(circuit, 26)


def test_an_open_circuit_gives_the_advice_of_what_opened_it() -> None:
    circuit = Circuit(threshold=1)
    circuit.failed(REFUSED, 0)
    with pytest.raises(RegistryUnavailable) as caught:
        circuit.check("r.io/other", 1)
    assert (caught.value.hint, caught.value.place) == (REFUSED.hint, "r.io/other")


def test_a_status_does_not_move_by_whether_the_circuit_is_open() -> None:
    circuit = Circuit(threshold=1)
    failure = RegistryUnavailable("h:8080/charts/index.yaml", "status 503", noun="repository")
    circuit.failed(failure, 0)
    with pytest.raises(CircuitOpen) as caught:
        circuit.check(failure.place, 1)
    assert str(caught.value) == str(failure)
