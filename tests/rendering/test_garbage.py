"""Clients that talk nonsense to the real supervisor and its workers: each ends its own connection, nobody else's."""

from __future__ import annotations

import asyncio
import random
import struct
from pathlib import Path

import msgspec
import pytest
from rendering.conftest import CHART, request

from steersman.rendering import protocol
from steersman.rendering.client import RendererClient
from steersman.rendering.limits import RenderLimits


def framed(body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + body


RENDER = framed(msgspec.json.encode(protocol.Render(request(do="report"), RenderLimits())))
ANOTHER_CHART = framed(msgspec.json.encode(protocol.ChartBytes(b"another chart", None)))


async def answers_to(path: Path, data: bytes, *, hang_up: bool) -> bytes:
    """What the renderer says, after its greeting, to a client that sends this and hangs up at once or after a while."""
    reader, writer = await asyncio.open_unix_connection(str(path))
    try:
        (length,) = struct.unpack(">I", await reader.readexactly(protocol.HEADER_BYTES))
        assert b"Hello" in await reader.readexactly(length)
        writer.write(data)
        await writer.drain()
        if hang_up:
            return b""
        async with asyncio.timeout(0.5):
            return await reader.read()
    except (TimeoutError, ConnectionError):
        return b""
    finally:
        writer.close()


@pytest.mark.parametrize("hang_up", [False, True], ids=["waits", "hangs-up"])
@pytest.mark.parametrize(
    "data",
    [
        pytest.param(b"", id="nothing"),
        pytest.param(b"\0\0", id="half-a-header"),
        pytest.param(b"\xff" * 64, id="endless-frame"),
        pytest.param(b"GET / HTTP/1.1\r\n\r\n", id="http"),
        pytest.param(framed(b""), id="empty-frame"),
        pytest.param(framed(b"[" * 100_000), id="deep"),
        pytest.param(RENDER[:-5], id="cut"),
        pytest.param(RENDER + RENDER, id="two-renders-at-once"),
        pytest.param(RENDER + ANOTHER_CHART, id="another-chart-than-promised"),
        pytest.param(ANOTHER_CHART, id="a-chart-nobody-asked-for"),
    ],
)
async def test_garbage_ends_its_own_connection(
    renderer_socket: Path, renderer: RendererClient, data: bytes, hang_up: bool
) -> None:
    said = await answers_to(renderer_socket, data, hang_up=hang_up)
    assert b'"type":"Done"' not in said
    assert (await renderer.render(request(do="report"), CHART)).notes


async def test_random_bytes_from_many_clients(renderer_socket: Path, renderer: RendererClient) -> None:
    source = random.Random(3)
    junk = [source.randbytes(source.randint(1, 200)) for _ in range(30)]
    mixed = [
        framed(data) if at % 2 else RENDER[: source.randint(1, len(RENDER))] + data for at, data in enumerate(junk)
    ]
    for start in range(0, len(mixed), 10):
        await asyncio.gather(*(answers_to(renderer_socket, data, hang_up=False) for data in mixed[start : start + 10]))
    assert (await renderer.render(request(do="report"), CHART)).notes
