"""Compiled charts on disk: for this version, undamaged, or not at all."""

from __future__ import annotations

from pathlib import Path

import pytest

from steersman.rendering.compiled import CompiledCharts

DIGEST = "sha256:" + "a" * 64
OTHER = "sha256:" + "b" * 64


def entry_of(root: Path) -> Path:
    (path,) = root.glob("compiled-v1/??/*")
    return path


def test_gives_back_what_was_put(tmp_path: Path) -> None:
    CompiledCharts(tmp_path).put(DIGEST, b"code")
    assert CompiledCharts(tmp_path).get(DIGEST) == b"code"
    assert CompiledCharts(tmp_path).get(OTHER) is None


def test_another_version_finds_nothing(tmp_path: Path) -> None:
    CompiledCharts(tmp_path, version="1").put(DIGEST, b"code")
    assert CompiledCharts(tmp_path, version="2").get(DIGEST) is None
    assert CompiledCharts(tmp_path, version="1").get(DIGEST) == b"code"


@pytest.mark.parametrize("keep", [0, 10, 32, 35])
def test_a_damaged_entry_is_dropped(tmp_path: Path, keep: int) -> None:
    cache = CompiledCharts(tmp_path)
    cache.put(DIGEST, b"code")
    path = entry_of(tmp_path)
    path.write_bytes(path.read_bytes()[:keep])
    assert cache.get(DIGEST) is None
    assert not path.exists()


def test_a_flipped_bit_is_damage(tmp_path: Path) -> None:
    cache = CompiledCharts(tmp_path)
    cache.put(DIGEST, b"code")
    path = entry_of(tmp_path)
    data = bytearray(path.read_bytes())
    data[-1] ^= 1
    path.write_bytes(data)
    assert cache.get(DIGEST) is None


def test_goes_on_without_a_disk(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    cache = CompiledCharts(tmp_path)
    for folder in range(256):
        place = tmp_path / "compiled-v1" / f"{folder:02x}"
        place.parent.mkdir(exist_ok=True)
        place.write_text("a file where a folder should be")
    cache.put(DIGEST, b"code")
    assert cache.get(DIGEST) is None
    assert "cannot be written" in caplog.text
