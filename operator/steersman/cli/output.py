"""How commands speak: results on standard output, everything else on standard error, errors as `Error: …`; and what
standard input holds.

Used by every command. Text is written as bytes, because rendered charts may hold bytes that are no UTF-8.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable
from pathlib import Path

from steersman.core.golang.types import to_bytes
from steersman.errors import InvalidInput, SteersmanError

EXIT_ERROR = 1
EXIT_INTERRUPTED = 130
"""What shells report of a command that Ctrl-C ended."""


class OutputError(InvalidInput):
    """A file that cannot be written where the user wants it."""


def write(text: str) -> None:
    """Write a result, exactly these characters. Raises OutputError, and BrokenPipeError where the reader has left."""
    if sys.stdout is None:
        raise OutputError("standard output is closed")
    try:
        sys.stdout.buffer.write(to_bytes(text))
        sys.stdout.buffer.flush()
    except BrokenPipeError:
        raise
    except OSError as error:
        raise OutputError(f"standard output cannot be written: {(error.strerror or str(error)).lower()}") from error


def read_standard_input() -> bytes:
    """All of standard input; nothing where it is closed."""
    return b"" if sys.stdin is None else sys.stdin.buffer.read()


def write_log(lines: Iterable[str]) -> None:
    """Write log lines."""
    if sys.stderr is None:  # closed by the caller, who wants none
        return
    for line in lines:
        sys.stderr.write(f"{line}\n")


def write_error(error: SteersmanError | str) -> None:
    """Write what went wrong, and below it what to do about it where that is known."""
    if sys.stderr is None:
        return
    message, hint = (error.message, error.hint) if isinstance(error, SteersmanError) else (error, "")
    advice = f"\nhint: {hint}\n" if hint else ""
    sys.stderr.buffer.write(to_bytes(f"Error: {message}\n{advice}"))
    sys.stderr.buffer.flush()


class OutputFolder:
    """A folder that takes rendered documents, a file for each template; says on standard output what it wrote."""

    def __init__(self, folder: str) -> None:
        self._folder = folder
        self._started: set[str] = set()

    def add(self, path: str, text: str, *, inside: str = "", keep: bool = False) -> None:
        """Write a document to the file `path` (in the subfolder `inside`). The first one replaces what was there,
        unless `keep`. Raises OutputError."""
        name = "/".join(part for part in (self._folder, inside, path) if part)
        mode = "ab" if keep or name in self._started else "wb"
        self._started.add(name)
        try:
            Path(name).parent.mkdir(parents=True, exist_ok=True)
            with Path(name).open(mode) as file:
                file.write(to_bytes(text))
        except OSError as error:
            raise OutputError(f"{name} cannot be written: {(error.strerror or str(error)).lower()}") from error
        write(f"wrote {name}\n")
