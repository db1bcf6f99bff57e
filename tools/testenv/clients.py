"""Helm and kubectl as the tests, the demo and the benchmarks run them: the real programs, cut off from the user's own.

Neither sees KUBECONFIG, a proxy, or a home folder of the user: what they need is set here.
"""

import json
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from testenv.binaries import locate_program
from testenv.processes import isolated_environment

TIMEOUT = 180.0


class CommandFailed(AssertionError):
    """A command ended with an error nobody asked for. An assertion, since in a test it is one."""


@dataclass(frozen=True)
class Command:
    """A program with its home folder and, unless it needs no cluster, a kubeconfig."""

    program: Path
    home: Path
    kubeconfig: Path | None = None

    def __call__(
        self, *arguments: str, stdin: str | None = None, check: bool = True, timeout: float = TIMEOUT
    ) -> subprocess.CompletedProcess[str]:
        """Run it; with `check`, an error raises CommandFailed with everything the program said.

        Its text is as it was written: line ends are kept, bytes that are not UTF-8 are surrogate escapes.
        """
        command = [str(self.program), *arguments]
        data = None if stdin is None else stdin.encode()
        ended = subprocess.run(
            command, env=self._environment(), input=data, capture_output=True, timeout=timeout, check=False
        )
        out, err = (stream.decode("utf-8", "surrogateescape") for stream in (ended.stdout, ended.stderr))
        result = subprocess.CompletedProcess(command, ended.returncode, out, err)
        if check and result.returncode != 0:
            said = f"{result.stdout}{result.stderr}".strip()
            raise CommandFailed(f"{' '.join(command)} ended with {result.returncode}:\n{said}")
        return result

    def json(self, *arguments: str) -> Any:
        """Run it with `-o json` and read what it prints."""
        return json.loads(self(*arguments, "-o", "json").stdout)

    def _environment(self) -> dict[str, str]:
        more = {} if self.kubeconfig is None else {"KUBECONFIG": str(self.kubeconfig)}
        return isolated_environment(self.home, more)


@dataclass(frozen=True)
class Kubectl(Command):
    """kubectl."""

    @classmethod
    def at(cls, kubeconfig: Path, home: Path) -> "Kubectl":
        return cls(locate_program("kubectl"), home, kubeconfig)

    def apply(self, *objects: dict[str, Any], namespace: str = "default") -> None:
        """Server-side apply of objects; those without a namespace of their own go to `namespace`."""
        document = {"apiVersion": "v1", "kind": "List", "items": list(objects)}
        self("apply", "--server-side", "-n", namespace, "-f", "-", stdin=json.dumps(document))


@dataclass(frozen=True)
class Helm(Command):
    """helm; without a kubeconfig it can still lint, package and template."""

    @classmethod
    def at(cls, home: Path, kubeconfig: Path | None = None) -> "Helm":
        return cls(locate_program("helm"), home, kubeconfig)

    def _environment(self) -> dict[str, str]:
        folders = {f"HELM_{what.upper()}_HOME": str(self.home / "helm" / what) for what in ("cache", "config", "data")}
        return {**super()._environment(), **folders}
