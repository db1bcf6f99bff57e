"""Builds the programs of binaries.py into the user's cache, one after the other, saying where it stands.

Safe with several processes: one builds, the others wait for it and find everything there. Each program appears in the
cache by a rename, whole or not at all, so that an interrupted build goes on where it stopped.
"""

import json
import shutil
import subprocess
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from testenv import binaries
from testenv.binaries import PROGRAMS, STAGES, Program
from testenv.errors import BuildFailed, tail
from testenv.layout import GO_MODULE
from testenv.locks import exclusive
from testenv.progress import Report, elapsed
from testenv.toolchain import find_go, go_environment

HEARTBEAT = 30.0


def build(report: Report) -> binaries.Toolbox:
    """Make what is missing; everything, afterwards."""
    if binaries.missing():
        target = binaries.bin_folder()
        lock = target.parent.with_name(target.parent.name + ".lock")
        with exclusive(lock, on_wait=lambda: report("another process is building the test bench: waiting for it")):
            _build_into(target, report)
    return binaries.locate()


def _build_into(target: Path, report: Report) -> None:
    missing = binaries.missing()  # again: whoever held the lock may have built it
    if not missing:
        return
    started = time.monotonic()
    target.mkdir(parents=True, exist_ok=True)
    go = find_go(report)
    wanted = [program for program in PROGRAMS if program.name in missing]
    if wanted:
        report(
            f"building the test bench: {len(wanted)} programs; from nothing, with the sources "
            "to fetch, 12 to 25 minutes on 2 cores, but only once"
        )
    with tempfile.TemporaryDirectory(prefix="building-", dir=target.parent) as scratch:
        for number, program in enumerate(wanted, start=1):
            _build_one(go, program, target, Path(scratch), f"[{number}/{len(wanted)}] {program.name}", report)
        if STAGES in missing:
            _copy_stages(go, target, Path(scratch))
    report(f"the test bench is built: {target} ({elapsed(started)})")


def _build_one(go: Path, program: Program, target: Path, scratch: Path, title: str, report: Report) -> None:
    started = time.monotonic()
    report(f"{title}: building; the first time may take {program.duration}")
    made, log = scratch / program.name, scratch / f"{program.name}.log"
    command = [str(go), "build", *binaries.build_flags(), "-o", str(made), program.package]
    with (
        log.open("wb") as output,
        subprocess.Popen(
            command, cwd=GO_MODULE, env=go_environment(), stdin=subprocess.DEVNULL, stdout=output, stderr=output
        ) as process,
    ):
        _wait(process, lambda: report(f"{title}: still building, {elapsed(started)}"))
    if process.returncode != 0:
        raise BuildFailed(f"go build {program.package} failed; its output ends with:\n{tail(log)}")
    made.replace(target / program.name)
    report(f"{title}: done in {elapsed(started)}")


def _wait(process: subprocess.Popen[bytes], heartbeat: Callable[[], None]) -> None:
    try:
        while True:
            try:
                process.wait(timeout=HEARTBEAT)
            except subprocess.TimeoutExpired:
                heartbeat()
            else:
                return
    except BaseException:
        process.terminate()  # an interrupted build must not go on unseen
        raise


def _copy_stages(go: Path, target: Path, scratch: Path) -> None:
    """KWOK's "fast" stages, out of its module: pods are ready and Jobs complete at once, volumes get bound."""
    source = _module_folder(go, "sigs.k8s.io/kwok") / "kustomize" / "stage"
    fresh = scratch / STAGES
    fresh.mkdir()
    for family in ("node", "pod", "volume"):
        for path in sorted((source / family / "fast").glob("*.yaml")):
            if path.name != "kustomization.yaml":
                (fresh / f"{family}-{path.name}").write_bytes(path.read_bytes())
    shutil.rmtree(target / STAGES, ignore_errors=True)
    fresh.replace(target / STAGES)


def _module_folder(go: Path, module: str) -> Path:
    answer = subprocess.run(
        [str(go), "mod", "download", "-json", module],
        cwd=GO_MODULE,
        env=go_environment(),
        capture_output=True,
        text=True,
        check=False,
    )
    if answer.returncode != 0:
        raise BuildFailed(f"go mod download {module} failed:\n{answer.stdout}{answer.stderr}")
    return Path(json.loads(answer.stdout)["Dir"])
