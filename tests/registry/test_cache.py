"""The chart cache: what is read is what was written, whatever happens to the disk."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest

from steersman.registry.cache import ChartCache, digest_of


def entry_path(root: Path, digest: str) -> Path:
    (path,) = root.rglob(digest.removeprefix("sha256:"))
    return path


def test_gives_back_what_was_put(tmp_path: Path) -> None:
    digest = digest_of(b"chart")
    ChartCache(tmp_path).put(digest, b"chart")
    assert ChartCache(tmp_path).get(digest) == b"chart"


def test_knows_nothing_of_other_digests(tmp_path: Path) -> None:
    assert ChartCache(tmp_path).get(digest_of(b"chart")) is None


@pytest.mark.parametrize("damage", [b"", b"char", b"Chart", b"chart and more"])
def test_drops_a_damaged_entry(tmp_path: Path, damage: bytes) -> None:
    cache = ChartCache(tmp_path)
    digest = digest_of(b"chart")
    cache.put(digest, b"chart")
    path = entry_path(tmp_path, digest)
    path.write_bytes(damage)
    assert cache.get(digest) is None
    assert not path.exists()


def test_files_are_private(tmp_path: Path) -> None:
    cache = ChartCache(tmp_path / "cache")
    cache.put(digest_of(b"chart"), b"chart")
    modes = {stat.S_IMODE(path.stat().st_mode) for path in (tmp_path / "cache").rglob("*")}
    assert modes == {0o700, 0o600}


def test_goes_on_without_a_disk(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    cache = ChartCache(tmp_path)
    cache.create()
    digest = digest_of(b"chart")
    entry = tmp_path / "charts-v1" / digest[7:9]
    entry.write_text("a file where a folder should be")
    cache.put(digest, b"chart")
    assert cache.get(digest) is None
    assert "cannot be written" in caplog.text
