"""HTTP repositories made by the real Helm, and `steersman` beside it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from registry.scripted import Reply, Request, ScriptedServer, serve
from testenv.clients import Helm

from steersman.cli.main import run

VERSIONS = (
    "0.9.9", "1.0.0", "1.1.0", "1.2.0", "1.2.0+b1", "1.2.1-rc.1", "1.10.0", "2.0.0-alpha.1", "2.0.0-alpha.10",
)  # fmt: skip


def make_site(helm: Helm, chart: Path, folder: Path) -> Path:
    """A folder with the chart in many versions, another chart, and the index that Helm makes of them."""
    for version in VERSIONS:
        helm("package", str(chart), "--version", version, "--app-version", f"app-{version}", "-d", str(folder))
    helm("create", str(folder.parent / "other"))
    helm("package", str(folder.parent / "other"), "-d", str(folder))
    helm("repo", "index", str(folder))
    return folder


@contextmanager
def serving_folder(folder: Path, certificate: tuple[Path, Path] | None = None) -> Iterator[ScriptedServer]:
    """A web server of the files in a folder."""

    def answer(request: Request) -> Reply:
        path = folder / request.path.partition("?")[0].lstrip("/")
        return Reply(200, path.read_bytes()) if path.is_file() else Reply(404, b"no such file")

    with serve(certificate) as server:
        server.script = answer
        yield server


def with_password(server: ScriptedServer, authorization: str) -> None:
    """Make the server ask for this Authorization header."""
    script = server.script
    refusal = Reply(401, b"", {"WWW-Authenticate": 'Basic realm="test"'})
    server.script = lambda request: script(request) if request.authorization == authorization else refusal


Ours = Callable[..., tuple[int, str, str]]


class Beside:
    """A command of ours, in a home without caches or credentials; of errors only what Helm says too."""

    def __init__(self, home: Path, helm: Helm, capfd: pytest.CaptureFixture[str]) -> None:
        self._home = home
        self._helm = helm
        self._capfd = capfd

    def __call__(self, *arguments: str, env: dict[str, str] | None = None) -> tuple[int, str, str]:
        """Exit code, standard output, and standard error without hints."""
        self._capfd.readouterr()
        with pytest.MonkeyPatch.context() as patch:
            patch.setenv("HOME", str(self._home))
            for name in ("XDG_CACHE_HOME", "XDG_CONFIG_HOME", "DOCKER_CONFIG"):
                patch.delenv(name, raising=False)
            for what in ("cache", "config", "data"):
                patch.setenv(f"HELM_{what.upper()}_HOME", str(self._helm.home / "helm" / what))
            for name, value in (env or {}).items():
                patch.setenv(name, value)
            code = run(arguments)
        shown = self._capfd.readouterr()
        return code, shown.out, shown.err.partition("\nhint: ")[0]

    def helm(self, *arguments: str) -> tuple[int, str, str]:
        """The same of Helm."""
        theirs = self._helm(*arguments, check=False)
        return theirs.returncode, theirs.stdout, theirs.stderr
