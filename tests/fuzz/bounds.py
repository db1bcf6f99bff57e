"""Bounds of one input and of the process that reads it: CPU time, memory, recursion.

Time is the processor's, so that a busy machine fails nothing. A timer raises `OutOfTime` in Python code; what does not
come back from C is ended by the kernel, a little later, and seen by the process that watches (`attempts`).
"""

from __future__ import annotations

import resource
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType

from fuzz.target import OutOfTime

SECONDS = 5.0
"""Of CPU time, for one input of some kilobytes. Readers need milliseconds."""
MEMORY = 1024 * 1024 * 1024
_GRACE_SECONDS = 3


def bound_memory() -> None:
    """Bound what this process may allocate from now on."""
    used = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
    resource.setrlimit(resource.RLIMIT_AS, (used + MEMORY, resource.RLIM_INFINITY))


@contextmanager
def one_input(recursion: int = 0) -> Iterator[None]:
    """Run the block within the bounds of one input. Only in the main thread."""
    before = sys.getrecursionlimit()
    used = resource.getrusage(resource.RUSAGE_SELF)
    end = int(used.ru_utime + used.ru_stime + SECONDS) + _GRACE_SECONDS
    resource.setrlimit(resource.RLIMIT_CPU, (end, resource.RLIM_INFINITY))
    handler = signal.signal(signal.SIGPROF, _out_of_time)
    signal.setitimer(signal.ITIMER_PROF, SECONDS)
    sys.setrecursionlimit(recursion or before)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
        resource.setrlimit(resource.RLIMIT_CPU, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
        signal.signal(signal.SIGPROF, handler)
        sys.setrecursionlimit(before)


@contextmanager
def at_most(seconds: float) -> Iterator[None]:
    """End the block silently after so much CPU time, or out of memory: for running what has no bound of its own."""
    signal.setitimer(signal.ITIMER_PROF, seconds)
    try:
        yield
    except (OutOfTime, MemoryError):
        pass
    finally:
        signal.setitimer(signal.ITIMER_PROF, SECONDS)


def _out_of_time(_signal: int, _frame: FrameType | None) -> None:
    raise OutOfTime
