"""The table of reasons is complete, and the runbook is made of it."""

import re

import pytest
import runbook

from steersman.core.api.conditions import Reason
from steersman.core.api.reasons import REASONS, Flow, info


def test_every_reason_has_a_row() -> None:
    assert set(REASONS) == set(Reason)


@pytest.mark.parametrize("reason", Reason)
def test_reasons_are_what_conditions_allow(reason: Reason) -> None:
    assert re.fullmatch(r"[A-Za-z]([A-Za-z0-9_,:]*[A-Za-z0-9_])?", reason)


@pytest.mark.parametrize("reason", [reason for reason in Reason if info(reason).flow is Flow.STALL])
def test_a_stall_tells_the_way_out(reason: Reason) -> None:
    assert info(reason).next_step


def test_the_runbook_is_current() -> None:
    assert runbook.RUNBOOK.read_text(encoding="utf-8") == runbook.render(dict(REASONS)), "run `python tools/runbook.py`"
