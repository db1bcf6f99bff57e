"""Reads one index.yaml in a process of its own: `python -m steersman.registry.index_process < index.yaml > index`.

An index is somebody else's text: aliases that multiply, nesting without end and scalars of many megabytes must cost
this process its life at most. It reads standard input, a file; writes the packed index to standard output, or what is
wrong with the exit code `REFUSED`; and holds nothing else: `indexing` starts it with an empty environment.
"""

from __future__ import annotations

import gc
import io
import os
import resource
import sys
from pathlib import Path

import msgspec

REFUSED = 3
"""The exit code that comes with a `Refusal` on standard output."""

_RECURSION = 5000
_OPEN_FILES = 16


class Refusal(msgspec.Struct, frozen=True):
    """Why there is no index."""

    problem: str
    hint: str = ""


def main(arguments: list[str]) -> int:
    """Read, within so many bytes of memory and seconds of CPU time; the exit code says how that went."""
    memory, seconds = map(int, arguments)
    from steersman.core.chart.indexfile import IndexTooLarge, InvalidIndex, read_index

    sys.setrecursionlimit(_RECURSION)
    gc.disable()  # nothing here makes circles, and looking for them takes a fifth of the time
    _limit(memory, seconds)
    try:
        with io.open(0, "rb", closefd=False) as file:  # noqa: UP020 - the descriptor, not a name
            answer = read_index(file, os.fstat(0).st_size).to_bytes()
    except (InvalidIndex, IndexTooLarge) as error:
        refusal = Refusal(error.message, error.hint)
    except MemoryError:
        refusal = Refusal("it takes too much memory to read")
    except RecursionError:
        refusal = Refusal("it is nested too deeply")
    else:
        sys.stdout.buffer.write(answer)
        return 0
    sys.stdout.buffer.write(msgspec.msgpack.encode(refusal))
    return REFUSED


def _limit(memory: int, seconds: int) -> None:
    """`memory` comes on top of what this process has now."""
    now = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
    resource.setrlimit(resource.RLIMIT_AS, (now + memory, now + memory))
    resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    resource.setrlimit(resource.RLIMIT_NOFILE, (_OPEN_FILES, _OPEN_FILES))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
