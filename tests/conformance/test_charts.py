"""Real charts in pytest, one test for each chart."""

from __future__ import annotations

from itertools import groupby
from pathlib import Path

import pytest
from conformance.cases import expected_failures, surprises
from conformance.charts import Case, evaluate, read_cases
from testenv.layout import shared_material

pytestmark = [pytest.mark.conformance, pytest.mark.slow]


def _cases_by_chart() -> list[pytest.param]:
    shared = shared_material()
    cases = read_cases(shared / "charts") if shared else []
    groups = groupby(cases, key=lambda case: case["package"])
    params = [pytest.param(list(group), id=Path(package).stem) for package, group in groups]
    return params or [pytest.param([], id="(none)")]


@pytest.mark.parametrize("cases", _cases_by_chart())
def test_charts(cases: list[Case], shared: Path) -> None:
    outcomes = [evaluate(case, shared / "charts") for case in cases]
    assert outcomes
    found = surprises(outcomes, expected_failures())
    assert not found, "\n".join(found)
