"""A downloaded index.yaml → `Index`, without holding up the operator and without trusting the text.

Called by `index_store` in worker threads. Small texts are read here; others by a process of their own
(`index_process`), whose memory and time are bounded: what it costs ends with it.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

import msgspec

import steersman
from steersman.core.chart.index import Index
from steersman.core.chart.indexfile import IndexTooLarge, InvalidIndex, read_index
from steersman.registry.decoding import beginning
from steersman.registry.errors import UnreadableIndex
from steersman.registry.index_process import REFUSED, Refusal

_MIB = 1024 * 1024
_WORKER = (sys.executable, "-P", "-B", "-m", "steersman.registry.index_process")
_START = 256
_NO_INDEX = "Go value of type repo.IndexFile"
_OUT_OF_TIME = "it takes too long to read"


@dataclass(frozen=True, slots=True)
class IndexLimits:
    """What reading one index may take, in a process of its own from `small_bytes` on. Memory comes on top of what a
    fresh process needs, as bytes or as a multiple of the file's size, whichever is more; `at_a_time` such processes
    fit beside the operator."""

    small_bytes: int = 256 * 1024
    memory_bytes: int = 96 * _MIB
    memory_factor: float = 1.75
    cpu_seconds: int = 90
    wall_seconds: float = 300.0
    at_a_time: int = 2


class IndexReader:
    """Reads indexes; the processes that do end with it."""

    def __init__(self, limits: IndexLimits | None = None) -> None:
        self._limits = limits or IndexLimits()
        self._slots = threading.BoundedSemaphore(self._limits.at_a_time)
        self._lock = threading.Lock()
        self._running: set[subprocess.Popen[bytes]] = set()
        self._closed = False

    def read(self, file: BinaryIO, place: str) -> Index:
        """The index in a file that is open for reading. Raises UnreadableIndex."""
        try:
            return self._read(file, place)
        except UnreadableIndex as error:
            file.seek(0)
            start = file.read(_START)
            if _NO_INDEX not in error.problem and not start.lstrip().startswith(b"<"):
                raise
            # Go's types say nothing to whoever named the wrong URL.
            raise UnreadableIndex(place, error.problem, begins=beginning(start)) from error

    def _read(self, file: BinaryIO, place: str) -> Index:
        size = os.fstat(file.fileno()).st_size
        file.seek(0)
        if size <= self._limits.small_bytes:
            try:
                return read_index(file, size)
            except (InvalidIndex, IndexTooLarge) as error:
                raise UnreadableIndex(place, error.message, hint=error.hint) from error
        with self._slots:
            index = Index.from_bytes(self._read_apart(file, place, size))
        if index is None:
            raise UnreadableIndex(place, "the process that read it gave nothing")
        return index

    def close(self) -> None:
        """End what is being read."""
        with self._lock:
            self._closed = True
            for process in self._running:
                process.kill()

    def _read_apart(self, file: BinaryIO, place: str, size: int) -> bytes:
        """By a process of its own: the packed index."""
        process = self._start(file, size)
        try:
            answer, _ = process.communicate(timeout=self._limits.wall_seconds)
        except subprocess.TimeoutExpired as error:
            raise UnreadableIndex(place, _OUT_OF_TIME) from error
        finally:
            self._end(process)
        if process.returncode == 0:
            return answer
        if process.returncode != REFUSED:
            # A signal after a limit, or a failed allocation of a library that cannot say so.
            out_of_time = process.returncode in (-signal.SIGXCPU, -signal.SIGKILL)
            raise UnreadableIndex(place, _OUT_OF_TIME if out_of_time else "it takes too much to read")
        refusal = msgspec.msgpack.decode(answer, type=Refusal)
        raise UnreadableIndex(place, refusal.problem, hint=refusal.hint)

    def _start(self, file: BinaryIO, size: int) -> subprocess.Popen[bytes]:
        memory = max(self._limits.memory_bytes, int(size * self._limits.memory_factor))
        with self._lock:
            process = subprocess.Popen(  # noqa: S603 - our own command line
                [*_WORKER, str(memory), str(self._limits.cpu_seconds)],
                stdin=file,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                env={"PYTHONPATH": str(Path(steersman.__file__).resolve().parents[1]), "LANG": "C.UTF-8"},
                cwd="/",
            )
            self._running.add(process)
            if self._closed:
                process.kill()
            return process

    def _end(self, process: subprocess.Popen[bytes]) -> None:
        with self._lock:
            self._running.discard(process)
        process.kill()  # nothing, where it has ended
        process.wait()
        if process.stdout is not None:
            process.stdout.close()
