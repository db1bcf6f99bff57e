"""Ctrl-C while a server says nothing."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
from pathlib import Path

import pytest

PATIENCE = 12.0
"""Seconds to wait for the end: less than a read may take, so that a command which waits for it is killed."""


@pytest.mark.parametrize(
    "arguments",
    [
        pytest.param(["search", "http://{host}/charts"], id="search"),
        pytest.param(["template", "web", "--repo", "http://{host}/charts"], id="template, repository"),
        pytest.param(["template", "oci://{host}/charts/web", "--plain-http"], id="template, registry"),
        pytest.param(
            ["registry", "login", "{host}", "--plain-http", "--username", "u", "--password", "p"], id="registry login"
        ),
        pytest.param(["dependency", "update", "{chart}"], id="dependency"),
    ],
)
def test_an_interrupt_is_the_end_at_once(arguments: list[str], tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        host = f"127.0.0.1:{silent.getsockname()[1]}"
        chart = tmp_path / "chart"
        chart.mkdir()
        (chart / "Chart.yaml").write_text(
            "apiVersion: v2\nname: app\nversion: 1.0.0\ndependencies:\n"
            f"- {{name: web, version: 1.x, repository: 'http://{host}/charts'}}\n"
        )
        command = [part.format(host=host, chart=chart) for part in arguments]
        process = subprocess.Popen(
            [sys.executable, "-m", "steersman", *command],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
            # Whoever started the tests in the background lets them ignore it.
            preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
        )
        try:
            connection, _ = silent.accept()
            with connection:
                connection.recv(1)
                process.send_signal(signal.SIGINT)
                _, told = process.communicate(timeout=PATIENCE)
        finally:
            process.kill()
    assert (process.returncode, told.decode().strip().splitlines()[-1]) == (130, "Error: interrupted")
