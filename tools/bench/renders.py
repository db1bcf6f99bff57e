"""`make bench-render`: CPU seconds of rendering, case by case, against the real `helm template` in the same run.

Three ways of rendering each case of a folder of charts (`cases.jsonl`, packages) are measured, each several times, in
turn with Helm: warm, as in the operator's renderer process (the chart compiled in memory, its answer encoded for the
socket); a new `steersman template` process whose disk cache knows the chart; and, once for each chart, a new process
with an empty cache. Cases that make keys or password hashes are listed apart: what they cost is arithmetic.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import partial
from itertools import groupby
from multiprocessing import get_context
from pathlib import Path
from statistics import median
from typing import Any, Self

from testenv.binaries import locate_program
from testenv.layout import REPOSITORY, shared_material
from testenv.processes import isolated_environment

from bench.report import print_heading, say
from steersman.core.chart.documents import load_values
from steersman.core.chart.loader import load_archive
from steersman.core.chart.model import Chart
from steersman.core.render.capabilities import default_capabilities
from steersman.core.render.compiled import CompiledChart
from steersman.core.render.engine import RenderOptions, assemble, check_chart, prepare, render, render_files
from steersman.core.render.model import ReleaseInfo, RenderRequest
from steersman.core.template.environment import Environment
from steersman.core.template.funcs.registry import FunctionTable
from steersman.core.template.runtime import Effects
from steersman.errors import SteersmanError
from steersman.rendering.protocol import MAX_REPLY_BYTES, Done, frame

Case = Mapping[str, Any]

KEY_MAKERS = (
    "bcrypt",
    "derivePassword",
    "genCA",
    "genCAWithKey",
    "genPrivateKey",
    "genSelfSignedCert",
    "genSelfSignedCertWithKey",
    "genSignedCert",
    "genSignedCertWithKey",
    "htpasswd",
)


@dataclass(frozen=True)
class Cost:
    """What one process took: CPU seconds, and the most memory it had, in KiB; and how it ended."""

    cpu: float
    peak: int
    exit_code: int


@dataclass(frozen=True)
class Figures:
    """One case: medians of CPU seconds, and peaks in KiB. `first` is None where the chart was in the cache already."""

    id: str
    makes_keys: bool
    helm: float
    warm: float
    process: float
    first: float | None
    helm_peak: int
    process_peak: int
    output_bytes: int


class Processes:
    """Runs `helm template` and `steersman template`, each with a home and caches of its own."""

    def __init__(self, scratch: Path) -> None:
        self._scratch = scratch
        self._helm = [str(locate_program("helm")), "template"]
        self._ours = [sys.executable, "-m", "steersman", "template"]
        more = {"XDG_CACHE_HOME": str(scratch / "cache"), "PYTHONPATH": str(REPOSITORY / "operator"), "TZ": "UTC"}
        self._environment = isolated_environment(scratch, more)
        self._launcher = subprocess.Popen(
            [sys.executable, "-I", "-S", str(Path(__file__).with_name("launcher.py"))],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        with self._launcher:  # closes its standard input, which ends it
            pass

    def helm(self, arguments: Sequence[str]) -> Cost:
        """Helm, which has no cache for what it renders."""
        return self._run([*self._helm, *arguments])

    def ours(self, arguments: Sequence[str]) -> Cost:
        """Ours; the disk cache is what earlier runs left."""
        return self._run([*self._ours, *arguments])

    def arguments(self, case: Case, folder: Path) -> list[str]:
        """The command line of a case."""
        given = [case["release"], str(folder / case["package"]), "--namespace", case["namespace"]]
        if case["values"]:
            values = self._scratch / "values.json"
            values.write_text(json.dumps(case["values"]))
            given += ["-f", str(values)]
        if case["kubeVersion"]:
            given += ["--kube-version", case["kubeVersion"]]
        for version in case["apiVersions"]:
            given += ["--api-versions", version]
        switches = {"includeCrds": "--include-crds", "isUpgrade": "--is-upgrade", "noHooks": "--no-hooks"}
        return given + [flag for name, flag in switches.items() if case[name]]

    def _run(self, command: Sequence[str]) -> Cost:
        assert self._launcher.stdin is not None
        assert self._launcher.stdout is not None
        self._launcher.stdin.write(json.dumps({"command": command, "environment": self._environment}) + "\n")
        self._launcher.stdin.flush()
        return Cost(*json.loads(self._launcher.stdout.readline()))


class WarmEngine:
    """The engine as a worker of the operator has it: charts stay loaded and compiled between renders."""

    def __init__(self) -> None:
        self.makes_keys = False
        plain = Environment()
        watched = FunctionTable()
        for name in KEY_MAKERS:
            watched[name] = plain.functions[name]._replace(call=self._watched(plain.functions[name].call))
        self._environment = Environment(extra=watched)
        self._chart: Chart | None = None
        self._compiled: CompiledChart | None = None

    def _watched(self, call: Any) -> Any:
        def watched(*arguments: Any) -> Any:
            self.makes_keys = True
            return call(*arguments)

        return watched

    def load(self, package: Path) -> None:
        """Make a chart ready."""
        self._chart = load_archive(package.read_bytes())
        self._compiled = CompiledChart(self._environment, chart=self._chart)

    def cost(self, case: Case) -> tuple[float, int]:
        """CPU seconds of one render, encoded for the socket, and the bytes of that."""
        assert self._chart is not None
        assert self._compiled is not None
        request = request_of(case)
        started = time.process_time()
        try:
            answer = frame(Done(render(self._chart, request, self._compiled, _effects()), None), MAX_REPLY_BYTES)
        except SteersmanError as error:
            answer = error.message.encode("utf-8", "surrogateescape")
        return time.process_time() - started, len(answer)


def request_of(case: Case) -> RenderRequest:
    """What the operator would send for a case."""
    release = ReleaseInfo(
        case["release"], case["namespace"], is_install=not case["isUpgrade"], is_upgrade=case["isUpgrade"]
    )
    capabilities = default_capabilities(case["kubeVersion"] or "", tuple(case["apiVersions"]))
    values = load_values(json.dumps(case["values"]).encode()) if case["values"] else {}
    return RenderRequest("", values, release, capabilities, include_crds=case["includeCrds"])


def measure(folder: Path, cases: Sequence[Case], runs: int, jobs: int) -> Iterator[Figures]:
    """All cases, those of one chart in one of `jobs` processes."""
    charts = [list(group) for _, group in groupby(sorted(cases, key=_package), key=_package)]
    with get_context("spawn").Pool(jobs, maxtasksperchild=1) as pool:
        for figures in pool.imap_unordered(partial(_measure_chart, folder, runs), charts):
            yield from figures


def _measure_chart(folder: Path, runs: int, cases: Sequence[Case]) -> list[Figures]:
    with tempfile.TemporaryDirectory() as scratch, Processes(Path(scratch)) as processes:
        engine = WarmEngine()
        engine.load(folder / _package(cases[0]))
        return [
            _measure_case(case, folder, processes, engine, runs, is_first=number == 0)
            for number, case in enumerate(cases)
        ]


def _measure_case(
    case: Case, folder: Path, processes: Processes, engine: WarmEngine, runs: int, *, is_first: bool
) -> Figures:
    arguments = processes.arguments(case, folder)
    first = processes.ours(arguments)  # also what fills the cache
    engine.makes_keys = False
    engine.cost(case)
    helm, ours, warm = [], [], []
    size = 0
    for _ in range(1 if engine.makes_keys else runs):  # they are listed apart, and take long
        helm.append(processes.helm(arguments))
        ours.append(processes.ours(arguments))
        seconds, size = engine.cost(case)
        warm.append(seconds)
    ended = {cost.exit_code for cost in (first, *helm, *ours)}
    if len(ended) > 1:  # a render that fails is fast: its figures would say nothing
        raise RuntimeError(f"{case['id']}: helm and steersman ended with different exit codes: {sorted(ended)}")
    return Figures(
        id=case["id"],
        makes_keys=engine.makes_keys,
        helm=median(cost.cpu for cost in helm),
        warm=median(warm),
        process=median(cost.cpu for cost in ours),
        first=first.cpu if is_first else None,
        helm_peak=max(cost.peak for cost in helm),
        process_peak=max(cost.peak for cost in ours),
        output_bytes=size,
    )


def profile(folder: Path, packages: Sequence[str], cases: Sequence[Case]) -> dict[str, float]:
    """Where the CPU time of a first render goes: seconds by stage, summed over the charts."""
    by_package = {_package(case): case for case in reversed(cases)}
    stages = dict.fromkeys(("read and unpack", "parse and compile", "values", "run templates", "split and sort"), 0.0)
    for package in packages:
        watch = _StopWatch(stages)
        environment = Environment()
        request = request_of(by_package[package])
        try:
            watch.start()
            chart = load_archive((folder / package).read_bytes())
            watch.stop("read and unpack")
            check_chart(chart)
            prepared = prepare(chart, request, RenderOptions())
            watch.stop("values")
            compiled = CompiledChart(environment, chart=chart)
            compiled.templates(prepared.chart)
            compiled.to_bytes()
            watch.stop("parse and compile")
            files = render_files(prepared, compiled, _effects())
            watch.stop("run templates")
            assemble(prepared, files, RenderOptions())
            watch.stop("split and sort")
        except SteersmanError:
            continue
    return stages


class _StopWatch:
    def __init__(self, stages: dict[str, float]) -> None:
        self._stages = stages
        self._started = 0.0

    def start(self) -> None:
        self._started = time.process_time()

    def stop(self, stage: str) -> None:
        now = time.process_time()
        self._stages[stage] += now - self._started
        self._started = now


def _effects() -> Effects:
    return Effects(clock=time.time_ns, entropy=os.urandom)


def _package(case: Case) -> str:
    return str(case["package"])


def summary(figures: Sequence[Figures]) -> dict[str, float]:
    """The ratios to Helm that the project is measured by."""
    usual = [each for each in figures if not each.makes_keys]
    warm = [each.warm / each.helm for each in usual]
    process = [each.process / each.helm for each in usual]
    first = [each.first / each.helm for each in usual if each.first is not None]
    largest = max(figures, key=lambda each: each.output_bytes)
    return {
        "cases": len(figures),
        "cases that make keys": len(figures) - len(usual),
        "helm CPU s, median": median(each.helm for each in usual),
        "warm / helm, median": median(warm),
        "warm / helm, maximum": max(warm),
        "new process / helm, median": median(process),
        "new process / helm, maximum": max(process),
        "first render / helm, median": median(first),
        "first render CPU s, median": median(each.first for each in usual if each.first is not None),
        "peak memory of the largest case / helm": largest.process_peak / largest.helm_peak,
        "peak memory of the largest case, MiB": largest.process_peak / 1024,
        "peak memory / helm, maximum": max(each.process_peak / each.helm_peak for each in figures),
    }


def main() -> None:
    """Measure, and print tables; the last line is one JSON object."""
    shared = shared_material()
    parser = argparse.ArgumentParser(prog="bench.renders", description=__doc__)
    parser.add_argument("folder", type=Path, nargs="?", default=shared / "charts" if shared else None)
    parser.add_argument("--runs", type=int, default=5, help="runs of each case (5)")
    parser.add_argument("--filter", default="", help="only cases whose id contains this")
    parser.add_argument("--every", type=int, default=1, metavar="N", help="only every Nth case")
    parser.add_argument("-j", "--jobs", type=int, default=os.cpu_count() or 1, help="charts at a time (all processors)")
    parser.add_argument("--save", type=Path, help="write the figures of each case to this file, a JSON object a line")
    options = parser.parse_args()
    if options.folder is None:
        sys.exit("bench: no folder of charts; name one, or point STEERSMAN_SHARED at the conformance data")
    cases = read_cases(options.folder, options.filter)[:: options.every]
    figures: list[Figures] = []
    for each in measure(options.folder, cases, options.runs, options.jobs):
        figures.append(each)
        ratios = f"warm {each.warm / each.helm:.2f}, new process {each.process / each.helm:.2f}"
        say(f"{len(figures)}/{len(cases)} {each.id}: {ratios}")
    if options.save:
        options.save.write_text("".join(json.dumps(asdict(each)) + "\n" for each in figures))
    _print(figures, profile(options.folder, sorted({_package(case) for case in cases}), cases))


def read_cases(folder: Path, text: str) -> list[Case]:
    """The cases of a folder whose id contains the text."""
    with (folder / "cases.jsonl").open() as lines:
        cases = [json.loads(line) for line in lines]
    return [case for case in cases if text in case["id"]]


def _print(figures: Sequence[Figures], stages: Mapping[str, float]) -> None:
    print_heading()
    found = summary(figures)
    for name, value in found.items():
        print(f"  {name:<44} {value:.3f}")
    charts = [each.first for each in figures if each.first is not None]
    rest = {"start-up and cache": sum(charts) - sum(stages.values())}
    print("\nfirst render: CPU ms a chart by stage, means")
    for name, value in {**stages, **rest}.items():
        print(f"  {name:<44} {1000 * value / len(charts):.1f}")
    print("\nslowest warm, relative to helm")
    for each in sorted(figures, key=lambda each: -each.warm / each.helm)[:8]:
        print(f"  {each.warm / each.helm:6.2f}  {each.warm:.4f} s  helm {each.helm:.3f} s  {each.id}")
    keys = [each for each in figures if each.makes_keys]
    if keys:
        warm, process = (median(getattr(each, name) / each.helm for each in keys) for name in ("warm", "process"))
        print(f"\n{len(keys)} cases that make keys or hashes: warm / helm {warm:.2f}, new process / helm {process:.2f}")
    print(json.dumps({**found, "first render by stage": stages}))


if __name__ == "__main__":
    main()
