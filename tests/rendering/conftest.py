"""Fixtures of the rendering tests: a renderer process with the stand-in engine, and clients of it."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from rendering.standin import __file__ as standin

from steersman.core.render.model import Capabilities, ReleaseInfo, RenderRequest
from steersman.rendering.client import RendererClient
from steersman.rendering.limits import RenderLimits
from steersman.rendering.process import Sidecar, listens

STANDIN_COMMAND = (sys.executable, "-P", "-B", standin)
CHART = b"a chart"
LIMITS = RenderLimits(wall_seconds=10, cpu_seconds=10, memory_bytes=64 * 1024 * 1024, output_bytes=1_000_000)


def request(**values: Any) -> RenderRequest:
    """A render whose values tell the stand-in what to do."""
    return RenderRequest("", values, ReleaseInfo("web", "default"), Capabilities("v1.37.1", ("v1",)))


async def until_gone(pid: int) -> None:
    """Return once no process has this id."""
    async with asyncio.timeout(10):
        while _exists(pid):  # noqa: ASYNC110  # nothing announces the end of a process that is not ours
            await asyncio.sleep(0.01)


def _exists(pid: int) -> bool:
    """Whether it runs: one that is dead, but that nobody has waited for yet, does not."""
    try:
        status = Path(f"/proc/{pid}/stat").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return False
    return status.rpartition(")")[2].split()[0] != "Z"


@contextmanager
def renderer_process(command: Sequence[str], path: Path) -> Iterator[Path]:
    """A renderer that listens at this path, run as a sidecar would be."""
    environment = {"PYTHONPATH": os.pathsep.join(sys.path)}
    process = subprocess.Popen([*command, "--socket", str(path)], env=environment)
    while not listens(path):
        assert process.poll() is None
        asyncio.run(asyncio.sleep(0.01))
    yield path
    assert process.poll() is None, "the supervisor must survive everything that charts do"
    process.terminate()
    assert process.wait(10) == 0


@pytest.fixture(scope="session")
def renderer_socket(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """One renderer process for all tests."""
    with renderer_process(STANDIN_COMMAND, tmp_path_factory.mktemp("renderer") / "s") as path:
        yield path


@pytest.fixture
async def renderer(renderer_socket: Path) -> AsyncIterator[RendererClient]:
    async with RendererClient(Sidecar(renderer_socket), limits=LIMITS) as client:
        yield client
