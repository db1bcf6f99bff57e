"""What processes cost, read from /proc: CPU seconds and proportional memory of whole trees."""

from __future__ import annotations

import os
import threading
from pathlib import Path

TICKS = os.sysconf("SC_CLK_TCK")
SAMPLE_EVERY = 0.25


def cpu_seconds(pid: int) -> float:
    """User and system time of one process, and of the children it has waited for."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return sum(int(fields[index]) for index in (11, 12, 13, 14)) / TICKS


def tree(pid: int) -> list[int]:
    """A process and all below it."""
    found = [pid]
    for parent in found:
        for task in Path(f"/proc/{parent}/task").glob("*/children"):
            found += map(int, task.read_text().split())
    return found


def tree_cpu_seconds(pid: int) -> float:
    """CPU time of a whole tree."""
    return sum(cpu_seconds(member) for member in tree(pid))


def tree_pss_mib(pid: int) -> float:
    """Proportional set size of a whole tree, in MiB."""
    return sum(_pss_kib(member) for member in tree(pid)) / 1024


def _pss_kib(pid: int) -> int:
    try:
        rollup = Path(f"/proc/{pid}/smaps_rollup").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return 0
    return next(int(line.split()[1]) for line in rollup.splitlines() if line.startswith("Pss:"))


class PeakMemory:
    """Samples the memory of a tree in a thread; `mib` is the highest seen."""

    def __init__(self, pid: int) -> None:
        self.mib = 0.0
        self._pid = pid
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)

    def __enter__(self) -> PeakMemory:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join()

    def _run(self) -> None:
        while not self._stop.wait(SAMPLE_EVERY):
            self.mib = max(self.mib, tree_pss_mib(self._pid))
