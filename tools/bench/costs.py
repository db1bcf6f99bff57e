"""What a piece of work costs, when it is child processes that do it: wall time and CPU seconds."""

from __future__ import annotations

import resource
import subprocess
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from statistics import median


@dataclass(frozen=True)
class Cost:
    """What one run took, with its child processes."""

    wall: float
    cpu: float


def cost_of(work: Callable[[], None]) -> Cost:
    """Do it, and say what the processes cost that it started and waited for."""
    before, began = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    work()
    after, ended = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return Cost(round(ended - began, 3), round(cpu, 3))


def median_cost(costs: Sequence[Cost]) -> Cost:
    """The medians of wall time and of CPU seconds."""
    return Cost(median(cost.wall for cost in costs), median(cost.cpu for cost in costs))


def run_command(
    command: Sequence[str], environment: dict[str, str], *, check: bool = True
) -> subprocess.CompletedProcess[str]:
    """Run a program to its end; with `check`, its failure ends the benchmark."""
    run = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    if check and run.returncode:
        raise SystemExit(f"{' '.join(command)}: {run.stderr}")
    return run
