"""A chart rendered for the rules: release `test-release`, with `required` and `fail` forgiven.

Called by `run`, once for Helm's rules and, where an API is gone, once more as the named Kubernetes would have it.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

from steersman.core.chart.model import Chart
from steersman.core.lint.model import LintRequest
from steersman.core.manifest.log import Warn
from steersman.core.render.capabilities import CapabilitiesObject
from steersman.core.render.compiled import CompiledChart
from steersman.core.render.context import build_contexts
from steersman.core.render.engine import Prepared, check_values, execute_templates
from steersman.core.render.engines import jinja_files
from steersman.core.render.model import Capabilities, ReleaseInfo
from steersman.core.template.environment import Environment
from steersman.core.template.runtime import Effects
from steersman.core.values.dependencies import process_dependencies
from steersman.core.values.errors import ValuesError
from steersman.core.values.merge import coalesce_values

_RELEASE = "test-release"


@dataclass(frozen=True, slots=True)
class Rendering:
    """The tree that the values selected, and what its templates gave: full path → text. `jinja` holds the full paths of
    those in Jinja2."""

    chart: Chart
    files: dict[str, str]
    jinja: Collection[str] = ()

    def inner_path(self, path: str) -> str:
        """The path of a file as messages have it, from the chart's folder on."""
        return path.removeprefix(f"{self.chart.name}/")


class Renderer:
    """Renders one chart, its templates compiled once."""

    def __init__(self, chart: Chart, values: dict[str, Any], request: LintRequest, effects: Effects) -> None:
        self._chart = chart
        self._values = values
        self._request = request
        self._effects = effects
        self._compiled = CompiledChart(Environment(lint=True))

    def render(self, capabilities: Capabilities, warn: Warn) -> Rendering | None:
        """None where values do not fit the tree of charts, which Helm's lint passes over in silence. Raises ValuesError
        for values that do not fit a schema, RenderError for an engine that there is not, and TemplateError."""
        try:
            chart = process_dependencies(self._chart, self._values, warn)
            # Twice, as Helm does: what a null took away the first time comes back with the second.
            values = coalesce_values(chart, coalesce_values(chart, self._values, warn), warn)
        except ValuesError:
            return None
        if not self._request.skip_schema:
            check_values(chart, values, show_values=True)
        release = ReleaseInfo(_RELEASE, self._request.namespace, revision=0, is_install=False)
        known = CapabilitiesObject(capabilities)
        contexts = tuple(build_contexts(chart, values, release, known))
        jinja = jinja_files(chart, warn, allowed=self._request.allow_jinja)
        prepared = Prepared(chart, contexts, known, jinja=jinja)
        try:
            files = execute_templates(prepared, self._compiled, self._effects)
        finally:
            for line in prepared.warnings:
                warn(line)
        return Rendering(chart, files, jinja)
