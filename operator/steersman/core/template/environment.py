"""Where templates meet functions: the function map, the compiled files of a chart, and running one of them.

Used by `core.render`: `Environment` once per process, `TemplateSet` once per chart (files in the order Helm parses
them), `TemplateSet.runtime` once per render, `TemplateSet.execute` per file.
"""

from __future__ import annotations

import sys
from collections import OrderedDict
from collections.abc import Iterable, Mapping
from importlib import import_module
from types import CodeType
from typing import Any, Final

from steersman.core.golang.types import GoValue
from steersman.core.template import builtins, helm_functions
from steersman.core.template.compiled import CompiledTemplate
from steersman.core.template.debug import TPL_NAME
from steersman.core.template.errors import GoError, ParseError
from steersman.core.template.funcs import FunctionMap
from steersman.core.template.funcs.registry import FunctionTable
from steersman.core.template.helm_functions import NO_VALUE
from steersman.core.template.report import execution_error, parse_error
from steersman.core.template.runtime import GENERATED_NAMES, Effects, Runtime, TemplateEntry

_TEXTS: Final = 1024
"""How many texts of `tpl` stay compiled."""
_STACK: Final = 12_000
"""Frames a render may need: includes nest a thousand deep, three frames each, and several names may take turns."""


class Environment:
    """The functions templates may call, and how strict to be. Compiled `tpl` texts are kept here, across renders."""

    def __init__(self, *, lint: bool = False, strict: bool = False, extra: FunctionTable | None = None) -> None:
        self.lint = lint
        self.strict = strict
        self.functions = FunctionMap(builtins.TABLE, helm_functions.TABLE, extra or {})
        self._namespace: dict[str, Any] = dict(GENERATED_NAMES)
        self._texts: OrderedDict[str, list[TemplateEntry]] = OrderedDict()

    def compile(self, name: str, source: str) -> CompiledTemplate:
        """Compile a template file. Raises ParseError."""
        # Imported here: a process that finds its chart compiled never parses one.
        from steersman.core.template.compiler import compile_template

        return compile_template(name, source, self.functions, strict=self.strict)

    def namespace_for(self, code: CodeType) -> dict[str, Any]:
        """The names that generated code sees, with those of the functions that this code calls."""
        for name in code.co_names:
            if name not in self._namespace and name.startswith("f_"):
                self._namespace[name] = self.functions[name.removeprefix("f_")].call
        return self._namespace

    def preload(self) -> None:
        """Import all that any chart may need: for a process that forks others, which then share it."""
        import_module("steersman.core.template.compiler")
        import_module("steersman.core.values.schema")
        for name in self.functions:
            assert self.functions[name]

    def tpl(self, runtime: Runtime, text: str) -> tuple[TemplateEntry, Runtime]:
        """A text of `tpl`, ready to run, and the Runtime to run it in: one that sees what the text defines."""
        entries = self._texts.get(text)
        if entries is None:
            entries = self._texts[text] = _entries(self.compile(TPL_NAME, text))
            if len(self._texts) > _TEXTS:
                self._texts.popitem(last=False)
        else:
            self._texts.move_to_end(text)
        own = next(entry for entry in entries if entry.name == TPL_NAME)
        if len(entries) == 1 and TPL_NAME not in text:
            return own, runtime
        templates = dict(runtime.templates)
        _define(templates, entries)
        # The text itself is always what runs, even where a blank one would not replace an outer text.
        templates[TPL_NAME] = own
        return own, runtime.with_templates(templates)


class TemplateSet:
    """All templates of a chart and its subcharts, later definitions replacing earlier ones as in Go."""

    def __init__(self, environment: Environment, compiled: Iterable[CompiledTemplate]) -> None:
        self.environment = environment
        self.templates: dict[str, TemplateEntry] = {}
        for file in compiled:
            _define(self.templates, _entries(file))

    @classmethod
    def parse(cls, environment: Environment, files: Mapping[str, str]) -> TemplateSet:
        """Compile files (path → text) in the order given. Raises TemplateError."""
        return cls(environment, [compile_file(environment, path, text) for path, text in files.items()])

    def runtime(self, effects: Effects | None = None) -> Runtime:
        """The state for one render."""
        return Runtime(self.environment, effects or Effects(), self.templates)

    def execute(self, name: str, data: GoValue, runtime: Runtime) -> str:
        """Run one file. Raises TemplateError with Helm's text."""
        deepen_stack()
        entry = self.templates.get(name)
        if entry is None:
            raise execution_error(runtime.unknown_template(name))
        try:
            return runtime.run(entry, data).replace(NO_VALUE, "")
        except GoError as error:
            raise execution_error(error) from error


def deepen_stack() -> None:
    """Let Python nest calls as deeply as a render may need."""
    if sys.getrecursionlimit() < _STACK:
        sys.setrecursionlimit(_STACK)


def compile_file(environment: Environment, path: str, text: str) -> CompiledTemplate:
    """Compile one file of a chart. Raises TemplateError with Helm's text."""
    try:
        return environment.compile(path, text)
    except ParseError as error:
        raise parse_error(path, error) from error


def _entries(compiled: CompiledTemplate) -> list[TemplateEntry]:
    return [TemplateEntry(compiled, index) for index in range(len(compiled.names))]


def _define(templates: dict[str, TemplateEntry], entries: Iterable[TemplateEntry]) -> None:
    """Add a file's templates. A blank one never replaces another."""
    for entry in entries:
        if entry.name not in templates or not entry.compiled.blank[entry.index]:
            templates[entry.name] = entry
