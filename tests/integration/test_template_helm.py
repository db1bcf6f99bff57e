"""`steersman template` beside `helm template`, with charts that Helm pushed to the real registry."""

from __future__ import annotations

import json
from pathlib import Path

import bcrypt
import pytest
from integration.pushing import Pushed, push
from testenv.clients import Helm
from testenv.registry import Registry, serve_registry

from steersman.cli.main import run

OTHER = "sha256:" + "0" * 64


@pytest.fixture(scope="module")
def pushed(
    registry: Registry, offline_helm: Helm, chart: Path, tmp_path_factory: pytest.TempPathFactory
) -> dict[str, Pushed]:
    """One chart in several versions."""
    folder = tmp_path_factory.mktemp("versions")
    versions = ("1.0.0", "1.9.0+build.1", "1.10.0", "2.0.0-rc.1")
    return {version: push(offline_helm, chart, registry.host, folder, version=version) for version in versions}


class Command:
    """`steersman template`, in a home without caches or credentials."""

    def __init__(self, home: Path, capfd: pytest.CaptureFixture[str]) -> None:
        self._home = home
        self._capfd = capfd

    def __call__(self, *arguments: str) -> tuple[int, str, str]:
        """Exit code, standard output and standard error."""
        self._capfd.readouterr()
        with pytest.MonkeyPatch.context() as patch:  # not longer: the bench finds its programs in the real home
            patch.setenv("HOME", str(self._home))
            for name in ("XDG_CACHE_HOME", "XDG_CONFIG_HOME", "DOCKER_CONFIG", "HELM_CONFIG_HOME"):
                patch.delenv(name, raising=False)
            code = run(["template", *arguments])
        shown = self._capfd.readouterr()
        return code, shown.out, shown.err


@pytest.fixture
def ours(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> Command:
    return Command(tmp_path, capfd)


@pytest.mark.parametrize(
    ("suffix", "flags"),
    [
        pytest.param("", [], id="newest-stable"),
        pytest.param("", ["--devel"], id="devel"),
        pytest.param("", ["--version", "^1"], id="range"),
        pytest.param(":1.0.0", [], id="tag"),
        pytest.param(":1.0.0", ["--version", "1.0.0"], id="tag-and-version"),
        pytest.param("@{digest}", [], id="digest"),
        pytest.param(":1.0.0@{digest}", [], id="tag-and-digest"),
        pytest.param("@{digest}", ["--version", "1.0.0"], id="digest-and-version"),
        pytest.param("@{digest}", ["--version", "3.0.0"], id="digest-and-no-such-tag"),
        pytest.param(":1.10.0@{digest}", [], id="digest-of-another-tag"),
        pytest.param(":1.0.0", ["--version", "1.10.0"], id="two-versions"),
        pytest.param("", ["--name-template", 'x-{{ upper "y" | lower }}', "--set", "replicaCount=3"], id="more-flags"),
    ],
)
def test_same_chart_same_text(
    offline_helm: Helm,
    pushed: dict[str, Pushed],
    ours: Command,
    tmp_path: Path,
    suffix: str,
    flags: list[str],
) -> None:
    """Standard error too: Helm's own, each time with an empty cache."""
    chart = pushed["1.0.0"]
    arguments = ["--plain-http", chart.url + suffix.format(digest=chart.digest), *flags]
    theirs = offline_helm("template", *arguments, "--content-cache", str(tmp_path / "helm"), check=False)
    assert ours(*arguments) == (theirs.returncode, theirs.stdout, theirs.stderr)


def test_a_version_with_metadata(offline_helm: Helm, pushed: dict[str, Pushed], ours: Command) -> None:
    """Helm adds an explanation of the underscore in the tag to what it says."""
    arguments = ["--plain-http", pushed["1.0.0"].url, "--version", "1.9.0+build.1"]
    theirs = offline_helm("template", *arguments)
    code, out, err = ours(*arguments)
    assert (code, out) == (0, theirs.stdout)
    assert err.endswith(f"Digest: {pushed['1.9.0+build.1'].digest}\n")
    assert theirs.stderr.startswith(err)


def test_a_pinned_chart_needs_no_registry_again(registry: Registry, pushed: dict[str, Pushed], ours: Command) -> None:
    chart = pushed["1.0.0"]
    reference = f"{chart.url}:1.0.0@{chart.digest}"
    first = ours("--plain-http", reference)
    asked = len(registry.requests())
    assert ours("--plain-http", reference) == (0, first[1], "")
    assert len(registry.requests()) == asked


def test_the_login_of_helm_is_ours(
    offline_helm: Helm,
    chart: Path,
    ours: Command,
    tmp_path: Path,
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    users = tmp_path / "htpasswd"
    users.write_text(f"me:{bcrypt.hashpw(b'right', bcrypt.gensalt(4)).decode()}\n")
    login = ["--registry-config", str(tmp_path / "login.json")]
    with serve_registry(tmp_path, {"auth": {"htpasswd": {"realm": "test", "path": str(users)}}}) as closed:
        offline_helm("registry", "login", closed.host, "--plain-http", "-u", "me", "-p", "right", *login)
        offline_helm("registry", "login", closed.host, "--plain-http", "-u", "me", "-p", "right")
        pushed = push(offline_helm, chart, closed.host, tmp_path_factory.mktemp("closed"), version="1.0.0")
        reference = f"{pushed.url}:1.0.0"
        code, _, err = ours("--plain-http", reference)
        assert (code, "access denied" in err) == (1, True)
        assert ours("--plain-http", reference, *login)[0] == 0
        assert ours("--plain-http", reference, "--username", "me", "--password", "right")[0] == 0


def test_a_helm_release_is_rendered_as_its_chart_with_its_values(
    offline_helm: Helm, pushed: dict[str, Pushed], ours: Command, tmp_path: Path
) -> None:
    chart = pushed["1.0.0"]
    config = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "low"}, "data": {"image.tag": "v9"}}
    release = {
        "apiVersion": "steersman.dev/v1alpha1",
        "kind": "HelmRelease",
        "metadata": {"name": "web"},
        "spec": {
            "chart": {"url": chart.url, "digest": chart.digest, "insecure": True},
            "targetNamespace": "shop",
            "values": {"replicaCount": 3},
            "valuesFrom": [{"kind": "ConfigMap", "name": "low", "valuesKey": "image.tag", "targetPath": "image.tag"}],
        },
    }
    path = tmp_path / "release.yaml"
    path.write_text(f"{json.dumps(config)}\n---\n{json.dumps(release)}\n")
    flags = ["--set-json", "replicaCount=3", "--set", "image.tag=v9"]
    theirs = offline_helm("template", "web", "-n", "shop", "--plain-http", f"{chart.url}@{chart.digest}", *flags)
    assert ours(str(path))[:2] == (0, theirs.stdout)
