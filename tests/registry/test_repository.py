"""Charts of HTTP repositories: which one is meant, what is asked for, and what is refused."""

from __future__ import annotations

import asyncio
import hashlib
from dataclasses import replace
from pathlib import Path
from random import Random

import pytest
from registry.conftest import PLAIN
from registry.repositories import FILES, INDEX, PREFIX, WEB, at, chart, entry, index, serving
from registry.scripted import Reply, Request, ScriptedServer, sha256

from steersman.core.chart.index import Index
from steersman.core.chart.versions import InvalidVersion
from steersman.errors import SourceError, SteersmanError
from steersman.registry.access import Limits
from steersman.registry.cache import ChartCache
from steersman.registry.errors import (
    ChartNotFound,
    CircuitOpen,
    DigestMismatch,
    InvalidReference,
    NoMatchingVersion,
    NotAChart,
    RegistryUnavailable,
    TooLarge,
    UnexpectedAnswer,
    UnreadableIndex,
)
from steersman.registry.reach import Reach
from steersman.registry.resilience import RetryPolicy
from steersman.registry.source import Charts, ChartSources
from steersman.registry.urls import resolve


def cache_files(cache: ChartCache) -> list[Path]:
    return list((cache.root / "indexes-v1").glob("??/*"))


async def test_a_chart_by_name_and_version(server: ScriptedServer, source: Charts) -> None:
    server.script = serving(FILES)
    resolved = await source.resolve(at(server), "1.x", name="web")
    assert (resolved.url, resolved.version, resolved.digest) == (at(server, "/web-1.0.0.tgz"), "1.0.0", sha256(WEB))
    assert await source.fetch(resolved.url, resolved.digest) == WEB
    assert server.paths() == [f"GET {PREFIX}/index.yaml", f"GET {PREFIX}/web-1.0.0.tgz"]
    assert await source.fetch(resolved.url, resolved.digest) == WEB
    assert await source.kept(resolved.url, resolved.digest) == WEB
    assert len(server.requests) == 2


async def test_the_digest_may_be_written_bare(server: ScriptedServer, source: Charts) -> None:
    server.script = serving({"index.yaml": index(entry("web", "1.0.0", digest=sha256(WEB)[7:].upper()))})
    assert (await source.resolve(at(server), name="web")).digest == sha256(WEB)


async def test_without_a_digest_the_archive_says_it(server: ScriptedServer, source: Charts) -> None:
    server.script = serving({**FILES, "index.yaml": index(entry("web", "1.0.0"))})
    resolved = await source.resolve(at(server), name="web")
    assert resolved.digest == sha256(WEB)
    assert await source.fetch(resolved.url, resolved.digest) == WEB
    assert await source.resolve(at(server), name="web") == resolved
    assert server.paths() == [f"GET {PREFIX}/index.yaml", f"GET {PREFIX}/web-1.0.0.tgz"] * 2


async def test_one_download_of_the_index_however_many_ask(server: ScriptedServer, source: Charts) -> None:
    server.script = serving(FILES)
    await asyncio.gather(*(source.resolve(at(server), name="web") for _ in range(50)))
    await asyncio.gather(*(source.resolve(at(server), f"<{major}", name="web") for major in range(2, 20)))
    assert len(server.requests) == 2


async def test_an_index_that_is_young_enough_is_not_asked_for(server: ScriptedServer, source: Charts) -> None:
    server.script = serving({**FILES, "index.yaml": index(entry("web", "1.0.0", digest=sha256(WEB)))})
    assert source.index_age(at(server)) > 1e9
    for version in ("1.x", "1", ">0"):
        await source.resolve(at(server), version, name="web", max_age=60.0)
    assert server.paths() == [f"GET {PREFIX}/index.yaml"]
    assert source.index_age(at(server)) < 60
    await source.resolve(at(server), name="web")
    assert len(server.requests) == 2
    assert source.index_digest(at(server)) == sha256(index(entry("web", "1.0.0", digest=sha256(WEB))))


async def test_what_a_young_index_lacks_is_looked_for_anew(server: ScriptedServer, source: Charts) -> None:
    server.script = serving({"index.yaml": index(entry("web", "1.0.0", digest=sha256(WEB)))})
    await source.resolve(at(server), "1.x", name="web", max_age=60.0)
    with pytest.raises(NoMatchingVersion):
        await source.resolve(at(server), "2.x", name="web", max_age=60.0)
    assert len(server.requests) == 2
    server.script = serving({"index.yaml": index(entry("web", "2.0.0", digest=sha256(WEB)))})
    assert (await source.resolve(at(server), "2.x", name="web", max_age=60.0)).version == "2.0.0"
    assert len(server.requests) == 3


@pytest.mark.parametrize(
    ("digest", "version", "url"),
    [
        pytest.param(sha256(WEB), "", "/web-1.0.0.tgz", id="as the index says"),
        pytest.param(sha256(WEB), "0.9.0", "/web-1.0.0.tgz", id="whatever the version"),
        pytest.param("sha256:" + "0" * 64, "", "/web-0.9.0.tgz", id="an older one"),
        pytest.param("sha256:" + "1" * 64, "1.x", "/web-1.0.0.tgz", id="by version, where no digest is the one"),
    ],
)
async def test_where_a_pinned_chart_is(
    server: ScriptedServer, source: Charts, digest: str, version: str, url: str
) -> None:
    server.script = serving(FILES)
    assert await source.locate(at(server), "web", digest, version) == at(server, url)


async def test_pinned_charts_of_one_index_share_it(server: ScriptedServer, source: Charts) -> None:
    server.script = serving(FILES)
    for digest in (sha256(WEB), "sha256:" + "0" * 64):
        await source.locate(at(server), "web", digest, max_age=60.0)
    assert len(server.requests) == 1
    with pytest.raises(ChartNotFound):
        await source.locate(at(server), "web", "sha256:" + "1" * 64, max_age=60.0)
    assert len(server.requests) == 2, "what was published a moment ago is found"


async def test_a_pinned_chart_that_the_index_does_not_know(server: ScriptedServer, source: Charts) -> None:
    server.script = serving(FILES)
    with pytest.raises(ChartNotFound, match="a version whose digest is sha256:1111"):
        await source.locate(at(server), "web", "sha256:" + "1" * 64)
    with pytest.raises(ChartNotFound, match=r"chart other is not in its index\.yaml"):
        await source.locate(at(server), "other", sha256(WEB))


@pytest.mark.parametrize(("validators", "second"), [("etag", 304), ("date", 304), ("none", 200)])
async def test_the_index_is_asked_for_conditionally_also_after_a_restart(
    server: ScriptedServer, sources: ChartSources, cache: ChartCache, validators: str, second: int
) -> None:
    script = serving(FILES, validators=validators)
    statuses = []

    def recorded(request: Request) -> Reply:
        reply = script(request)
        statuses.append(reply.status)
        return reply

    server.script = recorded
    await sources.source(PLAIN).index(at(server))
    first = await sources.source(PLAIN).index(at(server))
    restarted = ChartSources(cache, reach=Reach(local=True))
    again = await restarted.source(PLAIN).index(at(server))
    await restarted.close()
    assert again.versions("web") == first.versions("web")
    assert statuses == [200, second, second]


async def test_a_new_index_is_seen(server: ScriptedServer, source: Charts) -> None:
    server.script = serving(FILES)
    assert (await source.resolve(at(server), name="web")).version == "1.0.0"
    server.script = serving({"index.yaml": index(entry("web", "2.0.0", digest="1" * 64))})
    assert (await source.resolve(at(server), name="web")).version == "2.0.0"


async def test_a_damaged_index_on_disk_is_fetched_again(
    server: ScriptedServer, source: Charts, cache: ChartCache
) -> None:
    server.script = serving(FILES)
    await source.index(at(server))
    for file in cache_files(cache):
        file.write_bytes(file.read_bytes()[:-1] + b"!")
    restarted = ChartSources(cache, reach=Reach(local=True))
    assert "web" in await restarted.source(PLAIN).index(at(server))
    await restarted.close()
    assert [request.headers.get("If-None-Match") for request in server.requests] == [None, None]


async def test_equal_bytes_are_read_once_for_all_urls(server: ScriptedServer, source: Charts) -> None:
    server.script = lambda request: Reply(200, INDEX)
    first = await source.index(at(server, "/a"))
    assert await source.index(at(server, "/b")) is first


async def test_an_archive_by_its_url(server: ScriptedServer, source: Charts) -> None:
    server.script = serving(FILES)
    url = at(server, "/web-1.0.0.tgz")
    resolved = await source.resolve(url, ">=1")
    assert (resolved.url, resolved.version, resolved.digest) == (url, "1.0.0", sha256(WEB))
    assert await source.resolve(url) == resolved
    assert await source.fetch(url, resolved.digest) == WEB
    assert [request.headers.get("If-None-Match") is None for request in server.requests] == [True, False]


async def test_an_archive_of_another_version(server: ScriptedServer, source: Charts) -> None:
    server.script = serving(FILES)
    with pytest.raises(
        NoMatchingVersion, match=r"is version 1\.0\.0, which spec\.chart\.version 2\.x excludes"
    ) as caught:
        await source.resolve(at(server, "/web-1.0.0.tgz"), "2.x")
    assert "pre-release" not in caught.value.hint


async def test_what_is_no_archive(server: ScriptedServer, source: Charts) -> None:
    files = {
        "html.tgz": b"<!DOCTYPE html>\n<title>Sign in",
        "cut.tgz": WEB[:60],
        "zip.tgz": b"PK\x03\x04" + b"\x99" * 40,
    }
    server.script = serving({**files, "empty.tgz": b""})
    for name, message, hint in (
        ("html", "not a Helm chart: it begins with `<!DOCTYPE html>`", "upload again what `helm package` made"),
        ("zip", "not a Helm chart: it begins with the bytes 504b0304", "upload again what `helm package` made"),
        ("empty", "not a Helm chart: it begins with nothing: it is empty", "upload again"),
        ("cut", "not a Helm chart: unexpected EOF", "the file is cut or damaged"),
    ):
        with pytest.raises(NotAChart) as caught:
            await source.resolve(at(server, f"/{name}.tgz"))
        assert caught.value.message == f"{server.host}{PREFIX}/{name}.tgz: {message}"
        assert hint in caught.value.hint
        assert "helm push" not in caught.value.hint


@pytest.mark.parametrize(
    ("home", "hint"),
    [(False, "or pin the new digest in spec.chart.digest"), (True, "or else of the repository's index")],
)
async def test_other_bytes_than_wanted(server: ScriptedServer, sources: ChartSources, home: bool, hint: str) -> None:
    server.script = serving(FILES)
    access = replace(PLAIN, home=at(server) if home else "")
    with pytest.raises(DigestMismatch) as caught:
        await sources.source(access).fetch(at(server, "/web-1.0.0.tgz"), "sha256:" + "1" * 64)
    assert hint in caught.value.hint


@pytest.mark.parametrize(
    ("home", "hint"), [(False, "check spec.chart.url"), (True, "the repository's index.yaml names it")]
)
async def test_an_archive_that_is_not_there(
    server: ScriptedServer, sources: ChartSources, home: bool, hint: str
) -> None:
    server.script = serving(FILES)
    access = replace(PLAIN, home=at(server) if home else "")
    with pytest.raises(ChartNotFound) as caught:
        await sources.source(access).resolve(at(server, "/web-7.0.0.tgz"))
    assert hint in caught.value.hint


async def test_an_index_url_with_the_file(server: ScriptedServer, source: Charts) -> None:
    with pytest.raises(ChartNotFound) as caught:
        await source.index(at(server, "/index.yaml"))
    assert caught.value.hint.startswith("leave /index.yaml out of spec.chart.repository.url")


@pytest.mark.parametrize(
    ("text", "begins"),
    [
        pytest.param(b"\n<!DOCTYPE html>\n<html>", "`<!DOCTYPE html>`", id="html"),
        pytest.param(b"hello", "`hello`", id="a word"),
        pytest.param(b'["a"]', '`["a"]`', id="a list"),
    ],
)
async def test_what_is_no_index(server: ScriptedServer, source: Charts, text: bytes, begins: str) -> None:
    server.script = serving({"index.yaml": text})
    with pytest.raises(UnreadableIndex) as caught:
        await source.index(at(server))
    assert caught.value.message == f"{server.host}{PREFIX}: its index.yaml is no index: it begins with {begins}"
    assert "json: cannot unmarshal" in caught.value.problem or "yaml" in caught.value.problem


async def test_a_repository_that_is_away_is_named_whole_and_always_alike(
    server: ScriptedServer, source: Charts
) -> None:
    server.script = lambda request: Reply(503)
    texts = set()
    for _ in range(4):  # the circuit opens meanwhile
        with pytest.raises(RegistryUnavailable) as caught:
            await source.index(at(server))
        texts.add(str(caught.value))
    assert isinstance(caught.value, CircuitOpen)
    (text,) = texts
    assert text.startswith(f"{server.host}{PREFIX}/index.yaml: repository unavailable: status 503")


async def test_a_repository_without_tls_that_is_asked_with_it(server: ScriptedServer, source: Charts) -> None:
    with pytest.raises(RegistryUnavailable) as caught:
        await source.index(f"https://{server.host}")
    assert "write http:// in place of https://, and set `spec.chart.insecure: true`" in caught.value.hint


async def test_provenance_lies_beside_the_archive(server: ScriptedServer, source: Charts) -> None:
    server.script = serving(FILES)
    assert await source.provenance(at(server, "/web-1.0.0.tgz")) == b"signed"
    assert await source.provenance(at(server, "/other.tgz")) is None
    assert await source.provenance(at(server, "/web-1.0.0.tgz?sig=a.b")) == b"signed"
    assert server.paths()[-1] == f"GET {PREFIX}/web-1.0.0.tgz.prov?sig=a.b"


REFUSED = [
    pytest.param(FILES, "other", "", ChartNotFound, "chart other is not in its index", id="no-chart"),
    pytest.param(FILES, "web", "3", NoMatchingVersion, "no version matches version 3; newest versions: 1.0.0, 0.9.0",
                 id="no-version"),
    pytest.param(FILES, "web", "x y", InvalidVersion, "x y", id="no-range"),
    pytest.param({}, "web", "", ChartNotFound, "index.yaml was not found", id="no-index"),
    pytest.param({"index.yaml": b""}, "web", "", UnreadableIndex, "empty index.yaml file", id="empty"),
    pytest.param({"index.yaml": INDEX[:60]}, "web", "", UnreadableIndex, "error converting YAML to JSON", id="cut"),
    pytest.param({"index.yaml": b"<html></html>"}, "web", "", UnreadableIndex, "it begins with `<html>", id="html"),
    pytest.param({"index.yaml": b"# " + b"x" * 300_000}, "web", "", TooLarge, "index.yaml is larger than 200000 bytes",
                 id="too-large"),
    pytest.param({"index.yaml": index("  - {name: web, version: 1.0.0}\n")}, "web", "", UnreadableIndex,
                 "chart web 1.0.0 has no downloadable URLs", id="no-urls"),
    pytest.param({"index.yaml": index(entry("web", "1.0.0", digest="abc"))}, "web", "", UnreadableIndex,
                 "has the digest 'abc'", id="short-digest"),
    pytest.param({"index.yaml": index(entry("web", "1.0.0", url="x" * 2000))}, "web", "", UnreadableIndex,
                 "the URL of chart web 1.0.0 has more than 1024 characters", id="long-url"),
    pytest.param({"index.yaml": index(entry("web", "1.0.0", url="http://[::1/web.tgz?sig=secret"))}, "web", "",
                 InvalidReference, "cannot be read", id="broken-url"),
    pytest.param({"index.yaml": index(entry("web", "1.0.0", url="http://h/a b.tgz?sig=secret"))}, "web", "",
                 InvalidReference, "has characters that URLs must escape", id="blank-in-url"),
    pytest.param({"index.yaml": index(entry("web", "1.0.0", url="ftp://x/web.tgz"))}, "web", "", InvalidReference,
                 "is not of the form", id="other-scheme"),
    pytest.param({"index.yaml": index(entry("web", "1.0.0", url="http://u:secret@127.0.0.1/web.tgz"))}, "web", "",
                 InvalidReference, "holds a user name or password", id="password-in-url"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("files", "name", "hint"),
    [
        pytest.param(FILES, "wbe", "correct spec.chart.name, or push the chart: the repository has web", id="similar"),
        pytest.param(FILES, "zzz", "the repository has 1 chart, none", id="other"),
        pytest.param({}, "web", "Its index.yaml lies directly below it", id="no-index"),
        pytest.param({"index.yaml": INDEX * 1500}, "web", "take versions that nobody needs out", id="too-large"),
    ],
)
async def test_hints_say_what_to_do(
    server: ScriptedServer, cache: ChartCache, files: dict[str, bytes], name: str, hint: str
) -> None:
    server.script = serving(files)
    sources = ChartSources(cache, limits=Limits(index_bytes=200_000), reach=Reach(local=True))
    with pytest.raises(SourceError) as caught:
        await sources.source(PLAIN).resolve(at(server), name=name)
    await sources.close()
    assert hint in caught.value.hint


@pytest.mark.parametrize(("files", "name", "version", "error", "text"), REFUSED)
async def test_refuses(
    server: ScriptedServer, cache: ChartCache, files: dict[str, bytes], name: str, version: str,
    error: type[SteersmanError], text: str,
) -> None:  # fmt: skip
    server.script = serving(files)
    sources = ChartSources(cache, limits=Limits(index_bytes=200_000), reach=Reach(local=True))
    with pytest.raises(error) as caught:
        await sources.source(PLAIN).resolve(at(server), version, name=name)
    await sources.close()
    assert text in caught.value.message
    assert "secret" not in str(caught.value)


async def test_other_bytes_than_the_index_says(server: ScriptedServer, source: Charts, cache: ChartCache) -> None:
    other = chart(version="1.0.1")
    server.script = serving({**FILES, "web-1.0.0.tgz": other})
    resolved = await source.resolve(at(server), name="web")
    with pytest.raises(DigestMismatch) as caught:
        await source.fetch(resolved.url, resolved.digest)
    assert (caught.value.wanted, caught.value.got) == (sha256(WEB), sha256(other))
    assert cache.get(sha256(other)) is None
    assert cache.get(sha256(WEB)) is None


async def test_an_index_that_breaks_off_is_tried_again(server: ScriptedServer, source: Charts) -> None:
    broken = iter([Reply(200, INDEX, announced=len(INDEX) + 9), Reply(503)])
    works = serving(FILES)
    server.script = lambda request: next(broken, None) or works(request)
    assert "web" in await source.index(at(server))
    assert len(server.requests) == 3


async def test_an_unchanged_answer_to_an_unconditional_request(server: ScriptedServer, source: Charts) -> None:
    server.script = lambda request: Reply(304)
    with pytest.raises(UnexpectedAnswer, match="status 304"):
        await source.index(at(server))


async def test_a_host_that_is_down(sources: ChartSources) -> None:
    with pytest.raises(RegistryUnavailable):
        await sources.source(PLAIN).index("http://127.0.0.1:1/charts")


async def test_a_large_index_is_read_by_another_process(server: ScriptedServer, cache: ChartCache) -> None:
    versions = [
        entry("web", f"1.{n // 100}.{n % 100}", digest=hashlib.sha256(b"%d" % n).hexdigest()) for n in range(5000)
    ]
    body = index(*versions)
    assert len(body) > 512 * 1024
    server.script = serving({"index.yaml": body})
    sources = ChartSources(cache, limits=Limits(), retry=RetryPolicy(attempts=1), reach=Reach(local=True))
    found: Index = await sources.source(PLAIN).index(at(server))
    await sources.close()
    assert len(found.versions("web")) == 5000
    assert found.versions("web")[0].version == "1.49.99"


LEVELS = "".join(f"a{level}: &a{level} [*a{level - 1}, *a{level - 1}]\n" for level in range(1, 40))
BOMBS = [
    pytest.param("a0: &a0 [x, x]\n" + LEVELS,
                 "excessive aliasing", id="aliases"),
    pytest.param("a: " + "[" * 400_000, "exceeded max depth", id="nesting"),
    pytest.param("a: '" + "x" * 300_000 + "\n", "", id="scalar-without-end"),
    pytest.param("".join(f"k{n % 30_000}: 1\n" for n in range(60_000)), "already set in map", id="keys-twice"),
    pytest.param('{"a": ' + "[" * 400_000, "", id="json-nesting"),
    pytest.param("a: &a x\nb: [" + "*a, " * 200_000 + "]\n", "", id="many-aliases"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "problem"), BOMBS)
async def test_bombs_cost_a_process_at_most(server: ScriptedServer, cache: ChartCache, text: str, problem: str) -> None:
    server.script = lambda request: Reply(200, text.encode() + b"#" * 300_000)
    sources = ChartSources(cache, retry=RetryPolicy(attempts=1), reach=Reach(local=True))
    with pytest.raises(UnreadableIndex) as caught:
        await sources.source(PLAIN).index(at(server))
    await sources.close()
    assert problem in caught.value.message
    assert cache_files(cache) == []


@pytest.mark.parametrize(
    ("base", "reference", "expected"),
    [
        ("https://h/charts", "web.tgz", "https://h/charts/web.tgz"),
        ("https://h/charts/", "web.tgz", "https://h/charts/web.tgz"),
        ("https://h", "web.tgz", "https://h/web.tgz"),
        ("https://h/charts", "/web.tgz", "https://h/web.tgz"),
        ("https://h/charts", "../web.tgz", "https://h/web.tgz"),
        ("https://h/charts", "a/b.tgz", "https://h/charts/a/b.tgz"),
        ("https://h/charts", "https://other/web.tgz", "https://other/web.tgz"),
        ("https://h/charts", "//other/web.tgz", "https://other/web.tgz"),
        ("https://h/charts?token=x", "web.tgz", "https://h/charts/web.tgz?token=x"),
        ("https://h/charts?token=x", "web.tgz?a=b", "https://h/charts/web.tgz?token=x"),
        ("https://h/charts", "web.tgz?a=b", "https://h/charts/web.tgz"),
        ("https://h/a%2Fb", "web-1.0.0+x.tgz", "https://h/a%2Fb/web-1.0.0+x.tgz"),
    ],
)  # fmt: skip
def test_relative_urls_are_within_the_repository(base: str, reference: str, expected: str) -> None:
    assert resolve(base, reference) == expected


SEEDS = range(20)


async def test_archives_that_are_not_the_pinned_ones(server: ScriptedServer, source: Charts, cache: ChartCache) -> None:
    for seed in SEEDS:
        random = Random(seed)
        data = bytearray(WEB)
        at = random.randrange(len(data))
        match seed % 3:
            case 0:
                data[at] ^= 1 << random.randrange(8)
            case 1:
                del data[at:]
            case _:
                data[at:at] = random.randbytes(3)
        server.script = serving({**FILES, "web-1.0.0.tgz": bytes(data)})
        with pytest.raises(DigestMismatch):
            await source.fetch(at_path(server), sha256(WEB))
        assert cache.get(sha256(WEB)) is None
        assert cache.get(sha256(bytes(data))) is None


async def test_answers_that_break_off_are_no_index(server: ScriptedServer, cache: ChartCache) -> None:
    sources = ChartSources(cache, retry=RetryPolicy(attempts=1), reach=Reach(local=True))
    for seed in SEEDS:
        cut = Random(seed).randrange(len(INDEX))
        reply = Reply(200, INDEX[:cut], {"ETag": f'"{seed}"'}, announced=len(INDEX))
        server.script = lambda request, reply=reply: reply  # type: ignore[misc]
        with pytest.raises(RegistryUnavailable):
            await sources.source(replace(PLAIN, home=at(server, f"/{seed}"))).index(at(server, f"/{seed}"))
    await sources.close()
    assert cache_files(cache) == []


def at_path(server: ScriptedServer) -> str:
    return at(server, "/web-1.0.0.tgz")
