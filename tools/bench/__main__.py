"""`make bench`: measures, prints a table, and as its last line one JSON object."""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import platform
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from testenv.instance import Instance
from testenv.processes import ProcessId

from bench.chart import make_chart
from bench.installs import measure


def main() -> None:
    """Run the benchmark on an instance of its own."""
    parser = argparse.ArgumentParser(prog="bench", description=__doc__)
    parser.add_argument("--releases", type=int, default=100, help="how many releases (100)")
    arguments = parser.parse_args()
    instance = Instance("bench")
    _say(f"starting a control plane for {arguments.releases} releases (about 10 s)")
    instance.down()
    instance.up(owner=ProcessId.of(os.getpid()), report=_say)
    try:
        with tempfile.TemporaryDirectory() as folder:
            chart = make_chart(instance, Path(folder))
            _say("measuring: floor, operator, a minute of rest, helm (about 3 minutes)")
            figures = asyncio.run(measure(instance, chart, arguments.releases))
    finally:
        instance.down()
    _print(figures)


def _print(figures: dict[str, Any]) -> None:
    commit = subprocess.run(["git", "rev-parse", "--short", "HEAD"], capture_output=True, text=True, check=False)
    print(f"\ncommit {commit.stdout.strip()}, Python {platform.python_version()}, {platform.machine()}")
    for name, value in figures.items():
        print(f"  {name:<28} {value}")
    ratios = {
        "CPU a release / helm's": figures["operator_cpu_s_per_release"] / figures["helm_cpu_s_per_release"],
        "wall / floor's": figures["wall_s"] / figures["floor_wall_s"],
        "API server CPU / floor's": figures["apiserver_cpu_s"] / figures["floor_apiserver_cpu_s"],
    }
    for name, value in ratios.items():
        print(f"  {name:<28} {value:.2f}")
    print(json.dumps(figures))


def _say(text: str) -> None:
    print(f"bench: {text}", file=sys.stderr, flush=True)


if __name__ == "__main__":
    main()
