"""Compiled templates as bytes."""

from __future__ import annotations

from types import CodeType
from typing import Any

import pytest
from core.template.support import environment

from steersman.core.template.compiled import CompiledTemplate, StaleCompiledTemplate
from steersman.core.template.environment import TemplateSet
from steersman.core.template.errors import TemplateError

_SOURCE = '{{ define "used" }}[{{ .a | quote }}]{{ end }}{{ define "unused" }}{{ .b }}{{ end }}é {{ include "used" . }}'


def _run(compiled: CompiledTemplate, data: Any) -> str:
    templates = TemplateSet(environment(), [compiled])
    return templates.execute("f", data, templates.runtime())


def test_bytes_give_the_same_template() -> None:
    compiled = environment().compile("f", _SOURCE)
    again = CompiledTemplate.from_bytes(compiled.to_bytes())
    assert _run(again, {"a": "x"}) == _run(compiled, {"a": "x"}) == 'é ["x"]'


def test_templates_are_compiled_when_they_are_used_and_stored_as_far_as_they_are() -> None:
    compiled = environment().compile("f", _SOURCE)
    assert not any(isinstance(code, CodeType) for code in compiled.codes)
    _run(compiled, {"a": "x"})
    kinds = {name: isinstance(code, CodeType) for name, code in zip(compiled.names, compiled.codes, strict=True)}
    assert kinds == {"used": True, "unused": False, "f": True}
    again = CompiledTemplate.from_bytes(compiled.to_bytes())
    assert [isinstance(code, CodeType) for code in again.codes] == list(kinds.values())


def test_errors_of_stored_templates_know_their_place() -> None:
    compiled = environment().compile("f", "one\n{{ .a.b.c }}")
    again = CompiledTemplate.from_bytes(compiled.to_bytes())
    with pytest.raises(TemplateError) as caught:
        _run(again, {"a": {}})
    assert caught.value.message.startswith("f:2:5\n")
    assert caught.value.line == 2


def test_bytes_of_another_version_are_refused() -> None:
    data = environment().compile("f", "x").to_bytes()
    with pytest.raises(StaleCompiledTemplate):
        CompiledTemplate.from_bytes(b"other" + data[5:])


def test_bytes_that_are_no_text_survive() -> None:
    compiled = CompiledTemplate.from_bytes(environment().compile("f", "\udcff{{ `\udcfe` }}").to_bytes())
    assert _run(compiled, None) == "\udcff\udcfe"


def test_two_files_of_the_same_text_are_told_apart() -> None:
    files = dict.fromkeys(("first", "second"), "{{ .a.b }}")
    templates = TemplateSet.parse(environment(), files)
    for name in files:
        with pytest.raises(TemplateError) as caught:
            templates.execute(name, {"a": 1}, templates.runtime())
        assert caught.value.template == name
