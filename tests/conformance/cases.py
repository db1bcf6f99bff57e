"""What the vectors and the charts have in common: outcomes, the list of expected failures, printing.

The list is honest bookkeeping: a case that is not on it must pass, and a case that is on it must still fail, so that
the list can only shrink.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

_SHOWN_IDS = 8
_OURS = re.compile(r"(?:\nhint: [^\n]*\n)?(?:\n[^\n]+, line [0-9]+:\n(?: *[0-9]+ \| [^\n]*\n)+(?: *\| [^\n]*\n)?)?\Z")
EXPECTED_FAILURES = Path(__file__).with_name("expected_failures.txt")


@dataclass(frozen=True)
class Outcome:
    """One case: what it was to give and what it gave, both as text."""

    id: str
    topic: str
    wanted: str
    got: str
    seconds: float = 0.0

    @property
    def passed(self) -> bool:
        return self.wanted == self.got

    def difference(self, lines: int) -> str:
        """The first lines of a diff from wanted to got; an error in place of output is told alone."""
        if self.got.startswith(("Error: ", "crash: ")) and not self.wanted.startswith("Error: "):
            return f"    {self.got[:1000]}"
        diff = difflib.unified_diff(self.wanted.splitlines(), self.got.splitlines(), "wanted", "got", n=1, lineterm="")
        return "\n".join(f"    {line[:400]}" for line, _ in zip(diff, range(lines), strict=False))


def helms_words(stderr: str) -> str:
    """Standard error without what we say below an error and Helm does not: advice, and lines of the template."""
    return _OURS.sub("", stderr)


def expected_failures(path: Path = EXPECTED_FAILURES) -> frozenset[str]:
    """The ids on the list; `#` starts a comment."""
    lines = path.read_text().splitlines() if path.exists() else []
    return frozenset(text for line in lines if (text := line.partition("#")[0].strip()))


def surprises(outcomes: Iterable[Outcome], expected: frozenset[str]) -> list[str]:
    """What contradicts the list, a line each."""
    found: list[str] = []
    for outcome in outcomes:
        if outcome.passed and outcome.id in expected:
            found.append(f"{outcome.id} passes now: take it off {EXPECTED_FAILURES.name}")
        elif not outcome.passed and outcome.id not in expected:
            found.append(f"{outcome.id} fails:\n{outcome.difference(12)}")
    return found


def report(outcomes: list[Outcome], *, verbose: bool, lines: int = 20, show: Callable[[str], None] = print) -> int:
    """Print failures, per topic and in total; the last line is `N passed, N failed`. Returns the exit code."""
    failed = [outcome for outcome in outcomes if not outcome.passed]
    if verbose:
        for outcome in failed:
            show(f"{outcome.id}\n{outcome.difference(lines)}")
    for topic in sorted({outcome.topic for outcome in outcomes}):
        of_topic = [outcome for outcome in outcomes if outcome.topic == topic]
        bad = [outcome.id for outcome in of_topic if not outcome.passed]
        if bad:
            more = " …" if len(bad) > _SHOWN_IDS else ""
            show(f"{topic}: {len(of_topic) - len(bad)} of {len(of_topic)}; failed: {' '.join(bad[:_SHOWN_IDS])}{more}")
    show(f"{len(outcomes) - len(failed)} passed, {len(failed)} failed")
    return 1 if failed else 0
