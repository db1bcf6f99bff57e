"""What is counted about charts, as Prometheus reads it."""

from __future__ import annotations

from pathlib import Path

import pytest
from registry.conftest import PLAIN
from registry.scripted import CHART, Reply, contents, manifest_of, serve, sha256

from steersman.app.metrics import Metrics
from steersman.registry.cache import ChartCache
from steersman.registry.errors import RegistryUnavailable
from steersman.registry.reach import Reach
from steersman.registry.resilience import RetryPolicy
from steersman.registry.source import ChartSources

MANIFEST = manifest_of()
DIGEST = sha256(MANIFEST)


def values(metrics: Metrics) -> dict[str, float]:
    """The numbers that are not nought, without times of creation."""
    lines = metrics.render().decode().splitlines()
    pairs = (line.rsplit(" ", 1) for line in lines if not line.startswith("#") and "_created" not in line)
    return {name: float(number) for name, number in pairs if float(number)}


async def test_pulls_are_counted(tmp_path: Path) -> None:
    metrics = Metrics()
    sources = ChartSources(ChartCache(tmp_path), reach=Reach(local=True), meter=metrics)
    source = sources.source(PLAIN)
    with serve() as server:
        server.script = contents(MANIFEST)
        await source.fetch(server.url, DIGEST)
        assert values(metrics) == {
            "steersman_chart_cache_misses_total": 1,
            'steersman_registry_requests_total{code="2xx"}': 2,
            "steersman_registry_received_bytes_total": len(MANIFEST) + len(CHART),
        }
        assert await source.kept(server.url, sha256(b"other")) is None
        await source.kept(server.url, DIGEST)
        await source.fetch(server.url, DIGEST)
        assert values(metrics)["steersman_chart_cache_hits_total"] == 2
        assert values(metrics)["steersman_chart_cache_misses_total"] == 1
    assert sources.cache_bytes == len(MANIFEST) + len(CHART)
    await sources.close()


@pytest.mark.parametrize(
    ("status", "code"), [(429, "429"), (503, "5xx"), (504, "5xx"), (999, "9xx"), (418, "4xx"), (0, "0")]
)
async def test_labels_are_few(tmp_path: Path, status: int, code: str) -> None:
    metrics = Metrics()
    metrics.registry_answered(status)
    assert values(metrics) == {f'steersman_registry_requests_total{{code="{code}"}}': 1}


async def test_open_circuits_are_counted(tmp_path: Path) -> None:
    retry = RetryPolicy(attempts=6, first_seconds=0.001)
    sources = ChartSources(ChartCache(tmp_path), reach=Reach(local=True), retry=retry)
    with serve() as server:
        server.script = lambda request: Reply(503)
        assert sources.open_circuits == 0
        with pytest.raises(RegistryUnavailable):
            await sources.source(PLAIN).fetch(server.url, DIGEST)
    assert sources.open_circuits == 1
    await sources.close()
