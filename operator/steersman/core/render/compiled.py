"""The compiled templates of a chart: made once per chart digest, kept in memory and, as bytes, on disk.

`render.engine` asks for the templates one render needs; which those are depends on the values (a subchart may be
switched off, or be there twice under two names), so files are kept by full path and compiled when first asked for.
"""

from __future__ import annotations

import marshal
from collections.abc import Collection, Iterable, Mapping
from importlib.util import MAGIC_NUMBER
from types import CodeType
from typing import TYPE_CHECKING

from steersman.core.chart.codec import chart_from_plain, chart_to_plain
from steersman.core.chart.model import Chart, walk
from steersman.core.golang.types import from_bytes, to_bytes
from steersman.core.template.compiled import CompiledTemplate, StaleCompiledTemplate
from steersman.core.template.environment import Environment, TemplateSet, compile_file

if TYPE_CHECKING:
    from steersman.core.jinja.templates import JinjaTemplates

_FORMAT = b"steersman-chart-4\0" + MAGIC_NUMBER


class CompiledChart:
    """A chart's templates compiled so far, for one environment, and (where it was given) the loaded chart itself."""

    def __init__(
        self, environment: Environment, known: Iterable[CompiledTemplate] = (), chart: Chart | None = None
    ) -> None:
        self.environment = environment
        self.chart = chart
        self._known = {template.name: template for template in known}
        self._set: tuple[tuple[str, ...], TemplateSet] | None = None
        self._jinja_codes: dict[str, CodeType] = {}
        self._jinja_version = ""
        self._jinja_grown = False
        self._jinja: tuple[Mapping[str, str], JinjaTemplates] | None = None

    @property
    def grown(self) -> bool:
        """Whether there is more than `to_bytes` wrote: files that were compiled since, or templates first used."""
        return self._jinja_grown or any(template.grown for template in self._known.values())

    def templates(self, chart: Chart, jinja: Collection[str] = ()) -> TemplateSet:
        """The Go templates of this tree, in Helm's order. `jinja` are the paths of those for Jinja2 (`engines`). Raises
        TemplateError for the first that does not parse."""
        sources = template_sources(chart)
        names = tuple([name for name in sources if name not in jinja])
        if self._set is None or self._set[0] != names:
            compiled = [self._compiled(name, sources[name]) for name in names]
            self._set = (names, TemplateSet(self.environment, compiled))
        return self._set[1]

    def jinja_templates(self, chart: Chart, jinja: Mapping[str, str]) -> JinjaTemplates:
        """The Jinja2 templates of this tree; `jinja` maps their paths to their charts' paths. Raises TemplateError."""
        from steersman.core.jinja.environment import Source  # Jinja2 loads for charts that need it
        from steersman.core.jinja.templates import VERSION, JinjaTemplates

        if self._jinja is None or self._jinja[0] != jinja:
            if self._jinja_version != VERSION:
                self._jinja_codes, self._jinja_version = {}, VERSION
            sources = template_sources(chart)
            known = len(self._jinja_codes)
            templates = JinjaTemplates(
                self.environment.functions,
                {path: Source(sources[path], owner) for path, owner in jinja.items()},
                self._jinja_codes,
            )
            self._jinja = (jinja, templates)
            self._jinja_grown |= len(self._jinja_codes) > known
        return self._jinja[1]

    def _compiled(self, name: str, source: str) -> CompiledTemplate:
        known = self._known.get(name)
        if known is None:
            known = self._known[name] = compile_file(self.environment, name, source)
        return known

    def to_bytes(self) -> bytes:
        """All of it, for `from_bytes` of the same version on the same machine."""
        self._jinja_grown = False
        chart = None if self.chart is None else chart_to_plain(self.chart)
        go = [template.to_bytes() for template in self._known.values()]
        return _FORMAT + marshal.dumps((chart, go, self._jinja_version, self._jinja_codes))

    @classmethod
    def from_bytes(cls, environment: Environment, data: bytes) -> CompiledChart:
        """Bytes of `to_bytes`, from a place only this program writes. Raises StaleCompiledTemplate."""
        if not data.startswith(_FORMAT):
            raise StaleCompiledTemplate("compiled by another version")
        chart, go, jinja_version, jinja_codes = marshal.loads(data[len(_FORMAT) :])  # noqa: S302 - our own cache; see the docstring
        known = [CompiledTemplate.from_bytes(template) for template in go]
        restored = cls(environment, known, None if chart is None else chart_from_plain(chart))
        restored._jinja_version, restored._jinja_codes = jinja_version, jinja_codes
        return restored


def template_sources(chart: Chart) -> dict[str, str]:
    """Full path → text of every template of the tree, in the order in which Helm parses and runs them: deepest first,
    names descending, so that parents override what their subcharts define."""
    sources = {
        f"{path}/{file.name}": from_bytes(file.data)
        for path, owner in walk(chart)
        for file in owner.templates
        if not owner.is_library or is_partial(file.name)
    }
    return {path: sources[path] for path in sorted(sources, key=_depth_then_name, reverse=True)}


def is_partial(path: str) -> bool:
    """Whether a template only defines names for others."""
    return path.rpartition("/")[2].startswith("_")


def _depth_then_name(path: str) -> tuple[int, bytes]:
    return path.count("/"), to_bytes(path)
