"""`make bench-dependencies`: the dependencies of many charts, from a repository on this machine, against the real Helm
in the same run.

The repository holds charts of the conformance data, indexed by `helm repo index` and served by Python's own web server.
Each chart lists four of them by version range. Helm runs as one process a chart, since it takes one; ours as one
process for all of them, and for comparison as one process a chart too. They take turns; the table has medians of wall
time and CPU seconds. Caches hold nothing before a run; once more for us with those that a run left, which Helm does not
look into: it downloads archives again.
"""

from __future__ import annotations

import argparse
import json
import shutil
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path

from testenv.binaries import locate_program
from testenv.layout import REPOSITORY, shared_material
from testenv.ports import LOOPBACK, free_ports
from testenv.processes import isolated_environment

from bench.costs import Cost, cost_of, median_cost, run_command
from bench.report import print_heading, say
from steersman.core.chart.loader import load_archive
from steersman.errors import SteersmanError

EACH = 4
"""Dependencies of a chart."""
SITE = "site"
STEERSMAN = (sys.executable, "-m", "steersman")


@dataclass(frozen=True)
class Bench:
    """Charts whose dependencies are wanted, and what the programs need to fetch them."""

    scratch: Path
    helm: str
    environment: dict[str, str]
    charts: tuple[str, ...]

    def empty(self) -> None:
        """Take away what a run made."""
        for chart in self.charts:
            shutil.rmtree(Path(chart) / "charts", ignore_errors=True)

    def helm_runs(self, command: str, run: int) -> None:
        """`helm dependency` of each chart."""
        home = self.environment | {"HELM_CACHE_HOME": str(self.scratch / f"helm-{command}-{run}")}
        for chart in self.charts:
            run_command([self.helm, "dependency", command, chart], home)

    def steersman_runs(self, command: str, cache: str, charts_at_a_time: int) -> None:
        """`steersman dependency` of so many charts at a time."""
        home = self.environment | {"XDG_CACHE_HOME": str(self.scratch / cache)}
        for start in range(0, len(self.charts), charts_at_a_time):
            charts = self.charts[start : start + charts_at_a_time]
            run_command([*STEERSMAN, "dependency", command, *charts], home)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="bench-dependencies", description=__doc__)
    parser.add_argument("--charts", type=int, default=20, help="how many charts (20)")
    parser.add_argument("--runs", type=int, default=3, help="how often each way runs (3)")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder, _bench(Path(folder), arguments.charts) as bench:
        say(f"resolving and building {arguments.charts} charts {arguments.runs} times each way")
        _print(arguments.charts, arguments.runs, _measure(bench, arguments.runs))


def _measure(bench: Bench, runs: int) -> dict[str, dict[str, list[Cost]]]:
    """Costs by command and way."""
    costs: dict[str, dict[str, list[Cost]]] = {}
    for command in ("update", "build"):
        for run in range(runs):
            cold, one_by_one = f"cache-{command}-{run}", f"single-{command}-{run}"
            ways = {
                "helm": partial(bench.helm_runs, command, run),
                "steersman": partial(bench.steersman_runs, command, cold, len(bench.charts)),
                "steersman, archives cached": partial(bench.steersman_runs, command, cold, len(bench.charts)),
                "steersman, a process each": partial(bench.steersman_runs, command, one_by_one, 1),
            }
            for way, work in ways.items():
                bench.empty()
                costs.setdefault(command, {}).setdefault(way, []).append(cost_of(work))
    return costs


def _print(charts: int, runs: int, costs: dict[str, dict[str, list[Cost]]]) -> None:
    figures = {
        command: {way: asdict(median_cost(taken)) for way, taken in ways.items()} for command, ways in costs.items()
    }
    print_heading()
    print(f"  {charts} charts with {EACH} dependencies each, medians of {runs} runs, seconds")
    for command, ways in figures.items():
        for way, cost in ways.items():
            ratio = cost["wall"] / ways["helm"]["wall"]
            print(f"  {command:<8} {way:<28} wall {cost['wall']:7.2f}  cpu {cost['cpu']:7.2f}  wall ratio {ratio:.2f}")
    print(json.dumps({"charts": charts, "runs": runs, **figures}))


@contextmanager
def _bench(scratch: Path, count: int) -> Iterator[Bench]:
    site, helm = scratch / SITE, str(locate_program("helm"))
    site.mkdir()
    served = _fill(site)
    environment = isolated_environment(scratch, {"PYTHONPATH": str(REPOSITORY / "operator")})
    environment |= {f"HELM_{what}_HOME": str(scratch / f"helm-{what.lower()}") for what in ("CONFIG", "DATA")}
    run_command([helm, "repo", "index", str(site)], environment)
    with _serving(site) as url:
        run_command([helm, "repo", "add", SITE, url], environment)
        charts = tuple(_chart(scratch / "charts" / f"app-{index}", index, served, url) for index in range(count))
        yield Bench(scratch, helm, environment, charts)


def _fill(site: Path) -> list[tuple[str, str]]:
    """Copy charts into the site; their names and versions."""
    shared = shared_material()
    if shared is None:
        raise SystemExit("the conformance data is missing: set STEERSMAN_SHARED")
    served: dict[str, str] = {}
    for package in sorted((shared / "charts" / "packages").rglob("*.tgz")):
        try:
            metadata = load_archive(package.read_bytes()).metadata
        except SteersmanError:  # some of the data are no charts, on purpose
            continue
        if metadata.name not in served and "-" not in metadata.version:
            served[metadata.name] = metadata.version
            shutil.copy(package, site)
    return list(served.items())


def _chart(folder: Path, index: int, served: Sequence[tuple[str, str]], url: str) -> str:
    wanted = [served[(index * EACH + step) % len(served)] for step in range(EACH)]
    entries = [{"name": name, "version": f">={version}", "repository": url} for name, version in wanted]
    metadata = {"apiVersion": "v2", "name": folder.name, "version": "1.0.0", "dependencies": entries}
    folder.mkdir(parents=True)
    (folder / "Chart.yaml").write_text(json.dumps(metadata))
    return str(folder)


@contextmanager
def _serving(site: Path) -> Iterator[str]:
    """A web server of its own process, so that its work is nobody's."""
    (port,) = free_ports(1)
    command = [sys.executable, "-m", "http.server", str(port), "--bind", LOOPBACK, "--directory", str(site)]
    server = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    url = f"http://{LOOPBACK}:{port}"
    try:
        _wait_for(f"{url}/index.yaml")
        yield url
    finally:
        server.terminate()
        server.wait()


def _wait_for(url: str) -> None:
    deadline = time.monotonic() + 10.0
    while True:
        try:
            urllib.request.urlopen(url, timeout=1.0).close()
        except OSError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.05)
        else:
            return


if __name__ == "__main__":
    main()
