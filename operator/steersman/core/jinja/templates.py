"""The Jinja2 templates of a chart tree: compiled at once, run one by one. Used by `core.render`.

`compile_templates` makes code, which can be kept; `JinjaTemplates` runs it. Files see each other by the names that
`JinjaEnvironment.join_path` explains, and nothing else: there is no loader that reads a disk.
"""

from __future__ import annotations

from collections.abc import Mapping, MutableMapping
from types import CodeType
from typing import Any

import jinja2
from jinja2 import BaseLoader, Environment, Template
from jinja2.exceptions import TemplateNotFound, TemplateSyntaxError

from steersman.core.golang.types import Values
from steersman.core.jinja.environment import JinjaEnvironment, Source
from steersman.core.jinja.errors import FAILURES, execution_error, syntax_error
from steersman.core.template.environment import deepen_stack
from steersman.core.template.funcs.registry import Function
from steersman.core.template.helm_functions import NO_VALUE
from steersman.core.template.runtime import Runtime

VERSION = jinja2.__version__
"""What compiled code belongs to."""


class JinjaTemplates:
    """Templates by full path. `codes` are kept by the caller: what is missing in it is compiled and added."""

    def __init__(
        self, functions: Mapping[str, Function], sources: Mapping[str, Source], codes: dict[str, CodeType]
    ) -> None:
        self._sources = sources
        self._environment = JinjaEnvironment(functions, sources, _Loader(codes, sources))
        for path, source in sources.items():
            if path not in codes:
                codes[path] = self._compiled(path, source.text)

    def execute(self, path: str, root: Values, runtime: Runtime) -> str:
        """Run one file with the context of its chart. Raises TemplateError."""
        deepen_stack()
        try:
            template = self._environment.for_file(runtime, root).get_template(path)
            text = "".join(template.root_render_func(template.new_context()))
        except FAILURES as error:
            raise execution_error(path, error, self._sources) from error
        if runtime.effects.account is not None:
            runtime.effects.account(len(text))
        return text.replace(NO_VALUE, "")  # from Go templates that were included

    def _compiled(self, path: str, text: str) -> CodeType:
        try:
            return self._environment.compile(text, path, path)
        except (TemplateSyntaxError, SyntaxError, RecursionError, ValueError) as error:
            # Python has a limit on nesting of its own, and says SyntaxError; one on digits is a ValueError.
            raise syntax_error(path, error, self._sources) from error


class _Loader(BaseLoader):
    """Templates from their code."""

    has_source_access = False

    def __init__(self, codes: Mapping[str, CodeType], sources: Mapping[str, Source]) -> None:
        self._codes = codes
        self._sources = sources

    def load(
        self,
        environment: Environment,
        name: str,
        globals: MutableMapping[str, Any] | None = None,  # noqa: A002
    ) -> Template:
        if name not in self._sources:
            raise TemplateNotFound(name, f'there is no template "{name}" in this chart, or Jinja2 is not its engine')
        return Template.from_code(environment, self._codes[name], {} if globals is None else globals)

    def list_templates(self) -> list[str]:
        return sorted(self._sources)
