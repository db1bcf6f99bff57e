"""File name patterns, in the two dialects Helm uses: Go's `filepath.Match` and the `gobwas/glob` library.

Called by `ignore` (.helmignore), `files` (`.Files.Glob`) and the CLI (`--show-only`). Both dialects are compiled to one
regular expression, with these traps in mind: character classes may match `/`, only `?` and `*` stop there; gobwas
compares patterns of fixed length piece by piece and drops the tail of a piece that ends in a multi-byte character, so
such names never match.

Patterns come from strangers, so matching may not take exponential time: of `filepath.Match` a `*` is settled once what
follows it is found for the first time, as in Go, and gobwas' patterns are RE2's.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import lru_cache
from typing import Any

from steersman.core.chart.errors import PatternError
from steersman.core.golang.runes import scrub

_DEEPEST = 100
_NOTHING = "[^\x00-\U0010ffff]"


@lru_cache(maxsize=1024)
def compile_match(pattern: str) -> re.Pattern[str]:
    """Compile a pattern of Go's `filepath.Match`. Raises PatternError as Go's ErrBadPattern."""
    runs: list[list[str]] = [[]]  # what stands between the stars
    at = 0
    while at < len(pattern):
        char = pattern[at]
        at += 1
        if char == "*":
            runs.append([])
        elif char == "?":
            runs[-1].append("[^/]")
        elif char == "[":
            text, at = _match_class(pattern, at)
            runs[-1].append(text)
        elif char == "\\":
            runs[-1].append(re.escape(_char_at(pattern, at)))
            at += 1
        else:
            runs[-1].append(re.escape(char))
    first, *starred = ["".join(run) for run in runs]
    inner = "".join([f"(?>[^/]*?{run})" for run in starred[:-1] if run])
    last = f"[^/]*{starred[-1]}" if starred else ""
    return re.compile(f"{first}{inner}{last}", re.DOTALL)


def path_match(pattern: str, name: str) -> bool:
    """Whether `name` matches the pattern as a whole (Go's `filepath.Match` on Linux)."""
    return compile_match(pattern).fullmatch(name) is not None


def _char_at(pattern: str, at: int) -> str:
    if at >= len(pattern):
        raise PatternError("syntax error in pattern")
    return pattern[at]


def _match_class(pattern: str, at: int) -> tuple[str, int]:
    """The class that starts after `[`, as a regular expression, and where it ends."""
    negated = _char_at(pattern, at) == "^"
    at += negated
    ranges: list[str] = []
    first = True
    while first or _char_at(pattern, at) != "]":
        first = False
        low, at = _class_char(pattern, at)
        high = low
        if _char_at(pattern, at) == "-":
            high, at = _class_char(pattern, at + 1)
        if low <= high:
            ranges.append(f"{re.escape(low)}-{re.escape(high)}")
    return _class(ranges, negated), at + 1


def _class_char(pattern: str, at: int) -> tuple[str, int]:
    char = _char_at(pattern, at)
    if char in "-]":
        raise PatternError("syntax error in pattern")
    if char == "\\":
        at += 1
        char = _char_at(pattern, at)
    _char_at(pattern, at + 1)
    return char, at + 1


def _class(ranges: list[str], negated: bool) -> str:
    if not ranges:
        return "." if negated else _NOTHING
    return f"[{'^' if negated else ''}{''.join(ranges)}]"


def _linear(expression: str) -> Any:
    """Compile with RE2, which few charts need."""
    import re2

    options = re2.Options()
    options.dot_nl = True
    options.log_errors = False
    try:
        return re2.compile(scrub(expression), options)
    except re2.error as error:
        raise PatternError(f"the pattern cannot be compiled: {error}") from error


@lru_cache(maxsize=1024)
def compile_glob(pattern: str) -> Callable[[str], bool]:
    """A predicate for a `gobwas/glob` pattern with separator `/`. Raises PatternError where gobwas refuses it."""
    return _GlobParser(pattern).predicate()


class _GlobParser:
    """One pass over a gobwas pattern. Unclosed braces are accepted, as gobwas does, and then match nothing."""

    def __init__(self, pattern: str) -> None:
        self._pattern = pattern
        self._at = 0
        self._pieces = 0
        self._fixed = True

    def predicate(self) -> Callable[[str], bool]:
        regex = _linear(self._alternative(depth=0))
        if not (self._fixed and self._pieces > 1):
            return lambda name: regex.fullmatch(scrub(name)) is not None

        def match_row(name: str) -> bool:
            found = regex.fullmatch(scrub(name))
            return found is not None and all(piece[-1:].isascii() for piece in found.groups())

        return match_row

    def _alternative(self, depth: int) -> str:
        """Pieces up to the end of the pattern, or, inside braces, up to `,` or `}`."""
        parts: list[str] = []
        stops = "?*[{}," if depth else "?*[{"
        while self._at < len(self._pattern):
            char = self._pattern[self._at]
            if depth and char in ",}":
                break
            parts.append(self._piece(char, stops, depth))
        return "".join(parts)

    def _piece(self, char: str, stops: str, depth: int) -> str:
        if char == "{":
            self._at += 1
            return self._braces(depth + 1)
        if char == "*":
            self._fixed = False
            return self._star()
        self._pieces += 1
        if char == "?":
            self._at += 1
            return "([^/])"
        if char == "[":
            self._at += 1
            return f"({self._range()})"
        return f"({re.escape(self._text(stops))})"

    def _star(self) -> str:
        double = self._pattern.startswith("**", self._at)
        self._at += 2 if double else 1
        return ".*" if double else "[^/]*"

    def _braces(self, depth: int) -> str:
        if depth > _DEEPEST:
            raise PatternError(f"braces are nested more than {_DEEPEST} levels deep")
        self._fixed = False
        alternatives = [self._alternative(depth)]
        while self._at < len(self._pattern) and self._pattern[self._at] == ",":
            self._at += 1
            alternatives.append(self._alternative(depth))
        self._at += 1
        return f"(?:{'|'.join(alternatives)})"

    def _text(self, stops: str) -> str:
        """Literal text up to one of `stops`; a backslash takes the next character as it is."""
        text: list[str] = []
        while self._at < len(self._pattern):
            char = self._pattern[self._at]
            if char == "\\":
                self._at += 1
                text.append(self._pattern[self._at : self._at + 1])
            elif char in stops:
                break
            else:
                text.append(char)
            self._at += 1
        return "".join(text)

    def _range(self) -> str:
        negated = self._pattern.startswith("!", self._at)
        self._at += negated
        low = self._next()
        if self._pattern.startswith("-", self._at):
            self._at += 1
            high = self._next()
            if high < low:
                raise PatternError(f"hi character '{high}' should be greater than lo '{low}'")
            ranges = [f"{re.escape(low)}-{re.escape(high)}"]
        else:
            self._at -= 1
            ranges = [re.escape(char) for char in self._text("]")]
            if not ranges:
                raise PatternError("could not parse range")
        if self._next() != "]":
            raise PatternError("expected close range character")
        return _class(ranges, negated)

    def _next(self) -> str:
        if self._at >= len(self._pattern):
            raise PatternError("unexpected end of input")
        self._at += 1
        return self._pattern[self._at - 1]
