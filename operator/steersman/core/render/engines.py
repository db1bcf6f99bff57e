"""Which engine renders which file: Go's templates, or Jinja2 where the chart says so and the operator lets it.

A chart says so for its own files `templates/*.j2`, with an annotation in Chart.yaml; charts inside it say it for
themselves. Without either word, such files are Go templates, as in Helm.
"""

from __future__ import annotations

from collections.abc import Iterator

from steersman.core.chart.model import Chart, walk
from steersman.core.golang.quote import quote
from steersman.core.manifest.log import Warn, log_line
from steersman.core.render.compiled import is_partial
from steersman.core.render.errors import RenderError

ANNOTATION = "steersman.dev/engine"
FLAG = "--enable-jinja-charts"
SUFFIX = ".j2"
JINJA = "jinja2"
GO = "go"

NEEDS_FLAG = f"chart asks for Jinja2 ({ANNOTATION}: {JINJA}), which needs the flag {FLAG}"
"""What to know where a file of such a chart fails as a Go template."""


def jinja_files(chart: Chart, warn: Warn, *, allowed: bool) -> dict[str, str]:
    """Full paths of the templates that Jinja2 renders → full paths of their charts. Warns of each chart that asks for
    what is not allowed. Raises RenderError for an engine that nobody knows."""
    asking = [(path, owner) for path, owner in walk(chart) if _engine(path, owner) == JINJA]
    if allowed:
        return {file: path for path, owner in asking for file in _files(path, owner)}
    for path, _ in asking:
        warn(log_line("WARN", f"{NEEDS_FLAG}; its .j2 files are Go templates", chart=path))
    return {}


def is_refused(chart: Chart, path: str) -> bool:
    """Whether the template would be for Jinja2 if that were allowed."""
    return any(path in _files(folder, owner) for folder, owner in walk(chart) if _engine(folder, owner) == JINJA)


def _engine(path: str, chart: Chart) -> str:
    engine = (chart.metadata.annotations or {}).get(ANNOTATION, GO)
    if engine not in (GO, JINJA):
        raise RenderError(
            f"chart {path} asks for a template engine that does not exist: {ANNOTATION} is {quote(engine)}",
            hint=f"there are {JINJA}, and {GO}, which is the default",
        )
    return engine


def _files(path: str, chart: Chart) -> Iterator[str]:
    for file in chart.templates:
        if file.name.endswith(SUFFIX) and (not chart.is_library or is_partial(file.name)):
            yield f"{path}/{file.name}"
