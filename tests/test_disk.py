"""The bounded folder: what leaves, what stays, and what several processes may do at once."""

from __future__ import annotations

import fcntl
import os
from multiprocessing import get_context
from pathlib import Path

import pytest

from steersman.disk import BoundedFolder


def fill(folder: BoundedFolder, keys: str) -> None:
    for age, key in enumerate(keys):
        folder.write(key * 4, key.encode() * 100)
        for path in folder._root.glob(f"??/{key * 4}"):
            os.utime(path, (age, age))


def keys_in(root: Path) -> set[str]:
    return {path.name[0] for path in root.glob("??/*")}


def test_least_recently_used_entries_leave_first(tmp_path: Path) -> None:
    folder = BoundedFolder(tmp_path, max_bytes=450)
    fill(folder, "abcd")
    assert folder.read("aaaa", lambda data: True) is not None
    folder.write("eeee", b"e" * 100)
    assert keys_in(tmp_path) == {"a", "c", "d", "e"}


def test_what_is_in_use_stays(tmp_path: Path) -> None:
    folder = BoundedFolder(tmp_path, max_bytes=250)
    fill(folder, "ab")
    with (tmp_path / "aa" / "aaaa").open("rb") as reader:
        fcntl.flock(reader, fcntl.LOCK_SH)
        folder.write("cccc", b"c" * 100)
        assert "a" in keys_in(tmp_path)
        assert "b" not in keys_in(tmp_path)


def test_an_entry_beyond_the_bound_is_not_kept(tmp_path: Path) -> None:
    folder = BoundedFolder(tmp_path, max_bytes=10)
    folder.write("aaaa", b"a" * 11)
    assert folder.read("aaaa", lambda data: True) is None


@pytest.mark.parametrize("key", ["", "../x", "a/b"])
def test_keys_cannot_leave_the_folder(tmp_path: Path, key: str) -> None:
    with pytest.raises(ValueError, match="not a cache key"):
        BoundedFolder(tmp_path, max_bytes=10).write(key, b"x")


def test_leftovers_of_dead_writers_are_removed(tmp_path: Path) -> None:
    folder = BoundedFolder(tmp_path, max_bytes=250)
    abandoned = tmp_path / "tmp" / "half-written"
    abandoned.write_bytes(b"x")
    os.utime(abandoned, (1, 1))
    fill(folder, "abc")
    assert not abandoned.exists()


def hammer(root: Path, seed: int) -> int:
    """Write and read in a small cache; how many reads found something other than what belongs there."""
    folder = BoundedFolder(root, max_bytes=1500)
    wrong = 0
    for turn in range(150):
        key = "abcdefgh"[(turn * 7 + seed) % 8]
        folder.write(key * 4, key.encode() * 300)
        data = folder.read(key * 4, lambda data: True)
        wrong += data not in (None, key.encode() * 300)
    return wrong


def test_processes_share_a_cache(tmp_path: Path) -> None:
    with get_context("spawn").Pool(2) as pool:
        assert pool.starmap(hammer, [(tmp_path, 1), (tmp_path, 2)]) == [0, 0]
    assert BoundedFolder(tmp_path, max_bytes=1500).size() <= 1500
    assert list((tmp_path / "tmp").iterdir()) == []
