"""Feeds one target for a while in a process of its own, and brings back what it did.

Called by `run` and the tests. Three sources of inputs take turns: seeds, hypothesis (texts by the rules of the
language), and mutation of what reached new lines. The input being read stands in memory that both processes see, so
that one which crashes or blocks the interpreter is known as well.
"""

from __future__ import annotations

import hashlib
import mmap
import os
import signal
import struct
import time
import traceback
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from types import CodeType

from fuzz.bounds import bound_memory, one_input
from fuzz.lines import NewLines
from fuzz.mutation import LONGEST, Mutator
from fuzz.target import Target
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import seed as seeded

_BATCH = 50
_LARGEST_SEED = 1024
_FAILED = "failed-"
_SHRINKING_SECONDS = 10.0
_MOST_FAILURES = 20
_HEAD = struct.Struct("=QQQ")  # inputs, kept, length of the current input
_QUIET = settings(
    max_examples=_BATCH,
    database=None,
    deadline=None,
    phases=[Phase.generate],
    suppress_health_check=list(HealthCheck),
)


@dataclass
class Tally:
    """What one stretch of fuzzing did: inputs read, inputs kept for their new lines, complaints by their text."""

    inputs: int = 0
    kept: int = 0
    failures: dict[str, Path] = field(default_factory=dict)

    def add(self, other: Tally) -> None:
        """Count the other one in."""
        self.inputs += other.inputs
        self.kept += other.kept
        self.failures |= other.failures


def fuzz(target: Target, seconds: float, seed: str, *, keep: bool) -> Tally:
    """Feed the target. With `keep`, inputs that reach new lines become seeds; those that fail always do."""
    tally = Tally()
    end = time.monotonic() + seconds
    while not tally.inputs or (time.monotonic() < end and len(tally.failures) < _MOST_FAILURES):
        tally.add(_stretch(target, end, f"{seed}/{tally.inputs}", keep=keep))
    return tally


def distill(target: Target) -> None:
    """Drop seeds until few reach the lines that all of them reach; those that failed stay."""
    child = os.fork()
    if child == 0:
        _become_child(lambda: _distill(target))
    os.waitpid(child, 0)


def _distill(target: Target) -> None:
    reached = {path: _lines_of(target, path.read_bytes()) for path in sorted(target.seeds.glob("*"))}
    covered = set().union(*(lines for path, lines in reached.items() if _has_failed(path)))
    left = {path for path in reached if not _has_failed(path)}
    while left:
        best = max(left, key=lambda path: (len(reached[path] - covered), -path.stat().st_size, path.name))
        if reached[best] <= covered:
            break
        covered |= reached[best]
        left.remove(best)
    for path in left:
        path.unlink()


def _lines_of(target: Target, data: bytes) -> set[tuple[CodeType, int]]:
    lines = NewLines()
    with one_input(target.recursion), lines.watch():
        target.complaint(data)
    return lines.found


def _save(target: Target, data: bytes, prefix: str = "") -> Path:
    """Keep an input as a seed."""
    target.seeds.mkdir(parents=True, exist_ok=True)
    path = target.seeds / f"{prefix}{hashlib.sha256(data).hexdigest()[:16]}"
    path.write_bytes(data)
    return path


def _has_failed(seed: Path) -> bool:
    return seed.name.startswith(_FAILED)


def complaint_of(target: Target, data: bytes) -> str:
    """The target's complaint about one input, read within the bounds of one."""
    with one_input(target.recursion):
        return target.complaint(data)


def _stretch(target: Target, end: float, seed: str, *, keep: bool) -> Tally:
    """Fuzz in a child until the end, or until the child dies of an input."""
    shared = mmap.mmap(-1, _HEAD.size + LONGEST * 16)
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(reading)
        _become_child(lambda: _Feeder(target, end, Random(seed), shared, writing, keep=keep).run())
    os.close(writing)
    with os.fdopen(reading) as lines:
        reported = [line.rstrip("\n").split("\t") for line in lines]
    _, status = os.waitpid(child, 0)
    inputs, kept, length = _HEAD.unpack_from(shared)
    tally = Tally(inputs, kept, {complaint: Path(path) for complaint, path in reported})
    code = os.waitstatus_to_exitcode(status)
    if code:
        data = shared[_HEAD.size : _HEAD.size + length]
        how = signal.Signals(-code).name if code < 0 else f"exit code {code}"
        tally.failures[f"the process ends by {how}"] = _save(target, data, _FAILED)
    return tally


def _become_child(work: Callable[[], None]) -> None:
    code = 1
    try:
        bound_memory()
        work()
        code = 0
    except BaseException:
        traceback.print_exc()
    finally:
        os._exit(code)


class _Feeder:
    """The work of the child."""

    def __init__(
        self, target: Target, end: float, source: Random, shared: mmap.mmap, report: int, *, keep: bool
    ) -> None:
        self._target = target
        self._end = end
        self._source = source
        self._shared = shared
        self._report = report
        self._keep = keep
        self._lines = NewLines()
        self._pool: list[bytes] = []
        self._known: set[str] = set()
        self._inputs = self._kept = 0

    def run(self) -> None:
        for path in sorted(self._target.seeds.glob("*")):
            data = path.read_bytes()
            self._feed(data)
            self._pool.append(data)
        while True:
            self._generate()
            if self._ended():
                return
            self._mutate()

    def _ended(self) -> bool:
        return time.monotonic() > self._end

    def _generate(self) -> None:
        @seeded(self._source.getrandbits(64))
        @_QUIET
        @given(self._target.strategy)
        def batch(data: bytes) -> None:
            if not self._inputs or not self._ended():
                self._feed(data)

        batch()

    def _mutate(self) -> None:
        mutator = Mutator(self._source, self._target.words)
        for _ in range(_BATCH * 10):
            if self._ended():
                return
            self._feed(mutator.changed(self._pool))

    def _feed(self, data: bytes) -> None:
        if len(data) > len(self._shared) - _HEAD.size:
            return
        self._shared[_HEAD.size : _HEAD.size + len(data)] = data
        _HEAD.pack_into(self._shared, 0, self._inputs + 1, self._kept, len(data))
        with one_input(self._target.recursion), self._lines.watch():
            complaint = self._target.complaint(data)
        self._inputs += 1
        if complaint:
            self._complain(complaint, data)
        elif self._lines.found and len(data) <= _LARGEST_SEED:
            self._pool.append(data)
            if self._keep:
                _save(self._target, data)
                self._kept += 1

    def _complain(self, complaint: str, data: bytes) -> None:
        if complaint in self._known:
            return
        self._known.add(complaint)
        path = _save(self._target, self._smaller(data, complaint), _FAILED)
        os.write(self._report, f"{complaint}\t{path}\n".encode())

    def _smaller(self, data: bytes, complaint: str) -> bytes:
        """The input without what the complaint does not need: halves, quarters… are left out while it stays."""
        if complaint == "takes too long":
            return data
        end = time.monotonic() + _SHRINKING_SECONDS
        size = len(data) // 2
        while size:
            start = 0
            while start < len(data):
                if time.monotonic() > end:
                    return data
                shorter = data[:start] + data[start + size :]
                if complaint_of(self._target, shorter) == complaint:
                    data = shorter
                else:
                    start += size
            size //= 2
        return data
