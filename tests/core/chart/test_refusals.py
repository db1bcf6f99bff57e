"""Every class of refusal × 20 archives that hide the fault somewhere: refused by name, cheaply, nothing on disk."""

from __future__ import annotations

import tracemalloc
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from random import Random

import pytest
from fuzz.bounds import one_input
from hostile_archives import FAULTS, Hostile, good, nested

from steersman.core.chart.loader import load_archive
from steersman.core.chart.refusals import ArchiveFault, ArchiveRefused

SEEDS = range(20)
# What these charts hold is some kilobytes. Ahead of a refusal stand the bytes of the file that is being read: as much
# as the ratio lets through of it, twice for the moment in which its pieces become one.
MEMORY = 40 * 1024 * 1024


@contextmanager
def bounded(*, trace: bool) -> Iterator[None]:
    """Ends what computes for more than some seconds; fails where more memory was in use at any moment (tracing takes
    several times as long)."""
    if trace:
        tracemalloc.start()
    try:
        with one_input():
            yield
        assert not trace or tracemalloc.get_traced_memory()[1] < MEMORY
    finally:
        tracemalloc.stop()


def test_every_class_has_archives() -> None:
    assert set(FAULTS) == set(ArchiveFault)


@pytest.mark.parametrize("seed", SEEDS)
def test_without_a_fault_they_load(seed: int) -> None:
    rng = Random(seed)
    assert load_archive(good(rng)).metadata.name == "web"
    outer = load_archive(nested(rng, Hostile(good(rng))).archive)
    assert [chart.metadata.name for chart in outer.subcharts] == ["web"]


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("fault", ArchiveFault, ids=lambda fault: fault.name.lower())
def test_refused_by_name(fault: ArchiveFault, seed: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    rng = Random(f"{fault} {seed}")
    hostile = FAULTS[fault](rng)
    if fault is not ArchiveFault.NESTING and rng.random() < 0.4:
        hostile = nested(rng, hostile)
    with bounded(trace=seed % 4 == 0), pytest.raises(ArchiveRefused) as caught:
        load_archive(hostile.archive)
    error = caught.value
    assert error.fault is fault
    assert error.entry.startswith(hostile.entry)
    assert error.hint
    assert len(str(error)) < 1500
    assert list(tmp_path.iterdir()) == []
