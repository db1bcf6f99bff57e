"""The sandbox: what compiled Jinja2 templates ask for attributes, items, operators and calls.

It is stricter than Jinja2's own. That one hides what is known to be dangerous; here nothing can be reached but what
`access` lists, and nothing called but functions that were given, macros, and methods from there.
"""

from __future__ import annotations

from collections.abc import Mapping, MutableMapping
from dataclasses import dataclass
from typing import Any

from jinja2 import BaseLoader, nodes, pass_eval_context
from jinja2.exceptions import SecurityError, TemplateRuntimeError
from jinja2.nodes import EvalContext
from jinja2.runtime import BlockReference, Context, LoopContext, Macro, Undefined
from jinja2.runtime import StrictUndefined as UnknownName
from jinja2.sandbox import MAX_RANGE, ImmutableSandboxedEnvironment
from jinja2.utils import Cycler, Joiner, Namespace

from steersman.core.golang.types import Values
from steersman.core.jinja import access, operators
from steersman.core.jinja.filters import all_filters, all_tests
from steersman.core.jinja.functions import as_filters, as_functions
from steersman.core.jinja.rewrite import rewrite
from steersman.core.jinja.values import each, noun, text, whole
from steersman.core.template.funcs.registry import Function
from steersman.core.template.runtime import Runtime

_CALLABLE = (Macro, LoopContext, BlockReference, Joiner, access.Method, Undefined)
"""Kinds of objects that may be called. An undefined one answers with its error."""


@dataclass(frozen=True, slots=True)
class Source:
    """The text of a template, and the full path of the chart it belongs to."""

    text: str
    chart: str


class JinjaEnvironment(ImmutableSandboxedEnvironment):
    """Compiles the templates of a chart tree (`sources`, by full path); `for_file` gives the environment that runs one
    of them, with `runtime` and `root` set."""

    intercepted_binops = frozenset(ImmutableSandboxedEnvironment.default_binop_table)
    runtime: Runtime
    root: Values

    def __init__(self, functions: Mapping[str, Function], sources: Mapping[str, Source], loader: BaseLoader) -> None:
        super().__init__(
            loader=loader,
            extensions=["jinja2.ext.do", "jinja2.ext.loopcontrols"],
            autoescape=False,
            auto_reload=False,
            keep_trailing_newline=True,
            optimized=False,  # nothing of a template runs while it is compiled
            undefined=UnknownName,
            finalize=_printed,
        )
        callbacks = as_functions(functions)
        self.filters = {**as_filters(callbacks), **all_filters()}
        self.tests = all_tests()
        self.globals = {**callbacks, "cycler": Cycler, "joiner": Joiner, "namespace": Namespace, "range": _range}
        self.sources = sources
        self._given = frozenset(map(id, self.globals.values()))

    def for_file(self, runtime: Runtime, root: Values) -> JinjaEnvironment:
        """An environment for one run of one file: what templates imported by it define is seen by nobody else."""
        environment = self.overlay()
        environment.runtime = runtime
        environment.root = root
        environment.globals = {**self.globals, **root, "Root": root}
        return environment

    # What compiled templates call.

    def getattr(self, obj: Any, attribute: str) -> Any:
        """`obj.attribute`."""
        return access.attribute(obj, attribute)

    def getitem(self, obj: Any, argument: Any) -> Any:
        """`obj[argument]`."""
        return access.item(obj, argument)

    def call_binop(self, context: Context, operator: str, left: Any, right: Any) -> Any:  # noqa: ARG002
        """`left operator right`."""
        return operators.binary(operator, left, right)

    def call(self, context: Context, obj: Any, /, *arguments: Any, **named: Any) -> Any:
        """`obj(…)`."""
        if not self.is_safe_callable(obj):
            raise SecurityError(f"{noun(obj)} cannot be called")
        if isinstance(obj, LoopContext) and arguments:
            arguments = (each(arguments[0]), *arguments[1:])
        return context.call(obj, *arguments, **named)

    def call_filter(self, name: str, *arguments: Any, **named: Any) -> Any:
        """A filter that a template names at run time (`map("upper")`)."""
        return super().call_filter(_checked_name(name, "filter"), *arguments, **named)

    def call_test(self, name: str, *arguments: Any, **named: Any) -> Any:
        """A test that a template names at run time (`select("odd")`)."""
        return super().call_test(_checked_name(name, "test"), *arguments, **named)

    def is_safe_callable(self, obj: Any) -> bool:
        """Whether it is one of the functions given, a macro, or a method that `access` gave out."""
        return isinstance(obj, _CALLABLE) or id(obj) in self._given

    def is_safe_attribute(self, obj: Any, attr: str, value: Any) -> bool:  # noqa: ARG002
        """No attribute is: `getattr` does not ask, and what else might ask is not to have any."""
        return False

    def make_globals(self, d: MutableMapping[str, Any] | None) -> MutableMapping[str, Any]:
        """The names that every template of a run sees; Jinja2's own chain of maps is slow to copy at each include."""
        return {**self.globals, **d} if d else self.globals

    # Compiling.

    def _generate(
        self, source: nodes.Template, name: str | None, filename: str | None, defer_init: bool = False
    ) -> str:
        """Jinja2's hook between parser and code."""
        return super()._generate(rewrite(source), name, filename, defer_init)

    def join_path(self, template: str, parent: str) -> str:
        """What a name in `include`, `import` and `extends` means in a file: a path below the folder of the file's chart
        (`charts/lib/templates/_macros.j2`), else one below its `templates/`."""
        chart = self.sources[parent].chart
        below = f"{chart}/{template}"
        return below if below in self.sources else f"{chart}/templates/{template}"


@pass_eval_context  # wanting a context keeps Jinja2 from printing constants while it compiles
def _printed(_context: EvalContext, value: Any) -> str:
    return text(value)


def _checked_name(name: Any, what: str) -> str:
    """Jinja2's own complaint about what is no name would show Python's side of it."""
    if isinstance(name, str):
        return name
    raise TemplateRuntimeError(f"a {what} is named by a string, not by {noun(name)}")


def _range(*bounds: Any) -> range:
    """Python's range, with at most 100,000 numbers."""
    numbers = range(*map(whole, bounds))
    if len(numbers) > MAX_RANGE:
        raise TemplateRuntimeError(f"a range of {len(numbers)} numbers; at most {MAX_RANGE} are allowed")
    return numbers
