"""A running template's state for functions that need one: a clock that stands still and entropy that counts up."""

import itertools
from dataclasses import dataclass, field

import pytest


@dataclass
class StandIn:
    """What impure functions ask of the runtime."""

    time: int = 1_700_000_000_000_000_000
    time_zone: str = "UTC"
    counter: "itertools.count[int]" = field(default_factory=itertools.count)

    def clock(self) -> int:
        return self.time

    def entropy(self, count: int) -> bytes:
        return bytes(next(self.counter) * 37 % 256 for _ in range(count))


@pytest.fixture
def runtime() -> StandIn:
    return StandIn()
