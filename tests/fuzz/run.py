"""Fuzzing from the command line: `python tests/fuzz/run.py --seconds 1800`, or `make fuzz SECONDS=1800`.

Targets take turns, a stretch each. An input that fails is kept in `seeds/`, where `test_seeds.py` finds it, and the
exit code is then 1. With `--keep`, inputs that reach lines no seed reaches are kept too.
"""

from __future__ import annotations

import argparse
import secrets
import sys
import time
from collections.abc import Sequence
from pathlib import Path

TESTS = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(TESTS), str(TESTS.parent / "operator")]

from fuzz.attempts import Tally, distill, fuzz  # noqa: E402
from fuzz.readers import TARGETS  # noqa: E402

_STRETCH_SECONDS = 10.0


def main(arguments: Sequence[str]) -> int:
    """Fuzz, print a line a target and the sum; 1 when something failed."""
    parser = argparse.ArgumentParser(description="Feed the readers with what they do not expect.")
    parser.add_argument("--seconds", type=float, default=60.0, help="how long in all")
    parser.add_argument("--target", action="append", choices=sorted(TARGETS), help="this one only (repeatable)")
    parser.add_argument("--seed", default=secrets.token_hex(4), help="repeats a run on the same machine")
    parser.add_argument("--keep", action="store_true", help="keep inputs that reach new lines")
    parser.add_argument("--distill", action="store_true", help="drop kept inputs that reach nothing of their own")
    options = parser.parse_args(arguments)
    names = options.target or list(TARGETS)
    if options.distill:
        for name in names:
            distill(TARGETS[name])
        return 0
    print(f"seed {options.seed}", flush=True)
    tallies = {name: Tally() for name in names}
    stretch = min(_STRETCH_SECONDS, options.seconds / len(names))
    end = time.monotonic() + options.seconds
    turn = 0
    while turn < len(names) or time.monotonic() < end:
        name = names[turn % len(names)]
        tallies[name].add(fuzz(TARGETS[name], stretch, f"{options.seed}/{turn}", keep=options.keep))
        turn += 1
    return _summary(tallies)


def _summary(tallies: dict[str, Tally]) -> int:
    for name, tally in tallies.items():
        kept = f", {tally.kept} kept" if tally.kept else ""
        print(f"{name:16} {tally.inputs:9} inputs{kept}")
        for complaint, path in tally.failures.items():
            print(f"  FAILED {complaint}: {path}")
    failed = sum(len(tally.failures) for tally in tallies.values())
    print(f"{sum(tally.inputs for tally in tallies.values()) - failed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
