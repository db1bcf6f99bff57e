"""Problems as conditions tell them."""

from __future__ import annotations

from steersman.core.api.reasons import info
from steersman.core.api.text import sentences
from steersman.core.plan.observed import Problem


def with_next_step(problem: Problem) -> str:
    """The message, with the next step of its reason where it does not advise already."""
    step = info(problem.reason).next_step
    return problem.message if problem.advised or step in problem.message else sentences(problem.message, step)
