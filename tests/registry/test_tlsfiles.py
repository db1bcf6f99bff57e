"""Certificates as files, on a disk that may be full."""

from __future__ import annotations

import resource
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from steersman.registry.access import Access, Tls
from steersman.registry.cache import ChartCache
from steersman.registry.errors import RegistryUnavailable
from steersman.registry.reach import Reach
from steersman.registry.resilience import RetryPolicy
from steersman.registry.source import ChartSources
from steersman.registry.tlsfiles import TlsFiles

CA = b"x" * 5000


@contextmanager
def full_disk() -> Iterator[None]:
    """Files end after 100 bytes."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (100, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


def test_what_a_full_disk_cut_off_is_written_again() -> None:
    files = TlsFiles()
    with full_disk(), pytest.raises(OSError, match="too large"):
        files.paths(Tls(ca=CA))
    assert Path(str(files.paths(Tls(ca=CA)).verify)).read_bytes() == CA
    files.close()


async def test_a_full_disk_is_told(tmp_path: Path) -> None:
    sources = ChartSources(ChartCache(tmp_path), retry=RetryPolicy(attempts=1), reach=Reach(local=True))
    access = Access(tls=Tls(ca=CA))
    with (
        full_disk(),
        pytest.raises(RegistryUnavailable, match=r"its certificates cannot be written to .*: File too large"),
    ):
        await sources.source(access).fetch("oci://127.0.0.1:1/charts/demo", "sha256:" + "0" * 64)
    await sources.close()
