"""From a loaded chart to its archive: the files that Helm's `package` puts there, the same bytes each time.

Called by `steersman dependency` for charts of `file://` repositories. Chart.yaml and Chart.lock are written again from
what was read, charts inside become folders of the archive. Where Helm takes the time of each file, all members have one
time.
"""

from __future__ import annotations

import gzip
import io
import json
import tarfile
from collections.abc import Iterator
from typing import Any, Final

from steersman.core import yaml
from steersman.core.chart.dependency_lock import LEGACY_API, LOCK_FILE, Lock
from steersman.core.chart.errors import ChartError
from steersman.core.chart.model import Chart

DEFAULT_TIME: Final = 315_532_800
"""1980: the earliest that no tool finds implausible."""
_FORMAT_WITH_LOCK: Final = "v2"
_LEVEL: Final = 6


def archive_name(chart: Chart) -> str:
    """The file name of the archive."""
    return f"{chart.name}-{chart.metadata.version}.tgz"


def pack(chart: Chart, time: int = DEFAULT_TIME) -> bytes:
    """The archive; `time` (Unix seconds) is that of all members. Raises ChartError for a schema that is no JSON."""
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w", format=tarfile.PAX_FORMAT) as archive:
        for name, data in _members(chart, ""):
            member = tarfile.TarInfo(name)
            member.size, member.mtime, member.mode = len(data), time, 0o644
            archive.addfile(member, io.BytesIO(data))
    return gzip.compress(packed.getvalue(), _LEVEL, mtime=0)


def _members(chart: Chart, prefix: str) -> Iterator[tuple[str, bytes]]:
    base = f"{prefix}{chart.name}"
    metadata = chart.metadata
    if metadata.api_version == LEGACY_API:  # they are in requirements.yaml, which is one of its files
        metadata = metadata._replace(dependencies=None)
    yield f"{base}/Chart.yaml", yaml.dump(metadata.as_json()).encode("utf-8", "surrogateescape")
    if chart.lock is not None and metadata.api_version == _FORMAT_WITH_LOCK:
        yield f"{base}/{LOCK_FILE}", Lock.from_fields(chart.lock).text().encode("utf-8", "surrogateescape")
    if chart.values_text:
        yield f"{base}/values.yaml", chart.values_text
    if chart.schema is not None:
        _check_schema(chart.schema)
        yield f"{base}/values.schema.json", chart.schema
    for file in (*chart.templates, *chart.files):
        yield f"{base}/{file.name}", file.data
    for subchart in chart.subcharts:
        yield from _members(subchart, f"{base}/charts/")


def _check_schema(schema: bytes) -> None:
    try:
        json.loads(schema, parse_constant=_refuse)
    except (ValueError, RecursionError) as error:
        raise ChartError("invalid JSON in values.schema.json") from error


def _refuse(name: str) -> Any:
    raise ValueError(name)
