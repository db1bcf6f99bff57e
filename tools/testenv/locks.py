"""One lock file per thing that two processes must not do at once: a build, the start or end of an instance."""

import fcntl
import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def exclusive(path: Path, on_wait: Callable[[], None] = lambda: None) -> Iterator[None]:
    """Hold the lock; `on_wait` is called once when somebody else has it.

    The kernel drops the lock with the process that holds it, so a killed holder leaves nothing that blocks.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    told = False
    while (descriptor := _take(path)) is None:
        if not told:
            on_wait()
            told = True
        time.sleep(0.1)
    try:
        yield
    finally:
        path.unlink(missing_ok=True)  # while it is held: whoever waits for this file notices, see _take
        os.close(descriptor)


def _take(path: Path) -> int | None:
    """A descriptor that holds the lock; None while somebody else does.

    The holder removes the file, so a lock may be won on a file that no longer has the name: such a lock is none.
    """
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        if path.exists() and os.path.samestat(os.fstat(descriptor), path.stat()):
            return descriptor
    except (BlockingIOError, FileNotFoundError):
        pass
    os.close(descriptor)
    return None
