"""index.yaml → `Index`, as Helm 4 reads it (`repo.loadIndex`): JSON or strict YAML, entries that are no charts skipped.

Called by `registry.indexing` in a process of its own, since an index is somebody else's text and may be large, and by
the CLI for Helm's cached ones. Nothing large is ever held: YAML is read event by event, and of each version only what
an `Index` keeps stays. That way covers what programs write; anchors, tags and whatever is wrong go to the exact reader
(`core.yaml`), which has Go's words for it and needs many times the memory: larger files than `EXACT_BYTES` do without.
"""

from __future__ import annotations

import io
import re
from collections.abc import Iterable, Iterator
from typing import Any, BinaryIO, Final, NamedTuple, NoReturn

import msgspec

from steersman.core import yaml
from steersman.core.chart.chartfile import V2, clean, parse_metadata
from steersman.core.chart.errors import ChartError
from steersman.core.chart.index import ChartVersion, Index, Skipped, pack
from steersman.core.chart.indexstream import NotCovered, stream_index
from steersman.core.chart.versions import parsed_version
from steersman.core.manifest.typed import (
    ANYTHING,
    BOOL,
    STRING,
    TIME,
    Kind,
    ListOf,
    MapOf,
    Struct,
    TypeMismatch,
    decode,
)
from steersman.core.yaml.errors import UNMARSHALING
from steersman.errors import InvalidInput

EXACT_BYTES: Final = 4 * 1024 * 1024
"""Up to here the exact reader reads what the fast one does not cover."""

_MOST_SKIPPED: Final = 100
_MOST_TOLD: Final = 300
_DUPLICATE_DEPENDENCY: Final = "validation: more than one dependency with name or alias"
_JSON_STARTS: Final = b'{["-0123456789tfn'
_JSON_SPACE: Final = b" \t\r\n"

_VERSION = Struct(
    "repo.ChartVersion",
    {
        **V2.metadata.fields,
        "urls": ListOf(STRING),
        "created": TIME,
        "removed": BOOL,
        "digest": STRING,
        "checksum": STRING,
        "engine": STRING,
        "tillerVersion": STRING,
        "url": STRING,
    },
)
_FIELD_OF_VERSION = re.compile(rf"(Go struct field \w+\.entries\.)({'|'.join(V2.metadata.fields)})\b").sub
_PLAIN_TIME = re.compile(
    r"[0-9]{4}-(?:0[1-9]|1[0-2])-(?:0[1-9]|1[0-9]|2[0-8])T(?:[01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9](?:\.[0-9]{1,9})?"
    r"(?:Z|[+-](?:[01][0-9]|2[0-3]):[0-5][0-9])"
).fullmatch
_INDEX = Struct(
    "repo.IndexFile",
    {
        "serverInfo": MapOf(ANYTHING),
        "apiVersion": STRING,
        "generated": TIME,
        "entries": MapOf(ListOf(_VERSION, nullable=True)),
        "publicKeys": ListOf(STRING),
        "annotations": MapOf(STRING),
    },
)


class IndexBounds(NamedTuple):
    """Bounds of what is kept: charts, the texts of one chart, and all of them packed."""

    charts: int = 100_000
    chart_bytes: int = 8 * 1024 * 1024
    packed_bytes: int = 64 * 1024 * 1024


_BOUNDS: Final = IndexBounds()


class InvalidIndex(InvalidInput):
    """A text that is no index. The message is Helm's, where Helm has one."""

    reason = "ChartInvalid"


class IndexTooLarge(InvalidInput):
    """An index beyond the bounds of what is kept."""

    reason = "ChartInvalid"


def read_index(file: BinaryIO, size: int, bounds: IndexBounds = _BOUNDS) -> Index:
    """The index in a file of this size. Raises InvalidIndex and IndexTooLarge."""
    if not size:
        raise InvalidIndex("empty index.yaml file")
    start = file.read(64 * 1024).lstrip(_JSON_SPACE)
    file.seek(0)
    if start[:1] in [bytes([start_of_json]) for start_of_json in _JSON_STARTS]:
        found = _read_json(file.read(), _Collector(bounds))
        if found is not None:
            return found
        file.seek(0)
    try:
        return read_stream(file, bounds)
    except NotCovered as reason:
        if size > EXACT_BYTES:
            raise InvalidIndex(
                reason.problem, hint=f"indexes above {EXACT_BYTES // 1024 // 1024} MiB must be plain YAML"
            ) from reason
    file.seek(0)
    return read_exactly(file.read(), bounds)


def index_from_bytes(data: bytes, bounds: IndexBounds = _BOUNDS) -> Index:
    """`read_index` of a text at hand."""
    return read_index(io.BytesIO(data), len(data), bounds)


def _read_json(data: bytes, collector: _Collector) -> Index | None:
    """The index in a JSON text, None where it is no JSON: then it may be YAML all the same."""
    try:
        _collect_json_fields(data, collector)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None
    return collector.index()


def _collect_json_fields(data: bytes, collector: _Collector) -> None:
    try:
        fields = msgspec.json.decode(data, type=dict[str, msgspec.Raw])
    except msgspec.ValidationError:  # so far JSON, and no object
        _refuse_json(msgspec.json.decode(data))
    for key, raw in fields.items():
        if _INDEX.field_named(key) == "entries":
            _collect_json(raw, collector)
        else:
            collector.note(_json_fields({key: msgspec.json.decode(raw)}))


def _collect_json(raw: msgspec.Raw, collector: _Collector) -> None:
    try:
        charts = msgspec.json.decode(raw, type=dict[str, msgspec.Raw] | None)
    except msgspec.ValidationError:
        _refuse_json({"entries": msgspec.json.decode(raw)})
    for name, versions in (charts or {}).items():
        fields = _json_fields({"entries": {name: msgspec.json.decode(versions)}})
        collector.chart(name, fields["entries"][name] or ())


def _json_fields(document: Any) -> dict[str, Any]:
    try:
        return decode(document, _INDEX, is_json=True)
    except TypeMismatch as error:
        raise InvalidIndex(_told(error)) from error


def _refuse_json(document: Any) -> NoReturn:
    _json_fields(document)
    raise InvalidIndex("no API version specified")  # of `null`


def read_stream(file: BinaryIO, bounds: IndexBounds = _BOUNDS) -> Index:
    """The index in YAML, read by the fast way. Raises NotCovered too."""
    collector = _Collector(bounds)
    for name, value in stream_index(file):
        if isinstance(value, Iterator):
            collector.chart(name, (_version_fields(name, version) for version in value))
        else:
            collector.note(_fields({name: value}))
    return collector.index()


def _version_fields(name: str, version: Any) -> dict[str, Any] | None:
    if type(version) is dict and all(_is_as_declared(key, value) for key, value in version.items()):
        return version
    fields: dict[str, Any] | None = _fields({"entries": {name: [version]}})["entries"][name][0]
    return fields


def _is_as_declared(key: str, value: Any) -> bool:
    """Whether a field of a version is one, and nothing of its value needs to be turned into another type."""
    kind = _VERSION.fields.get(key)
    if type(value) is str:
        return kind is STRING or (kind is TIME and _PLAIN_TIME(value) is not None)
    if type(value) is bool:
        return kind is BOOL
    return _holds(value, kind)


def _holds(value: Any, kind: Kind | None) -> bool:
    if isinstance(kind, ListOf):
        return type(value) is list and all(_holds(item, kind.element) for item in value)
    if isinstance(kind, MapOf):
        return type(value) is dict and all(_holds(item, kind.element) for item in value.values())
    if isinstance(kind, Struct):
        return type(value) is dict and all(_holds(item, kind.fields.get(key)) for key, item in value.items())
    return type(value) is str if kind is STRING else kind is BOOL and type(value) is bool


def _fields(document: dict[str, Any]) -> dict[str, Any]:
    try:
        return decode(document, _INDEX, strict=True)
    except TypeMismatch as error:
        # The exact reader finds the one that Go tells first.
        raise NotCovered(f"{UNMARSHALING}{_told(error)}") from error


def read_exactly(data: bytes, bounds: IndexBounds = _BOUNDS) -> Index:
    """The index in YAML, read by the exact way."""
    collector = _Collector(bounds)
    try:
        fields = decode(yaml.load_strict(data), _INDEX, strict=True)
    except yaml.YAMLError as error:
        raise InvalidIndex(error.message) from error
    except TypeMismatch as error:
        raise InvalidIndex(f"{UNMARSHALING}{_told(error)}") from error
    for name, versions in fields.pop("entries", {}).items():
        collector.chart(name, versions or ())
    collector.note(fields)
    return collector.index()


def _told(error: TypeMismatch) -> str:
    """The text, with what Go names otherwise: a list that is a type, and a struct within that of a version."""
    text = str(error).replace("[]*repo.ChartVersion", "repo.ChartVersions")
    return _FIELD_OF_VERSION(lambda match: f"{match[1]}Metadata.{match[2]}", text)


class _Collector:
    """Takes charts one by one and keeps what an `Index` does."""

    def __init__(self, bounds: IndexBounds) -> None:
        self._bounds = bounds
        self._charts: dict[str, bytes] = {}
        self._skipped: list[Skipped] = []
        self._bytes = 0
        self._api_version = ""

    def note(self, fields: dict[str, Any]) -> None:
        """Fields of the index itself."""
        self._api_version = fields.get("apiVersion", self._api_version)

    def chart(self, name: str, versions: Iterable[dict[str, Any] | None]) -> None:
        """One chart, whose versions may still have to be read."""
        kept: list[ChartVersion] = []
        size = 0
        skipped: list[Skipped] = []
        for fields in versions:
            entry = _entry(name, fields)
            if isinstance(entry, Skipped):
                skipped = [*skipped[-_MOST_SKIPPED:], entry]
                continue
            size += _size(entry)
            if size > self._bounds.chart_bytes:
                limit = self._bounds.chart_bytes
                raise IndexTooLarge(f"the versions of chart {name[:100]} take more than {limit} bytes")
            kept.append(entry)
        self._keep(name, pack(sorted(kept, key=_precedence, reverse=True)))
        self._skipped += reversed(skipped)
        del self._skipped[_MOST_SKIPPED:]

    def index(self) -> Index:
        """All of it. Raises InvalidIndex."""
        if not self._api_version:
            raise InvalidIndex("no API version specified")
        return Index(dict(sorted(self._charts.items())), tuple(sorted(self._skipped, key=lambda entry: entry.name)))

    def _keep(self, name: str, packed: bytes) -> None:
        self._charts[name] = packed
        self._bytes += len(packed)
        if len(self._charts) > self._bounds.charts:
            raise IndexTooLarge(f"it has more than {self._bounds.charts} charts")
        if self._bytes > self._bounds.packed_bytes:
            raise IndexTooLarge(f"its charts take more than {self._bounds.packed_bytes} bytes")


def _entry(name: str, fields: dict[str, Any] | None) -> ChartVersion | Skipped:
    if fields is None:
        return Skipped(name[:_MOST_TOLD])
    try:
        parse_metadata(fields)
    except ChartError as error:
        # Helm takes these: JFrog's repositories leave out what tells such dependencies apart.
        if not error.message.startswith(_DUPLICATE_DEPENDENCY):
            return Skipped(name[:_MOST_TOLD], fields.get("version", "")[:_MOST_TOLD], error.message[:_MOST_TOLD])
    return ChartVersion(
        name=clean(fields["name"]),
        version=fields["version"],
        urls=tuple(fields.get("urls", ())),
        digest=fields.get("digest", ""),
        created=fields.get("created", ""),
        app_version=clean(fields.get("appVersion", "")),
        description=clean(fields.get("description", "")),
        type=fields.get("type", ""),
        deprecated=fields.get("deprecated", False),
        keywords=tuple(map(clean, fields.get("keywords", ()))),
    )


def _size(entry: ChartVersion) -> int:
    return (
        len(entry.name) + len(entry.version) + len(entry.description) + len(entry.app_version) + len(entry.digest)
        + sum(map(len, entry.urls)) + sum(map(len, entry.keywords)) + 100
    )  # fmt: skip


def _precedence(entry: ChartVersion) -> Any:
    return parsed_version(entry.version)
