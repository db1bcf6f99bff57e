"""Fixtures of the registry tests: a misbehaving server, and chart sources that retry fast."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
from registry.scripted import ScriptedServer, serve

from steersman.registry.access import Access, Limits
from steersman.registry.cache import ChartCache
from steersman.registry.reach import Reach
from steersman.registry.resilience import RetryPolicy
from steersman.registry.source import Charts, ChartSources

PLAIN = Access(insecure=True)


@pytest.fixture
def server() -> Iterator[ScriptedServer]:
    with serve() as scripted:
        yield scripted


@pytest.fixture
def cache(tmp_path: Path) -> ChartCache:
    return ChartCache(tmp_path / "cache")


@pytest.fixture
async def sources(cache: ChartCache) -> AsyncIterator[ChartSources]:
    limits = Limits(
        connect_seconds=2, read_seconds=0.3, total_seconds=2, manifest_bytes=4096, chart_bytes=100_000, tag_pages=20
    )
    retry = RetryPolicy(attempts=3, first_seconds=0.01, longest_seconds=1)
    shared = ChartSources(cache, limits=limits, retry=retry, reach=Reach(local=True))
    yield shared
    await shared.close()


@pytest.fixture
def source(sources: ChartSources) -> Charts:
    return sources.source(PLAIN)
