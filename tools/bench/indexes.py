"""`make bench-index`: a large index.yaml, against the real Helm in the same run.

The index is made of the Chart.yaml files of the conformance data, in as many versions as it takes, and served by this
process. Measured are `helm repo add`, which gets and reads it; a search of the repository by ours in an empty cache,
and once more with what that left behind; and choosing a version with either program (`helm template --repo`, which
reads it twice). Memory is the peak of the sum of PSS of the whole process tree.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import resource
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from testenv.binaries import locate_program
from testenv.layout import REPOSITORY, shared_material
from testenv.processes import isolated_environment

from bench.processes import PeakMemory
from bench.report import print_heading, say
from steersman.core.chart.loader import load_archive
from steersman.core.yaml.writer import dump
from steersman.errors import SteersmanError

MIB = 1_000_000


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="bench-index", description=__doc__)
    parser.add_argument("--megabytes", type=float, default=60.0, help="how large the index is (60)")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        _measure(Path(folder), int(arguments.megabytes * MIB))


def _measure(scratch: Path, size: int) -> None:
    site = scratch / "site"
    site.mkdir()
    say("making the index")
    name, archive, versions = _make_index(site, size)
    (site / archive.name).write_bytes(archive.read_bytes())
    environment = isolated_environment(scratch, {"PYTHONPATH": str(REPOSITORY / "operator")})
    environment |= {f"HELM_{what}_HOME": str(scratch / "helm") for what in ("CACHE", "CONFIG", "DATA")}
    helm, ours = [str(locate_program("helm"))], [sys.executable, "-m", "steersman"]
    index = (site / "index.yaml").stat().st_size
    with _serving(site) as url:
        template = ["template", name, "--repo", url]
        ways = {
            "helm repo add": [*helm, "repo", "add", "large", url],
            "helm template --repo": [*helm, *template],
            "steersman search, first": [*ours, "search", url, "no such keyword"],
            "steersman search, again": [*ours, "search", url, "no such keyword"],
            "steersman template --repo, again": [*ours, *template],
        }
        figures = {label: _cost(command, environment, index) for label, command in ways.items()}
    print_heading()
    print(f"index.yaml of {index / MIB:.1f} MB, {versions} versions\n")
    print("| command | wall s | CPU s | peak MiB | memory / size |\n|---|---|---|---|---|")
    for label, cost in figures.items():
        print(f"| {label} | {cost['wall']} | {cost['cpu']} | {cost['peak']} | {cost['share']} |")
    print(json.dumps({"bytes": index, "versions": versions, **figures}))


def _make_index(site: Path, size: int) -> tuple[str, Path, int]:
    """Write it; the name and archive of one of its charts, and how many versions there are."""
    shared = shared_material()
    if shared is None:
        raise SystemExit("the conformance data is missing: set STEERSMAN_SHARED")
    charts: dict[str, tuple[Path, dict[str, Any]]] = {}
    for package in sorted((shared / "charts" / "packages").rglob("*.tgz")):
        try:
            found = load_archive(package.read_bytes()).metadata
        except SteersmanError:  # some of the data are no charts, on purpose
            continue
        charts[found.name] = package, found.as_json()
    name = next(name for name, (package, _) in charts.items() if package.stat().st_size < 50_000)
    rounds = _rounds(charts, size)
    with (site / "index.yaml").open("w") as file:
        file.write("apiVersion: v1\nentries:\n")
        for chart, (package, metadata) in sorted(charts.items()):
            file.write(f"  {chart}:\n")
            for number in range(rounds):
                entry = dump([_entry(package, metadata, number)])
                file.write("".join(f"  {line}\n" for line in entry.splitlines()))
        file.write('generated: "2026-01-01T00:00:00Z"\n')
    return name, charts[name][0], rounds * len(charts)


def _rounds(charts: dict[str, tuple[Path, dict[str, Any]]], size: int) -> int:
    once = sum(len(dump([_entry(package, metadata, 0)])) + 60 for package, metadata in charts.values())
    return max(1, size // once)


def _entry(package: Path, metadata: dict[str, Any], number: int) -> dict[str, Any]:
    """The chart as it is, then in older versions."""
    version = metadata["version"] if number == 0 else f"0.0.{number}"
    data = package.read_bytes() if number == 0 else f"{metadata['name']} {number}".encode()
    return {
        **metadata,
        "version": version,
        "created": f"2026-01-01T10:{number % 60:02d}:00.123456789Z",
        "digest": hashlib.sha256(data).hexdigest(),
        "urls": [package.name if number == 0 else f"{metadata['name']}-{version}.tgz"],
    }


class _Handler(SimpleHTTPRequestHandler):
    def log_message(self, *_: object) -> None:
        """Silence."""


@contextmanager
def _serving(folder: Path) -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(_Handler, directory=str(folder)))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()


def _cost(command: Sequence[str], environment: dict[str, str], size: int) -> dict[str, float]:
    say(" ".join(command[-4:]))
    before, began = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    process = subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    with PeakMemory(process.pid) as memory:
        _, said = process.communicate()
    after, ended = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    if process.returncode:
        raise SystemExit(f"{' '.join(command)}: {said.decode()}")
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return {
        "wall": round(ended - began, 2),
        "cpu": round(cpu, 2),
        "peak": round(memory.mib),
        "share": round(memory.mib * 1024 * 1024 / size, 2),
    }


if __name__ == "__main__":
    main()
