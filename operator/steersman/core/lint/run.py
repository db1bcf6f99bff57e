"""All checks of one chart, in order: Helm's rules first, in Helm's order, then ours.

Called by `cli.lint` for each chart.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from steersman.core.chart.errors import ChartError
from steersman.core.chart.model import Chart
from steersman.core.lint.chartfile import check_chart_file
from steersman.core.lint.crds import check_crds
from steersman.core.lint.dependencies import check_dependencies, check_locked
from steersman.core.lint.duplicate_keys import check_duplicate_keys
from steersman.core.lint.model import ChartFolder, Finding, LintRequest, Severity
from steersman.core.lint.removed_apis import Kubernetes, check_removed_apis
from steersman.core.lint.rendering import Renderer, Rendering
from steersman.core.lint.templates import FOLDER, check_rendered, check_templates_folder
from steersman.core.lint.unknown_values import check_unknown_values
from steersman.core.lint.values import check_values
from steersman.core.manifest.log import Warn
from steersman.core.render.capabilities import default_capabilities, parse_kube_version
from steersman.core.render.errors import RenderError
from steersman.core.render.model import Capabilities
from steersman.core.template.errors import TemplateError
from steersman.core.template.runtime import Effects
from steersman.core.values.errors import ValuesError
from steersman.core.values.merge import deep_copy


def lint_chart(folder: ChartFolder, request: LintRequest, effects: Effects, warn: Warn) -> list[Finding]:
    """Every finding about a chart. Raises KubeVersionError for a version that is none."""
    return list(_Lint(folder, request, effects, warn).findings())


class _Lint:
    """One lint of one chart."""

    def __init__(self, folder: ChartFolder, request: LintRequest, effects: Effects, warn: Warn) -> None:
        self._folder = folder
        self._request = request
        self._effects = effects
        self._warn = warn
        self._values: dict[str, Any] = deep_copy(request.values)
        self._renderer: Renderer | None = None
        self._rendering: Rendering | None = None
        capabilities = default_capabilities(request.kube_version)
        version = parse_kube_version(capabilities.kube_version)
        number = (int(version.Major), int(version.Minor))
        self._kubernetes = Kubernetes(capabilities, number, named=bool(request.kube_version))

    def findings(self) -> Iterator[Finding]:
        yield from check_chart_file(self._folder)
        yield from check_values(self._folder, self._values, self._request, self._warn)
        yield from self._templates()
        yield from check_dependencies(self._folder)
        yield from check_crds(self._folder)
        if not self._request.only_helm and not isinstance(self._folder.chart, ChartError):
            yield from self._ours(self._folder.chart)

    def _templates(self) -> Iterator[Finding]:
        yield from check_templates_folder(self._folder)
        if self._folder.templates != "folder":
            return
        chart = self._folder.chart
        if isinstance(chart, ChartError):
            yield Finding(Severity.ERROR, FOLDER, chart.message)
            return
        self._renderer = Renderer(chart, self._values, self._request, self._effects)
        try:
            self._rendering = self._renderer.render(self._kubernetes.capabilities, self._warn)
        except (RenderError, ValuesError, TemplateError) as error:
            yield Finding(Severity.ERROR, FOLDER, error.message)
        if self._rendering is not None:
            yield from check_rendered(self._rendering, self._kubernetes.version)

    def _ours(self, chart: Chart) -> Iterator[Finding]:
        yield from check_unknown_values(chart, self._request.values)
        yield from check_locked(chart)
        if self._rendering is not None:
            yield from check_removed_apis(self._rendering, self._kubernetes, self._render_again)
            yield from check_duplicate_keys(self._rendering)

    def _render_again(self, capabilities: Capabilities) -> Rendering | None:
        """Without its warnings: they were told the first time."""
        assert self._renderer is not None
        try:
            return self._renderer.render(capabilities, lambda _: None)
        except (ValuesError, TemplateError):
            return None
