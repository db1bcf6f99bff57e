"""A host that does not answer slows nobody but those who ask it, whatever it is that it does instead."""

from __future__ import annotations

import asyncio
import sys
import threading
from collections.abc import AsyncIterator
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path

import pytest
from registry.conftest import PLAIN
from registry.scripted import CHART, Reply, Request, Script, ScriptedServer, contents, manifest_of, serve, sha256

from steersman.errors import SourceError
from steersman.registry.access import Limits
from steersman.registry.auth import Credential
from steersman.registry.cache import ChartCache
from steersman.registry.errors import CircuitOpen, RegistryUnavailable, TagNotFound
from steersman.registry.reach import Reach
from steersman.registry.resilience import RetryPolicy
from steersman.registry.source import ChartSources

MANIFEST = manifest_of()
DIGEST = sha256(MANIFEST)
SILENCE = 0.6


def stalls(request: Request) -> Reply:
    return Reply(raw=b"", stall=True)


def drips(request: Request) -> Reply:
    return Reply(200, MANIFEST, drip=0.3)


@pytest.fixture
async def sources(tmp_path: Path) -> AsyncIterator[ChartSources]:
    limits = Limits(connect_seconds=1, read_seconds=SILENCE, total_seconds=2 * SILENCE)
    shared = ChartSources(
        ChartCache(tmp_path / "cache"),
        limits=limits,
        retry=RetryPolicy(attempts=4, first_seconds=0.01, longest_seconds=1),
        reach=Reach(local=True),
    )
    yield shared
    await shared.close()


async def try_to_fetch(sources: ChartSources, server: ScriptedServer, user: str) -> SourceError | bytes:
    access = replace(PLAIN, credential=Credential(user, "x"))  # each with a circuit of its own
    try:
        return await sources.source(access).fetch(server.url, DIGEST)
    except SourceError as error:
        return error


@pytest.mark.parametrize("dead_hosts", [1, 6])
@pytest.mark.parametrize("dead", [stalls, drips], ids=["stalls", "drips"])
async def test_others_get_their_charts_meanwhile(
    sources: ChartSources, server: ScriptedServer, dead: Script, dead_hosts: int
) -> None:
    """Forty releases ask dead registries at first, again and again; then one asks a registry that lives."""
    server.script = contents(MANIFEST)
    with ExitStack() as stack:
        asking = []
        for _ in range(dead_hosts):
            gone = stack.enter_context(serve())
            gone.script = dead
            asking += [asyncio.create_task(try_to_fetch(sources, gone, f"user{number}")) for number in range(40)]
        await asyncio.sleep(0.2)
        for turn in range(5):  # through all that the dead ones do: the first try, the retries, the queue
            url = f"oci://{server.host}/charts/demo"
            before = len(server.requests)
            async with asyncio.timeout(SILENCE):
                source = sources.source(replace(PLAIN, credential=Credential(f"living{turn}", "x")))
                with pytest.raises(TagNotFound):
                    await source.resolve(url, f"9.9.{turn}")
            assert len(server.requests) > before
            await asyncio.sleep(SILENCE / 2)
        for task in asking:
            task.cancel()
        await asyncio.gather(*asking, return_exceptions=True)


async def test_a_cached_chart_waits_for_no_network(sources: ChartSources, server: ScriptedServer) -> None:
    server.script = contents(MANIFEST)
    assert await sources.source(PLAIN).fetch(server.url, DIGEST) == CHART
    with ExitStack() as stack:
        asking = []
        for number in range(12):
            gone = stack.enter_context(serve())
            gone.script = stalls
            asking.append(asyncio.create_task(try_to_fetch(sources, gone, f"user{number}")))
        await asyncio.sleep(0.1)
        async with asyncio.timeout(SILENCE / 2):
            assert await sources.source(PLAIN).fetch(server.url, DIGEST) == CHART
        for task in asking:
            task.cancel()
        await asyncio.gather(*asking, return_exceptions=True)


@pytest.mark.parametrize(
    "reply",
    [
        # http.client reads the head of an answer in one call, which no timeout of a socket bounds.
        pytest.param(Reply(raw=b"HTTP/1.1 200 OK\r\nX: " + b"x" * 40, drip=0.3), id="head"),
        pytest.param(Reply(200, b"x" * 20, drip=0.3), id="body"),
        pytest.param(Reply(200, b"x" * 20, drip=0.3, chunked=True), id="chunks"),
    ],
)
async def test_bytes_that_drip_do_not_hold_a_thread(
    sources: ChartSources, server: ScriptedServer, reply: Reply
) -> None:
    server.script = lambda request: reply
    async with asyncio.timeout(4 * 3 * SILENCE):
        assert isinstance(await try_to_fetch(sources, server, "me"), RegistryUnavailable)
    assert busy_threads() == 0


def busy_threads() -> int:
    """Threads of the registry that are in the middle of a request."""
    frames = sys._current_frames()
    names = {thread.ident: thread.name for thread in threading.enumerate()}
    return sum(
        names.get(ident, "").startswith("registry") and frame.f_code.co_filename.endswith("socket.py")
        for ident, frame in frames.items()
    )


async def test_who_waits_for_a_dead_host_is_told_when_it_is_given_up(
    sources: ChartSources, server: ScriptedServer
) -> None:
    """Those who queue behind the first few get its circuit's answer, not a turn each."""
    server.script = stalls

    async def one(number: int) -> SourceError:
        url = f"oci://{server.host}/charts/number{number}"
        with pytest.raises(RegistryUnavailable) as caught:
            await sources.source(PLAIN).fetch(url, DIGEST)
        return caught.value

    async with asyncio.timeout(8 * SILENCE):
        errors = await asyncio.gather(*(one(number) for number in range(30)))
    assert len(server.requests) <= 6
    assert sum(isinstance(error, CircuitOpen) for error in errors) >= 24


async def test_terms_that_nobody_uses_any_more_are_forgotten(tmp_path: Path) -> None:
    """Each has a circuit, and a token of an hour in it."""
    sources = ChartSources(ChartCache(tmp_path / "cache"), retry=RetryPolicy(attempts=1), reach=Reach(local=True))
    with serve() as gone:
        pass
    for number in range(270):
        assert isinstance(await try_to_fetch(sources, gone, f"user{number}"), RegistryUnavailable)
    assert len(sources._asker._circuits) <= 256
    await sources.close()
