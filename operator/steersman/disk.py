"""A bounded folder of files named by key: atomic writes, least recently used entries leave first.

The chart cache and the cache of compiled charts keep their bytes here. Several processes may share a folder. What an
entry must look like is the caller's to judge: `read` takes a check, and an entry that fails it is deleted and counts as
absent.

Every entry is a file under `<root>/<first two characters of the key>/`. A reader holds a shared `flock` on the file it
reads, a writer an exclusive one on the file it is about to rename into place; eviction takes only files that nobody
holds, and only one process evicts at a time. The time of last use is the file's modification time.
"""

from __future__ import annotations

import fcntl
import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import NamedTuple

# A temporary file this old belongs to a process that died while writing it.
_ABANDONED_SECONDS = 3600.0
# Eviction goes on to this share of the bound, so that a full cache is not scanned for every single write.
_LOW_WATER = 0.9


class _Entry(NamedTuple):
    path: Path
    size: int
    used: float


class BoundedFolder:
    """Files by key under one root, at most `max_bytes` of them. Blocking: call it off the event loop."""

    def __init__(self, root: Path, *, max_bytes: int) -> None:
        self._root = root
        self._temporary = root / "tmp"
        self._max_bytes = max_bytes
        # Parents that mkdir makes on the way would not get the mode, so the root comes first.
        root.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._temporary.mkdir(mode=0o700, exist_ok=True)

    def read(self, key: str, is_sound: Callable[[bytes], bool]) -> bytes | None:
        """The bytes under `key` if `is_sound` accepts them, else None. A damaged entry is deleted."""
        path = self._path(key)
        try:
            with path.open("rb") as file:
                fcntl.flock(file, fcntl.LOCK_SH)
                data = file.read()
                if is_sound(data):
                    os.utime(file.fileno())
                    return data
        except FileNotFoundError:
            return None
        import logging  # as below: what only goes wrong or writes is not worth the time of every command's start

        logging.getLogger(__name__).warning("cache entry %s is damaged: deleted", path.name)
        path.unlink(missing_ok=True)
        return None

    def write(self, key: str, data: bytes) -> None:
        """Put `data` under `key`, replacing what is there. All of it is on disk before the name exists."""
        if len(data) > self._max_bytes:
            return
        path = self._path(key)
        import tempfile

        path.parent.mkdir(mode=0o700, exist_ok=True)
        descriptor, temporary = tempfile.mkstemp(dir=self._temporary)
        try:
            with os.fdopen(descriptor, "wb") as file:
                fcntl.flock(file, fcntl.LOCK_EX)
                file.write(data)
                file.flush()
                os.fsync(file.fileno())
                Path(temporary).replace(path)
                _sync_folder(path.parent)
        except BaseException:
            Path(temporary).unlink(missing_ok=True)
            raise
        self._evict()

    def delete(self, key: str) -> None:
        """Drop one entry; absent is fine."""
        self._path(key).unlink(missing_ok=True)

    def size(self) -> int:
        """Bytes of all entries."""
        return sum(entry.size for entry in self._entries())

    def _path(self, key: str) -> Path:
        if not key.isalnum():
            raise ValueError(f"not a cache key: {key!r}")
        return self._root / key[:2] / key

    def _entries(self) -> Iterator[_Entry]:
        for path in self._root.glob("??/*"):
            with suppress(FileNotFoundError):  # another process evicted it meanwhile
                status = path.stat()
                yield _Entry(path, status.st_size, status.st_mtime)

    def _evict(self) -> None:
        if self.size() <= self._max_bytes:
            return
        with self._eviction():
            entries = sorted(self._entries(), key=lambda entry: entry.used)
            total = sum(entry.size for entry in entries)
            if total <= self._max_bytes:  # another process was here meanwhile
                return
            for entry in entries:
                if total <= self._max_bytes * _LOW_WATER:
                    break
                if _remove_unused(entry.path):
                    total -= entry.size
            self._remove_abandoned()

    @contextmanager
    def _eviction(self) -> Iterator[None]:
        """Wait for our turn: two that evict at once would both take what one of them has to."""
        path = self._root / "lock"
        path.touch(mode=0o600)
        with path.open("w") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            yield

    def _remove_abandoned(self) -> None:
        oldest = time.time() - _ABANDONED_SECONDS
        for path in self._temporary.iterdir():
            with suppress(FileNotFoundError):  # its writer finished meanwhile
                if path.stat().st_mtime < oldest:
                    path.unlink()


def _remove_unused(path: Path) -> bool:
    """Delete a file that no process holds. False when it is in use."""
    try:
        with path.open("rb") as file:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            path.unlink()
    except BlockingIOError:
        return False
    except FileNotFoundError:  # evicted already
        return True
    return True


def _sync_folder(folder: Path) -> None:
    """Make a rename in this folder durable."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
