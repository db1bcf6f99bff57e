"""Which lines of the package an input is the first to reach.

Mutating what reached new lines goes deeper into a reader than mutating at random. `sys.settrace` is enough for that:
a function whose lines are all known is not traced any more, and no dependency is needed.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import CodeType, FrameType
from typing import Any

import steersman

_PACKAGE = str(Path(steersman.__file__).parent)
_Trace = Callable[[FrameType, str, Any], Any]


class NewLines:
    """Collects the lines reached while `watch` is open: `found` are those that no earlier input reached."""

    def __init__(self) -> None:
        self.found: set[tuple[CodeType, int]] = set()
        self._unseen: dict[CodeType, set[int]] = {}

    @contextmanager
    def watch(self) -> Iterator[None]:
        """Collect the new lines that the block reaches."""
        self.found = set()
        sys.settrace(self._call)
        try:
            yield
        finally:
            sys.settrace(None)

    def _call(self, frame: FrameType, _event: str, _argument: Any) -> _Trace | None:
        code = frame.f_code
        unseen = self._unseen.get(code)
        if unseen is None:
            ours = code.co_filename.startswith(_PACKAGE)
            unseen = self._unseen[code] = {line for *_, line in code.co_lines() if line} if ours else set()
        return self._line if unseen else None

    def _line(self, frame: FrameType, event: str, _argument: Any) -> _Trace:
        unseen = self._unseen[frame.f_code]
        if event == "line" and frame.f_lineno in unseen:
            unseen.remove(frame.f_lineno)
            self.found.add((frame.f_code, frame.f_lineno))
        return self._line
