"""Questions to whoever sits at the terminal. Called by `registry`."""

from __future__ import annotations

import sys
import termios
from collections.abc import Iterator
from contextlib import contextmanager

from steersman.errors import InvalidInput


class NobodyToAsk(InvalidInput):
    """Something must be typed in, and standard input is no terminal."""


def ask(prompt: str, *, echo: bool = True) -> str:
    """The line that is typed after the prompt, which goes to standard error; a password without `echo`."""
    if sys.stdin is None or not sys.stdin.isatty():
        raise NobodyToAsk(
            f"{prompt.rstrip(': ').lower()} required",
            hint="standard input is no terminal: pass --username and --password-stdin",
        )
    if echo:
        _show(prompt)
        return _line()
    # First the silence: with it goes what was typed before, which nobody does who waits for the prompt.
    with _silence():
        _show(prompt)
        line = _line()
    _show("\n")
    return line


@contextmanager
def _silence() -> Iterator[None]:
    """What is typed is not shown, and it is again whatever happens."""
    before = termios.tcgetattr(sys.stdin)
    silent = list(before)
    silent[3] &= ~termios.ECHO
    termios.tcsetattr(sys.stdin, termios.TCSAFLUSH, silent)
    try:
        yield
    finally:
        termios.tcsetattr(sys.stdin, termios.TCSAFLUSH, before)


def _line() -> str:
    return sys.stdin.buffer.readline().decode("utf-8", "surrogateescape").rstrip("\r\n")


def _show(text: str) -> None:
    if sys.stderr is not None:
        sys.stderr.write(text)
        sys.stderr.flush()
