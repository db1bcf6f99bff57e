"""A minute of fuzzing, new each time, and what the fuzzer makes of readers that are broken.

A failure prints the seed; `python tests/fuzz/run.py --seed SEED …` repeats it. The input is kept in `seeds/`.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from random import Random

import pytest
from fuzz import (
    bounds,
    readers_chart,
    readers_credentials,
    readers_registry,
    readers_signatures,
    readers_template,
    readers_text,
    readers_values,
    readers_wire,
    target,
)
from fuzz.attempts import distill, fuzz
from fuzz.mutation import LONGEST, Mutator
from fuzz.target import Target
from hypothesis import strategies as st

from steersman.errors import SteersmanError

# Python warns of forks beside threads; the child runs no code of those of pytest's workers.
pytestmark = pytest.mark.filterwarnings("ignore:This process:DeprecationWarning")

RUN = Path(__file__).with_name("run.py")
SECONDS = 12
GROUPS = (
    readers_chart,
    readers_credentials,
    readers_registry,
    readers_signatures,
    readers_template,
    readers_text,
    readers_values,
    readers_wire,
)


@pytest.mark.slow
@pytest.mark.parametrize("group", GROUPS, ids=lambda group: group.__name__.removeprefix("fuzz.readers_"))
def test_nothing_but_our_errors(group: object) -> None:
    names = [f"--target={each.name}" for each in group.TARGETS]  # type: ignore[attr-defined]
    command = [sys.executable, str(RUN), *names, f"--seconds={SECONDS}"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def _read(data: bytes) -> None:
    """Breaks in four ways, one for each first byte."""
    match data[:1]:
        case b"v":
            raise SteersmanError("documented")
        case b"k":
            raise KeyError
        case b"l":
            while True:
                pass
        case b"s":
            import ctypes

            ctypes.string_at(0)


@pytest.fixture
def seeds(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(target, "SEEDS", tmp_path)
    return tmp_path / "broken"


@pytest.mark.parametrize(
    ("letter", "complaint"),
    [
        pytest.param(b"v", "", id="documented-error"),
        pytest.param(b"k", "KeyError at test_fuzz.py:", id="other-error"),
        pytest.param(b"l", "takes too long", id="hang"),
        pytest.param(b"s", "the process ends by SIGSEGV", id="crash"),
    ],
)
def test_what_is_found(seeds: Path, monkeypatch: pytest.MonkeyPatch, letter: bytes, complaint: str) -> None:
    monkeypatch.setattr(bounds, "SECONDS", 0.5)
    broken = Target("broken", _read, st.just(letter + b" and more"), ())
    tally = fuzz(broken, 0.0, "seed", keep=False)
    assert tally.inputs
    if not complaint:
        assert tally.failures == {}
        return
    ((found, path),) = tally.failures.items()
    assert found.startswith(complaint)
    assert path.parent == seeds
    assert path.read_bytes().startswith(letter)


def test_a_failing_input_is_made_smaller(seeds: Path) -> None:
    broken = Target("broken", _read, st.just(b"k" + b"x" * 1000), ())
    (path,) = fuzz(broken, 0.0, "seed", keep=False).failures.values()
    assert path.read_bytes() == b"k"


def test_seeds_that_reach_nothing_of_their_own_are_dropped(seeds: Path) -> None:
    """Versions that no other test asks for: answers about those are kept, and then reach less."""
    seeds.mkdir()
    for name, text in {"1": b"7.31.2", "2": b"v7.31.2 || 4", "3": b"v7.31.20 || 4", "failed-4": b"7.31.2"}.items():
        (seeds / name).write_bytes(text)
    semver = readers_text.TARGETS[0]
    distill(Target("broken", semver.read, semver.strategy, ()))
    assert {path.name for path in seeds.iterdir()} == {"2", "failed-4"}


def test_mutation_is_repeatable_and_bounded() -> None:
    def inputs() -> list[bytes]:
        mutator = Mutator(Random("seed"), [b"word"])
        return [mutator.changed([b"some text", b"another"]) for _ in range(500)]

    first = inputs()
    assert first == inputs()
    assert len(set(first)) > 400
    assert max(map(len, first)) <= LONGEST
