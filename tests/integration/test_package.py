"""The wheel and the locked requirements make an installation that works: built by the Dockerfile's own commands, run
as its user, with nothing of the development environment in reach.

Needs the package index, as `make setup` does.
"""

import json
import os
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from integration.dockerfile import Image, build, instructions
from operators.process import ROOT
from packaging.requirements import Requirement

from steersman import __version__

NOBODY = 65532
DOCKERFILE = ROOT / "Dockerfile"
SAMPLE = "deploy/samples/hello"
FIT = "import ensurepip, sys; sys.exit(sys.version_info < (3, 11))"
INSTALLERS = {"pip", "setuptools"}
"""What a new virtual environment holds by itself."""


@pytest.fixture(scope="module")
def as_user() -> dict[str, Any]:
    """How `subprocess` runs something as the image's user; as ourselves, where we may not change that."""
    return {"user": NOBODY, "group": NOBODY, "extra_groups": []} if os.geteuid() == 0 else {}


@pytest.fixture(scope="module")
def image(as_user: dict[str, Any]) -> Iterator[Image]:
    """What the Dockerfile makes, in a folder that its user can reach."""
    with tempfile.TemporaryDirectory(prefix="steersman-image-") as folder:
        Path(folder).chmod(0o755)
        yield build(DOCKERFILE, Path(folder), _python(as_user))


def _python(as_user: dict[str, Any]) -> str:
    """A Python that the image's user may run, for it may lie in somebody's home."""
    for candidate in (sys.executable, "/usr/bin/python3", "/usr/local/bin/python3"):
        try:
            if subprocess.run([candidate, "-c", FIT], capture_output=True, check=False, **as_user).returncode == 0:
                return candidate
        except OSError:
            continue
    pytest.skip(f"no Python >= 3.11 with venv that user {NOBODY} may run")


class Container:
    """Runs commands as a container of the image would."""

    def __init__(self, image: Image, as_user: dict[str, Any]) -> None:
        self.image = image
        self._as_user = as_user

    def popen(self, *command: str, **more: Any) -> "subprocess.Popen[str]":
        """A command of the image's PATH, in an environment without a home."""
        environment = {**self.image.environment, "HOME": "/nonexistent"}
        path = self.image.environment["PATH"].split(":")[0]
        program = Path(path) / command[0]
        return subprocess.Popen(
            [str(program), *command[1:]], cwd="/", env=environment, text=True,
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, **self._as_user, **more,
        )  # fmt: skip

    def __call__(self, *command: str) -> "subprocess.CompletedProcess[str]":
        with self.popen(*command) as process:
            out, err = process.communicate(timeout=60)
        return subprocess.CompletedProcess(command, process.returncode, out, err)


@pytest.fixture(scope="module")
def container(image: Image, as_user: dict[str, Any]) -> Container:
    return Container(image, as_user)


@pytest.mark.slow
def test_it_says_its_version(container: Container) -> None:
    done = container(*container.image.entrypoint, "version")
    assert (done.returncode, done.stdout, done.stderr) == (0, f"{__version__}\n", "")


@pytest.mark.slow
def test_it_renders_a_chart_as_the_checkout_does(container: Container, tmp_path: Path) -> None:
    files = {str(path.relative_to(ROOT)): path.read_text() for path in (ROOT / SAMPLE).rglob("*") if path.is_file()}
    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o755)
        for name, text in files.items():
            (Path(folder) / name).parent.mkdir(parents=True, exist_ok=True)
            (Path(folder) / name).write_text(text)
        done = container("steersman", "template", "ahoy", f"{folder}/{SAMPLE}", "--set", "replicas=3")
    here = subprocess.run(
        [sys.executable, "-m", "steersman", "template", "ahoy", SAMPLE, "--set", "replicas=3"],
        cwd=ROOT, env={"PATH": os.defpath, "PYTHONPATH": "operator", "HOME": str(tmp_path)},
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == here.stdout
    assert "replicas: 3" in done.stdout


@pytest.mark.slow
def test_it_holds_what_is_locked_for_running_with_sigstore_and_nothing_else(container: Container) -> None:
    listed = container("python", "-m", "pip", "list", "--format=json", "--disable-pip-version-check")
    installed = {_normal(each["name"]): each["version"] for each in json.loads(listed.stdout)}
    locked = {}
    for line in (ROOT / "requirements/sigstore.txt").read_text().splitlines():
        if re.match(r"[a-z]", line):
            requirement = Requirement(line.removesuffix("\\").strip())
            if requirement.marker is None or requirement.marker.evaluate():
                locked[_normal(requirement.name)] = str(requirement.specifier).removeprefix("==")
    assert installed.pop("steersman") == __version__
    assert {name: version for name, version in installed.items() if name not in INSTALLERS} == locked
    assert container("python", "-m", "pip", "check", "--disable-pip-version-check").returncode == 0


@pytest.mark.slow
def test_the_wheel_holds_the_crds_and_its_commands_and_all_is_compiled(container: Container) -> None:
    found = container("python", "-c", "import steersman; print(steersman.__path__[0])")
    package = Path(found.stdout.strip())
    assert container.image.root in package.parents
    crds = {path.name: path.read_text() for path in (ROOT / "crds").glob("steersman.dev_*.yaml")}
    assert {name: (package / "crds" / name).read_text() for name in crds} == crds
    sources = {
        path.relative_to(ROOT / "operator" / "steersman") for path in (ROOT / "operator/steersman").rglob("*.py")
    }
    assert {path.relative_to(package) for path in package.rglob("*.py")} == sources
    assert (package / "__pycache__").is_dir()
    assert container("kubectl-steersman", "version").stdout == f"{__version__}\n"


@pytest.mark.slow
def test_the_operator_starts_as_the_image_says_and_tells_that_it_is_in_no_cluster(container: Container) -> None:
    done = container(*container.image.entrypoint, *container.image.command)
    assert done.returncode == 1
    assert json.loads(done.stderr)["message"].endswith("(outside a cluster a kubeconfig has to be named)")


@pytest.mark.slow
def test_the_renderer_listens_where_its_folder_is(container: Container) -> None:
    deployment = yaml.safe_load((ROOT / "deploy/base/deployment.yaml").read_text())
    renderer = deployment["spec"]["template"]["spec"]["containers"][1]
    command = [container.image.moved(word) for word in (*renderer["command"], *renderer["args"])]
    socket = Path(command[-1].removeprefix("--socket="))
    with container.popen(*command, stdin=subprocess.DEVNULL) as process:
        deadline = time.monotonic() + 30
        while not socket.exists() and process.poll() is None and time.monotonic() < deadline:
            time.sleep(0.05)
        process.terminate()
        _, err = process.communicate(timeout=30)
    assert socket.is_socket(), err
    assert socket.stat().st_mode & 0o077 == 0, "nobody else may speak to it"


def test_the_last_stage_is_small_and_runs_as_nobody() -> None:
    steps = instructions(DOCKERFILE)
    last = steps[max(place for place, (name, _) in enumerate(steps) if name == "FROM") :]
    assert ("COPY", "--from=build /opt/steersman /opt/steersman") in last
    assert ("USER", f"{NOBODY}:{NOBODY}") in last
    assert last[-2:] == [("ENTRYPOINT", '["steersman"]'), ("CMD", '["run"]')]
    pips = [part for name, text in steps if name == "RUN" for part in text.split("&&") if "pip install" in part]
    assert all("--require-hashes" in part or "--no-deps" in part for part in pips)


def _normal(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()
