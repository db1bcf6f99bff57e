"""The vectors in pytest, one test for each topic."""

from __future__ import annotations

from pathlib import Path

import pytest
from conformance.cases import expected_failures, surprises
from conformance.vectors import evaluate, read_cases, utc
from testenv.layout import shared_material

pytestmark = pytest.mark.conformance


def _topics() -> list[str]:
    shared = shared_material()
    return sorted(path.stem for path in (shared / "spec" / "vectors").glob("*.jsonl")) if shared else ["(none)"]


@pytest.mark.parametrize("topic", _topics())
def test_vectors(topic: str, shared: Path) -> None:
    with utc():
        outcomes = [evaluate(topic, case) for topic, case in read_cases(shared / "spec" / "vectors", [topic])]
    assert outcomes
    found = surprises(outcomes, expected_failures())
    assert not found, "\n".join(found)
