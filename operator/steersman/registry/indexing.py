"""A downloaded index.yaml → `Index`, without holding up the operator and without trusting the text.

Called by `repository_charts` in a worker thread. Small texts are read here; others by a process of their own
(`index_process`), whose memory and time are bounded: what it costs ends with it.
"""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

import msgspec

import steersman
from steersman.core.chart.index import Index
from steersman.core.chart.indexfile import IndexTooLarge, InvalidIndex, read_index
from steersman.registry.errors import UnreadableIndex
from steersman.registry.index_process import REFUSED, Refusal

_MIB = 1024 * 1024
_WORKER = (sys.executable, "-P", "-B", "-m", "steersman.registry.index_process")
_OUT_OF_TIME = "it takes too long to read"


@dataclass(frozen=True, slots=True)
class IndexLimits:
    """What reading one index may take, in a process of its own from `small_bytes` on. Memory comes on top of what a
    fresh process needs, as bytes or as a multiple of the file's size, whichever is more."""

    small_bytes: int = 256 * 1024
    memory_bytes: int = 192 * _MIB
    memory_factor: float = 2.0
    cpu_seconds: int = 90
    wall_seconds: float = 300.0


def read_file(file: BinaryIO, place: str, limits: IndexLimits) -> Index:
    """The index in a file that is open for reading. Raises UnreadableIndex."""
    size = os.fstat(file.fileno()).st_size
    file.seek(0)
    if size <= limits.small_bytes:
        try:
            return read_index(file, size)
        except (InvalidIndex, IndexTooLarge) as error:
            raise UnreadableIndex(place, error.message, hint=error.hint) from error
    data = _run(file, place, limits, size)
    index = Index.from_bytes(data)
    if index is None:
        raise UnreadableIndex(place, "the process that read it gave nothing")
    return index


def _run(file: BinaryIO, place: str, limits: IndexLimits, size: int) -> bytes:
    memory = max(limits.memory_bytes, int(size * limits.memory_factor))
    try:
        run = subprocess.run(  # noqa: S603 - our own command line
            [*_WORKER, str(memory), str(limits.cpu_seconds)],
            stdin=file,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env={"PYTHONPATH": str(Path(steersman.__file__).resolve().parents[1]), "LANG": "C.UTF-8"},
            cwd="/",
            timeout=limits.wall_seconds,
            check=False,
        )
    except subprocess.TimeoutExpired as error:
        raise UnreadableIndex(place, _OUT_OF_TIME) from error
    if run.returncode == 0:
        return run.stdout
    if run.returncode != REFUSED:
        # A signal: SIGXCPU or SIGKILL after the limit, or a failed allocation of a library that cannot say so.
        raise UnreadableIndex(place, _OUT_OF_TIME if run.returncode in (-24, -9) else "it takes too much to read")
    refusal = msgspec.msgpack.decode(run.stdout, type=Refusal)
    raise UnreadableIndex(place, refusal.problem, hint=refusal.hint)
