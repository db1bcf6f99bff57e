"""Where templates meet functions: the function map, the compiled files of a chart, and running one of them.

Used by `core.render`: `Environment` once per process, `TemplateSet` once per chart (files in the order Helm parses
them), `TemplateSet.runtime` once per render, `TemplateSet.execute` per file.
"""

from __future__ import annotations

import sys
from collections import OrderedDict
from collections.abc import Iterable, Mapping
from types import FunctionType
from typing import Any, Final

from steersman.core.golang.types import GoValue
from steersman.core.template import builtins, helm_functions
from steersman.core.template.compiled import CompiledTemplate, compile_template
from steersman.core.template.debug import TPL_NAME
from steersman.core.template.errors import GoError, ParseError
from steersman.core.template.funcs import all_functions
from steersman.core.template.funcs.registry import Function, FunctionTable
from steersman.core.template.helm_functions import NO_VALUE
from steersman.core.template.report import execution_error, parse_error
from steersman.core.template.runtime import GENERATED_NAMES, Effects, Origin, Runtime

_TEXTS: Final = 4096
"""How many texts of `tpl` stay compiled."""
_STACK: Final = 12_000
"""Frames a render may need: includes nest a thousand deep, three frames each, and several names may take turns."""


class Environment:
    """The functions templates may call, and how strict to be. Compiled `tpl` texts are kept here, across renders."""

    def __init__(self, *, lint: bool = False, strict: bool = False, extra: FunctionTable | None = None) -> None:
        self.lint = lint
        self.strict = strict
        self.functions: Mapping[str, Function] = {
            **builtins.TABLE,
            **all_functions(),
            **helm_functions.TABLE,
            **(extra or {}),
        }
        self.namespace: dict[str, Any] = {
            "__builtins__": __builtins__,
            **GENERATED_NAMES,
            **{f"f_{name}": function.call for name, function in self.functions.items()},
        }
        self._texts: OrderedDict[str, CompiledTemplate] = OrderedDict()

    def compile(self, name: str, source: str) -> CompiledTemplate:
        """Compile a template file. Raises ParseError."""
        return compile_template(name, source, self.functions, strict=self.strict)

    def tpl(self, runtime: Runtime, text: str) -> tuple[FunctionType, Runtime]:
        """A text of `tpl`, ready to run, and the Runtime to run it in: one that sees what the text defines."""
        compiled = self._texts.get(text)
        if compiled is None:
            compiled = self._texts[text] = self.compile(TPL_NAME, text)
            if len(self._texts) > _TEXTS:
                self._texts.popitem(last=False)
        else:
            self._texts.move_to_end(text)
        functions = compiled.functions(self.namespace)
        _remember(runtime.origins, compiled, functions)
        if len(functions) == 1 and TPL_NAME not in text:
            return functions[TPL_NAME], runtime
        templates = dict(runtime.templates)
        _define(templates, compiled, functions)
        # The text itself is always what runs, even where a blank one would not replace an outer text.
        templates[TPL_NAME] = functions[TPL_NAME]
        return functions[TPL_NAME], runtime.with_templates(templates)


class TemplateSet:
    """All templates of a chart and its subcharts, later definitions replacing earlier ones as in Go."""

    def __init__(self, environment: Environment, compiled: Iterable[CompiledTemplate]) -> None:
        self.environment = environment
        self.templates: dict[str, FunctionType] = {}
        self.origins: dict[int, Origin] = {}
        self._blank: set[str] = set()
        for file in compiled:
            functions = file.functions(environment.namespace)
            _remember(self.origins, file, functions)
            _define(self.templates, file, functions)

    @classmethod
    def parse(cls, environment: Environment, files: Mapping[str, str]) -> TemplateSet:
        """Compile files (path → text) in the order given. Raises TemplateError."""
        return cls(environment, [compile_file(environment, path, text) for path, text in files.items()])

    def runtime(self, effects: Effects | None = None) -> Runtime:
        """The state for one render."""
        return Runtime(self.environment, effects or Effects(), self.templates, dict(self.origins))

    def execute(self, name: str, data: GoValue, runtime: Runtime) -> str:
        """Run one file. Raises TemplateError with Helm's text."""
        if sys.getrecursionlimit() < _STACK:
            sys.setrecursionlimit(_STACK)
        function = self.templates.get(name)
        if function is None:
            raise execution_error(runtime.unknown_template(name))
        try:
            return runtime.run(function, data).replace(NO_VALUE, "")
        except GoError as error:
            raise execution_error(error) from error


def compile_file(environment: Environment, path: str, text: str) -> CompiledTemplate:
    """Compile one file of a chart. Raises TemplateError with Helm's text."""
    try:
        return environment.compile(path, text)
    except ParseError as error:
        raise parse_error(path, error) from error


def _remember(origins: dict[int, Origin], compiled: CompiledTemplate, functions: Mapping[str, FunctionType]) -> None:
    for name, function in functions.items():
        origins[id(function.__code__)] = Origin(compiled, name)


def _define(
    templates: dict[str, FunctionType], compiled: CompiledTemplate, functions: Mapping[str, FunctionType]
) -> None:
    """Add a file's templates. A blank one never replaces another."""
    for name, blank in zip(compiled.names, compiled.blank, strict=True):
        if not blank or name not in templates:
            templates[name] = functions[name]
