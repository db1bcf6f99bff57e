"""The bounded folder: what leaves, what stays, and what several processes may do at once."""

from __future__ import annotations

import errno
import fcntl
import os
import resource
import signal
import tempfile
import time
from itertools import count
from multiprocessing import get_context
from pathlib import Path
from random import Random

import pytest

from steersman.disk import BoundedFolder, Entry, to_prune


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
    folder.create()
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


def put_without_end(root: Path) -> None:
    folder = BoundedFolder(root, max_bytes=10**8)
    for turn in count():
        key = "abcdefgh"[turn % 8]
        folder.write(key * 4, key.encode() * 200_000)


@pytest.mark.parametrize("seed", range(6))
def test_a_process_that_is_killed_leaves_whole_entries_or_none(tmp_path: Path, seed: int) -> None:
    process = get_context("fork").Process(target=put_without_end, args=(tmp_path,))
    process.start()
    while not keys_in(tmp_path):
        time.sleep(0.001)
    time.sleep(Random(seed).random() * 0.05)
    process.kill()
    process.join()
    folder = BoundedFolder(tmp_path, max_bytes=10**8)
    for path in tmp_path.glob("??/*"):
        assert path.read_bytes() == path.name[:1].encode() * 200_000
    for path in (tmp_path / "tmp").iterdir():
        os.utime(path, (1, 1))
    folder.write("zzzz", b"z")
    assert list((tmp_path / "tmp").iterdir()) == []


def write_on_a_full_disk(root: Path) -> list[str]:
    """The kernel lets this process write no file beyond a size, which stands for a disk that fills up."""
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (4096, 4096))
    folder = BoundedFolder(root, max_bytes=10**6)
    folder.write("aaaa", b"a" * 100)
    try:
        folder.write("bbbb", b"b" * 10_000)
    except OSError as error:
        return [errno.errorcode[error.errno or 0], str(folder.read("aaaa", lambda data: True))]
    return []


def test_a_full_disk_leaves_nothing_half_written(tmp_path: Path) -> None:
    with get_context("spawn").Pool(1) as pool:
        (failed, kept) = pool.apply(write_on_a_full_disk, (tmp_path,))
    assert (failed, kept) == ("EFBIG", str(b"a" * 100))
    assert keys_in(tmp_path) == {"a"}
    assert list((tmp_path / "tmp").iterdir()) == []


def read_as_nobody(root: Path) -> tuple[bytes | None, str]:
    """As a user who may read the folder and no more."""
    if os.geteuid() == 0:
        os.setgid(65534)
        os.setuid(65534)
    folder = BoundedFolder(root, max_bytes=1000)
    data = folder.read("aaaa", lambda data: True)
    try:
        folder.write("bbbb", b"b")
    except OSError as error:
        return data, errno.errorcode[error.errno or 0]
    return data, ""


def test_a_folder_that_is_only_for_reading_is_read() -> None:
    with tempfile.TemporaryDirectory() as name:  # pytest's own lies in folders that others may not enter
        root = Path(name) / "cache"
        BoundedFolder(root, max_bytes=1000).write("aaaa", b"a")
        for path in (Path(name), root, *root.rglob("*")):
            path.chmod(0o555 if path.is_dir() else 0o444)
        with get_context("spawn").Pool(1) as pool:
            assert pool.apply(read_as_nobody, (root,)) == (b"a", "EACCES")
        for path in (root, *root.rglob("*")):
            path.chmod(0o755)
        Path(name).chmod(0o755)


@pytest.mark.parametrize(
    ("bounds", "gone"),
    [
        pytest.param({"max_bytes": 250}, [1.0, 2.0], id="size"),
        pytest.param({"used_since": 2.5}, [1.0, 2.0], id="age"),
        pytest.param({"max_bytes": 350, "used_since": 3.5}, [1.0, 2.0, 3.0], id="both"),
        pytest.param({"max_bytes": 400, "used_since": 1.0}, [], id="within"),
        pytest.param({"max_bytes": 0}, [1.0, 2.0, 3.0, 4.0], id="all"),
        pytest.param({}, [], id="no-bound"),
    ],
)
def test_what_is_to_be_pruned(bounds: dict[str, float], gone: list[float]) -> None:
    entries = [Entry(Path("x"), 100, used) for used in (3.0, 1.0, 4.0, 2.0)]
    assert [entry.used for entry in to_prune(entries, **bounds)] == gone  # type: ignore[arg-type]
