"""values.schema.json: does every chart of the tree get values that fit its schema?

Called by `render.engine` with the coalesced values, before any template runs. The verdict is jsonschema-rs's (drafts 4
to 2020-12, patterns as linear as RE2's), the text is Helm's (`schema_report`). As in Helm, a float without a fraction
is an integer for every draft, and a reference by `urn:` accepts everything. Unlike Helm, nothing outside of the schema
is ever read: a reference to a file or a host is refused by name, because schemas come from strangers.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from decimal import Decimal
from functools import lru_cache
from typing import Any, Final

import jsonschema_rs

from steersman.core.chart.model import Chart
from steersman.core.golang.kinds import type_name
from steersman.core.golang.types import from_bytes
from steersman.core.values.errors import ValuesError
from steersman.core.values.json_text import stream_error
from steersman.core.values.schema_formats import checks
from steersman.core.values.schema_report import Unexplained, explain
from steersman.core.values.schema_text import place

_HEADING: Final = "values don't meet the specifications of the schema(s) in the following chart(s):\n"
_BASE: Final = "json-schema:///"
_LATEST: Final = 2020
_DRAFTS: Final = {"draft-04": 4, "draft-06": 6, "draft-07": 7, "2019-09": 2019, "2020-12": 2020}
_REGEX = jsonschema_rs.RegexOptions()


def validate(chart: Chart, values: dict[str, Any], *, show_values: bool = False) -> None:
    """Check the values of the chart and of each of its subcharts. Raises ValuesError with every complaint.

    With `show_values` complaints about patterns and formats quote the value, as Helm's do. It may be secret.
    """
    complaints = "".join(_tree(chart, values, show_values))
    if complaints:
        raise ValuesError(_HEADING + complaints)


def complaints_about(schema: bytes, values: Any, *, show_values: bool = False) -> str:
    """What is wrong with the values, a line a complaint; "" when nothing is. Raises ValuesError for a bad schema."""
    plain = _plain(values)
    validator = _compiled(schema)
    if validator.is_valid(plain):
        return ""
    parsed = json.loads(schema, parse_float=Decimal)
    try:
        return explain(parsed, plain, _draft(parsed), _matches, show_values=show_values)
    except Unexplained:
        return "".join(
            f"- at {place(error.instance_path)}: {error.message}\n" for error in validator.iter_errors(plain)
        )


def _tree(chart: Chart, values: dict[str, Any], show_values: bool) -> Iterator[str]:
    if chart.schema is not None:
        try:
            complaints = complaints_about(chart.schema, values, show_values=show_values)
        except ValuesError as error:
            complaints = error.message
        if complaints:
            yield f"{chart.name}:\n{complaints}"
    for subchart in chart.subcharts:
        section = values.get(subchart.name)
        if section is None:
            continue
        if isinstance(section, dict):
            yield from _tree(subchart, section, show_values)
        else:
            yield f"{subchart.name}:\ninvalid type for values: expected object (map), got {type_name(section)}\n"


@lru_cache(maxsize=64)
def _compiled(schema: bytes) -> jsonschema_rs.Validator:
    refused: list[str] = []

    def retrieve(uri: str) -> Any:
        if uri.startswith("urn:"):
            return True
        refused.append(uri.removeprefix(_BASE))
        raise ValueError(uri)

    try:
        parsed = json.loads(schema)
        return jsonschema_rs.validator_for(
            parsed, retriever=retrieve, pattern_options=_REGEX, formats=checks(), mask="value"
        )
    except jsonschema_rs.ValidationError as error:
        if refused:
            message = f"values.schema.json refers to {refused[0]}: only references inside the schema are followed"
        else:
            message = f"values.schema.json is no valid schema: at {place(error.instance_path)}: {error.message}"
        raise ValuesError(message) from error
    except json.JSONDecodeError as error:
        raise ValuesError(stream_error(from_bytes(schema))) from error


def _matches(pattern: str, text: str) -> bool:
    return jsonschema_rs.is_valid({"pattern": pattern}, text, pattern_options=_REGEX)


def _draft(schema: Any) -> int:
    named = str(schema.get("$schema", "")) if isinstance(schema, dict) else ""
    return next((draft for name, draft in _DRAFTS.items() if f"/{name}/" in named), _LATEST)


def _plain(value: Any) -> Any:
    """Values without Go's types, integral floats as integers."""
    if isinstance(value, dict):
        return {key: _plain(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_plain(item) for item in value]
    if isinstance(value, float):
        return int(value) if value.is_integer() else value
    return int(value) if isinstance(value, int) and not isinstance(value, bool) else value
