"""A killed `steersman dependency update` leaves whole archives and a whole lock file; the next one goes on."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest
import yaml

from steersman.core.chart.loader import load_archive

KILLS = 12
LIBS = [f"lib-{number}" for number in range(8)]


def write(folder: Path, version: str) -> Path:
    """A chart and the charts beside it that it depends on, in this version."""
    entries = [{"name": name, "version": ">=1", "repository": f"file://../{name}"} for name in LIBS]
    charts = {name: {"name": name, "version": version} for name in LIBS}
    for name, metadata in {**charts, "app": {"name": "app", "version": "1.0.0", "dependencies": entries}}.items():
        (folder / name).mkdir(exist_ok=True)
        (folder / name / "Chart.yaml").write_text(yaml.safe_dump({"apiVersion": "v2", **metadata}))
    return folder / "app"


def start(app: Path, home: Path) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-m", "steersman", "dependency", "update", str(app)]
    environment = {**os.environ, "HOME": str(home), "PYTHONPATH": os.pathsep.join(sys.path)}
    return subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


@pytest.mark.slow
def test_killed_at_any_time(tmp_path: Path, home: Path) -> None:
    app = write(tmp_path, "1.0.0")
    began = time.monotonic()
    assert start(app, home).wait(60) == 0
    lasts = time.monotonic() - began
    for number in range(1, KILLS + 1):
        write(tmp_path, f"1.{number}.0")
        process = start(app, home)
        time.sleep(lasts * (0.4 + 0.6 * number / KILLS))
        process.kill()
        process.wait()
        found = [load_archive(path.read_bytes()) for path in (app / "charts").iterdir()]
        assert {chart.name for chart in found} == set(LIBS)
        locked = yaml.safe_load((app / "Chart.lock").read_text())
        assert {entry["name"] for entry in locked["dependencies"]} == set(LIBS)
        assert locked["digest"].startswith("sha256:")
    for path in app.glob("tmpcharts-*"):
        os.utime(path, (0, 0))
    (app / "tmpcharts-7").mkdir()  # which may be somebody's who is at work
    assert start(app, home).wait(60) == 0
    assert sorted(path.name for path in app.iterdir()) == ["Chart.lock", "Chart.yaml", "charts", "tmpcharts-7"]
    assert sorted(path.name for path in (app / "charts").iterdir()) == [f"{name}-1.{KILLS}.0.tgz" for name in LIBS]
