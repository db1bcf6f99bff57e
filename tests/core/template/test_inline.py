"""Functions that generated code does itself give what the functions give."""

from __future__ import annotations

from itertools import product
from typing import Any

import pytest
from core.template.support import environment, run

from steersman.core.golang.format import sprintf
from steersman.core.golang.types import Int64, NilList, StringList
from steersman.core.template.errors import TemplateError
from steersman.core.template.funcs.registry import FunctionError

_SAMPLES: list[Any] = [
    None,
    True,
    False,
    0,
    1,
    Int64(0),
    0.0,
    1.5,
    "",
    "x",
    "A",
    [],
    [1],
    NilList(),
    StringList(),
    {},
    {"a": 1},
]


def _real(name: str, arguments: list[Any]) -> str:
    try:
        return sprintf("%#v", [environment().functions[name].call(*arguments)])
    except FunctionError as error:
        return error.message


def _generated(text: str, data: dict[str, Any]) -> str:
    try:
        return run(text, data)
    except TemplateError as error:
        return error.message.rpartition("error calling ")[2].partition(": ")[2]


@pytest.mark.parametrize("name", ["default", "list", "tuple", "ternary"])
def test_two_values(name: str) -> None:
    condition = " .c" if name == "ternary" else ""
    for first, second in product(_SAMPLES, _SAMPLES):
        for flag in (True, False) if condition else (True,):
            arguments = [first, second, *([flag] if condition else [])]
            text = f'{{{{ printf "%#v" ({name} .a .b{condition}) }}}}'
            assert _generated(text, {"a": first, "b": second, "c": flag}) == _real(name, arguments), arguments


@pytest.mark.parametrize("name", ["not", "empty", "default"])
def test_one_value(name: str) -> None:
    for value in _SAMPLES:
        assert _generated(f'{{{{ printf "%#v" ({name} .a) }}}}', {"a": value}) == _real(name, [value]), value


@pytest.mark.parametrize("name", ["eq", "ne"])
def test_comparison_with_a_string_constant(name: str) -> None:
    for value in _SAMPLES:
        assert _generated(f'{{{{ printf "%#v" ({name} .a "x") }}}}', {"a": value}) == _real(name, [value, "x"]), value
        assert _generated(f'{{{{ printf "%#v" ({name} "x" .a) }}}}', {"a": value}) == _real(name, ["x", value]), value


@pytest.mark.parametrize("arguments", ["", '"a" .v', '"a" 1 "a" 2', '"a" 1 "b"', '.v 1 "b" 2', '"a" nil'])
def test_dict(arguments: str) -> None:
    text = f"{{{{ dict {arguments} }}}}"
    values = {".v": "V", "nil": None, "1": 1, "2": 2}
    real = [values.get(word, word.strip('"')) for word in arguments.split()]
    assert run(text, {"v": "V"}) == sprintf("%v", [environment().functions["dict"].call(*real)])
