"""`make bench-pulls`: pulling different charts from a registry, against the real `helm pull` in the same run.

The charts are those of the conformance data, pushed by Helm to a registry of this run's own. Each run starts from
nothing: Helm as one process a chart, four at a time; ours as one process with an empty cache (`puller`). They take
turns; the table has medians of wall time and CPU seconds.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path

from testenv.binaries import locate_program
from testenv.layout import REPOSITORY, shared_material
from testenv.processes import isolated_environment
from testenv.registry import serve_registry

from bench.costs import cost_of, median_cost, run_command
from bench.report import print_heading, say
from steersman.core.chart.loader import load_archive
from steersman.errors import SteersmanError

HELM_AT_A_TIME = 4


@dataclass(frozen=True)
class Chart:
    """A chart in the registry."""

    url: str
    version: str


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="bench-pulls", description=__doc__)
    parser.add_argument("--charts", type=int, default=50, help="how many charts (50)")
    parser.add_argument("--runs", type=int, default=5, help="how often each way runs (5)")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        _measure(Path(folder), arguments.charts, arguments.runs)


def _measure(scratch: Path, count: int, runs: int) -> None:
    environment = isolated_environment(scratch, {"PYTHONPATH": f"{REPOSITORY / 'operator'}:{REPOSITORY / 'tools'}"})
    helm = str(locate_program("helm"))
    with serve_registry(scratch / "registry") as registry:
        say(f"pushing {count} charts")
        charts = _push(helm, environment, registry.host, count)
        say(f"pulling them {runs} times each way")
        ours, theirs = [], []
        for run in range(runs):
            theirs.append(cost_of(partial(_helm_pulls, helm, environment, charts, scratch / f"helm-{run}")))
            ours.append(cost_of(partial(_our_pulls, environment, charts, scratch / f"ours-{run}")))
    figures = {
        "charts": count,
        "runs": runs,
        "helm": asdict(median_cost(theirs)),
        "steersman": asdict(median_cost(ours)),
        "wall_ratio": round(median_cost(ours).wall / median_cost(theirs).wall, 3),
        "cpu_ratio": round(median_cost(ours).cpu / median_cost(theirs).cpu, 3),
    }
    print_heading()
    for name, value in figures.items():
        print(f"  {name:<12} {value}")
    print(json.dumps(figures))


def _push(helm: str, environment: dict[str, str], host: str, count: int) -> list[Chart]:
    shared = shared_material()
    if shared is None:
        raise SystemExit("the conformance data is missing: set STEERSMAN_SHARED")
    charts: dict[str, Chart] = {}
    for package in sorted((shared / "charts" / "packages").rglob("*.tgz")):
        try:
            metadata = load_archive(package.read_bytes()).metadata
        except SteersmanError:  # some of the data are no charts, on purpose
            continue
        if metadata.name in charts:
            continue
        pushed = run_command(
            [helm, "push", "--plain-http", str(package), f"oci://{host}/charts"], environment, check=False
        )
        if pushed.returncode == 0:
            charts[metadata.name] = Chart(f"oci://{host}/charts/{metadata.name}", metadata.version)
        if len(charts) == count:
            return list(charts.values())
    raise SystemExit(f"there are only {len(charts)} charts that can be pushed")


def _helm_pulls(helm: str, environment: dict[str, str], charts: Sequence[Chart], folder: Path) -> None:
    folder.mkdir()
    home = environment | {name: str(folder) for name in ("HELM_CACHE_HOME", "HELM_CONFIG_HOME", "HELM_DATA_HOME")}

    def pull(chart: Chart) -> None:
        flags = ["--plain-http", "--version", chart.version, "--destination", str(folder)]
        run_command([helm, "pull", chart.url, *flags], home)

    with ThreadPoolExecutor(HELM_AT_A_TIME) as threads:
        list(threads.map(pull, charts))


def _our_pulls(environment: dict[str, str], charts: Sequence[Chart], folder: Path) -> None:
    folder.mkdir()
    listed = folder / "charts.json"
    listed.write_text(json.dumps([asdict(chart) for chart in charts]))
    run_command([sys.executable, "-m", "bench.puller", str(listed), str(folder / "cache")], environment)


if __name__ == "__main__":
    main()
