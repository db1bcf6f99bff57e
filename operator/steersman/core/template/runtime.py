"""The state of one render, and what generated code calls besides template functions.

A Runtime is made per render by `TemplateSet.runtime` and handed to every generated function as `R`. What is impure in
templates (clock, randomness, lookups) are callables in its `Effects`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from types import FunctionType, TracebackType
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from steersman.core.golang.format import display
from steersman.core.golang.quote import quote
from steersman.core.golang.types import GoPanic, GoValue, Int64, joined
from steersman.core.template.compiled import CompiledTemplate
from steersman.core.template.debug import TPL_NAME, location, place_at
from steersman.core.template.errors import EvaluationError, GoError
from steersman.core.template.funcs.registry import FunctionError
from steersman.core.template.reflect import (
    FIELD_ERRORS,
    Literal,
    elements,
    fail,
    field_chain,
    holds_interfaces,
    method_arguments,
    method_of,
    pairs,
    validated,
)

if TYPE_CHECKING:
    from steersman.core.template.environment import Environment
    from steersman.core.template.generator import At, Site

_DEEPEST_INCLUDE: Final = 1000
_DEEPEST_TEMPLATE: Final = 100_000


class RenderLimit(Exception):
    """Raised by `Effects.account` to stop a render; passes through the engine as it is."""


def _no_clock() -> int:
    raise FunctionError("no clock was given to this render")


def _no_entropy(_: int) -> bytes:
    raise FunctionError("no source of randomness was given to this render")


def _no_lookup(_api_version: str, _kind: str, _namespace: str, _name: str) -> dict[str, Any]:
    return {}


def _no_host(_: str) -> str:
    return ""


class Effects(NamedTuple):
    """What a render may ask of the world. By default: no clock, no randomness, and lookups that find nothing.

    `clock` gives nanoseconds since 1970; `time_zone` is the zone of `date` (its name or a `golang.gotime.Location`,
    None: UTC). `account` is told the length of each text that `include`, `tpl` and files give; it may raise
    `RenderLimit` when that, or the time it took, is too much.
    """

    clock: Callable[[], int] = _no_clock
    entropy: Callable[[int], bytes] = _no_entropy
    lookup: Callable[[str, str, str, str], dict[str, Any]] = _no_lookup
    resolve_host: Callable[[str], str] = _no_host
    time_zone: Any = None
    account: Callable[[int], None] | None = None


class TemplateEntry:
    """One template by name. `function` is made when it is first used."""

    __slots__ = ("compiled", "function", "index")

    def __init__(self, compiled: CompiledTemplate, index: int) -> None:
        self.compiled = compiled
        self.index = index
        self.function: FunctionType | None = None

    @property
    def name(self) -> str:
        return self.compiled.names[self.index]

    def load(self, environment: Environment) -> FunctionType:
        code = self.compiled.code(self.index)
        self.function = FunctionType(code, environment.namespace_for(code))
        return self.function


@dataclass(slots=True)
class Runtime:
    """One render. `templates` are those visible by name; `active` counts running includes by name.

    `sites` is filled when things fail: what the lines of generated code stand for, by the id of the code.
    """

    environment: Environment
    effects: Effects
    templates: Mapping[str, TemplateEntry]
    active: dict[str, int] = field(default_factory=dict)
    warnings: list[str] = field(default_factory=list)
    sites: dict[int, dict[int, Site]] = field(default_factory=dict)

    def with_templates(self, templates: Mapping[str, TemplateEntry]) -> Runtime:
        """The same render, with other templates visible (inside `tpl`)."""
        return replace(self, templates=templates)

    # What template functions ask of the world.

    @property
    def lint(self) -> bool:
        return self.environment.lint

    @property
    def time_zone(self) -> Any:
        return self.effects.time_zone

    def clock(self) -> int:
        """Nanoseconds since 1970."""
        return self.effects.clock()

    def entropy(self, count: int, /) -> bytes:
        """That many bytes nobody can foresee."""
        return self.effects.entropy(count)

    def warn(self, message: str) -> None:
        """A line that Helm would log."""
        self.warnings.append(message)

    # Running templates.

    def run(self, entry: TemplateEntry, data: GoValue) -> str:
        """Run a template. Raises GoError with the position in it."""
        function = entry.function or entry.load(self.environment)
        try:
            text: str = joined(function(self, data))
        except (EvaluationError, GoPanic, GoError, RecursionError) as error:
            raise self.located(error, entry) from error
        if self.effects.account is not None:
            self.effects.account(len(text))
        return text

    def unknown_template(self, name: str) -> GoError:
        return GoError(f'template: no template {quote(name)} associated with template "{TPL_NAME}"')

    # Errors.

    def located(self, error: Exception, entry: TemplateEntry) -> GoError:
        """The error as Go words it: with the position in the template that failed, or in the innermost of those it ran
        by `{{ template }}`.

        The traceback tells: the entry's frame first, then one frame for each `{{ template }}` it went through. Only a
        RecursionError can strike in a line that stands for no node; then the place is where that template was called.
        """
        assert entry.function is not None
        frame = error.__traceback__
        while frame is not None and frame.tb_frame.f_code is not entry.function.__code__:
            frame = frame.tb_next
        assert frame is not None, "the traceback of an error in a template goes through the template"
        site = self._site(entry, frame)
        if site is None:
            raise error
        while site.nested and frame.tb_next is not None:
            inner = self._entry_of(frame.tb_next)
            inner_site = None if inner is None else self._site(inner, frame.tb_next)
            if inner is None or inner_site is None:
                break
            entry, frame, site = inner, frame.tb_next, inner_site
        return _go_error(error, entry, site, frame)

    def _site(self, entry: TemplateEntry, frame: TracebackType) -> Site | None:
        key = id(frame.tb_frame.f_code)
        sites = self.sites.get(key)
        if sites is None:
            sites = self.sites[key] = entry.compiled.sites(entry.index, self.environment.functions)
        return sites.get(frame.tb_lineno)

    def _entry_of(self, frame: TracebackType) -> TemplateEntry | None:
        """The template that a frame belongs to. By identity: codes of equal text are equal."""
        code = frame.tb_frame.f_code
        for entry in self.templates.values():
            if entry.function is not None and entry.function.__code__ is code:
                return entry
        return None


def _go_error(error: Exception, entry: TemplateEntry, site: Site, frame: TracebackType) -> GoError:
    at, inner = site.at, _inner(error)
    if isinstance(error, EvaluationError):
        message = error.message.removesuffix(error.cause)
        if error.argument is not None and site.arguments:
            at = site.arguments[error.argument]
        elif error.cause and site.calling is not None:
            at = site.calling
    elif isinstance(error, RecursionError):
        message = f"exceeded maximum template depth ({_DEEPEST_TEMPLATE})"
    else:
        message = f"error calling {site.function}: "
    node = _settled(at, frame)
    file = entry.compiled
    where = location(file.name, file.source, node.position)
    head = f"template: {where}: executing {quote(entry.name)} at <{node}>: {message}"
    # The innermost place that can be shown: the text of `tpl` cannot, and what is missing has none.
    shown = isinstance(inner, GoError) and inner.place is not None and inner.place.excerpt
    place = None if shown else place_at(file.name, file.source, node.position)
    return GoError(head, inner, place)


def _inner(error: Exception) -> GoError | str:
    """What the error wraps."""
    if isinstance(error, GoError):
        return error
    if isinstance(error, EvaluationError):
        return error.cause
    return error.message if isinstance(error, GoPanic) else ""


def _settled(at: At, frame: TracebackType) -> Any:
    """The node, where it is up to an `and` or `or` which one it is."""
    from steersman.core.template.generator import Moving  # with the compiler, which told what failed

    while isinstance(at, Moving):
        at = at.nodes[frame.tb_frame.f_locals[at.local]]
    return at


def include(runtime: Runtime, name: str, data: GoValue) -> str:
    """Helm's `include`: run a template by name, refusing endless recursion."""
    active = runtime.active
    depth = active.get(name, 0)
    if depth > _DEEPEST_INCLUDE:
        raise FunctionError(f"rendering template has a nested reference name: {name}: unable to execute template")
    entry = runtime.templates.get(name)
    if entry is None:
        raise runtime.unknown_template(name)
    active[name] = depth + 1
    text = runtime.run(entry, data)
    active[name] = depth
    return text


def _defined(runtime: Runtime, name: str) -> FunctionType:
    """The template of a `{{ template }}` action."""
    entry = runtime.templates.get(name)
    if entry is None:
        raise EvaluationError(f"template {quote(name)} not defined")
    return entry.function or entry.load(runtime.environment)


def _nil_length() -> None:
    raise FunctionError("len of nil pointer")


_BUILTINS: Final = {kind.__name__: kind for kind in (str, int, float, bool, list, dict, complex, type)}

GENERATED_NAMES: Final[dict[str, Any]] = {
    "__builtins__": {**_BUILTINS, "locals": locals},
    "FIELD_ERRORS": FIELD_ERRORS,
    "Int64": Int64,
    "Literal": Literal,
    "defined": _defined,
    "display": display,
    "elements": elements,
    "fail": fail,
    "field_chain": field_chain,
    "holds_interfaces": holds_interfaces,
    "method_arguments": method_arguments,
    "method_of": method_of,
    "nil_length": _nil_length,
    "pairs": pairs,
    "validated": validated,
}
"""All that generated code can name, with `f_NAME` for each template function. Of Python's builtins it sees a few."""
