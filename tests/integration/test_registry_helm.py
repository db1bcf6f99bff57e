"""Pulling from the real registry what the real Helm pushed."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import bcrypt
import pytest
from integration.pushing import push, push_index
from registry.scripted import sha256
from testenv.clients import Helm
from testenv.registry import Registry, serve_registry

from steersman.ports import Resolved
from steersman.registry.access import Access
from steersman.registry.auth import Credential
from steersman.registry.cache import ChartCache
from steersman.registry.errors import AccessDenied, ChartNotFound, NoMatchingVersion, TagNotFound
from steersman.registry.reach import Reach
from steersman.registry.source import Charts, ChartSources

PLAIN = Access(insecure=True)


@pytest.fixture
async def sources(tmp_path: Path) -> AsyncIterator[ChartSources]:
    shared = ChartSources(ChartCache(tmp_path / "cache"), reach=Reach(local=True))
    yield shared
    await shared.close()


@pytest.fixture
def source(sources: ChartSources) -> Charts:
    return sources.source(PLAIN)


async def test_by_digest_and_then_from_the_cache(
    registry: Registry, offline_helm: Helm, chart: Path, tmp_path_factory: pytest.TempPathFactory, source: Charts
) -> None:
    pushed = push(offline_helm, chart, registry.host, tmp_path_factory.mktemp("plain"), version="1.0.0")
    assert await source.fetch(pushed.url, pushed.digest) == pushed.archive
    asked = len(registry.requests())
    assert await source.fetch(pushed.url, pushed.digest) == pushed.archive
    assert len(registry.requests()) == asked


async def test_versions_and_ranges(
    registry: Registry, offline_helm: Helm, chart: Path, tmp_path_factory: pytest.TempPathFactory, source: Charts
) -> None:
    folder = tmp_path_factory.mktemp("ranges")
    pushed = {
        version: push(offline_helm, chart, registry.host, folder, version=version)
        for version in ("1.0.0", "1.9.0+build.1", "1.10.0", "2.0.0-rc.1")
    }
    url = pushed["1.0.0"].url
    for asked, version_filter, version in [
        ("1.9.0+build.1", "", "1.9.0+build.1"),
        ("^1", "", "1.10.0"),
        ("", "", "1.10.0"),
        (">=2.0.0-0", "", "2.0.0-rc.1"),
        ("*", r"^1\.[0-9]\.", "1.9.0+build.1"),
    ]:
        assert await source.resolve(url, asked, version_filter) == Resolved(url, version, pushed[version].digest)
    with pytest.raises(TagNotFound):
        await source.resolve(url, "1.0.1")
    with pytest.raises(NoMatchingVersion, match=r"newest tags: 2\.0\.0-rc\.1, 1\.10\.0"):
        await source.resolve(url, ">=3")
    with pytest.raises(ChartNotFound):
        await source.resolve(f"{url}-other", "*")


async def test_a_signed_chart_is_still_the_chart(
    registry: Registry, offline_helm: Helm, chart: Path, tmp_path_factory: pytest.TempPathFactory, source: Charts
) -> None:
    folder = tmp_path_factory.mktemp("signed")
    pushed = push(offline_helm, chart, registry.host, folder, version="1.0.0", provenance="a signature")
    assert await source.fetch(pushed.url, pushed.digest) == pushed.archive


async def test_a_digest_that_is_no_manifest(
    registry: Registry, offline_helm: Helm, chart: Path, tmp_path_factory: pytest.TempPathFactory, source: Charts
) -> None:
    pushed = push(offline_helm, chart, registry.host, tmp_path_factory.mktemp("absent"), version="1.0.0")
    with pytest.raises(ChartNotFound, match="manifest sha256:0000"):
        await source.fetch(pushed.url, "sha256:" + "0" * 64)


async def test_a_registry_that_wants_a_password(
    offline_helm: Helm, chart: Path, tmp_path_factory: pytest.TempPathFactory, tmp_path: Path, sources: ChartSources
) -> None:
    users = tmp_path / "htpasswd"
    users.write_text(f"me:{bcrypt.hashpw(b'right', bcrypt.gensalt(4)).decode()}\n")
    with serve_registry(tmp_path, {"auth": {"htpasswd": {"realm": "test", "path": str(users)}}}) as closed:
        offline_helm("registry", "login", closed.host, "--plain-http", "-u", "me", "-p", "right")
        pushed = push(offline_helm, chart, closed.host, tmp_path_factory.mktemp("closed"), version="1.0.0")
        with pytest.raises(AccessDenied, match=r"chart\.secretRef"):
            await sources.source(PLAIN).fetch(pushed.url, pushed.digest)
        with pytest.raises(AccessDenied, match="check the credentials"):
            wrong = Access(credential=Credential("me", "wrong"), insecure=True)
            await sources.source(wrong).fetch(pushed.url, pushed.digest)
        right = Access(credential=Credential("me", "right"), insecure=True)
        assert await sources.source(right).fetch(pushed.url, pushed.digest) == pushed.archive


async def test_an_index_that_lists_a_chart(
    registry: Registry, offline_helm: Helm, chart: Path, tmp_path_factory: pytest.TempPathFactory, source: Charts
) -> None:
    """Helm pulls what we pull."""
    pushed = push(offline_helm, chart, registry.host, tmp_path_factory.mktemp("index"), version="1.0.0")
    index = push_index(pushed, "2.0.0")
    resolved = await source.resolve(pushed.url, "2.0.0")
    assert resolved == Resolved(pushed.url, "2.0.0", sha256(index))
    assert await source.fetch(pushed.url, resolved.digest) == pushed.archive
    folder = tmp_path_factory.mktemp("pulled")
    offline_helm("pull", "--plain-http", pushed.url, "--version", "2.0.0", "--destination", str(folder))
    assert [path.read_bytes() for path in folder.iterdir()] == [pushed.archive]
