"""Fetching charts from a registry that answers, one that lies, and one that fails."""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace

import pytest
from registry.conftest import PLAIN
from registry.scripted import (
    CHART,
    REPOSITORY,
    Reply,
    Request,
    Script,
    ScriptedServer,
    contents,
    index_of,
    manifest_of,
    serve,
    sha256,
    stored,
)

from steersman.errors import SourceError
from steersman.ports import ChartSource, Resolved
from steersman.registry.access import Access
from steersman.registry.auth import Credential
from steersman.registry.cache import ChartCache
from steersman.registry.errors import (
    AccessDenied,
    ChartNotFound,
    CircuitOpen,
    DigestMismatch,
    InvalidReference,
    NotAChart,
    RegistryUnavailable,
    TagNotFound,
    TooLarge,
    UnexpectedAnswer,
)
from steersman.registry.manifest import (
    CONFIG_TYPE,
    CONTENT_TYPE,
    LEGACY_CONTENT_TYPE,
    PROVENANCE_TYPE,
    listed_manifests,
)
from steersman.registry.source import Charts, ChartSources

MANIFEST = manifest_of()
DIGEST = sha256(MANIFEST)
MANIFEST_PATH = f"/v2/{REPOSITORY}/manifests/{DIGEST}"
BLOB_PATH = f"/v2/{REPOSITORY}/blobs/{sha256(CHART)}"


def overlaid(reply_for: Callable[[Request], Reply | None], manifest: bytes = MANIFEST) -> Script:
    """A registry that works, except where `reply_for` has its own answer."""
    works = contents(manifest, tags=("1.0.0",))
    return lambda request: reply_for(request) or works(request)


def instead_of(path: str, reply: Reply, manifest: bytes = MANIFEST) -> Script:
    return overlaid(lambda request: reply if request.path == path else None, manifest)


async def test_fetches_once_and_then_needs_no_request(server: ScriptedServer, source: Charts) -> None:
    port: ChartSource = source
    server.script = contents(MANIFEST)
    assert await port.fetch(server.url, DIGEST) == CHART
    assert server.paths() == [f"GET {MANIFEST_PATH}", f"GET {BLOB_PATH}"]
    assert await port.fetch(server.url, DIGEST) == CHART
    assert len(server.requests) == 2


async def test_what_is_kept_is_known_without_a_request(server: ScriptedServer, source: Charts) -> None:
    server.script = contents(MANIFEST)
    assert await source.kept(server.url, sha256(MANIFEST)) is None
    assert server.requests == []
    await source.fetch(server.url, sha256(MANIFEST))
    asked = server.paths()
    assert await source.kept(server.url, sha256(MANIFEST)) == CHART
    assert server.paths() == asked


async def test_one_download_however_many_ask(server: ScriptedServer, source: Charts) -> None:
    server.script = contents(MANIFEST)
    charts = await asyncio.gather(*(source.fetch(server.url, DIGEST) for _ in range(50)))
    assert set(charts) == {CHART}
    assert len(server.requests) == 2


async def test_one_download_for_many_credentials(server: ScriptedServer, sources: ChartSources) -> None:
    """As of a pull secret in each namespace. Who may not have it does not stop the others."""
    works = contents(MANIFEST)
    server.script = lambda request: works(request) if "bm9ib2R5" not in request.authorization else Reply(403)
    terms = [replace(PLAIN, credential=Credential(name, "x")) for name in ("nobody", *(f"u{n}" for n in range(50)))]
    asked = [sources.source(access).fetch(server.url, DIGEST) for access in terms]
    charts = await asyncio.gather(*asked, return_exceptions=True)
    assert set(charts[1:]) == {CHART}
    assert [path for path in server.paths() if "blobs" in path] == [f"GET {BLOB_PATH}"]
    assert len(server.requests) <= 4


async def test_a_caller_that_leaves_does_not_end_the_download_of_others(server: ScriptedServer, source: Charts) -> None:
    server.script = contents(MANIFEST)
    leaving = asyncio.create_task(source.fetch(server.url, DIGEST))
    staying = asyncio.create_task(source.fetch(server.url, DIGEST))
    await asyncio.sleep(0)
    leaving.cancel()
    assert await staying == CHART
    assert leaving.cancelled()


async def test_a_damaged_cache_entry_is_fetched_again(
    server: ScriptedServer, source: Charts, tmp_path_factory: pytest.TempPathFactory, cache: ChartCache
) -> None:
    server.script = contents(MANIFEST)
    await source.fetch(server.url, DIGEST)
    cache._folder._path(sha256(CHART).removeprefix("sha256:")).write_bytes(b"other bytes")
    assert await source.fetch(server.url, DIGEST) == CHART
    assert server.paths()[2:] == [f"GET {BLOB_PATH}"]


WITH_PROVENANCE = manifest_of(layer_types=(PROVENANCE_TYPE, CONTENT_TYPE))
LEGACY = manifest_of(layer_types=(LEGACY_CONTENT_TYPE,))


@pytest.mark.parametrize("manifest", [WITH_PROVENANCE, LEGACY], ids=["provenance-first", "legacy-media-type"])
async def test_layers_are_picked_by_media_type(server: ScriptedServer, source: Charts, manifest: bytes) -> None:
    server.script = contents(manifest)
    assert await source.fetch(server.url, sha256(manifest)) == CHART


@pytest.mark.parametrize(
    ("path", "reply", "error", "text"),
    [
        pytest.param(
            MANIFEST_PATH, Reply(200, MANIFEST + b" "), DigestMismatch, "the manifest is", id="manifest-swapped"
        ),
        pytest.param(BLOB_PATH, Reply(200, CHART[:-1] + b"!"), DigestMismatch, "the chart layer is", id="blob-swapped"),
        pytest.param(BLOB_PATH, Reply(200, CHART[:-1]), DigestMismatch, "the chart layer is", id="blob-shorter"),
        pytest.param(BLOB_PATH, Reply(200, CHART + b"!"), DigestMismatch, "longer than its", id="blob-longer"),
        pytest.param(MANIFEST_PATH, Reply(200, b" " * 5000), TooLarge, "larger than 4096 bytes", id="huge-manifest"),
        pytest.param(MANIFEST_PATH, Reply(404), ChartNotFound, "manifest sha256:", id="no-manifest"),
        pytest.param(BLOB_PATH, Reply(404), ChartNotFound, "blob sha256:", id="no-blob"),
        pytest.param(MANIFEST_PATH, Reply(418), UnexpectedAnswer, "status 418", id="odd-status"),
        pytest.param(
            MANIFEST_PATH, Reply(302, headers={"Location": MANIFEST_PATH}), UnexpectedAnswer, "circles", id="circle"
        ),
    ],
)
async def test_refuses_at_once(
    server: ScriptedServer, source: Charts, cache: ChartCache, path: str, reply: Reply,
    error: type[SourceError], text: str,
) -> None:  # fmt: skip
    server.script = instead_of(path, reply)
    with pytest.raises(error, match=text) as caught:
        await source.fetch(server.url, DIGEST)
    assert not caught.value.transient
    assert f"{server.host}/{REPOSITORY}" in caught.value.message
    asked = [request for request in server.requests if request.path == path]
    assert len(asked) == (6 if reply.status == 302 else 1)
    assert cache.get(sha256(CHART)) is None


@pytest.mark.parametrize("location", ["http://[::", "http://r.io:port/", "ftp://r.io/x", "https://"])
async def test_redirects_and_pages_to_nowhere(server: ScriptedServer, source: Charts, location: str) -> None:
    server.script = lambda request: Reply(307, headers={"Location": location})
    with pytest.raises(UnexpectedAnswer, match="redirects to something that is no address"):
        await source.fetch(server.url, DIGEST)
    server.script = lambda request: Reply(200, b'{"tags": []}', {"Link": f'<{location}>; rel="next"'})
    with pytest.raises(UnexpectedAnswer, match=r"continues (to something that is no address|on another host)"):
        await source.resolve(server.url, "*")


async def test_a_mismatch_names_both_digests(server: ScriptedServer, source: Charts) -> None:
    server.script = instead_of(BLOB_PATH, Reply(200, b"other"))
    with pytest.raises(DigestMismatch) as caught:
        await source.fetch(server.url, DIGEST)
    assert (caught.value.wanted, caught.value.got) == (sha256(CHART), sha256(b"other"))


@pytest.mark.parametrize(
    ("manifest", "error", "text"),
    [
        pytest.param(manifest_of(config_type="application/x.image"), NotAChart, "application/x.image", id="image"),
        pytest.param(manifest_of(layer_types=("text/plain",)), NotAChart, "no chart layer", id="no-chart-layer"),
        pytest.param(manifest_of(layer_types=(CONTENT_TYPE,) * 2), NotAChart, "2 layers", id="two-charts"),
        pytest.param(manifest_of(size=-1), NotAChart, "no valid digest or size", id="negative-size"),
        pytest.param(manifest_of(size=10**9), TooLarge, "1000000000 bytes", id="announced-too-large"),
        pytest.param(b"not json", NotAChart, "cannot be read", id="no-json"),
        pytest.param(b"[]", NotAChart, "cannot be read", id="no-object"),
        pytest.param(
            json.dumps({"mediaType": "application/vnd.oci.image.index.v1+json", "manifests": []}).encode(),
            NotAChart, "its index has no chart", id="empty-index",
        ),
        pytest.param(b'{"schemaVersion": 2, "manifests": []}', NotAChart, "has no chart", id="empty-index-untyped"),
        pytest.param(b'{"manifests": [{"mediaType": "a", "digest": "b", "size": 1}]}', NotAChart, "valid digest",
            id="index-without-digest"),
    ],
)  # fmt: skip
async def test_refuses_what_is_no_chart(
    server: ScriptedServer, source: Charts, manifest: bytes, error: type[SourceError], text: str
) -> None:
    server.script = contents(manifest)
    with pytest.raises(error, match=text):
        await source.fetch(server.url, sha256(manifest))
    assert len(server.requests) == 1


OTHER_CHART = manifest_of(CHART[:-1])
IMAGE = manifest_of(config_type="application/vnd.oci.image.config.v1+json")


@pytest.mark.parametrize(
    ("listed", "artifact_types"),
    [
        pytest.param((MANIFEST,), ("",), id="alone"),
        pytest.param((IMAGE, MANIFEST), ("", ""), id="beside-an-image"),
        pytest.param((OTHER_CHART, MANIFEST), ("application/x", CONFIG_TYPE), id="named-by-its-artifact-type"),
    ],
)
async def test_the_chart_of_an_index(
    server: ScriptedServer, source: Charts, listed: tuple[bytes, ...], artifact_types: tuple[str, ...]
) -> None:
    index = index_of(*listed, artifact_types=artifact_types)
    server.script = stored(index, *listed, OTHER_CHART)
    assert await source.fetch(server.url, sha256(index)) == CHART
    asked = len(server.requests)
    assert await source.fetch(server.url, sha256(index)) == CHART
    assert len(server.requests) == asked


async def test_an_index_of_two_charts(server: ScriptedServer, source: Charts) -> None:
    index = index_of(MANIFEST, OTHER_CHART)
    server.script = stored(index, MANIFEST, OTHER_CHART)
    with pytest.raises(NotAChart, match="index of 2 charts; pin one by its own digest"):
        await source.fetch(server.url, sha256(index))


def test_an_index_of_too_many() -> None:
    with pytest.raises(NotAChart, match="index of 33 manifests"):
        listed_manifests(index_of(*[b"%d" % n for n in range(33)]), "host/repository")


async def test_an_index_that_lies_about_a_manifest(server: ScriptedServer, source: Charts) -> None:
    index = index_of(MANIFEST)
    server.script = lambda request: Reply(200, OTHER_CHART if sha256(MANIFEST) in request.path else index)
    with pytest.raises(DigestMismatch, match=sha256(MANIFEST)):
        await source.fetch(server.url, sha256(index))


UNAVAILABLE = [429, 500, 502, 503, 504]


@pytest.mark.parametrize("status", UNAVAILABLE)
async def test_tries_again_while_unavailable(server: ScriptedServer, source: Charts, status: int) -> None:
    failing = iter([Reply(status), Reply(status, headers={"Retry-After": "0"})])
    server.script = overlaid(lambda request: next(failing, None))
    assert await source.fetch(server.url, DIGEST) == CHART
    assert len(server.requests) == 4


@pytest.mark.parametrize("status", UNAVAILABLE)
async def test_gives_up_after_some_tries(server: ScriptedServer, source: Charts, status: int) -> None:
    body = json.dumps({"errors": [{"code": "UNAVAILABLE", "message": "try\nlater"}]}).encode()
    server.script = lambda request: Reply(status, body)
    with pytest.raises(RegistryUnavailable, match=f"status {status}: UNAVAILABLE trylater") as caught:
        await source.fetch(server.url, DIGEST)
    assert caught.value.transient
    assert len(server.requests) == 3


@pytest.mark.parametrize(
    ("header", "least"), [("3600", 3600), ("Wed, 21 Oct 2099 07:28:00 GMT", 3600)], ids=["seconds", "date"]
)
async def test_a_long_retry_after_is_the_callers_to_wait(
    server: ScriptedServer, source: Charts, header: str, least: float
) -> None:
    server.script = lambda request: Reply(429, headers={"Retry-After": header})
    with pytest.raises(RegistryUnavailable) as caught:
        await source.fetch(server.url, DIGEST)
    assert caught.value.retry_after is not None
    assert caught.value.retry_after >= least
    assert len(server.requests) == 1


@pytest.mark.parametrize(
    ("path", "reply", "text"),
    [
        pytest.param(BLOB_PATH, Reply(200, CHART, stall=True), "no answer in time", id="stalls"),
        pytest.param(BLOB_PATH, Reply(200, CHART[:9], announced=len(CHART)), "fewer bytes", id="breaks-off"),
    ],
)
async def test_a_broken_answer_is_worth_another_try(
    server: ScriptedServer, source: Charts, path: str, reply: Reply, text: str
) -> None:
    server.script = instead_of(path, reply)
    with pytest.raises(RegistryUnavailable, match=text):
        await source.fetch(server.url, DIGEST)
    assert [request.path for request in server.requests].count(path) == 3
    # The manifest was verified and kept, so only the first try asks for it.
    assert [request.path for request in server.requests].count(MANIFEST_PATH) == 1


async def test_nobody_listens(source: Charts) -> None:
    with serve() as gone:
        url = gone.url
    with pytest.raises(RegistryUnavailable, match="Connection refused"):
        await source.fetch(url, DIGEST)


async def test_a_host_that_keeps_failing_is_left_alone(server: ScriptedServer, source: Charts) -> None:
    server.script = lambda request: Reply(503)
    for _ in range(2):
        with pytest.raises(RegistryUnavailable):
            await source.fetch(server.url, DIGEST)
    asked = len(server.requests)
    with pytest.raises(CircuitOpen, match="status 503") as caught:
        await source.fetch(server.url, DIGEST)
    assert len(server.requests) == asked
    assert caught.value.retry_after is not None


@pytest.mark.parametrize("status", [401, 403])
async def test_access_denied_says_whether_there_were_credentials(
    server: ScriptedServer, sources: ChartSources, status: int
) -> None:
    server.script = lambda request: Reply(status)
    with pytest.raises(AccessDenied, match=r"name a Secret in spec\.chart\.secretRef") as caught:
        await sources.source(Access(insecure=True)).fetch(server.url, DIGEST)
    assert (caught.value.status, caught.value.anonymous) == (status, True)
    assert len(server.requests) == 1


@pytest.mark.parametrize(
    ("url", "digest", "error"),
    [
        pytest.param("oci://r.io/web", "sha256:abc", InvalidReference, id="short-digest"),
        pytest.param("ftp://r.io/web.tgz", DIGEST, InvalidReference, id="other-scheme"),
        pytest.param(f"oci://r.io/web@{sha256(b'')}", DIGEST, DigestMismatch, id="two-digests"),
    ],
)
async def test_asks_nobody_when_the_question_is_wrong(
    source: Charts, url: str, digest: str, error: type[SourceError]
) -> None:
    with pytest.raises(error):
        await source.fetch(url, digest)


async def test_plain_http_only_when_asked_for(server: ScriptedServer, sources: ChartSources) -> None:
    with pytest.raises(RegistryUnavailable, match=r"spec\.chart\.insecure"):
        await sources.source(Access()).fetch(server.url, DIGEST)
    assert server.requests == []


async def test_resolves_an_exact_version_with_one_head(server: ScriptedServer, source: Charts) -> None:
    server.script = contents(MANIFEST, tags=("1.0.0_x", "2.0.0"))
    assert await source.resolve(server.url, "1.0.0+x") == Resolved(server.url, "1.0.0+x", DIGEST)
    assert server.paths() == [f"HEAD /v2/{REPOSITORY}/manifests/1.0.0_x"]


async def test_resolves_without_the_optional_header(server: ScriptedServer, source: Charts) -> None:
    works = contents(MANIFEST, tags=("1.0.0",))
    server.script = lambda request: replace(works(request), headers={})
    assert (await source.resolve(server.url, "1.0.0")).digest == DIGEST


async def test_resolves_a_range_over_pages_of_tags(server: ScriptedServer, source: Charts) -> None:
    works = contents(MANIFEST, tags=("1.0.0", "1.2.0"))
    first = f"/v2/{REPOSITORY}/tags/list"
    pages = {
        first: Reply(200, b'{"tags": ["1.0.0"]}', {"Link": f'<{first}?last=1.0.0>; rel="next"'}),
        f"{first}?last=1.0.0": Reply(200, b'{"tags": ["1.2.0", "9.0.0-rc.1"]}'),
    }
    server.script = lambda request: pages.get(request.path) or works(request)
    assert await source.resolve(server.url, "^1") == Resolved(server.url, "1.2.0", DIGEST)
    assert await source.resolve(server.url) == Resolved(server.url, "1.2.0", DIGEST)


@pytest.mark.parametrize(
    ("reply", "error", "text"),
    [
        pytest.param(Reply(404), ChartNotFound, "the repository was not found", id="no-repository"),
        pytest.param(Reply(200, b"<html>"), UnexpectedAnswer, "list of tags is unreadable", id="html"),
        pytest.param(Reply(200, b'{"tags": null}'), SourceError, "no tag matches", id="null"),
        pytest.param(
            Reply(200, b'{"tags": []}', {"Link": '<http://169.254.169.254/x>; rel="next"'}),
            UnexpectedAnswer, "another host", id="page-elsewhere",
        ),
    ],
)  # fmt: skip
async def test_lists_of_tags_that_are_none(
    server: ScriptedServer, source: Charts, reply: Reply, error: type[SourceError], text: str
) -> None:
    server.script = lambda request: reply
    with pytest.raises(error, match=text):
        await source.resolve(server.url, "*")


async def test_pages_of_tags_end(server: ScriptedServer, source: Charts) -> None:
    again = {"Link": f'</v2/{REPOSITORY}/tags/list?again>; rel="next"'}
    server.script = lambda request: Reply(200, b'{"tags": ["1.0.0"]}', again)
    with pytest.raises(UnexpectedAnswer, match=r"the list of tags has more than 20 pages \(name an exact version"):
        await source.resolve(server.url, "*")
    assert len(server.requests) == 20


async def test_a_missing_version_is_named(server: ScriptedServer, source: Charts) -> None:
    server.script = contents(MANIFEST, tags=("1.0.0",))
    with pytest.raises(TagNotFound, match=r"no tag 1.0.1") as caught:
        await source.resolve(server.url, "1.0.1")
    assert caught.value.tag == "1.0.1"


async def test_an_incomplete_version_is_a_tag_first_and_then_a_range(server: ScriptedServer, source: Charts) -> None:
    server.script = contents(MANIFEST, tags=("1.2", "1.2.7"))
    assert (await source.resolve(server.url, "1.2")).version == "1.2"
    server.script = contents(MANIFEST, tags=("1.2.7",))
    assert (await source.resolve(server.url, "1.2")).version == "1.2.7"


async def test_urls_with_tag_and_digest(server: ScriptedServer, source: Charts) -> None:
    server.script = contents(MANIFEST, tags=("1.0.0",))
    pinned = f"{server.url}@{DIGEST}"
    assert await source.resolve(pinned) == Resolved(pinned, "", DIGEST)
    assert server.requests == []
    both = f"{server.url}:1.0.0@{DIGEST}"
    assert await source.resolve(both, "1.0.0") == Resolved(both, "1.0.0", DIGEST)
    with pytest.raises(DigestMismatch):
        await source.resolve(f"{server.url}:1.0.0@{sha256(b'')}")
    with pytest.raises(InvalidReference, match=r"chart.version is '2.0.0'"):
        await source.resolve(f"{server.url}:1.0.0", "2.0.0")


def test_oras_is_loaded_for_the_first_download_only() -> None:
    code = "import steersman.registry.source, sys; print(sorted({'oras', 'requests'} & set(sys.modules)))"
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, env=_environment())
    assert run.stdout == "[]\n"


def _environment() -> dict[str, str]:
    return {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
