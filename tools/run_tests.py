"""Runs the whole test suite in phases and adds up the counts: what `make test` does after `make setup`.

First what runs anywhere, for a quick answer; then the test bench is built if need be, with progress; then what needs
it. A phase that fails does not keep the next from running. Arguments are handed to pytest in every phase.
"""

import os
import signal
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
WORKERS = "2"
PYTEST_INTERRUPTED = 2
PYTEST_COLLECTED_NOTHING = 5
INTERRUPTED = 130


@dataclass(frozen=True)
class Phase:
    """One command, and what it is for."""

    title: str
    command: tuple[str, ...]


def phases(arguments: tuple[str, ...]) -> tuple[Phase, ...]:
    """What is run, in order. With loadscope a module stays on one worker, so what it shares is made once."""
    pytest = (sys.executable, "-m", "pytest", "-n", WORKERS)
    return (
        Phase("tests that run anywhere", (*pytest, "-m", "not bench", *arguments)),
        Phase("the test bench", (sys.executable, "-m", "testenv", "build")),
        Phase("tests on a real control plane", (*pytest, "--dist", "loadscope", "-m", "bench", *arguments)),
    )


def main(arguments: tuple[str, ...]) -> int:
    """Run the phases, print the sums; the worst exit code."""
    worst = 0
    with tempfile.TemporaryDirectory() as folder:
        counts = Path(folder) / "counts"
        counts.touch()
        for phase in phases(arguments):
            print(f"\n== {phase.title}", flush=True)
            code = _run(phase.command, counts)
            worst = max(worst, code)
            if code == INTERRUPTED:
                break
        rows = [tuple(map(int, line.split())) for line in counts.read_text().splitlines()]
    passed, failed, skipped = (sum(column) for column in zip((0, 0, 0), *rows, strict=True))
    print(f"\nAll phases together:\n{passed} passed, {failed} failed, {skipped} skipped", flush=True)
    return worst


def _run(command: tuple[str, ...], counts: Path) -> int:
    """The exit code. An interrupted child is waited for: it has to bring its control planes down."""
    more = {"STEERSMAN_TEST_COUNTS": str(counts), "PYTHONPATH": str(ROOT / "tools")}
    with subprocess.Popen(command, cwd=ROOT, env={**os.environ, **more}) as child:
        signal.signal(signal.SIGTERM, lambda *_: child.terminate())
        while True:
            try:
                return _meaning(command, child.wait())
            except KeyboardInterrupt:
                continue  # the terminal told the child as well


def _meaning(command: tuple[str, ...], code: int) -> int:
    if "pytest" not in command:
        return code
    return {PYTEST_COLLECTED_NOTHING: 0, PYTEST_INTERRUPTED: INTERRUPTED}.get(code, code)


if __name__ == "__main__":
    sys.exit(main(tuple(sys.argv[1:])))
