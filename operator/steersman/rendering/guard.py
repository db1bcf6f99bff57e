"""The worker's own hold on its limits (`limits` says which and why there are two lines of them).

A limit that breaks raises `LimitBroken`, a BaseException, so that no `except Exception` in the engine can swallow it.
It may strike anywhere, also while the engine changes its caches: the process answers once more and ends.
"""

from __future__ import annotations

import gc
import resource
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType

from steersman.rendering.errors import RenderLimitExceeded
from steersman.rendering.limits import RenderLimits

_PAGE = resource.getpagesize()
_OPEN_FILES = 64
# Between the soft and the hard end: time to unwind and to answer.
_GRACE_SECONDS = 2
# A worker that keeps this much more than it started with is replaced; the next one starts small again.
_KEPT_BYTES = 64 * 1024 * 1024


class LimitBroken(BaseException):
    """Carries the error that the client will raise."""

    def __init__(self, error: RenderLimitExceeded) -> None:
        super().__init__(error)
        self.error = error


class Guard:
    """The limits of this process. Made once, right after the fork, in the main thread."""

    def __init__(self) -> None:
        self._virtual, self._resident = _memory()
        # Nothing here writes files or leaves core dumps, and nothing holds many files open.
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
        resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
        resource.setrlimit(resource.RLIMIT_NOFILE, (_OPEN_FILES, _OPEN_FILES))

    @contextmanager
    def watch(self, limits: RenderLimits) -> Iterator[None]:
        """Run the block within these limits; LimitBroken says that it did not keep to one."""
        self._arm(limits)
        try:
            yield
        except (MemoryError, SystemError):
            # CPython 3.11 raises SystemError where it has no memory for the frame of a call.
            # The traceback holds the frames that hold the memory: it must go before anything else is done.
            broken = LimitBroken(limits.memory())
        except RecursionError:
            broken = LimitBroken(limits.too_deep())
        else:
            return
        finally:
            self._disarm()
        raise broken

    def is_worn(self) -> bool:
        """Whether this process holds so much memory by now that it had better be replaced."""
        return _memory()[1] - self._resident > _KEPT_BYTES

    def _arm(self, limits: RenderLimits) -> None:
        def out_of_wall_time(_signal: int, _frame: FrameType | None) -> None:
            raise LimitBroken(limits.wall_time())

        def out_of_cpu_time(_signal: int, _frame: FrameType | None) -> None:
            raise LimitBroken(limits.cpu_time())

        sys.setrecursionlimit(limits.recursion)
        used = resource.getrusage(resource.RUSAGE_SELF)
        seconds = int(used.ru_utime + used.ru_stime + limits.cpu_seconds) + _GRACE_SECONDS
        resource.setrlimit(resource.RLIMIT_CPU, (seconds, resource.RLIM_INFINITY))
        resource.setrlimit(resource.RLIMIT_AS, (self._virtual + limits.memory_bytes, resource.RLIM_INFINITY))
        signal.signal(signal.SIGALRM, out_of_wall_time)
        signal.signal(signal.SIGPROF, out_of_cpu_time)
        signal.setitimer(signal.ITIMER_REAL, limits.wall_seconds)
        signal.setitimer(signal.ITIMER_PROF, limits.cpu_seconds)

    def _disarm(self) -> None:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.setitimer(signal.ITIMER_PROF, 0)
        # The answer is still to be written: it needs memory too, and may take what the render left.
        resource.setrlimit(resource.RLIMIT_AS, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))


def shed_memory() -> None:
    """Before a fork: keep the collector's hands off what all workers share, so that the pages stay shared."""
    gc.collect()
    gc.freeze()


def _memory() -> tuple[int, int]:
    """Virtual and resident bytes of this process."""
    virtual, resident = Path("/proc/self/statm").read_text().split()[:2]
    return int(virtual) * _PAGE, int(resident) * _PAGE
