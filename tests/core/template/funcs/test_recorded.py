"""Template functions against what Helm 4.3.1 answered: generated cases, a file per family in tests/data/functions.

A line is a template, the values it saw, and Helm's text (`want`, or `want_b64` where the bytes are no UTF-8) or error.
Where chance plays a part, the template shows only what does not depend on it.
"""

import base64
import json
import re
from pathlib import Path
from typing import Any

import pytest

from steersman.core.golang.types import Values, to_bytes
from steersman.core.template.environment import Environment, TemplateSet
from steersman.core.template.errors import TemplateError
from steersman.core.template.funcs import FunctionMap
from steersman.core.template.runtime import Effects

from .conftest import StandIn

RECORDED = Path(__file__).parents[3] / "data" / "functions"
NAME = "t/templates/t.yaml"
UNRECORDED = {
    "buildCustomCert", "genCA", "genCAWithKey", "genPrivateKey", "genSelfSignedCert", "genSelfSignedCertWithKey",
    "genSignedCert", "genSignedCertWithKey",
}  # fmt: skip
"""Of these chance is all there is; test_certificates reads what they make."""


@pytest.fixture(scope="module")
def environment() -> Environment:
    return Environment()


def answer(environment: Environment, case: dict[str, Any]) -> bytes:
    stand_in = StandIn()
    effects = Effects(clock=stand_in.clock, entropy=stand_in.entropy)
    values = Values(json.loads(json.dumps(case.get("values", {})), parse_int=float))
    try:
        templates = TemplateSet.parse(environment, {NAME: case["template"]})
        text = templates.execute(NAME, Values({"Values": values}), templates.runtime(effects))
    except TemplateError as error:
        return b"error: " + to_bytes(error.message).decode(errors="replace").encode()
    return to_bytes(text)


def wanted(case: dict[str, Any]) -> bytes:
    if "error" in case:
        return b"error: " + str(case["error"]).encode()
    return base64.b64decode(case["want_b64"]) if "want_b64" in case else str(case["want"]).encode()


@pytest.mark.parametrize("family", sorted(path.stem for path in RECORDED.glob("*.jsonl")))
def test_answers_of_helm(family: str, environment: Environment) -> None:
    cases = [json.loads(line) for line in (RECORDED / f"{family}.jsonl").read_text().splitlines()]
    assert cases
    wrong = [
        f"{case['template']}\n  wanted {wanted(case)!r}\n  got    {answer(environment, case)!r}"
        for case in cases
        if answer(environment, case) != wanted(case)
    ]
    assert not wrong, "\n".join(wrong)


def test_every_function_is_recorded() -> None:
    recorded = "".join(path.read_text() for path in RECORDED.glob("*.jsonl"))
    words = set(re.findall(r"\w+", recorded))
    assert FunctionMap().keys() - words == UNRECORDED
