"""From files to a `Chart`: what belongs to the chart, to its templates, and to the charts inside it.

Called by the renderer with archives (`load_archive`) and by the CLI with the listing of a folder (`load_files`). Charts
in `charts/` are folders or archives; which of them a release uses is decided later (`values.dependencies`). Helm takes
them in random order; here they come sorted by name. The root's apiVersion decides by which generation's rules
(`chart_api`) the whole tree is read; a chart of v3 loads, but does not render (`render.engine.check_chart`).
"""

from __future__ import annotations

import hashlib
import posixpath
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from steersman.core.chart.archive import Budget, archive_files
from steersman.core.chart.chartfile import (
    V2,
    V3,
    ChartApi,
    decode_api_version,
    decode_lock,
    decode_metadata,
    parse_metadata,
)
from steersman.core.chart.documents import load_values
from steersman.core.chart.errors import ChartError
from steersman.core.chart.metadata import API_V3, Metadata
from steersman.core.chart.model import Chart, ChartFile
from steersman.core.chart.refusals import ArchiveFault, ArchiveRefused, BrokenArchive, refused

_MAX_DEPTH = 32
_OWN_FILES = frozenset({"Chart.yaml", "Chart.lock", "values.yaml", "values.schema.json"})
_REQUIREMENTS = frozenset({"requirements.yaml", "requirements.lock"})


def load_archive(data: bytes) -> Chart:
    """Load a chart archive. Raises ChartError (NotGzip where the bytes are no gzip stream)."""
    budget = Budget()
    try:
        files = archive_files(data, budget)
    except BrokenArchive as error:
        raise ArchiveRefused(error.fault, f"unable to load chart archive: {error.message}") from error
    if "Chart.yaml" not in files:
        raise ChartError("unable to detect chart version, no Chart.yaml found")
    return _load(files, chart_api(files["Chart.yaml"]), budget, depth=0)


def load_files(files: Mapping[str, bytes], api: ChartApi = V2) -> Chart:
    """Load a chart from its files: path inside the chart → content, without byte order marks. They are read by the
    rules of this generation, whatever Chart.yaml says. Raises ChartError."""
    return _load(files, api, Budget(), depth=0)


def chart_api(chart_yaml: bytes) -> ChartApi:
    """By which rules a root chart is read: Helm looks at its apiVersion before it loads anything else. Raises
    ChartError."""
    api_version = decode_api_version(chart_yaml)
    if api_version in ("", "v1", "v2"):
        return V2
    if api_version == API_V3:
        return V3
    raise ChartError("unsupported chart version")


def _load(files: Mapping[str, bytes], api: ChartApi, budget: Budget, depth: int) -> Chart:
    fields = _metadata_fields(files, api)
    lock = _load_lock(files, api)
    values = _load_default_values(files)
    if fields is None:
        raise ChartError("Chart.yaml file is missing")
    metadata = parse_metadata(fields, api)
    return Chart(
        metadata=metadata,
        values=values,
        templates=tuple(ChartFile(name, data) for name, data in files.items() if name.startswith("templates/")),
        files=tuple(ChartFile(name, data) for name, data in files.items() if _is_extra(name, metadata, api)),
        schema=files.get("values.schema.json"),
        lock=lock,
        subcharts=tuple(_subcharts(files, metadata.name, api, budget, depth)),
        values_text=files.get("values.yaml", b""),
    )


def _metadata_fields(files: Mapping[str, bytes], api: ChartApi) -> dict[str, Any] | None:
    """Chart.yaml's fields, with those of Helm 2's requirements.yaml over them; None where there is no Chart.yaml."""
    names = ("Chart.yaml", "requirements.yaml") if api.has_requirements else ("Chart.yaml",)
    decoded = [decode_metadata(files[name], name, api) for name in names if name in files]
    if "Chart.yaml" not in files:
        return None
    return {key: value for fields in decoded for key, value in fields.items()}


def _load_lock(files: Mapping[str, bytes], api: ChartApi) -> dict[str, Any] | None:
    names = ("Chart.lock", "requirements.lock") if api.has_requirements else ("Chart.lock",)
    locks = [decode_lock(files[name], name, api) for name in names if name in files]
    return locks[-1] if locks else None


def _load_default_values(files: Mapping[str, bytes]) -> dict[str, Any]:
    try:
        return load_values(files.get("values.yaml", b""))
    except ChartError as error:
        raise ChartError(f"cannot load values.yaml: {error.message}") from error


def _is_extra(name: str, metadata: Metadata, api: ChartApi) -> bool:
    """Whether templates see the file in `.Files`."""
    if name in _OWN_FILES or name.startswith("templates/"):
        return False
    if name in _REQUIREMENTS and api.has_requirements:
        return metadata.api_version == "v1"
    return not name.startswith("charts/") or _is_provenance(name)


def _is_provenance(name: str) -> bool:
    return posixpath.basename(name).endswith(".prov")


def _subcharts(files: Mapping[str, bytes], parent: str, api: ChartApi, budget: Budget, depth: int) -> Iterator[Chart]:
    """The charts in `charts/`. What starts with `_` or `.` is none, nor is a lone file that is no archive."""
    vendored: dict[str, dict[str, bytes]] = {}
    for path, data in files.items():
        if path.startswith("charts/") and not _is_provenance(path):
            name, _, inner = path.removeprefix("charts/").partition("/")
            vendored.setdefault(name, {})[inner] = data
    for name in sorted(vendored):
        if not name.startswith(("_", ".")):
            yield _subchart(name, vendored[name], parent, api, budget, depth)


def _subchart(name: str, files: dict[str, bytes], parent: str, api: ChartApi, budget: Budget, depth: int) -> Chart:
    if depth >= _MAX_DEPTH:
        problem = f"is nested more than {_MAX_DEPTH} levels deep"
        raise refused(ArchiveFault.NESTING, problem, entry=f"charts/{name}")
    is_archive = name.endswith(".tgz")
    if is_archive and "" not in files:
        raise ChartError(f"error unpacking subchart tar in {parent}: expected {name}, got {name}/{next(iter(files))}")
    try:
        if is_archive:
            loaded = _load(archive_files(files[""], budget), api, budget, depth + 1)
            return replace(loaded, digest=f"sha256:{hashlib.sha256(files['']).hexdigest()}")
        return _load({path: data for path, data in files.items() if path}, api, budget, depth + 1)
    except ChartError as error:
        message = f"error unpacking subchart {name} in {parent}: {error.message}"
        if isinstance(error, ArchiveRefused):
            if error.fault is ArchiveFault.NESTING:
                raise  # a message about each level would help nobody
            raise error.inside(f"charts/{name}", message) from error
        raise ChartError(message) from error
