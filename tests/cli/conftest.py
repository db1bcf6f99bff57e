"""Fixtures of the command line's tests: a home of their own, a registry, a command that was run."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from cli.support import CHART, MANIFEST, TAGS, Command, Outcome
from registry.scripted import ScriptedServer, contents, serve

from steersman.cli.main import run

HELM_VARIABLES = (
    "HELM_CONFIG_HOME", "HELM_CACHE_HOME", "HELM_REGISTRY_CONFIG", "HELM_REPOSITORY_CONFIG", "HELM_REPOSITORY_CACHE",
)  # fmt: skip


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A home without caches or credentials."""
    folder = tmp_path / "home"
    folder.mkdir()
    monkeypatch.setenv("HOME", str(folder))
    for name in ("XDG_CACHE_HOME", "XDG_CONFIG_HOME", "DOCKER_CONFIG", *HELM_VARIABLES):
        monkeypatch.delenv(name, raising=False)
    return folder


@pytest.fixture
def template(capfd: pytest.CaptureFixture[str]) -> Command:
    """`steersman template` with these arguments."""

    def command(*arguments: str) -> Outcome:
        capfd.readouterr()
        code = run(["template", *arguments])
        shown = capfd.readouterr()
        return Outcome(code, shown.out, shown.err)

    return command


@pytest.fixture
def registry() -> Iterator[ScriptedServer]:
    """A registry without TLS that has the chart under several tags."""
    with serve() as server:
        server.script = contents(MANIFEST, CHART, TAGS)
        yield server
