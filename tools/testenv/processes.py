"""Starting servers so that they outlive their starter, and ending exactly those again.

A process is known by its pid and its start time: a recycled pid is never taken for ours. Servers are started through a
shell that ends at once, so they belong to init: no starter has to reap them, and whoever reads the record may end them.
"""

import contextlib
import os
import subprocess
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

import psutil

from testenv.errors import PortTaken, ServerFailed, TestenvError

# Of the environment, servers get this only: KUBECONFIG, proxies and credentials of the user are not theirs to see.
INHERITED = ("PATH", "LANG", "TMPDIR")
CLOCK_TOLERANCE = 2.0  # seconds: on Linux the start time is counted from boot, and the wall clock may be corrected


@dataclass(frozen=True)
class ProcessId:
    """One process, for ever: the pid, and when it started."""

    pid: int
    started: float

    @classmethod
    def of(cls, pid: int) -> "ProcessId":
        return cls(pid, psutil.Process(pid).create_time())

    def alive(self) -> bool:
        return self._process() is not None

    def listens_on(self, port: int) -> bool:
        """Whether this very process, not another one, has the port."""
        process = self._process()
        if process is None:
            return False
        with contextlib.suppress(psutil.Error):
            return any(c.status == psutil.CONN_LISTEN and c.laddr.port == port for c in process.net_connections("tcp"))
        return False

    def kill(self) -> None:
        process = self._process()
        if process is not None:
            with contextlib.suppress(psutil.NoSuchProcess):
                process.kill()

    def _process(self) -> psutil.Process | None:
        """None for a process that ended, a zombie, and a stranger with the same pid."""
        try:
            process = psutil.Process(self.pid)
            ours = abs(process.create_time() - self.started) < CLOCK_TOLERANCE
            return process if ours and process.status() != psutil.STATUS_ZOMBIE else None
        except psutil.NoSuchProcess:
            return None


@dataclass(frozen=True)
class Server:
    """How one server is run: its command line, its logs, and the port it is up on (None: it has none)."""

    name: str
    command: tuple[str, ...]
    log: Path
    output: Path | None = None
    """Where stdout goes when it is worth a file of its own; by default it joins stderr in `log`."""
    port: int | None = None


def start(server: Server, home: Path) -> ProcessId:
    """Start a server detached from this process and its terminal."""
    command = ["/bin/sh", "-c", '"$@" </dev/null >>"$OUTPUT" 2>>"$LOG" & echo $!', "sh", *server.command]
    environment = {**isolated_environment(home), "OUTPUT": str(server.output or server.log), "LOG": str(server.log)}
    answer = subprocess.run(
        command, env=environment, cwd=home, stdout=subprocess.PIPE, check=True, start_new_session=True
    )
    try:
        return ProcessId.of(int(answer.stdout))
    except psutil.NoSuchProcess:
        raise failure(server, "ended at once") from None


def wait_for_port(server: Server, process: ProcessId, timeout: float) -> None:
    """Return when the server itself listens on its port."""
    port = server.port
    if port is not None:
        wait_until(lambda: process.listens_on(port), server, process, timeout, f"listening on port {port}")


def wait_until(
    ready: Callable[[], bool], server: Server, process: ProcessId, timeout: float, what: str, pause: float = 0.05
) -> None:
    """Return when `ready` says so; ServerFailed when the server ends before that, or takes too long."""
    deadline = time.monotonic() + timeout
    while not ready():
        if not process.alive():
            raise failure(server, f"ended before it was {what}")
        if time.monotonic() > deadline:
            raise failure(server, f"was not {what} after {timeout:.0f} s")
        time.sleep(pause)


def end(processes: Iterable[ProcessId], timeout: float = 10.0) -> None:
    """Kill the processes and wait until they are gone.

    Killed, not asked: the data goes with them, and an API server asked to end keeps open watches for a minute.
    """
    remaining = [process for process in processes if process.alive()]
    for process in remaining:
        process.kill()
    deadline = time.monotonic() + timeout
    while remaining and time.monotonic() < deadline:
        time.sleep(0.02)
        remaining = [process for process in remaining if process.alive()]
    if remaining:
        raise TestenvError(f"these processes did not end when killed: {[process.pid for process in remaining]}")


def isolated_environment(home: Path, more: Mapping[str, str] | None = None) -> dict[str, str]:
    """What servers and command line tools of the bench see of the user's environment: next to nothing."""
    inherited = {name: os.environ[name] for name in INHERITED if name in os.environ}
    return {**inherited, "HOME": str(home), **(more or {})}


def failure(server: Server, problem: str) -> ServerFailed:
    """The error for a server that did not come up; PortTaken when its log says that this was why."""
    text = server.log.read_text(errors="replace") if server.log.exists() else ""
    kind = PortTaken if "address already in use" in text else ServerFailed
    return kind(server.name, problem, server.log)
