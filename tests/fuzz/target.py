"""What is fuzzed: a reader as a function of bytes, and how one input is judged.

Used by `attempts`, which feeds targets, and by `readers*`, which define them. A target may raise the errors that its
reader documents and nothing else, RecursionError and MemoryError included.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from traceback import extract_tb

from hypothesis.strategies import SearchStrategy

from steersman.errors import SteersmanError

SEEDS = Path(__file__).parent / "seeds"


class OutOfTime(BaseException):
    """One input took longer than any may. A BaseException, so that no reader can swallow it."""


@dataclass(frozen=True)
class Target:
    """A reader. `read` takes any bytes; `strategy` makes bytes that look like its language, `words` are its words.

    `errors` are what it may raise, `recursion` the interpreter's limit where it runs (0: Python's own)."""

    name: str
    read: Callable[[bytes], object]
    strategy: SearchStrategy[bytes]
    words: tuple[bytes, ...]
    errors: tuple[type[Exception], ...] = (SteersmanError,)
    recursion: int = 0

    @property
    def seeds(self) -> Path:
        """The folder of inputs that are kept: those that failed once, and those that reach what others do not."""
        return SEEDS / self.name

    def complaint(self, data: bytes) -> str:
        """What is wrong with how the reader takes this input; "" when nothing is. Texts of one bug are equal."""
        try:
            self.read(data)
        except self.errors:
            return ""
        except OutOfTime:
            return "takes too long"
        except Exception as error:
            place = extract_tb(error.__traceback__)[-1]
            return f"{type(error).__name__} at {Path(place.filename).name}:{place.lineno}"
        return ""
