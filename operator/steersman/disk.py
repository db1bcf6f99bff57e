"""A bounded folder of files named by key: atomic writes, least recently used entries leave first.

The chart cache and the caches of compiled charts and of indexes keep their bytes here. Several processes may share a
folder. What an entry must look like is the caller's to judge: `read` takes a check, and an entry that fails it is
deleted and counts as absent.

Every entry is a file under `<root>/<first two characters of the key>/`. A reader holds a shared `flock` on the file it
reads, a writer an exclusive one on the file it is about to rename into place; eviction takes only files that nobody
holds, and only one process evicts at a time. The time of last use is the file's modification time.
"""

from __future__ import annotations

import fcntl
import os
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import NamedTuple

# A temporary file that is this old and that nobody holds belongs to a process that died while writing it.
_ABANDONED_SECONDS = 60.0
# Eviction goes on to this share of the bound, so that a full cache is not scanned for every single write.
_LOW_WATER = 0.9


class Entry(NamedTuple):
    """A file of a bounded folder. `used` is the time of its last use, in seconds since 1970."""

    path: Path
    size: int
    used: float


class BoundedFolder:
    """Files by key under one root, at most `max_bytes` of them. Blocking: call it off the event loop."""

    def __init__(self, root: Path, *, max_bytes: int) -> None:
        self._root = root
        self._temporary = root / "tmp"
        self._max_bytes = max_bytes
        self._is_tidy = False
        self._is_looked_through = False
        self._seen = max_bytes
        """Bytes in the folder when it was last looked through; at first, nobody has looked."""
        self._unseen = 0

    def create(self) -> None:
        """Make the folder, as the first write would. Raises OSError where there can be none."""
        # Parents that mkdir makes on the way would not get the mode, so each comes by itself.
        for folder in (self._root.parent, self._root, self._temporary):
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)

    def read(self, key: str, is_sound: Callable[[bytes], bool]) -> bytes | None:
        """The bytes under `key` if `is_sound` accepts them, else None. A damaged entry is deleted. Raises OSError."""
        path = self._path(key)
        try:
            with path.open("rb") as file:
                fcntl.flock(file, fcntl.LOCK_SH)
                data = file.read()
                if is_sound(data):
                    with suppress(OSError):  # a folder of somebody else, or a disk that is only for reading
                        os.utime(file.fileno())
                    return data
        except FileNotFoundError:
            return None
        import logging  # as below: what only goes wrong or writes is not worth the time of every command's start

        logging.getLogger(__name__).warning("cache entry %s is damaged: deleted", path.name)
        path.unlink(missing_ok=True)
        return None

    def write(self, key: str, data: bytes) -> None:
        """Put `data` under `key`, replacing what is there. The name appears when all of it is written. Raises OSError.

        It is not forced to the disk, which takes longer than the download of a chart: what a power failure spoils is no
        longer sound, and so counts as absent."""
        if len(data) > self._max_bytes:
            return
        path = self._path(key)
        import tempfile

        self.create()
        if not self._is_tidy:  # what the last process left behind counts for nothing, and would never leave
            self._remove_abandoned()
            self._is_tidy = True
        path.parent.mkdir(mode=0o700, exist_ok=True)
        descriptor, temporary = tempfile.mkstemp(dir=self._temporary)
        try:
            with os.fdopen(descriptor, "wb") as file:
                fcntl.flock(file, fcntl.LOCK_EX)
                file.write(data)
                file.flush()
                Path(temporary).replace(path)
        except BaseException:
            Path(temporary).unlink(missing_ok=True)
            raise
        self._evict(len(data))

    def delete(self, key: str) -> None:
        """Drop one entry; absent is fine."""
        self._path(key).unlink(missing_ok=True)

    def size(self) -> int:
        """Bytes of all entries."""
        return sum(entry.size for entry in self.entries())

    def known_size(self) -> int:
        """`size` as far as this process knows, which looks through the folder rarely."""
        if not self._is_looked_through:
            self._look()
        return self._seen + self._unseen

    def entries(self) -> Iterator[Entry]:
        """All entries, in no order."""
        for path in self._root.glob("??/*"):
            with suppress(FileNotFoundError):  # another process evicted it meanwhile
                status = path.stat()
                yield Entry(path, status.st_size, status.st_mtime)

    def remove(self, entries: Iterable[Entry]) -> list[Entry]:
        """Delete these entries, and what dead writers left. Gives those that stay because they are in use. Raises
        OSError."""
        with self._eviction():
            self._remove_abandoned()
            return [entry for entry in entries if not _remove_unused(entry.path)]

    def _path(self, key: str) -> Path:
        if not key.isalnum():
            raise ValueError(f"not a cache key: {key!r}")
        return self._root / key[:2] / key

    def _evict(self, added: int) -> None:
        """Bring the folder back under its bound. It is looked through rarely: what this process added since is known,
        and others are given an eighth of the bound."""
        self._unseen += added
        if self._seen + self._unseen <= self._max_bytes and self._unseen <= self._max_bytes // 8:
            return
        self._look()
        if self._seen <= self._max_bytes:
            return
        with self._eviction():
            entries = sorted(self.entries(), key=lambda entry: entry.used)
            total = sum(entry.size for entry in entries)
            if total <= self._max_bytes:  # another process was here meanwhile
                return
            for entry in entries:
                if total <= self._max_bytes * _LOW_WATER:
                    break
                if _remove_unused(entry.path):
                    total -= entry.size
            self._seen = total
            self._remove_abandoned()

    def _look(self) -> None:
        self._seen, self._unseen, self._is_looked_through = self.size(), 0, True

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
        with suppress(FileNotFoundError):  # no such folder yet, or its writer finished meanwhile
            for path in self._temporary.iterdir():
                if path.stat().st_mtime < oldest:
                    _remove_unused(path)


def to_prune(entries: Iterable[Entry], *, max_bytes: int | None = None, used_since: float | None = None) -> list[Entry]:
    """Which entries have to go, so that what stays was used since that time and is no more than `max_bytes`: those
    used longest ago."""
    gone: list[Entry] = []
    kept = sorted(entries, key=lambda entry: entry.used)
    total = sum(entry.size for entry in kept)
    for entry in kept:
        is_too_much = max_bytes is not None and total > max_bytes
        is_too_old = used_since is not None and entry.used < used_since
        if not (is_too_much or is_too_old):
            break
        gone.append(entry)
        total -= entry.size
    return gone


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
