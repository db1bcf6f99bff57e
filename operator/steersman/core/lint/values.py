"""values.yaml: is it there, does it parse, and do the values fit the schema? Helm's rules and words.

As in Helm, subcharts play no part here, and only the first document of the file counts.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from steersman.core import yaml
from steersman.core.lint.model import ChartFolder, Finding, LintRequest, Severity, Unreadable
from steersman.core.manifest.log import Warn
from steersman.core.values.errors import ValuesError
from steersman.core.values.merge import coalesce_tables

_FILE = "values.yaml"


def check_values(folder: ChartFolder, values: dict[str, Any], request: LintRequest, warn: Warn) -> Iterator[Finding]:
    """Helm's rules for values.yaml. The user's `values` change as they do in Helm: their inner maps take the chart's
    defaults in, and lose what was null (so that a null does not survive into the rules for templates)."""
    if folder.values_yaml is None:
        yield Finding(Severity.INFO, _FILE, "file does not exist")
        return
    problem = _problem(folder, values, request, warn)
    if problem:
        yield Finding(Severity.ERROR, _FILE, problem)


def _problem(folder: ChartFolder, values: dict[str, Any], request: LintRequest, warn: Warn) -> str:
    if isinstance(folder.values_yaml, Unreadable):
        return f"unable to parse YAML: {folder.values_yaml.problem}"
    try:
        defaults = yaml.load_map(folder.values_yaml or b"")
    except yaml.YAMLError as error:
        return f"unable to parse YAML: {error.message.replace('map[string]interface {}', 'common.Values')}"
    merged = coalesce_tables(coalesce_tables({}, values, warn), defaults, warn)
    if not folder.schema or request.skip_schema:
        return ""
    # Imported here: its libraries take a fifth of the time a new process needs, and few charts have a schema.
    from steersman.core.values.schema import complaints_about

    try:
        return complaints_about(folder.schema, merged, show_values=True)
    except ValuesError as error:
        return error.message
