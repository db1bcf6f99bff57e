"""Compare with real charts: what the real `helm template` printed for packaged charts of public repositories.

`python tests/conformance/charts.py DIR [--filter TEXT] [-j N] [-v]` renders every case of a folder in the form its
README describes and prints `N passed, N failed` last. Lines that are random (masked) are left out of the comparison,
their number is not. `test_charts.py` runs the same in pytest.
"""

from __future__ import annotations

import argparse
import gzip
import json
import multiprocessing
import sys
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import lru_cache, partial
from itertools import groupby
from pathlib import Path
from typing import Any

if __name__ == "__main__":
    sys.path[:0] = [str(Path(__file__).resolve().parents[2] / "operator"), str(Path(__file__).resolve().parents[1])]

from conformance.cases import Outcome, report

from steersman.cli.impure import real_effects
from steersman.cli.manifests import output_text
from steersman.core.chart.documents import load_values
from steersman.core.chart.loader import load_archive
from steersman.core.chart.model import Chart, crd_files
from steersman.core.golang.types import from_bytes, to_bytes
from steersman.core.manifest.errors import ManifestError
from steersman.core.render.capabilities import default_capabilities
from steersman.core.render.compiled import CompiledChart
from steersman.core.render.engine import RenderOptions, assemble, check_chart, prepare, render_files
from steersman.core.render.errors import IncompatibleCluster
from steersman.core.render.model import ReleaseInfo, RenderRequest
from steersman.core.template.environment import Environment
from steersman.core.template.errors import TemplateError
from steersman.errors import SteersmanError

Case = Mapping[str, Any]

_DEBUG_HINT = "\n\nUse --debug flag to render out invalid YAML"
_SCHEMA_ERROR = "Error: values don't meet the specifications of the schema"
_MASKED = "(random)"


def read_cases(folder: Path) -> list[Case]:
    """All cases of a folder, those of one chart together."""
    with (folder / "cases.jsonl").open() as lines:
        cases = [json.loads(line) for line in lines]
    return sorted(cases, key=lambda case: (case["package"], case["id"]))


def topic(case: Case) -> str:
    """The repository a chart comes from."""
    return str(case["id"]).partition(".")[0]


def evaluate(case: Case, folder: Path) -> Outcome:
    """Render one case and compare."""
    expected = case["expected"]
    start = time.perf_counter()
    try:
        got = render_case(case, folder)
    except SteersmanError as error:
        hint = _DEBUG_HINT if isinstance(error, TemplateError | ManifestError | IncompatibleCluster) else ""
        got = f"Error: {to_bytes(error.message).decode('utf-8', 'replace')}{hint}"
    except Exception as error:  # the report goes on with the next case
        got = f"crash: {type(error).__name__}: {error}"
    seconds = time.perf_counter() - start
    if "error" in expected:
        return Outcome(case["id"], topic(case), complaints_sorted(expected["error"]), complaints_sorted(got), seconds)
    wanted = from_bytes(gzip.decompress((folder / expected["golden"]).read_bytes()))
    return Outcome(case["id"], topic(case), *masked(wanted, got, expected.get("mask", ())), seconds)


def complaints_sorted(error: str) -> str:
    """An error without what is random in Helm: the order in which a schema's complaints come."""
    lines = error.strip().split("\n")
    if not error.startswith(_SCHEMA_ERROR):
        return "\n".join(lines)
    return "\n".join([lines[0], *sorted(lines[1:])])


def masked(wanted: str, got: str, mask: Iterable[int]) -> tuple[str, str]:
    """Both texts without their random lines; unchanged where they differ in length."""
    wanted_lines, got_lines = wanted.split("\n"), got.split("\n")
    if not mask or len(wanted_lines) != len(got_lines):
        return wanted, got
    for number in mask:
        wanted_lines[number] = got_lines[number] = _MASKED
    return "\n".join(wanted_lines), "\n".join(got_lines)


def render_case(case: Case, folder: Path) -> str:
    """What `helm template` prints for the case."""
    chart, compiled = load_case(folder / case["package"])
    release = ReleaseInfo(
        case["release"], case["namespace"], is_install=not case["isUpgrade"], is_upgrade=case["isUpgrade"]
    )
    capabilities = default_capabilities(case["kubeVersion"] or "", tuple(case["apiVersions"]))
    values = load_values(json.dumps(case["values"]).encode()) if case["values"] else {}
    check_chart(chart)
    prepared = prepare(chart, RenderRequest("", values, release, capabilities), RenderOptions())
    rendered = assemble(prepared, render_files(prepared, compiled, real_effects()), RenderOptions())
    crds = [(file.name, from_bytes(file.data)) for file in crd_files(prepared.chart)] if case["includeCrds"] else []
    return output_text(crds, rendered, [] if case["noHooks"] else rendered.hooks)


@lru_cache(maxsize=1)
def load_case(package: Path) -> tuple[Chart, CompiledChart]:
    """The chart of the case, kept for the chart's next case."""
    return load_archive(package.read_bytes()), CompiledChart(Environment())


def evaluate_all(cases: list[Case], folder: Path, processes: int) -> Iterator[Outcome]:
    """Evaluate cases, those of one chart in one process."""
    groups = [list(group) for _, group in groupby(cases, key=lambda case: case["package"])]
    run: Callable[[list[Case]], list[Outcome]] = partial(_evaluate_group, folder)
    if processes == 1:
        for group in groups:
            yield from run(group)
        return
    with multiprocessing.Pool(processes) as pool:
        for outcomes in pool.imap_unordered(run, groups):
            yield from outcomes


def _evaluate_group(folder: Path, cases: list[Case]) -> list[Outcome]:
    return [evaluate(case, folder) for case in cases]


def main() -> int:
    """The command line."""
    parser = argparse.ArgumentParser(description="Render real charts and compare with Helm's output.")
    parser.add_argument("folder", type=Path, help="folder with cases.jsonl")
    parser.add_argument("--filter", default="", help="only ids that contain this")
    parser.add_argument("-j", "--jobs", type=int, default=1, help="processes")
    parser.add_argument("-v", "--verbose", action="store_true", help="print differences")
    parser.add_argument("--lines", type=int, default=20, help="lines of each difference")
    parser.add_argument("--slowest", type=int, default=0, metavar="N", help="print the N slowest cases")
    options = parser.parse_args()
    cases = [case for case in read_cases(options.folder) if options.filter in case["id"]]
    outcomes = sorted(evaluate_all(cases, options.folder, options.jobs), key=lambda outcome: outcome.id)
    for outcome in sorted(outcomes, key=lambda outcome: -outcome.seconds)[: options.slowest]:
        print(f"{outcome.seconds:7.3f} s  {outcome.id}")
    return report(outcomes, verbose=options.verbose, lines=options.lines)


if __name__ == "__main__":
    sys.exit(main())
