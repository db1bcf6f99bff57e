"""Repositories with very many tags: found in bounded memory, while the event loop goes on."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import pairwise
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest
from registry.conftest import PLAIN
from registry.scripted import REPOSITORY, Reply, Request, Script, ScriptedServer, contents, manifest_of, sha256

from steersman.registry.access import Limits
from steersman.registry.cache import ChartCache
from steersman.registry.errors import UnexpectedAnswer
from steersman.registry.reach import Reach
from steersman.registry.source import ChartSources

MANIFEST = manifest_of()
LIST = f"/v2/{REPOSITORY}/tags/list"
MEMORY = 100 * 1024 * 1024


def paged(tags: list[str], size: int) -> Script:
    """A registry that lists its tags in pages of this size."""
    works = contents(MANIFEST, tags=("3.9.99",))

    def answer(request: Request) -> Reply:
        if not request.path.startswith(LIST):
            return works(request)
        start = int(parse_qs(urlsplit(request.path).query).get("at", ["0"])[0])
        page = json.dumps({"name": REPOSITORY, "tags": tags[start : start + size]}).encode()
        following = start + size
        more = {"Link": f'<{LIST}?at={following}>; rel="next"'} if following < len(tags) else {}
        return Reply(200, page, more)

    return answer


@contextmanager
def bounded_memory() -> Iterator[None]:
    """Fails where this process took more than so much on top of what it had."""
    Path("/proc/self/clear_refs").write_text("5")  # the high-water mark starts anew
    before = memory("VmRSS")
    yield
    assert memory("VmHWM") - before < MEMORY


def memory(field: str) -> int:
    """A field of the kernel's account of this process, in bytes."""
    (line,) = [line for line in Path("/proc/self/status").read_text().splitlines() if line.startswith(f"{field}:")]
    return int(line.split()[1]) * 1024


@pytest.fixture
def hundred_thousand() -> list[str]:
    return [f"{major}.{minor}.{patch}" for minor in range(10) for major in range(100) for patch in range(100)]


@pytest.mark.slow
@pytest.mark.parametrize("size", [100, 1000])
async def test_a_hundred_thousand_tags(
    server: ScriptedServer, tmp_path: Path, hundred_thousand: list[str], size: int
) -> None:
    server.script = paged(hundred_thousand, size)
    sources = ChartSources(ChartCache(tmp_path / "cache"), reach=Reach(local=True))
    beats: list[float] = []

    async def beat() -> None:
        while True:
            beats.append(time.thread_time())
            await asyncio.sleep(0.01)

    heart = asyncio.create_task(beat())
    with bounded_memory():
        assert (await sources.source(PLAIN).resolve(server.url, "^3")).digest == sha256(MANIFEST)
    heart.cancel()
    await sources.close()
    assert len([path for path in server.paths() if LIST in path]) == 100_000 // size
    # Time that this thread itself computed between two beats; 0.05 s is what the Lease allows.
    assert max(after - before for before, after in pairwise(beats)) < 0.05


async def test_more_tags_than_that_are_too_many(server: ScriptedServer, tmp_path: Path) -> None:
    server.script = paged([f"1.0.{number}" for number in range(5000)], 1000)
    sources = ChartSources(ChartCache(tmp_path / "cache"), limits=Limits(tags=3000), reach=Reach(local=True))
    with pytest.raises(UnexpectedAnswer, match=r"has more than 3000 tags \(name an exact version, or pin the chart"):
        await sources.source(PLAIN).resolve(server.url, "^1")
    await sources.close()
    assert len(server.requests) == 4
