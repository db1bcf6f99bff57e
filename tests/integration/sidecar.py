"""The renderer as `deploy/` runs it: a process of its own beside the operator, reached over a socket."""

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PATIENCE = 30.0


@contextmanager
def rendering(socket: Path, python: str = sys.executable) -> Iterator[Path]:
    """A renderer that listens on this socket, until the block ends."""
    environment = {"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT / "operator")}
    command = [python, "-m", "steersman.rendering.worker", f"--socket={socket}"]
    with subprocess.Popen(command, env=environment, stdin=subprocess.DEVNULL) as process:
        try:
            deadline = time.monotonic() + PATIENCE
            while not socket.exists():
                assert process.poll() is None and time.monotonic() < deadline, "the renderer does not listen"
                time.sleep(0.02)
            yield socket
        finally:
            process.terminate()
