"""values.schema.json: does every chart of the tree get values that fit its schema?

Called by `render.engine` with the coalesced values, before any template runs. `schema_document` reads the schema and
refuses a broken one, `schema_walk` compares, `schema_text` has the words. As in Helm, a float without a fraction is an
integer for every draft, and a reference by `urn:` accepts everything. Unlike Helm, nothing outside of the schema is
ever read: a reference to a file or a host is refused by name, because schemas come from strangers.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any, Final

from steersman.core.chart.model import Chart
from steersman.core.golang.kinds import type_name
from steersman.core.golang.types import from_bytes
from steersman.core.values.errors import ValuesError
from steersman.core.values.json_text import decode_json_prefix, stream_error
from steersman.core.values.schema_document import read_schema
from steersman.core.values.schema_text import lines
from steersman.core.values.schema_walk import Walk

_HEADING: Final = "values don't meet the specifications of the schema(s) in the following chart(s):\n"


def validate(chart: Chart, values: dict[str, Any], *, show_values: bool = False) -> None:
    """Check the values of the chart and of each of its subcharts. Raises ValuesError with every complaint.

    With `show_values` complaints about patterns and formats quote the value, as Helm's do. It may be secret.
    """
    complaints = "".join(_tree(chart, values, show_values))
    if complaints:
        raise ValuesError(_HEADING + complaints)


def complaints_about(schema: bytes, values: Any, *, show_values: bool = False) -> str:
    """What is wrong with the values, a line a complaint; "" when nothing is. Raises ValuesError for a bad schema."""
    text = from_bytes(schema)
    try:
        found = Walk(read_schema(text), show_values=show_values).validate(values)
    except json.JSONDecodeError as error:
        raise ValuesError(_json_problem(text)) from error
    except RecursionError as error:
        raise ValuesError("values.schema.json goes too deep: let it refer to itself less often") from error
    return "" if found is None else "".join(lines(found))


def _json_problem(text: str) -> str:
    if not text.strip(" \t\r\n"):
        return "EOF"
    try:
        decode_json_prefix(text, 0)
    except ValuesError:
        return stream_error(text)
    return "invalid character after top-level value"


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
