"""Where the renderer is: a child of this process, or a sidecar whose socket is given.

Used by `client`, which connects. The child gets nothing of ours: a clean environment, no open files but its standard
error, and a pipe that closes when we die, however we die.
"""

from __future__ import annotations

import asyncio
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Protocol

import steersman
from steersman.rendering.errors import RendererUnavailable

_START_SECONDS = 60.0
_STOP_SECONDS = 5.0
_POLL_SECONDS = 0.01
_FIRST_PAUSE = 0.25
_LONGEST_PAUSE = 15.0
# A process that lived this long was fine: its end is no reason to wait before the next start.
_HEALTHY_SECONDS = 30.0

WORKER_COMMAND = (sys.executable, "-P", "-B", "-m", "steersman.rendering.worker")


class Endpoint(Protocol):
    """A renderer that listens, or can be made to."""

    async def socket_path(self) -> Path:
        """Where to connect. Raises RendererUnavailable."""
        ...

    async def close(self) -> None:
        """End what was started."""
        ...


class Sidecar:
    """A renderer in another container of the pod; kubelet starts it again when it ends."""

    def __init__(self, path: Path) -> None:
        self._path = path

    async def socket_path(self) -> Path:
        """The path that was given."""
        return self._path

    async def close(self) -> None:
        """Nothing: it is not ours."""


class ChildProcess:
    """A renderer started by us when it is first needed, and again, with growing pauses, when it ended."""

    def __init__(self, command: Sequence[str] = WORKER_COMMAND) -> None:
        self._command = command
        self._process: subprocess.Popen[bytes] | None = None
        self._folder: Path | None = None
        self._starting = asyncio.Lock()
        self._started_at = 0.0
        self._pause = 0.0

    async def socket_path(self) -> Path:
        """The socket of the running child."""
        async with self._starting:
            if self._process is None or self._process.poll() is not None:
                await self._start()
            return self._socket()

    async def close(self) -> None:
        """End the child and remove its socket."""
        async with self._starting:
            if self._process is not None:
                await asyncio.to_thread(_end, self._process)
                self._process = None
            if self._folder is not None:
                await asyncio.to_thread(shutil.rmtree, self._folder, ignore_errors=True)
                self._folder = None

    @property
    def pid(self) -> int | None:
        """The child's process id, None before the first start."""
        return self._process.pid if self._process else None

    async def _start(self) -> None:
        if self._process is not None:
            await self._pause_before_restart(self._process)
        if self._folder is None:
            self._folder = Path(tempfile.mkdtemp(prefix="steersman-"))
        self._started_at = time.monotonic()
        self._process = await asyncio.to_thread(_spawn, [*self._command, "--socket", str(self._socket())])
        await self._wait_until_it_listens(self._process)

    async def _pause_before_restart(self, ended: subprocess.Popen[bytes]) -> None:
        _close_pipe(ended)
        if time.monotonic() - self._started_at > _HEALTHY_SECONDS:
            self._pause = 0.0
        await asyncio.sleep(self._pause)
        self._pause = min(self._pause * 2 or _FIRST_PAUSE, _LONGEST_PAUSE)

    async def _wait_until_it_listens(self, process: subprocess.Popen[bytes]) -> None:
        deadline = time.monotonic() + _START_SECONDS
        while not listens(self._socket()):
            if process.poll() is not None:
                raise RendererUnavailable(f"the renderer process ended at once (exit code {process.returncode})")
            if time.monotonic() > deadline:
                await asyncio.to_thread(_end, process)
                raise RendererUnavailable(f"the renderer process does not listen after {_START_SECONDS:g} s")
            await asyncio.sleep(_POLL_SECONDS)

    def _socket(self) -> Path:
        # Paths of unix sockets end at 107 bytes.
        return (self._folder or Path()) / "s"


def _spawn(command: Sequence[str]) -> subprocess.Popen[bytes]:
    return subprocess.Popen(  # noqa: S603  # our own command line
        [*command, "--stay-with-parent"],
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        env=_environment(),
        cwd="/",
    )


def _environment() -> dict[str, str]:
    """No variable of ours but the time zone, which templates see, and where the packages are."""
    package_root = str(Path(steersman.__file__).resolve().parents[1])
    kept = {name: os.environ[name] for name in ("TZ", "TZDIR") if name in os.environ}
    return {"PYTHONPATH": package_root, "LANG": "C.UTF-8", **kept}


def listens(path: Path) -> bool:
    """Whether somebody accepts connections there."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as probe:
        return probe.connect_ex(str(path)) == 0


def _end(process: subprocess.Popen[bytes]) -> None:
    _close_pipe(process)
    try:
        process.wait(_STOP_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def _close_pipe(process: subprocess.Popen[bytes]) -> None:
    if process.stdin is not None:
        process.stdin.close()
