"""`make demo` as a user runs it: on a control plane of its own, and on a cluster that the user names."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from testenv.instance import Instance

ROOT = Path(__file__).resolve().parents[2]

pytestmark = pytest.mark.bench


def run_demo(home: Path, answer: str = "", **environment: str) -> subprocess.CompletedProcess[str]:
    inherited = {name: value for name, value in os.environ.items() if name not in ("KUBECONFIG", "KEEP", "CLUSTER")}
    cache = os.environ.get("XDG_CACHE_HOME", str(Path.home() / ".cache"))
    return subprocess.run(
        [sys.executable, ROOT / "tools" / "demo.py"],
        env={**inherited, "PYTHONPATH": str(ROOT / "tools"), "HOME": str(home), "XDG_CACHE_HOME": cache, **environment},
        input=answer,
        capture_output=True,
        text=True,
        timeout=180,
        check=False,
    )


def test_the_demo_ends_ready_and_leaves_nothing(control_plane: Instance, tmp_path: Path) -> None:
    stranger = tmp_path / "stranger"
    stranger.write_text("this is followed by nobody")
    done = run_demo(tmp_path, KUBECONFIG=str(stranger))
    assert done.returncode == 0, done.stderr
    assert "Ready=True: hello-0.1.0 installed as revision 1 (3 objects)" in done.stderr
    assert "deployed\thello-0.1.0" in done.stdout
    assert not Instance("demo").running()


@pytest.fixture
def home(own_control_plane: Instance, tmp_path: Path) -> Path:
    """The home of a user whose kubeconfig has a context `mine`."""
    config = json.loads(own_control_plane.kubeconfig.read_text())
    config["contexts"][0]["name"] = "mine"
    (tmp_path / ".kube").mkdir()
    (tmp_path / ".kube" / "config").write_text(json.dumps(config | {"current-context": ""}))
    return tmp_path


def kinds_left(instance: Instance) -> str:
    command = [instance.kubectl, "--kubeconfig", instance.kubeconfig, "get", "crd,ns,clusterrolebinding", "-o", "name"]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


def test_on_a_users_cluster_it_asks_first(own_control_plane: Instance, home: Path) -> None:
    done = run_demo(home, "n\n", CLUSTER="mine")
    assert done.returncode != 0
    assert "nothing was changed" in done.stderr
    assert "steersman" not in kinds_left(own_control_plane)


def test_on_a_users_cluster_it_cleans_up(own_control_plane: Instance, home: Path) -> None:
    done = run_demo(home, "y\n", CLUSTER="mine")
    assert done.returncode == 0, done.stderr
    assert "Ready=True" in done.stderr
    assert "steersman" not in kinds_left(own_control_plane)


def test_an_unknown_context_is_named(control_plane: Instance, home: Path) -> None:
    done = run_demo(home, "y\n", CLUSTER="nowhere")
    assert done.returncode != 0
    assert "no context 'nowhere'" in done.stderr
