"""Processes that share a cache: the operator, commands beside it, and one that prunes all the time."""

from __future__ import annotations

import asyncio
import time
from multiprocessing import get_context
from pathlib import Path

import pytest
from packing import packed
from registry.conftest import PLAIN
from registry.scripted import Reply, Request, contents, manifest_of, serve, sha256

from steersman.cli.cache_contents import bounded
from steersman.cli.cache_contents import contents as cache_contents
from steersman.registry.cache import CHARTS, ChartCache
from steersman.registry.reach import Reach
from steersman.registry.source import ChartSources

COUNT = 12
ROUNDS = 12


def chart(number: int) -> bytes:
    files = {"Chart.yaml": f"apiVersion: v2\nname: c{number}\nversion: 1.0.0\n", "values.yaml": f"a: {number}\n" * 3000}
    return packed(files)


def manifest(number: int) -> bytes:
    return manifest_of(chart(number))


def answer(request: Request) -> Reply:
    number = int(request.path.split("/")[3].removeprefix("c"))
    return contents(manifest(number), chart(number), repository=f"charts/c{number}")(request)


def pull_all(root: Path, host: str) -> tuple[int, int]:
    """Pull every chart several times with a cache that holds a few of them; how many were wrong, and how many right."""

    async def pull() -> tuple[int, int]:
        sources = ChartSources(ChartCache(root, max_bytes=3000), reach=Reach(local=True))
        source = sources.source(PLAIN)
        wrong = right = 0
        for _ in range(ROUNDS):
            urls = [f"oci://{host}/charts/c{number}" for number in range(COUNT)]
            found = await asyncio.gather(*(source.fetch(url, sha256(manifest(n))) for n, url in enumerate(urls)))
            for number, data in enumerate(found):
                right += data == chart(number)
                wrong += data != chart(number)
        await sources.close()
        return wrong, right

    return asyncio.run(pull())


def prune_all(root: Path, seconds: float) -> int:
    """Delete whatever nobody holds, again and again; how much that was."""
    gone = 0
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        entries = [item.entry for item in cache_contents(root)]
        if entries:
            gone += len(entries) - len(bounded(root / CHARTS).remove(entries))
        time.sleep(0.01)
    return gone


@pytest.mark.slow
def test_several_processes_pull_and_one_prunes(tmp_path: Path) -> None:
    with serve() as server, get_context("spawn").Pool(3) as pool:
        server.script = answer
        pruning = pool.apply_async(prune_all, (tmp_path, 4.0))
        pulling = [pool.apply_async(pull_all, (tmp_path, server.host)) for _ in range(2)]
        assert [each.get(60) for each in pulling] == [(0, COUNT * ROUNDS)] * 2
        assert pruning.get(60) > COUNT
    files = list((tmp_path / CHARTS).glob("??/*"))
    assert [path for path in files if sha256(path.read_bytes()) != f"sha256:{path.name}"] == []
    assert list((tmp_path / CHARTS / "tmp").iterdir()) == []
