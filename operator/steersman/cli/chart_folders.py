"""Charts as a lint looks at them: what lies in the folder, even where it is no chart.

Called by `lint`. An archive is looked at as if it were unpacked, `.helmignore` at work again, as Helm does.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Literal

from steersman.cli.charts import LocatedChart, os_error
from steersman.cli.folder_listing import folder_files
from steersman.core.chart.archive import Budget, archive_files
from steersman.core.chart.chartfile import decode_chart_file
from steersman.core.chart.errors import ChartError
from steersman.core.chart.ignore import IGNORE_FILE, parse_ignore
from steersman.core.chart.loader import load_files
from steersman.core.chart.model import Chart
from steersman.core.golang.quote import quote
from steersman.core.lint.model import ChartFolder, Unreadable
from steersman.core.manifest.log import Warn

_ARCHIVES = (".tgz", ".tar.gz")


def read_chart_folder(chart: LocatedChart, warn: Warn) -> ChartFolder:
    """What is at a path or in a pulled archive. Raises ChartError, in Helm's words, where there is no chart."""
    if chart.archive is not None:
        return _from_archive(chart.place, chart.archive)
    path = chart.place
    if path.endswith(_ARCHIVES):
        return _from_archive(os.path.abspath(path), _read_archive(path))  # noqa: PTH100 - as below
    chart_file = os.path.normpath(f"{path}/Chart.yaml")
    try:
        os.stat(chart_file)  # noqa: PTH116 - its errors are the message
    except OSError as error:
        problem = os_error(chart_file, error, "stat")
        raise ChartError(f"unable to check Chart.yaml file in chart: {problem}") from error
    folder = Path(os.path.abspath(path))  # noqa: PTH100 - Path.absolute keeps `..`, messages show it cleaned
    chart_yaml = _read(folder / "Chart.yaml")
    assert chart_yaml is not None
    schema = _read(folder / "values.schema.json")
    return ChartFolder(
        path=str(folder),
        chart_yaml=chart_yaml,
        values_yaml=_read(folder / "values.yaml"),
        schema=schema if isinstance(schema, bytes) else b"",
        templates=_kind(folder / "templates"),
        crds=_kind(folder / "crds"),
        chart=_loaded(lambda: load_files(folder_files(folder, warn))),
    )


def inner_charts(path: str) -> Iterator[str]:
    """The paths of all charts inside a chart's `charts/`, at any depth, in the order of a walk."""
    charts = Path(os.path.normpath(f"{path}/charts"))
    if charts.is_dir():
        yield from _walk(charts)


def _walk(folder: Path) -> Iterator[str]:
    for entry in sorted(folder.iterdir(), key=lambda each: os.fsencode(each.name)):
        if entry.name == "Chart.yaml":
            yield str(folder)
        elif entry.name.endswith(_ARCHIVES):
            yield str(entry)
        if entry.is_dir() and not entry.is_symlink():
            yield from _walk(entry)


def _read_archive(path: str) -> bytes:
    try:
        return Path(path).read_bytes()
    except OSError as error:
        raise ChartError(f"unable to open tarball: {os_error(path, error)}") from error


def _from_archive(place: str, data: bytes) -> ChartFolder:
    try:
        files = archive_files(data, Budget())
        _check_name(files)
    except ChartError as error:
        raise ChartError(f"unable to extract tarball: {error.message}", hint=error.hint) from error
    rules = parse_ignore(files.get(IGNORE_FILE, b"").decode("utf-8", "replace"))
    kept = {name: files[name] for name in sorted(files, key=_walk_order) if rules.keeps(name)}
    return ChartFolder(
        path=place,
        chart_yaml=files["Chart.yaml"],
        values_yaml=files.get("values.yaml"),
        schema=files.get("values.schema.json", b""),
        templates=_kind_in(files, "templates"),
        crds=_kind_in(files, "crds"),
        chart=_loaded(lambda: load_files(kept)),
    )


def _check_name(files: Mapping[str, bytes]) -> None:
    """The name is that of the folder to unpack into."""
    try:
        name = decode_chart_file(files["Chart.yaml"]).get("name", "") if "Chart.yaml" in files else ""
    except ChartError as error:
        raise ChartError(f"cannot load Chart.yaml: {error.message}") from error
    if not name:
        raise ChartError("chart name not specified")
    if name in (".", ".."):
        raise ChartError(f"chart name {quote(name)} is not allowed")
    if "/" in name:
        raise ChartError(f"chart name {quote(name)} must not contain path separators")


def _walk_order(path: str) -> list[bytes]:
    return [os.fsencode(part) for part in path.split("/")]


def _read(path: Path) -> bytes | Unreadable | None:
    if not path.exists():
        return None
    try:
        return path.read_bytes()
    except OSError as error:
        return Unreadable(os_error(path, error), is_folder=path.is_dir())


def _kind(path: Path) -> Literal["file", "folder"] | None:
    if not path.exists():
        return None
    return "folder" if path.is_dir() else "file"


def _kind_in(files: Mapping[str, bytes], name: str) -> Literal["file", "folder"] | None:
    if name in files:
        return "file"
    return "folder" if any(path.startswith(f"{name}/") for path in files) else None


def _loaded(load: Callable[[], Chart]) -> Chart | ChartError:
    try:
        return load()
    except ChartError as error:
        return error
