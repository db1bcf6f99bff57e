"""Writes the lines of generated code, keeps their indentation, and remembers which line stands for which node.

The layer below `compiler.py`: it knows Python's limits, not templates. Everything of a chart that reaches generated
code passes `literal`, which writes nothing but the repr of a str, int, float, bool, None, or of a tuple of them.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final, NamedTuple, Self

from steersman.core.template.nodes import Argument, Command, Template

_MAX_DEPTH: Final = 90
"""Python refuses 100 levels of indentation."""
_MAX_LOOPS: Final = 18
"""Python refuses 20 nested loops and try statements."""


class TooDeep(Exception):
    """The template nests deeper than generated code can."""


@dataclass(slots=True)
class Moving:
    """The position after `and` or `or`: which of `nodes` it is, a local of the running code tells."""

    local: str
    nodes: list[At]


At = Argument | Command | Template | Moving


class Site(NamedTuple):
    """What a line of generated code stands for: `function` where it calls one, `nested` where it runs `template`.

    `calling` is where a method fails that is called without arguments, which may be elsewhere than it is looked up.
    """

    at: At
    function: str = ""
    nested: bool = False
    arguments: tuple[At, ...] = ()
    calling: At | None = None


def literal(value: Any) -> str:
    """Python source of a constant. The only way for text of a chart into generated code."""
    kind = type(value)
    if kind is str or kind is int or kind is float or kind is bool or value is None:
        return repr(value)
    if kind is complex:
        return f"complex({value.real!r},{value.imag!r})"
    if kind is tuple:
        return f"({''.join([literal(part) + ',' for part in value])})"
    raise TypeError(f"no constant for generated code: {kind.__name__}")


class Generator:
    """Lines of one module of generated code."""

    def __init__(self) -> None:
        self.lines: list[str] = []
        self.sites: dict[int, Site] = {}
        self.depth = 0
        self.loops = 0
        self.temporaries = 0
        self._starts: list[int] = []

    def emit(self, code: str, site: Site | None = None) -> None:
        self.lines.append(" " * self.depth + code)
        if site is not None:
            self.sites[len(self.lines)] = site

    def temporary(self) -> str:
        """A local for an intermediate value; statements give theirs back by resetting `temporaries`."""
        self.temporaries += 1
        return f"x{self.temporaries}"

    def block(self, head: str) -> Self:
        """An indented block under `head`, for `with`."""
        self.emit(head)
        if self.depth >= _MAX_DEPTH:
            raise TooDeep
        self.depth += 1
        return self

    def __enter__(self) -> None:
        self._starts.append(len(self.lines))

    def __exit__(self, kind: object, *_: object) -> None:
        if kind is None and self._starts.pop() == len(self.lines):
            self.emit("pass")
        self.depth -= 1

    def loop(self, head: str) -> Self:
        """A block that counts as a loop until `end_loop`."""
        self.loops += 1
        if self.loops > _MAX_LOOPS:
            raise TooDeep
        return self.block(head)

    def end_loop(self) -> None:
        self.loops -= 1

    def source(self) -> str:
        return "\n".join(self.lines) + "\n"
