"""Errors across the socket: from exceptions to data in the worker, and back to the same classes in the operator.

Only classes of this table cross. A name on the wire is looked up here and nowhere else, so a worker that was taken
over by a chart cannot make the operator build anything but these. An error of a subclass travels as its nearest
ancestor in the table; every other exception is a bug of the engine and becomes RenderCrashed, without its text, which
may hold values.
"""

from __future__ import annotations

import traceback
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from steersman.core.chart.errors import ChartError, PatternError
from steersman.core.chart.gunzip import NotGzip
from steersman.core.chart.refusals import ArchiveFault, ArchiveRefused
from steersman.core.manifest.errors import ManifestError
from steersman.core.render.errors import IncompatibleCluster, KubeVersionError, RenderError
from steersman.core.semver import SemverError
from steersman.core.template.errors import Place, TemplateError
from steersman.core.values.errors import ValuesError
from steersman.core.yaml.errors import YAMLError
from steersman.errors import InvalidInput, SteersmanError
from steersman.rendering.errors import RenderCrashed, RenderLimitExceeded
from steersman.rendering.protocol import WireError

_MAX_TEXT = 64 * 1024


@dataclass(frozen=True, slots=True)
class _Row:
    """A class, the fields it carries, and how it is made again from message and fields."""

    kind: type[SteersmanError]
    fields: tuple[str, ...]
    make: Callable[[str, dict[str, Any]], SteersmanError]


def _template_error(message: str, fields: dict[str, Any]) -> TemplateError:
    template, line, column, excerpt = (fields.get(name) for name in ("template", "line", "column", "excerpt"))
    if not template:
        return TemplateError(message)
    return TemplateError(message, Place(str(template), _number(line), _number(column), str(excerpt)))


def _yaml_error(message: str, fields: dict[str, Any]) -> YAMLError:
    line = fields.get("line")
    return YAMLError(message, line=None if line is None else _number(line))


def _archive_refused(message: str, fields: dict[str, Any]) -> ArchiveRefused:
    fault = fields.get("fault")
    known = ArchiveFault(fault) if fault in list(ArchiveFault) else ArchiveFault.DAMAGED
    return ArchiveRefused(known, message, entry=str(fields.get("entry", "")))


def _plain(kind: type[SteersmanError]) -> _Row:
    """A class that carries its message only."""
    return _Row(kind, (), lambda message, _: kind(message))


_ROWS = (
    _Row(TemplateError, ("template", "line", "column", "excerpt"), _template_error),
    _Row(YAMLError, ("line",), _yaml_error),
    _Row(ManifestError, ("path",), lambda text, fields: ManifestError(text, path=str(fields.get("path", "")))),
    _Row(
        RenderLimitExceeded,
        ("limit", "allowed"),
        lambda _, fields: RenderLimitExceeded(fields.get("limit", "memory"), str(fields.get("allowed", ""))),
    ),
    _Row(ArchiveRefused, ("fault", "entry"), _archive_refused),
    _plain(ChartError),
    _plain(NotGzip),
    _plain(PatternError),
    _plain(ValuesError),
    _plain(SemverError),
    _plain(IncompatibleCluster),
    _plain(RenderError),
    _plain(KubeVersionError),
    _plain(InvalidInput),
    _plain(RenderCrashed),
)
_BY_CLASS = {row.kind: row for row in _ROWS}
_BY_NAME = {row.kind.__name__: row for row in _ROWS}


def to_wire(error: BaseException) -> WireError:
    """The error as data."""
    for kind in type(error).__mro__:
        row = _BY_CLASS.get(kind)
        if row is not None and isinstance(error, SteersmanError):
            fields = {name: getattr(error, name) for name in row.fields}
            return WireError(row.kind.__name__, _cut(error.message), _cut(error.hint), fields)
    return WireError(RenderCrashed.__name__, f"the renderer has a bug: {_place_of(error)}")


def from_wire(wire: WireError) -> SteersmanError:
    """The error to raise in the operator."""
    row = _BY_NAME.get(wire.kind)
    if row is None:
        return RenderCrashed(f"the renderer failed with an unknown error: {wire.message}")
    error = row.make(wire.message, wire.fields)
    error.hint = wire.hint
    return error


def _place_of(error: BaseException) -> str:
    """`KeyError at engine.py:12`: enough to find it, nothing that a chart or its values said."""
    frames = traceback.extract_tb(error.__traceback__)
    place = f" at {Path(frames[-1].filename).name}:{frames[-1].lineno}" if frames else ""
    return f"{type(error).__name__}{place}"


def _cut(text: str) -> str:
    """The text, or its two ends: what a chain of template errors starts with, and its cause."""
    if len(text) <= _MAX_TEXT:
        return text
    return f"{text[: _MAX_TEXT // 2]} … {text[-_MAX_TEXT // 2 :]}"


def _number(value: object) -> int:
    return value if isinstance(value, int) else 0
