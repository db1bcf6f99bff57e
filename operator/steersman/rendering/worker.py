"""The renderer process: `python -m steersman.rendering.worker --socket PATH`.

It listens on a unix socket and forks one worker per connection, so that a render can die of anything (memory, a crash,
a chart that never ends) without taking more than itself along, and a fresh worker costs milliseconds: the engine is
imported once, before the forks. The supervisor reads nothing that a client or a chart sent. What it does:

- a client that hangs up ends its worker at once, whatever that is doing;
- a worker that ends by itself is reported on its connection (`protocol.Died`), so that the client knows why;
- with `--stay-with-parent`, it ends with all workers when its standard input closes: the operator is gone. As a
  sidecar it runs without that, and ends on SIGTERM.

It needs no network, no API access and no writable disk besides the socket's folder.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import select
import signal
import socket
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NoReturn

from steersman.rendering import protocol
from steersman.rendering.guard import Guard, shed_memory
from steersman.rendering.session import Engine, Session, log_trace

_BACKLOG = 16
_STDIN = 0


@dataclass(frozen=True, slots=True)
class _Worker:
    pid: int
    connection: socket.socket


class Supervisor:
    """Accepts, forks, watches. One thread, and everything it waits for is in one `poll`."""

    def __init__(self, listener: socket.socket, engine: Engine[Any], *, stay_with_parent: bool) -> None:
        self._listener = listener
        self._engine = engine
        self._workers: dict[int, _Worker] = {}
        self._poll = select.poll()
        self._poll.register(listener, select.POLLIN)
        if stay_with_parent:
            self._poll.register(_STDIN, select.POLLIN)
        self._wakeup, self._wakeup_end = socket.socketpair()
        for end in (self._wakeup, self._wakeup_end):
            end.setblocking(False)
        self._poll.register(self._wakeup, select.POLLIN)
        self._ending = False

    def run(self) -> None:
        """Serve until told to end."""
        # The handlers do nothing: the byte that each signal leaves in the socket wakes the poll.
        signal.set_wakeup_fd(self._wakeup_end.fileno())
        signal.signal(signal.SIGCHLD, lambda _signal, _frame: None)
        signal.signal(signal.SIGTERM, self._end)
        signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the operator, which then ends us
        while not self._ending:
            for descriptor, _ in self._poll.poll():
                self._handle(descriptor)
            self._reap()
        # Nobody listens any more when the workers end, and Python would say so on standard error.
        signal.set_wakeup_fd(-1)
        for worker in self._workers.values():
            os.kill(worker.pid, signal.SIGKILL)

    def _end(self, _signal: int, _frame: object) -> None:
        self._ending = True

    def _handle(self, descriptor: int) -> None:
        if descriptor == self._listener.fileno():
            self._accept()
        elif descriptor == self._wakeup.fileno():
            with contextlib.suppress(BlockingIOError):
                self._wakeup.recv(4096)
        elif descriptor == _STDIN:
            self._ending = True
        elif descriptor in self._workers:
            # Only a hang-up is polled for. The worker is reaped like any other that ended.
            self._poll.unregister(descriptor)
            os.kill(self._workers[descriptor].pid, signal.SIGKILL)

    def _accept(self) -> None:
        connection, _ = self._listener.accept()
        pid = os.fork()
        if pid == 0:
            self._become_worker(connection)
        self._workers[connection.fileno()] = _Worker(pid, connection)
        self._poll.register(connection, select.POLLRDHUP)

    def _reap(self) -> None:
        for descriptor, worker in list(self._workers.items()):
            pid, status = os.waitpid(worker.pid, os.WNOHANG)
            if pid:
                with contextlib.suppress(KeyError):  # unregistered when its client hung up
                    self._poll.unregister(descriptor)
                del self._workers[descriptor]
                _report(worker.connection, status)
                worker.connection.close()

    def _become_worker(self, connection: socket.socket) -> NoReturn:
        """The rest of this process: one session, and no way back into the supervisor's loop."""
        code = 1
        try:
            self._let_go()
            Session(connection, self._engine, Guard()).serve()
            code = 0
        except BaseException as error:  # noqa: BLE001  # whatever it was, it must not unwind into the supervisor
            log_trace(error)
        finally:
            os._exit(code)

    def _let_go(self) -> None:
        """What a worker inherits and must not hold: signals, sockets of others, the parent's pipe."""
        signal.set_wakeup_fd(-1)
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
        for end in (self._listener, self._wakeup, self._wakeup_end):
            end.close()
        for worker in self._workers.values():
            worker.connection.close()
        null = os.open(os.devnull, os.O_RDONLY)
        os.dup2(null, _STDIN)
        os.close(null)


def _report(connection: socket.socket, status: int) -> None:
    """Tell the client how its worker ended, unless that was in order or nobody listens any more."""
    code = os.waitstatus_to_exitcode(status)
    if code == 0:
        return
    how = f"exit code {code}" if code > 0 else signal.Signals(-code).name
    died = protocol.Died(how, out_of_cpu_time=code == -signal.SIGXCPU)
    with contextlib.suppress(OSError):
        connection.sendall(protocol.frame(died, protocol.MAX_REPLY_BYTES))


def serve(path: Path, engine: Engine[Any], *, stay_with_parent: bool) -> None:
    """Listen on `path` and serve until the end. Only the owner of the process can connect."""
    path.unlink(missing_ok=True)
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as listener:
        umask = os.umask(0o177)
        try:
            listener.bind(str(path))
        finally:
            os.umask(umask)
        shed_memory()
        listener.listen(_BACKLOG)
        Supervisor(listener, engine, stay_with_parent=stay_with_parent).run()


def main(arguments: Sequence[str] | None = None) -> None:
    """Entry point: the socket, the engine, and `serve`."""
    from steersman.rendering.engine import CoreEngine

    parser = argparse.ArgumentParser(prog="steersman.rendering.worker", description="Render charts for the operator.")
    parser.add_argument("--socket", type=Path, required=True, help="where to listen")
    parser.add_argument("--stay-with-parent", action="store_true", help="end when standard input closes")
    options = parser.parse_args(arguments)
    serve(options.socket, CoreEngine(), stay_with_parent=options.stay_with_parent)


if __name__ == "__main__":
    main()
