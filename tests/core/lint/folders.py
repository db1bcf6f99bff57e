"""Charts in memory, as a lint sees them."""

from __future__ import annotations

from typing import Any

from steersman.core.chart.errors import ChartError
from steersman.core.chart.loader import load_files
from steersman.core.lint.model import ChartFolder, LintRequest
from steersman.core.lint.run import lint_chart
from steersman.core.template.runtime import Effects

CHART_YAML = "apiVersion: v2\nname: app\nversion: 1.0.0\nicon: https://example.com/icon.svg\n"


def folder(files: dict[str, str]) -> ChartFolder:
    """A folder with these files, a sound Chart.yaml and an empty values.yaml among them unless given."""
    given = {"Chart.yaml": CHART_YAML, "values.yaml": "", "templates/NOTES.txt": "", **files}
    data = {name: text.encode() for name, text in given.items()}
    try:
        chart = load_files(data)
    except ChartError as error:
        chart = error
    return ChartFolder(
        path="/app",
        chart_yaml=data["Chart.yaml"],
        values_yaml=data["values.yaml"],
        schema=data.get("values.schema.json", b""),
        templates="folder",
        crds="folder" if any(name.startswith("crds/") for name in data) else None,
        chart=chart,
    )


def findings(files: dict[str, str], values: dict[str, Any] | None = None, **request: Any) -> list[str]:
    """The lines of a report."""
    lines = lint_chart(folder(files), LintRequest(values or {}, **request), Effects(), lambda _: None)
    return [str(line) for line in lines]


def ours(files: dict[str, str], values: dict[str, Any] | None = None, **request: Any) -> list[str]:
    """Those of our own checks."""
    return [line for line in findings(files, values, **request) if "[steersman/" in line]
