"""One render: chart, values and capabilities in, manifests, hooks and notes out.

`render` is what the renderer process and the CLI call. The stages are functions of their own, in Helm's order, because
the order decides which complaint a user sees first: `check_chart`, `prepare` (dependencies, values, schema, contexts),
`render_files` (templates), `assemble` (split, sort, print).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from steersman.core.chart.bundled import BundledChart, bundled
from steersman.core.chart.metadata import API_V3
from steersman.core.chart.model import Chart, crd_files, walk
from steersman.core.golang.types import from_bytes
from steersman.core.manifest.errors import ManifestError
from steersman.core.manifest.log import log_line
from steersman.core.manifest.model import Manifest
from steersman.core.manifest.parse import parse_objects, sort_manifests
from steersman.core.render.capabilities import CapabilitiesObject
from steersman.core.render.compiled import CompiledChart, is_partial, template_sources
from steersman.core.render.context import ChartContext, build_contexts
from steersman.core.render.engines import NEEDS_FLAG, SUFFIX, is_refused, jinja_files
from steersman.core.render.errors import IncompatibleCluster, MissingDependencies, RenderError
from steersman.core.render.model import ChartInfo, CrdFile, Rendered, RenderRequest
from steersman.core.template.errors import TemplateError
from steersman.core.template.runtime import Effects
from steersman.core.values.dependencies import is_compatible, missing_dependencies, process_dependencies
from steersman.core.values.errors import ValuesError
from steersman.core.values.merge import coalesce_values

_NOTES = "NOTES.txt"


class RenderOptions(NamedTuple):
    """How to render. `subchart_notes` adds the notes of subcharts to the chart's own.

    `show_values` lets complaints about values quote them, which only the one who gave them may see.
    """

    skip_schema: bool = False
    subchart_notes: bool = False
    show_values: bool = False


@dataclass(frozen=True, slots=True)
class Prepared:
    """A chart ready to run: the tree its values select, the contexts of its templates, and what was logged."""

    chart: Chart
    contexts: tuple[ChartContext, ...]
    capabilities: CapabilitiesObject
    warnings: list[str] = field(default_factory=list)
    jinja: Mapping[str, str] = field(default_factory=dict)
    """Paths of the templates that Jinja2 renders, and those of their charts."""
    bundled: tuple[BundledChart, ...] = ()
    """The charts in it, used or not."""


def render(
    chart: Chart,
    request: RenderRequest,
    compiled: CompiledChart,
    effects: Effects,
    options: RenderOptions | None = None,
) -> Rendered:
    """Render a chart. `compiled` belongs to this chart alone. Raises RenderError, ValuesError, TemplateError or
    ManifestError."""
    options = options or RenderOptions()
    check_chart(chart)
    prepared = prepare(chart, request, options)
    files = render_files(prepared, compiled, effects)
    return assemble(prepared, files, options, include_crds=request.include_crds)


def check_chart(chart: Chart) -> None:
    """What Helm asks before it looks at values. Raises RenderError."""
    if chart.metadata.type not in ("", "application"):
        raise RenderError(f"{chart.metadata.type} charts are not installable")
    missing = missing_dependencies(chart)
    if missing:
        raise MissingDependencies(missing)
    if chart.metadata.api_version == API_V3:
        raise RenderError(
            "invalid chart apiVersion",
            hint="charts of apiVersion v3 are loaded and checked, but Helm 4.3 does not render them either: use v2",
        )


def prepare(chart: Chart, request: RenderRequest, options: RenderOptions) -> Prepared:
    """Select the subcharts and engines, coalesce the values and check them. Raises ValuesError and RenderError."""
    warnings: list[str] = []
    if chart.metadata.deprecated:
        warnings.append(log_line("WARN", "this chart is deprecated"))
    brought = bundled(chart)
    try:
        chart = process_dependencies(chart, request.values, warnings.append)
    except ValuesError as error:
        raise ValuesError(f"chart dependencies processing failed: {error.message}") from error
    values = coalesce_values(chart, request.values, warnings.append)
    if not options.skip_schema:
        check_values(chart, values, show_values=options.show_values)
    capabilities = CapabilitiesObject(request.capabilities)
    contexts = build_contexts(chart, values, request.release, capabilities)
    jinja = jinja_files(chart, warnings.append, allowed=request.allow_jinja)
    return Prepared(chart, tuple(contexts), capabilities, warnings, jinja, brought)


def check_values(chart: Chart, values: dict[str, Any], *, show_values: bool) -> None:
    """Check coalesced values against the schemas of the tree, if it has any. Raises ValuesError."""
    if not any(each.schema is not None for _, each in walk(chart)):
        return
    # Imported here: its libraries take a fifth of the time a new process needs, and few charts have a schema.
    from steersman.core.values.schema import validate

    validate(chart, values, show_values=show_values)


def render_files(prepared: Prepared, compiled: CompiledChart, effects: Effects) -> dict[str, str]:
    """Run every template: full path → text, notes among them. Raises IncompatibleCluster and TemplateError."""
    _check_cluster(prepared)
    return execute_templates(prepared, compiled, effects)


def execute_templates(prepared: Prepared, compiled: CompiledChart, effects: Effects) -> dict[str, str]:
    """`render_files` without a look at the chart's kubeVersion. Raises TemplateError."""
    try:
        return _execute(prepared, compiled, effects)
    except TemplateError as error:
        _name_flag(prepared, error.template, error)
        raise


def _name_flag(prepared: Prepared, path: str, error: TemplateError | ManifestError) -> None:
    """Tell of the flag where Jinja2 was taken for a Go template."""
    if not prepared.jinja and is_refused(prepared.chart, path):
        error.hint = f"the {NEEDS_FLAG}"


def _execute(prepared: Prepared, compiled: CompiledChart, effects: Effects) -> dict[str, str]:
    templates = compiled.templates(prepared.chart, prepared.jinja)
    jinja = compiled.jinja_templates(prepared.chart, prepared.jinja) if prepared.jinja else None
    runtime = templates.runtime(effects)
    owners = {path: context for context in prepared.contexts for path in context.template_paths()}
    files: dict[str, str] = {}
    try:
        for path in template_sources(prepared.chart):
            if is_partial(path):
                continue
            root = owners[path].enter(path)
            if jinja is not None and path in prepared.jinja:
                files[_as_notes(path)] = jinja.execute(path, root, runtime)
            else:
                files[path] = templates.execute(path, root, runtime)
    finally:
        prepared.warnings.extend(runtime.warnings)
    return files


def assemble(
    prepared: Prepared, files: Mapping[str, str], options: RenderOptions, *, include_crds: bool = False
) -> Rendered:
    """Take out the notes, split and sort the rest, write the manifest. Raises ManifestError."""
    chart = prepared.chart
    notes = {path: text for path, text in files.items() if path.endswith(_NOTES)}
    try:
        hooks, manifests = sort_manifests(without_notes(files), prepared.warnings.append)
    except ManifestError as error:
        _name_flag(prepared, error.path, error)
        raise
    return Rendered(
        chart=ChartInfo(
            name=chart.name,
            version=chart.metadata.version,
            app_version=chart.metadata.app_version,
            metadata=chart.metadata.as_json(),
            values=chart.values,
            bundled=prepared.bundled,
        ),
        manifest=manifest_text(manifests),
        manifests=manifests,
        hooks=hooks,
        notes=_notes_text(chart.name, notes, options),
        crds=tuple(_crds(chart)) if include_crds else (),
        warnings=tuple(prepared.warnings),
    )


def without_notes(files: Mapping[str, str]) -> dict[str, str]:
    """The rendered files that are to hold objects."""
    return {path: text for path, text in files.items() if not path.endswith(_NOTES)}


def document_text(path: str, text: str) -> str:
    """One document as Helm stores and prints it."""
    return f"---\n# Source: {path}\n{text}\n"


def manifest_text(manifests: Iterable[Manifest]) -> str:
    """The manifest of a release record."""
    return "".join([document_text(manifest.path, manifest.text) for manifest in manifests])


def _check_cluster(prepared: Prepared) -> None:
    constraint = prepared.chart.metadata.kube_version
    version = prepared.capabilities.KubeVersion
    if constraint and not is_compatible(version.text(), constraint):
        raise IncompatibleCluster(
            f"chart requires kubeVersion: {constraint} which is incompatible with Kubernetes {version.Version}"
        )


def _as_notes(path: str) -> str:
    """Notes by the name that they have without Jinja2; other paths stay."""
    return path.removesuffix(SUFFIX) if path.endswith(_NOTES + SUFFIX) else path


def _notes_text(name: str, notes: Mapping[str, str], options: RenderOptions) -> str:
    """The chart's own notes, with those of subcharts on request; Helm joins them in random order, here the root's come
    first."""
    own = notes.get(f"{name}/templates/{_NOTES}", "")
    if not options.subchart_notes:
        return own
    others = [notes[path] for path in sorted(notes) if path != f"{name}/templates/{_NOTES}"]
    return "\n".join([text for text in (own, *others) if text])


def _crds(chart: Chart) -> Iterator[CrdFile]:
    for file in crd_files(chart):
        text = from_bytes(file.data)
        yield CrdFile(file.name, text, tuple(parse_objects(text)))
