"""Every input that is kept is read again: those that failed once, and those that lead into all corners of a reader."""

from __future__ import annotations

import pytest
from fuzz.attempts import complaint_of
from fuzz.readers import TARGETS
from fuzz.target import Target


@pytest.mark.parametrize("target", TARGETS.values(), ids=TARGETS)
def test_seeds(target: Target) -> None:
    seeds = sorted(target.seeds.iterdir())
    assert seeds, "a target starts from something"
    complaints = {path.name: complaint_of(target, path.read_bytes()) for path in seeds}
    assert {name: complaint for name, complaint in complaints.items() if complaint} == {}
