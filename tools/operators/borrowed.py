"""A cluster that the user has, by the name of its context in ~/.kube/config; KUBECONFIG is never followed.

For `make demo CLUSTER=<context>`. Has what `operators.process` and the demo need of a test bench's instance: programs,
a kubeconfig of its own, a registry on this machine. What was put into the cluster is taken out again by `down`.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import tempfile
from contextlib import ExitStack
from functools import cached_property
from pathlib import Path
from typing import Any

from testenv.binaries import locate_program
from testenv.layout import Layout
from testenv.registry import serve_registry

from operators.process import kubectl, overlay_objects


class NotUsable(Exception):
    """The cluster cannot be borrowed; the message says why and what to do."""


class BorrowedCluster:
    """One cluster of the user's. `up` changes nothing in it."""

    def __init__(self, context: str, *, config: Path | None = None) -> None:
        self.name = context
        self._config = config or Path.home() / ".kube" / "config"
        self._stack = ExitStack()
        self._registry = ""
        self._owned = False
        self.layout = Layout(Path(tempfile.mkdtemp(prefix="steersman-demo-")), Path(tempfile.gettempdir()))
        self.logs = self.layout.root

    @property
    def registry(self) -> str:
        """`127.0.0.1:PORT`: the operator runs on this machine, so it can be reached."""
        return self._registry

    @property
    def kubeconfig(self) -> Path:
        """The context alone, in a file of our own."""
        return self.layout.root / "kubeconfig"

    @cached_property
    def helm(self) -> Path:
        """The real Helm."""
        return locate_program("helm")

    @cached_property
    def kubectl(self) -> Path:
        """kubectl."""
        return locate_program("kubectl")

    def look(self) -> None:
        """Read the context and see that Steersman is not there yet. Raises NotUsable, leaving nothing behind."""
        try:
            self._look()
        except NotUsable:
            self.forget()
            raise

    def _look(self) -> None:
        self._write(self.kubeconfig, self._view())
        if kubectl(self, "get", "crd", "helmreleases.steersman.dev", "--ignore-not-found", "-o", "name"):
            raise NotUsable(f"Steersman is installed in {self.name} already: the demo would meddle with it")

    def up(self, **_: object) -> None:
        """Start a registry."""
        self._owned = True
        self._registry = self._stack.enter_context(serve_registry(self.layout.root / "registry")).host

    def down(self) -> None:
        """Take out of the cluster what the demo put in, and end the registry."""
        if self._owned:
            kubectl(self, "delete", "hrel", "hello", "--namespace=default", "--ignore-not-found", "--timeout=60s")

    def remove(self) -> None:
        """Delete the CRDs, the namespace and the rights that were installed; after the operator has ended."""
        if self._owned:
            manifest = json.dumps({"apiVersion": "v1", "kind": "List", "items": overlay_objects(self, "cluster-admin")})
            kubectl(self, "delete", "--ignore-not-found", "-f", "-", stdin=manifest)
        self.forget()

    def forget(self) -> None:
        """End the registry and drop what is on this machine."""
        self._stack.close()
        shutil.rmtree(self.layout.root, ignore_errors=True)

    def service_account_kubeconfig(self, namespace: str, name: str) -> Path:
        """A kubeconfig with a token (an hour) of a ServiceAccount."""
        token = kubectl(self, "create", "token", name, f"--namespace={namespace}", "--duration=1h").strip()
        config = self._view()
        config["users"] = [{"name": name, "user": {"token": token}}]
        config["contexts"][0]["context"]["user"] = name
        path = self.layout.root / f"kubeconfig-{namespace}-{name}"
        self._write(path, config)
        return path

    def _view(self) -> dict[str, Any]:
        command: list[str | Path] = [
            self.kubectl, "config", "view", "--kubeconfig", self._config, "--context", self.name,
            "--minify", "--flatten", "--raw", "-o", "json",
        ]  # fmt: skip
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode:
            raise NotUsable(
                f"no context {self.name!r} in {self._config}: {done.stderr.strip()}. "
                f"`kubectl config get-contexts` lists them; KUBECONFIG is not followed"
            )
        view: dict[str, Any] = json.loads(done.stdout)
        return view

    @staticmethod
    def _write(path: Path, config: dict[str, Any]) -> None:
        path.touch(mode=0o600)
        path.write_text(json.dumps(config))
