"""Rendering a chart of Jinja2 templates in tests."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from steersman.core.chart.loader import load_files
from steersman.core.chart.model import Chart
from steersman.core.render.capabilities import default_capabilities
from steersman.core.render.compiled import CompiledChart
from steersman.core.render.engine import RenderOptions, prepare, render_files
from steersman.core.render.model import ReleaseInfo, RenderRequest
from steersman.core.template.environment import Environment
from steersman.core.template.errors import TemplateError
from steersman.core.template.runtime import Effects

ENVIRONMENT = Environment()
CHART_YAML = "apiVersion: v2\nname: app\nversion: 1.0.0\nannotations: {steersman.dev/engine: jinja2}\n"
FILE = "app/templates/x.yaml.j2"
EFFECTS = Effects(clock=lambda: 0, entropy=bytes)


def chart(files: Mapping[str, str], chart_yaml: str = CHART_YAML) -> Chart:
    encoded = {name: text.encode("utf-8", "surrogateescape") for name, text in files.items()}
    return load_files({"Chart.yaml": chart_yaml.encode(), **encoded})


def rendered(
    files: Mapping[str, str], values: Mapping[str, Any] | None = None, compiled: CompiledChart | None = None
) -> dict[str, str]:
    """Path → text of every file."""
    request = RenderRequest("", dict(values or {}), ReleaseInfo("rel", "ns"), default_capabilities(), allow_jinja=True)
    prepared = prepare(chart(files), request, RenderOptions())
    return render_files(prepared, compiled or CompiledChart(ENVIRONMENT), EFFECTS)


def run(text: str, values: Mapping[str, Any] | None = None, **others: str) -> str:
    """The text as a file of a chart, with other files of `templates/` (`__` for a dot in their names) beside it."""
    files = {f"templates/{name.replace('__', '.')}": content for name, content in others.items()}
    return rendered({"templates/x.yaml.j2": text, **files}, values)[FILE]


def failure(text: str, values: Mapping[str, Any] | None = None, **others: str) -> TemplateError:
    with pytest.raises(TemplateError) as caught:
        run(text, values, **others)
    return caught.value


def complaint(text: str, values: Mapping[str, Any] | None = None, **others: str) -> str:
    """What is said of a failure in the first line of the file."""
    message = failure(text, values, **others).message
    prefix = f"execution error at ({FILE}:1): "
    assert message.startswith(prefix)
    return message.removeprefix(prefix)
