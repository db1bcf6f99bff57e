"""Running a template text in tests."""

from __future__ import annotations

from typing import Any

from steersman.core.template.environment import Environment, TemplateSet
from steersman.core.template.runtime import Effects

_ENVIRONMENTS: dict[tuple[bool, bool], Environment] = {}


def environment(*, lint: bool = False, strict: bool = False) -> Environment:
    """One environment of each kind for all tests: it holds nothing but functions and compiled texts."""
    key = (lint, strict)
    return _ENVIRONMENTS.setdefault(key, _ENVIRONMENTS.get(key) or Environment(lint=lint, strict=strict))


def run(text: str, data: Any = None, *, lint: bool = False, strict: bool = False, **others: str) -> str:
    """The text as file `t`, with other files beside it."""
    templates = TemplateSet.parse(environment(lint=lint, strict=strict), {**others, "t": text})
    return templates.execute("t", data, templates.runtime(Effects()))
