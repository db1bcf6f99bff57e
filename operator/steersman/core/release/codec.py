"""Releases to the payload of Helm's release Secret, and back.

`storage.secrets` calls it. The payload is what Helm keeps under `data.release` of a Secret (before the base64 that
every Secret has): base64 of gzip of JSON, the JSON's keys in the order of Helm's Go structs, maps sorted, `<`, `>` and
`&` escaped, times as RFC 3339 in UTC and left out where there are none (Helm's `pkg/release/v1` and
`pkg/storage/driver/util.go`).

We write slim records: the chart's templates, other files, schema and lock are null, so that records stay far below the
limit of a Secret. Records that Helm wrote keep theirs: `encode_onto` changes only what we know of.
"""

from __future__ import annotations

import base64
import binascii
import zlib
from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any, Final

import orjson

from steersman.core.release.errors import RecordUnreadable
from steersman.core.release.model import HookPhase, HookRun, Release, ReleaseChart, ReleaseHook, ReleaseStatus

MAX_DECODED: Final = 64 * 1024 * 1024
"""Bytes of JSON that a record may unpack to; a Secret of 1 MiB could otherwise hold a gigabyte."""

_GZIP_MAGIC: Final = b"\x1f\x8b\x08"
_GZIP_WBITS: Final = 31
_GZIP_LEVEL: Final = 6
"""Helm uses 9, which takes three times as long and saves one percent; readers do not care."""

_ZERO_TIME: Final = "0001-01-01T00:00:00Z"
_HTML: Final = ((b"<", b"\\u003c"), (b">", b"\\u003e"), (b"&", b"\\u0026"))
_LINE_SEPARATORS: Final = (("\u2028".encode(), b"\\u2028"), ("\u2029".encode(), b"\\u2029"))


def encode(release: Release) -> bytes:
    """The payload of a slim record."""
    return _pack(_document(release, _slim_chart(release.chart)))


def encode_onto(release: Release, payload: bytes) -> bytes:
    """The payload of a record that somebody else wrote, with the release's fields brought up to date.

    The chart as it was recorded stays, templates and files included, and so does what we do not know."""
    old = _unpack(payload)
    new = _document(release, old.get("chart"))
    unknown_info = {key: value for key, value in (old.get("info") or {}).items() if key not in _INFO_KEYS}
    new["info"] = {**new["info"], **unknown_info}
    return _pack({**new, **{key: value for key, value in old.items() if key not in _RELEASE_KEYS}})


def decode(payload: bytes) -> Release:
    """The release in a payload. Raises RecordUnreadable. Labels and resourceVersion are the Secret's, not in here."""
    document = _unpack(payload)
    try:
        return _release(document)
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise RecordUnreadable(
            f"its JSON is no Helm release: {error!r}", hint="restore the Secret from a backup, or delete it"
        ) from error


_INFO_KEYS: Final = frozenset(
    {"first_deployed", "last_deployed", "deleted", "description", "status", "rollback_revision", "notes"}
)
_RELEASE_KEYS: Final = frozenset(
    {"name", "info", "chart", "config", "manifest", "hooks", "version", "namespace", "apply_method"}
)


def _document(release: Release, chart: Any) -> dict[str, Any]:
    """Helm's JSON of a release, keys in Helm's order, empty ones left out as Go's omitempty does."""
    fields: tuple[tuple[str, Any], ...] = (
        ("name", release.name),
        ("info", _info(release)),
        ("chart", chart),
        ("config", _sorted(release.config)),
        ("manifest", release.manifest),
        ("hooks", [_hook(hook) for hook in release.hooks]),
        ("version", release.revision),
        ("namespace", release.namespace),
        ("apply_method", release.apply_method),
    )
    return _without_empty(fields)


def _info(release: Release) -> dict[str, Any]:
    return _without_empty(
        (
            ("first_deployed", _time_text(release.first_deployed)),
            ("last_deployed", _time_text(release.last_deployed)),
            ("deleted", _time_text(release.deleted)),
            ("description", release.description),
            ("status", str(release.status)),
            ("rollback_revision", release.rollback_revision),
            ("notes", release.notes),
        )
    )


def _slim_chart(chart: ReleaseChart) -> dict[str, Any]:
    return {
        "metadata": chart.metadata,
        "lock": None,
        "templates": None,
        "values": _sorted(chart.values) if chart.values else {},
        "schema": None,
        "schemamodtime": _ZERO_TIME,
        "files": None,
    }


def _hook(hook: ReleaseHook) -> dict[str, Any]:
    run = hook.last_run
    last_run = _without_empty(
        (("started_at", _time_text(run.started_at)), ("completed_at", _time_text(run.completed_at)))
    )
    before: tuple[tuple[str, Any], ...] = (
        ("name", hook.name),
        ("kind", hook.kind),
        ("path", hook.path),
        ("manifest", hook.manifest),
        ("events", list(hook.events)),
    )
    after: tuple[tuple[str, Any], ...] = (
        ("weight", hook.weight),
        ("delete_policies", list(hook.delete_policies)),
        ("output_log_policies", list(hook.output_log_policies)),
    )
    return {
        **_without_empty(before),
        "last_run": {**last_run, "phase": str(run.phase)},
        **_without_empty(after),
    }


def _without_empty(fields: Iterable[tuple[str, Any]]) -> dict[str, Any]:
    return {name: value for name, value in fields if value}


def _sorted(values: Mapping[str, Any]) -> orjson.Fragment | None:
    """A map as Go writes it, keys sorted all the way down, ready to be put into the document."""
    return orjson.Fragment(_dumps(values, orjson.OPT_SORT_KEYS)) if values else None


def _dumps(value: Any, option: int = 0) -> bytes:
    try:
        return orjson.dumps(value, option=option)
    except TypeError:
        return orjson.dumps(_as_go(value), option=option)


def _as_go(value: Any) -> Any:
    """The value as Go would have it in JSON, where orjson refuses it: bytes that are no text, integers past 64 bits."""
    if isinstance(value, str):
        return value.encode("utf-8", "surrogateescape").decode("utf-8", "replace")
    if isinstance(value, Mapping):
        return {_as_go(key): _as_go(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_as_go(item) for item in value]
    if isinstance(value, int) and not -(2**63) <= value < 2**64:
        return float(value)
    return value


def _pack(document: Mapping[str, Any]) -> bytes:
    text = _dumps(document)
    for raw, escaped in (*_HTML, *_LINE_SEPARATORS):
        text = text.replace(raw, escaped)
    packer = zlib.compressobj(_GZIP_LEVEL, zlib.DEFLATED, _GZIP_WBITS)
    return base64.b64encode(packer.compress(text) + packer.flush())


def _unpack(payload: bytes) -> dict[str, Any]:
    hint = "restore the Secret from a backup, or delete it"
    try:
        packed = base64.b64decode(payload, validate=True)
        document = orjson.loads(_unzip(packed) if packed.startswith(_GZIP_MAGIC) else packed)
    except (binascii.Error, zlib.error, ValueError) as error:
        raise RecordUnreadable(f"it is no base64 of gzip of JSON: {error}", hint=hint) from error
    if not isinstance(document, dict):
        raise RecordUnreadable("its JSON is no object", hint=hint)
    return document


def _unzip(packed: bytes) -> bytes:
    unpacker = zlib.decompressobj(_GZIP_WBITS)
    text = unpacker.decompress(packed, MAX_DECODED)
    if unpacker.unconsumed_tail:
        raise RecordUnreadable(f"it unpacks to more than {MAX_DECODED >> 20} MiB", hint="delete the Secret")
    if not unpacker.eof:
        raise RecordUnreadable("its gzip stream ends early", hint="restore the Secret from a backup, or delete it")
    return text


def _release(document: Mapping[str, Any]) -> Release:
    info = _map(document.get("info"))
    chart = _map(document.get("chart"))
    return Release(
        name=str(document["name"]),
        namespace=str(document.get("namespace") or ""),
        revision=int(document["version"]),
        status=_status(info.get("status")),
        chart=ReleaseChart(metadata=_map(chart.get("metadata")), values=_map(chart.get("values"))),
        config=_map(document.get("config")),
        manifest=str(document.get("manifest") or ""),
        hooks=tuple(_read_hook(hook) for hook in document.get("hooks") or ()),
        notes=str(info.get("notes") or ""),
        description=str(info.get("description") or ""),
        first_deployed=_time(info.get("first_deployed")),
        last_deployed=_time(info.get("last_deployed")),
        deleted=_time(info.get("deleted")),
        rollback_revision=int(info.get("rollback_revision") or 0),
        apply_method=str(document.get("apply_method") or ""),
    )


def _map(value: Any) -> dict[str, Any]:
    """The map, empty for null and absence."""
    if value is not None and not isinstance(value, dict):
        raise TypeError(f"{value!r:.40} where a map belongs")
    return value or {}


def _status(text: Any) -> ReleaseStatus:
    """Helm's state; one that this version does not know reads as unknown."""
    try:
        return ReleaseStatus(text)
    except ValueError:
        return ReleaseStatus.UNKNOWN


def _read_hook(hook: Mapping[str, Any]) -> ReleaseHook:
    run = _map(hook.get("last_run"))
    read = ReleaseHook(
        name=str(hook.get("name") or ""),
        kind=str(hook.get("kind") or ""),
        path=str(hook.get("path") or ""),
        manifest=str(hook.get("manifest") or ""),
        events=tuple(hook.get("events") or ()),
        weight=int(hook.get("weight") or 0),
        delete_policies=tuple(hook.get("delete_policies") or ()),
        output_log_policies=tuple(hook.get("output_log_policies") or ()),
    )
    phase = HookPhase(run.get("phase") or "")
    return replace(read, last_run=HookRun(phase, _time(run.get("started_at")), _time(run.get("completed_at"))))


def _time_text(moment: datetime | None) -> str:
    """RFC 3339 as Go writes it in UTC: no trailing zeros in the fraction."""
    if moment is None:
        return ""
    text = moment.astimezone(UTC).replace(tzinfo=None).isoformat()
    return f"{text.rstrip('0') if '.' in text else text}Z"


def _time(text: Any) -> datetime | None:
    """The time; Go's zero time and the empty text are none."""
    if not text:
        return None
    moment = datetime.fromisoformat(text)
    return None if moment.year == 1 else moment
