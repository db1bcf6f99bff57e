"""What one render may take. The client names the limits with every request; `guard` holds them in the worker process.

Two lines of defence. The soft one raises inside the render, so that the worker can still say which limit it was: timers
for wall and CPU time, RLIMIT_AS for memory, the interpreter's own bound for recursion. The hard one needs no
cooperation: the kernel ends the process (RLIMIT_CPU), or the client closes the connection and the supervisor kills it.
"""

from __future__ import annotations

import msgspec

from steersman.rendering.errors import RenderLimitExceeded

_MIB = 1024 * 1024


class RenderLimits(msgspec.Struct, frozen=True):
    """Bounds of one render. `memory_bytes` come on top of what a fresh worker process needs."""

    wall_seconds: float = 30.0
    cpu_seconds: float = 20.0
    memory_bytes: int = 384 * _MIB
    output_bytes: int = 32 * _MIB
    chart_bytes: int = 32 * _MIB
    recursion: int = 20_000
    """Python frames. Helm allows 1,000 nested includes, each of which takes several."""

    def wall_time(self) -> RenderLimitExceeded:
        """The error of a render that took too long."""
        return RenderLimitExceeded("wall time", f"{self.wall_seconds:g} s")

    def cpu_time(self) -> RenderLimitExceeded:
        """The error of a render that computed too long."""
        return RenderLimitExceeded("CPU time", f"{self.cpu_seconds:g} s")

    def memory(self) -> RenderLimitExceeded:
        """The error of a render that asked for too much memory."""
        return RenderLimitExceeded("memory", f"{self.memory_bytes // _MIB} MiB")

    def output(self) -> RenderLimitExceeded:
        """The error of a render that produced too much text."""
        return RenderLimitExceeded("output", f"{self.output_bytes // _MIB} MiB")

    def chart_size(self) -> RenderLimitExceeded:
        """The error of a chart archive that is too large to be sent at all."""
        return RenderLimitExceeded("chart size", f"{self.chart_bytes // _MIB} MiB")

    def too_deep(self) -> RenderLimitExceeded:
        """The error of templates that call each other too deeply."""
        return RenderLimitExceeded("recursion", f"{self.recursion} calls")
