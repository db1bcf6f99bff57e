"""How long-running work tells people where it stands: a callable that takes one line."""

import sys
import time
from typing import Protocol


class Report(Protocol):
    """Takes one line of progress."""

    def __call__(self, line: str, /) -> None: ...


def to_stderr(line: str, /) -> None:
    """Progress belongs on stderr: stdout carries the answers of a command."""
    print(line, file=sys.stderr, flush=True)


def silent(_line: str, /) -> None:
    """For callers that only want the result."""


def elapsed(since: float) -> str:
    """`1m05s` since a time.monotonic()."""
    minutes, seconds = divmod(round(time.monotonic() - since), 60)
    return f"{minutes}m{seconds:02d}s" if minutes else f"{seconds}s"
