"""Targets: what comes out of the cluster and over the renderer's socket, release records, HelmReleases, frames."""

from __future__ import annotations

import asyncio
import base64
import struct
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import msgspec
import orjson
from fuzz.archives import packed
from fuzz.strategies import SEPARATOR, as_json, joined, json_like, json_values, parts_of, soup
from fuzz.target import Target
from hypothesis import strategies as st

from steersman.core.api.helmrelease import HelmRelease
from steersman.core.api.inventory import InventorySpec, entries_digest
from steersman.core.api.paging import spec_digest
from steersman.core.api.spec import HelmReleaseSpec
from steersman.core.api.status import HelmReleaseStatus
from steersman.core.release.codec import decode, encode, encode_onto
from steersman.core.render.model import Capabilities, ChartInfo, ReleaseInfo, Rendered, RenderRequest
from steersman.rendering import protocol
from steersman.rendering.client import RendererClient
from steersman.rendering.limits import RenderLimits
from steersman.rendering.session import LookupCall, Session

_RELEASE = {
    "name": "web", "namespace": "shop", "version": 3, "manifest": "---\nkind: A\n", "apply_method": "ssa",
    "config": {"a": 1},
    "info": {"first_deployed": "2024-01-02T03:04:05.678Z", "last_deployed": "", "status": "deployed", "notes": "n",
    "description": "d", "rollback_revision": 1},
    "chart": {"metadata": {"name": "web", "version": "1.0.0"}, "values": {"a": {"b": 2}}, "lock": None,
    "templates": None},
    "hooks": [{"name": "h", "kind": "Job", "path": "p", "manifest": "m", "events": ["test"], "weight": -5,
    "last_run": {"started_at": "", "phase": "Succeeded"}, "delete_policies": ["hook-failed"]}],
}  # fmt: skip
_RELEASE_KEYS = sorted(
    {
        *_RELEASE,
        *_RELEASE["info"],
        *_RELEASE["chart"],
        *_RELEASE["hooks"][0],
        "deployed",
        "0001-01-01T00:00:00Z",
        "2024-02-30T00:00:00Z",
        "phase",
    }
)  # type: ignore[misc]
_RELEASE_WORDS = (
    *tuple(f'"{word}"'.encode() for word in _RELEASE_KEYS),
    b":",
    b",",
    b"{",
    b"}",
    b"[",
    b"]",
    b"null",
    b"1",
    b"-1.5",
    b"true",
    b"\\u0000",
    b"H4sIA",
    b"=",
)


def _record(data: bytes) -> None:
    """JSON, packed as Helm does; anything else is the payload itself."""
    payload = base64.b64encode(packed(data)) if data.startswith(b"{") else data
    release = decode(payload)
    assert decode(encode(release)).name == release.name
    decode(encode_onto(release, payload))


_releases = st.tuples(st.sampled_from(sorted(_RELEASE)), json_like(_RELEASE_KEYS)).map(
    lambda change: as_json({**_RELEASE, change[0]: change[1]})
)
_release_infos = st.dictionaries(st.sampled_from(_RELEASE_KEYS), json_like(_RELEASE_KEYS), max_size=4).map(
    lambda change: as_json({**_RELEASE, "info": change, "hooks": [change], "chart": change})
)


def _helm_release(data: bytes) -> None:
    """Metadata are the API server's; spec and status may be anything."""
    spec, status = (_json_or_none(part) for part in parts_of(data, 2))
    metadata = {"name": "web", "namespace": "shop", "uid": "u", "creationTimestamp": "2024-01-02T03:04:05Z"}
    release = HelmRelease.parse({"metadata": metadata, "spec": spec, "status": status})
    assert release.release_name
    msgspec.to_builtins(release.spec)
    msgspec.to_builtins(release.status)


def _inventory(data: bytes) -> None:
    spec = msgspec.convert(_json_or_none(data), InventorySpec)
    spec_digest(spec)
    entries_digest(spec.entries)


def _json_or_none(data: bytes) -> Any:
    try:
        return orjson.loads(data)
    except ValueError:
        return None


def _field_names(kind: Any) -> list[str]:
    """The JSON names of all fields below a type of the API."""
    schema = msgspec.json.schema_components([kind])[1].values()
    return sorted({name for each in schema for name in each.get("properties", {})})


_SPEC_KEYS = [
    *_field_names(HelmReleaseSpec),
    "oci://r/c",
    "sha256:" + "a" * 64,
    "1h",
    "5m",
    ">=1",
    "Create",
    "x.y",
    "1.0.0",
]
_STATUS_KEYS = [*_field_names(HelmReleaseStatus), "True", "Ready", "2024-01-02T03:04:05Z", "x"]
_INVENTORY_KEYS = [*_field_names(InventorySpec), "Recreate", "apps", "web"]
_spec = st.dictionaries(st.sampled_from(_SPEC_KEYS), json_like(_SPEC_KEYS), max_size=5).map(
    lambda extra: as_json({"chart": {"url": "oci://r/c", "version": "1.x"}, **extra})
)
_status = json_like(_STATUS_KEYS).map(as_json)
_inventories = st.dictionaries(st.sampled_from(_INVENTORY_KEYS), json_like(_INVENTORY_KEYS), max_size=5).map(as_json)


def _quoted(words: list[str]) -> tuple[bytes, ...]:
    return (*tuple(f'"{word}"'.encode() for word in words), b":", b",", b"{", b"}", b"[", b"]", b"null", b"1", b"true")


_LIMIT = 1024 * 1024
_REQUEST = RenderRequest("sha256:x", {"a": 1}, ReleaseInfo("web", "ns"), Capabilities("v1.37.1", ("v1",)))
_CHART = b"a chart"
_DONE = Rendered(ChartInfo("web", "1", "", {}, {}), "", (), (), "")


def _frames(data: bytes) -> bytes:
    """Each part as a frame; a part that starts with `!` is taken as it is."""
    return b"".join(
        [part[1:] if part.startswith(b"!") else struct.pack(">I", len(part)) + part for part in data.split(SEPARATOR)]
    )


class _Socket:
    """The client's end of a connection, as the worker sees it."""

    def __init__(self, data: bytes) -> None:
        self._data = memoryview(data)

    def recv_into(self, view: memoryview) -> int:
        count = min(len(view), len(self._data), 1000)
        view[:count], self._data = self._data[:count], self._data[count:]
        return count

    def sendall(self, data: bytes) -> None:
        assert len(data) - protocol.HEADER_BYTES == protocol.body_length(data[: protocol.HEADER_BYTES], _LIMIT)


class _Engine:
    """Renders nothing, after asking for something."""

    def load(self, archive: bytes, _compiled: bytes | None) -> bytes:
        return archive

    def render(self, _chart: bytes, request: RenderRequest, lookup: LookupCall) -> Rendered:
        for name in list(request.values)[:3]:
            lookup("v1", "Secret", "ns", name)
        return _DONE

    def compiled(self, chart: bytes) -> bytes:
        return chart


class _NoGuard:
    """The limits are this process's own."""

    @contextmanager
    def watch(self, _limits: RenderLimits) -> Iterator[None]:
        yield

    def is_worn(self) -> bool:
        return False


def _worker(data: bytes) -> None:
    """A worker gets frames from its client."""
    Session(_Socket(_frames(data)), _Engine(), _NoGuard()).serve()  # type: ignore[arg-type]


class _Answers:
    """A renderer that says what it is told, whatever it is asked, and hangs up. Its loop and socket are kept."""

    def __init__(self) -> None:
        self.data = b""
        self.loop = asyncio.new_event_loop()
        self.folder = tempfile.TemporaryDirectory()
        self.path = Path(self.folder.name) / "s"
        self.loop.run_until_complete(asyncio.start_unix_server(self._answer, self.path))

    async def _answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(self.data)
        writer.write_eof()
        try:
            while await reader.read(65536):
                pass
        except OSError:
            pass
        writer.close()

    async def socket_path(self) -> Path:
        return self.path

    async def close(self) -> None:
        pass


_answers: list[_Answers] = []


def _client(data: bytes) -> None:
    """A client gets frames from its renderer, behind the greeting."""
    if not _answers:
        _answers.append(_Answers())
    renderer = _answers[0]
    renderer.data = protocol.frame(protocol.Hello(protocol.VERSION), _LIMIT) + _frames(data)
    renderer.loop.run_until_complete(_ask(renderer))


async def _ask(renderer: _Answers) -> None:
    async with RendererClient(renderer) as client:
        await client.render(_REQUEST, _CHART)


_TO_WORKER: tuple[Any, ...] = (
    protocol.Render(_REQUEST, RenderLimits()), protocol.ChartBytes(_CHART, None), protocol.LookupResult({"a": 1}),
    protocol.LookupResult(error="no"),
)  # fmt: skip
_TO_CLIENT: tuple[Any, ...] = (
    protocol.Hello(protocol.VERSION), protocol.NeedChart(), protocol.Lookup("v1", "Secret", "ns", "a"),
    protocol.Done(_DONE, b"c", True), protocol.Died("SIGKILL"),
    protocol.Failed(protocol.WireError("TemplateError", "x", "y", {"line": 3, "template": "t"})),
    protocol.Failed(protocol.WireError("RenderLimitExceeded", "x", "", {"limit": "memory"})),
)  # fmt: skip


def _talk(messages: tuple[Any, ...]) -> Any:
    """Messages in an order that may be right, with garbage between."""
    known = st.sampled_from([msgspec.json.encode(message) for message in messages])
    keys = sorted(
        {name for message in messages for name in message.__struct_fields__}
        | {"type", *(type(message).__name__ for message in messages)}
    )
    lie = st.dictionaries(st.sampled_from(keys), json_like(keys), max_size=5).map(as_json)
    raw = st.binary(max_size=8).map(lambda data: b"!" + data)
    return st.lists(known | lie | json_values.map(as_json) | raw, max_size=5).map(SEPARATOR.join)


_FRAME_WORDS = (
    SEPARATOR,
    b"!",
    b'"type"',
    *(msgspec.json.encode(message) for message in (*_TO_WORKER, *_TO_CLIENT)),
    b"!\xff\xff\xff\xff",
    b"!\0\0\0\0",
    b"null",
    b"{}",
)

TARGETS = (
    Target(
        "record",
        _record,
        _releases | _release_infos | soup(_RELEASE_WORDS) | st.binary(max_size=30).map(base64.b64encode),
        _RELEASE_WORDS,
    ),
    Target("helmrelease", _helm_release, joined(_spec, _status), _quoted([*_SPEC_KEYS, *_STATUS_KEYS])),
    Target("inventory", _inventory, _inventories, _quoted(_INVENTORY_KEYS), (msgspec.ValidationError,)),
    Target("worker", _worker, _talk(_TO_WORKER), _FRAME_WORDS),
    Target("client", _client, _talk(_TO_CLIENT), _FRAME_WORDS),
)
