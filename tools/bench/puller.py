"""The process that `bench.pulls` measures: resolves and fetches charts as the operator does for as many releases.

`python -m bench.puller LIST CACHE`: a JSON list of {url, version}, and the folder of the cache. It imports what it
needs for that and nothing of the bench.
"""

from __future__ import annotations

import asyncio
import json
import sys
from pathlib import Path

from steersman.registry.access import Access
from steersman.registry.cache import ChartCache
from steersman.registry.reach import Reach
from steersman.registry.source import ChartSources


async def pull_all(listed: Path, cache: Path) -> None:
    """Pull every chart of the list by plain HTTP, all at once."""
    sources = ChartSources(ChartCache(cache), reach=Reach(local=True))
    charts = sources.source(Access(insecure=True))

    async def pull(url: str, version: str) -> None:
        resolved = await charts.resolve(url, version)
        await charts.fetch(resolved.url, resolved.digest)

    try:
        await asyncio.gather(*(pull(**chart) for chart in json.loads(listed.read_text())))
    finally:
        await sources.close()


if __name__ == "__main__":
    asyncio.run(pull_all(Path(sys.argv[1]), Path(sys.argv[2])))
