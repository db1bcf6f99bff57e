"""`steersman run` on an instance, under the token of its own ServiceAccount.

Installs what `deploy/cluster-admin` holds, but for the Deployment: on the bench no pod runs anything, so the operator
is a process of this machine. Used by the demo, the integration tests and the benchmarks; kills only what it started.
"""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Any, Protocol

import yaml

ROOT = Path(__file__).resolve().parents[2]
NAMESPACE = "steersman-system"
READY_SECONDS = 60.0


class OperatorFailed(Exception):
    """The operator did not start or died."""


class Target(Protocol):
    """What is needed of a cluster: an `Instance` of the test bench has it, and a `BorrowedCluster`."""

    @property
    def kubectl(self) -> Path: ...

    @property
    def kubeconfig(self) -> Path: ...

    def service_account_kubeconfig(self, namespace: str, name: str) -> Path: ...


def install(target: Target, overlay: str = "cluster-admin") -> None:
    """CRDs, namespace and RBAC of an overlay. Idempotent."""
    wanted = overlay_objects(target, overlay)
    # As JSON: a YAML 1.1 reader takes the field name `n` in a schema for a boolean.
    manifest = json.dumps({"apiVersion": "v1", "kind": "List", "items": wanted})
    kubectl(target, "apply", "--server-side", "--force-conflicts", "-f", "-", stdin=manifest)
    crds = [f"crd/{document['metadata']['name']}" for document in wanted if document["kind"].endswith("Definition")]
    kubectl(target, "wait", "--for=condition=Established", *crds)


def overlay_objects(target: Target, overlay: str) -> list[dict[str, Any]]:
    """The objects of an overlay, but for the Deployment."""
    rendered = subprocess.run(
        [target.kubectl, "kustomize", "--load-restrictor=LoadRestrictionsNone", ROOT / "deploy" / overlay],
        check=True, capture_output=True, text=True,
    ).stdout  # fmt: skip
    return [document for document in yaml.safe_load_all(rendered) if document["kind"] != "Deployment"]


def kubectl(target: Target, *arguments: str, stdin: str | None = None) -> str:
    """Run kubectl as the admin; what it printed. Raises OperatorFailed with what it complained about."""
    done = subprocess.run(
        [target.kubectl, "--kubeconfig", target.kubeconfig, *arguments],
        input=stdin, capture_output=True, text=True, check=False,
    )  # fmt: skip
    if done.returncode:
        raise OperatorFailed(f"kubectl {' '.join(arguments)}: {done.stderr.strip()}")
    return done.stdout


class OperatorProcess:
    """One operator. A context manager: stopped by SIGTERM, and by SIGKILL where that takes too long."""

    def __init__(
        self,
        target: Target,
        *arguments: str,
        log: Path | None = None,
        cache: Path | None = None,
        kubeconfig: Path | None = None,
        environment: Mapping[str, str] | None = None,
    ) -> None:
        self._target = target
        self._arguments = arguments
        self._folder = tempfile.TemporaryDirectory(prefix="steersman-operator-")
        self.log = log or Path(self._folder.name) / "operator.log"
        self._cache = cache or Path(self._folder.name) / "cache"
        self._kubeconfig = kubeconfig
        self._environment = dict(environment or {})
        self._process: subprocess.Popen[bytes] | None = None
        self.port = 0

    def __enter__(self) -> OperatorProcess:
        self.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None) -> None:
        self.stop()
        self._folder.cleanup()

    @property
    def pid(self) -> int:
        """Of the operator; its renderer is a child of it."""
        assert self._process is not None
        return self._process.pid

    def start(self) -> None:
        """Install what it needs and start it."""
        if self._kubeconfig is None:
            install(self._target)
            self._kubeconfig = self._target.service_account_kubeconfig(NAMESPACE, "steersman")
        self.port = _free_port()
        command = [
            sys.executable, "-m", "steersman", "run", "--kubeconfig", str(self._kubeconfig),
            "--namespace", NAMESPACE, "--http-port", str(self.port), "--cache-dir", str(self._cache), *self._arguments,
        ]  # fmt: skip
        environment = {"PATH": os.environ["PATH"], "HOME": self._folder.name, "PYTHONPATH": str(ROOT / "operator")}
        environment["STEERSMAN_ALLOW_LOCAL_REGISTRIES"] = "1"  # those of the bench are on this machine
        environment |= self._environment
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, env=environment)

    def wait_ready(self, seconds: float = READY_SECONDS) -> None:
        """Return when /readyz says ok."""
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            if self._process is None or self._process.poll() is not None:
                break
            if self.get("/readyz")[0] == 200:
                return
            time.sleep(0.1)
        raise OperatorFailed(f"the operator is not ready; its log ends with:\n{self.tail()}")

    def get(self, path: str) -> tuple[int, str]:
        """One of its HTTP endpoints: status code (0: no answer) and text."""
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.port}{path}", timeout=5) as answer:
                return answer.status, answer.read().decode()
        except urllib.error.HTTPError as error:
            return error.code, error.read().decode()
        except OSError:
            return 0, ""

    def tail(self, lines: int = 30) -> str:
        """The end of its log."""
        return "\n".join(self.log.read_text(errors="replace").splitlines()[-lines:])

    def kill(self) -> None:
        """SIGKILL, as a crash would be."""
        assert self._process is not None
        self._process.kill()
        self._process.wait()

    def stop(self, seconds: float = 40.0) -> int:
        """SIGTERM; its exit code."""
        if self._process is None or self._process.poll() is not None:
            return self._process.returncode if self._process else 0
        self._process.send_signal(signal.SIGTERM)
        try:
            return self._process.wait(seconds)
        except subprocess.TimeoutExpired:
            self._process.kill()
            return self._process.wait()


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
