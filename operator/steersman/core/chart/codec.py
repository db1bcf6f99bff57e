"""A loaded chart as plain data (tuples, dicts, strings, bytes) and back, for caches that save parsing its YAML again.

Called by `render.compiled`. The form is private to one version of this program: whoever keeps it puts the version into
the key.
"""

from __future__ import annotations

from typing import Any

from steersman.core.chart.metadata import Dependency, Maintainer, Metadata
from steersman.core.chart.model import Chart, ChartFile


def chart_to_plain(chart: Chart) -> tuple[Any, ...]:
    """The chart and all charts inside it."""
    return (
        _metadata_to_plain(chart.metadata),
        chart.values,
        tuple([(file.name, file.data) for file in chart.templates]),
        tuple([(file.name, file.data) for file in chart.files]),
        chart.schema,
        chart.lock,
        tuple([chart_to_plain(subchart) for subchart in chart.subcharts]),
        chart.values_text,
        chart.digest,
    )


def chart_from_plain(plain: tuple[Any, ...]) -> Chart:
    """What `chart_to_plain` took apart."""
    metadata, values, templates, files, schema, lock, subcharts, values_text, digest = plain
    return Chart(
        metadata=_metadata_from_plain(metadata),
        values=values,
        templates=tuple([ChartFile(name, data) for name, data in templates]),
        files=tuple([ChartFile(name, data) for name, data in files]),
        schema=schema,
        lock=lock,
        subcharts=tuple([chart_from_plain(subchart) for subchart in subcharts]),
        values_text=values_text,
        digest=digest,
    )


def _metadata_to_plain(metadata: Metadata) -> dict[str, Any]:
    plain = _fields(metadata)
    plain["maintainers"] = tuple([_fields(maintainer) for maintainer in metadata.maintainers])
    if metadata.dependencies is not None:
        plain["dependencies"] = tuple([_fields(dependency) for dependency in metadata.dependencies])
    return plain


def _metadata_from_plain(plain: dict[str, Any]) -> Metadata:
    restored = dict(plain)
    restored["maintainers"] = tuple([Maintainer(**each) for each in plain["maintainers"]])
    if plain["dependencies"] is not None:
        restored["dependencies"] = tuple([Dependency(**each) for each in plain["dependencies"]])
    return Metadata(**restored)


def _fields(record: Metadata | Maintainer | Dependency) -> dict[str, Any]:
    return record._asdict()
