"""`make bench`: measures, prints a table, and as its last line one JSON object."""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import tempfile
from pathlib import Path
from typing import Any

from testenv.instance import Instance
from testenv.processes import ProcessId

from bench.chart import make_chart
from bench.installs import measure
from bench.report import print_heading, say


def main() -> None:
    """Run the benchmark on an instance of its own."""
    parser = argparse.ArgumentParser(prog="bench", description=__doc__)
    parser.add_argument("--releases", type=int, default=100, help="how many releases (100)")
    arguments = parser.parse_args()
    instance = Instance("bench")
    say(f"starting a control plane for {arguments.releases} releases (about 10 s)")
    instance.down()
    instance.up(owner=ProcessId.of(os.getpid()), report=say)
    try:
        with tempfile.TemporaryDirectory() as folder:
            chart = make_chart(instance, Path(folder))
            say("measuring: floor, operator, a minute of rest, helm (about 3 minutes)")
            figures = asyncio.run(measure(instance, chart, arguments.releases))
    finally:
        instance.down()
    _print(figures)


def _print(figures: dict[str, Any]) -> None:
    print_heading()
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


if __name__ == "__main__":
    main()
