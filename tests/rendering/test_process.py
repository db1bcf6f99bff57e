"""The renderer as a child: it starts when needed, starts again when it ended, and never outlives us."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import subprocess
import sys
from collections.abc import AsyncIterator

import pytest
from rendering.conftest import CHART, LIMITS, STANDIN_COMMAND, request, until_gone

from steersman.rendering.client import RendererClient
from steersman.rendering.errors import RenderCrashed, RendererUnavailable
from steersman.rendering.process import ChildProcess


@pytest.fixture
async def child() -> AsyncIterator[ChildProcess]:
    process = ChildProcess(STANDIN_COMMAND)
    yield process
    await process.close()


async def report(client: RendererClient) -> dict[str, object]:
    found: dict[str, object] = json.loads((await client.render(request(do="report"), CHART)).notes)
    return found


async def test_starts_with_the_first_render_in_a_clean_environment(
    child: ChildProcess, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("STEERSMAN_SECRET", "hunter2")
    monkeypatch.setenv("TZ", "Europe/Berlin")
    client = RendererClient(child, limits=LIMITS)
    assert child.pid is None
    found = await report(client)
    assert set(found["environment"]) == {"PYTHONPATH", "LANG", "TZ"}  # type: ignore[arg-type]
    assert found["folder"] == "/"
    socket = await child.socket_path()
    assert socket.stat().st_mode & 0o777 == 0o600
    assert socket.parent.stat().st_mode & 0o777 == 0o700
    await client.close()
    assert not socket.parent.exists()


async def test_starts_once_for_many(child: ChildProcess) -> None:
    async with RendererClient(child, limits=LIMITS, workers=4) as client:
        await asyncio.gather(*(report(client) for _ in range(8)))
        pid = child.pid
        await report(client)
        assert child.pid == pid


async def test_starts_again_after_it_was_killed(child: ChildProcess) -> None:
    async with RendererClient(child, limits=LIMITS) as client:
        first = child_pid(await report(client))
        assert child.pid is not None
        for pid in (child.pid, first):
            os.kill(pid, signal.SIGKILL)
            await until_gone(pid)
        await asyncio.sleep(0.01)
        assert child_pid(await report(client)) != first


def child_pid(found: dict[str, object]) -> int:
    assert isinstance(found["pid"], int)
    return found["pid"]


async def test_workers_end_with_the_child(child: ChildProcess) -> None:
    async with RendererClient(child, limits=LIMITS) as client:
        pid = child_pid(await report(client))
        running = asyncio.create_task(client.render(request(do="sleep"), CHART))
        await asyncio.sleep(0.05)
        await child.close()
        with pytest.raises(RenderCrashed):
            await running
        await until_gone(pid)


async def test_a_program_that_ends_at_once_is_reported() -> None:
    child = ChildProcess((sys.executable, "-c", "raise SystemExit(7)"))
    with pytest.raises(RendererUnavailable, match="exit code 7"):
        await child.socket_path()
    await child.close()


ORPHAN = """
import asyncio, os, sys
from rendering.conftest import CHART, LIMITS, STANDIN_COMMAND, request
from steersman.rendering.client import RendererClient
from steersman.rendering.process import ChildProcess

async def main():
    child = ChildProcess(STANDIN_COMMAND)
    client = RendererClient(child, limits=LIMITS)
    rendered = await client.render(request(do="report"), CHART)
    print(child.pid, __import__("json").loads(rendered.notes)["pid"], flush=True)
    await client.render(request(do="sleep"), CHART)

asyncio.run(main())
"""


async def test_nothing_outlives_an_operator_that_was_killed() -> None:
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    operator = await asyncio.create_subprocess_exec(
        sys.executable, "-c", ORPHAN, stdout=subprocess.PIPE, env=environment
    )
    assert operator.stdout is not None
    pids = [int(word) for word in (await operator.stdout.readline()).split()]
    assert len(pids) == 2
    operator.kill()
    await operator.wait()
    for pid in pids:
        await until_gone(pid)
