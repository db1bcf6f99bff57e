"""How often the real registry is asked, by its own access log: two hundred releases of one digest cost one manifest and
one blob, and nothing ever after."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

import pytest
from integration.operating import Bench, PushedChart
from integration.pushing import push
from testenv.clients import Helm
from testenv.registry import Registry

from steersman.registry.access import Access
from steersman.registry.auth import Credential
from steersman.registry.cache import ChartCache
from steersman.registry.reach import Reach
from steersman.registry.source import ChartSources

RELEASES = 200
PLAIN = Access(insecure=True)
CHART = {"templates/data.yaml": "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: {{ .Release.Name }}}\n"}


@asynccontextmanager
async def process(cache: Path) -> AsyncIterator[ChartSources]:
    """The sources of one operator process."""
    sources = ChartSources(ChartCache(cache), reach=Reach(local=True))
    yield sources
    await sources.close()


def asked(log: list[str], name: str, what: str) -> int:
    """How many requests for manifests or blobs of this repository the registry has logged."""
    return sum(f"/{name}/{what}/" in line for line in log)


@pytest.mark.parametrize("credentials", [1, RELEASES], ids=["one-secret", "a-secret-each"])
async def test_two_hundred_releases_of_one_digest(
    registry: Registry,
    offline_helm: Helm,
    chart: Path,
    tmp_path_factory: pytest.TempPathFactory,
    credentials: int,
) -> None:
    folder = tmp_path_factory.mktemp("counted")
    pushed = push(offline_helm, chart, registry.host, folder, version="1.0.0")
    name = pushed.url.partition("//")[2].partition("/")[2]
    before = [asked(registry.requests(), name, what) for what in ("manifests", "blobs")]
    terms = [replace(PLAIN, credential=Credential(f"u{number % credentials}", "x")) for number in range(RELEASES)]

    async def all_of_them(sources: ChartSources) -> list[int]:
        charts = await asyncio.gather(*(sources.source(access).fetch(pushed.url, pushed.digest) for access in terms))
        assert set(charts) == {pushed.archive}
        log = registry.requests()
        return [asked(log, name, what) - known for what, known in zip(("manifests", "blobs"), before, strict=True)]

    async with process(folder / "cache") as sources:
        assert await all_of_them(sources) == [1, 1]
        assert await all_of_them(sources) == [1, 1]
    async with process(folder / "cache") as sources:  # after a restart
        assert await all_of_them(sources) == [1, 1]


def test_the_operator_asks_once_for_many_releases(bench: Bench) -> None:
    """Twenty HelmReleases in four namespaces, then the operator anew."""
    pushed: PushedChart = bench.chart("counted", CHART)
    log = bench.instance.registry_log
    before = {what: asked(log.read_text().splitlines(), "charts/counted", what) for what in ("manifests", "blobs")}
    namespaces = [bench.namespace("counted") for _ in range(4)]
    releases = [bench.release(namespaces[number % 4], f"r{number}") for number in range(20)]
    for release in releases:
        release.apply(pushed.by_digest())
    for release in releases:
        release.wait_ready(1)

    def now() -> dict[str, int]:
        lines = log.read_text().splitlines()
        return {what: asked(lines, "charts/counted", what) - known for what, known in before.items()}

    assert now() == {"manifests": 1, "blobs": 1}
    bench.operator.stop()
    bench.operator.start()
    bench.operator.wait_ready()
    releases[0].apply(pushed.by_digest(), values={"a": "b"})
    releases[0].wait_ready(2)
    assert now() == {"manifests": 1, "blobs": 1}
