"""JSON of the other side that is none: bytes that are no UTF-8, nesting without end."""

from __future__ import annotations

import pytest
from registry.scripted import REPOSITORY, Reply, ScriptedServer, manifest_of

from steersman.registry.errors import NotAChart, UnexpectedAnswer
from steersman.registry.manifest import listed_manifests, parse_manifest
from steersman.registry.source import Charts

NO_JSON = [
    pytest.param(b"{", id="cut"),
    pytest.param(manifest_of().replace(b"application/vnd", b"application/vnd\xff"), id="no UTF-8"),
    pytest.param(b'{"annotations": ' + b"[" * 100_000 + b"]" * 100_000 + b"}", id="deep"),
]


@pytest.mark.parametrize("data", NO_JSON)
def test_manifests(data: bytes) -> None:
    for read in (parse_manifest, listed_manifests):
        with pytest.raises(NotAChart, match="its manifest cannot be read: "):
            read(data, "registry.example/app")


@pytest.mark.parametrize("data", [b"{", b'{"tags": ["\xff"]}', b'{"tags": ' + b"[" * 100_000 + b"}"])
async def test_tags(server: ScriptedServer, source: Charts, data: bytes) -> None:
    server.script = lambda request: Reply(200, data) if request.path.endswith("/tags/list") else Reply(404)
    with pytest.raises(UnexpectedAnswer, match="the list of tags is unreadable: "):
        await source.resolve(f"oci://{server.host}/{REPOSITORY}", "*")
