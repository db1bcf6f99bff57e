"""Charts of HTTP repositories: which hosts may be named, and where credentials go."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from random import Random

import pytest
from registry.conftest import PLAIN
from registry.repositories import FILES, PREFIX, WEB, at, entry, index, serving
from registry.scripted import Reply, Request, ScriptedServer, serve, sha256

from steersman.registry.access import Access, Tls
from steersman.registry.auth import Credential
from steersman.registry.cache import ChartCache
from steersman.registry.errors import (
    AccessDenied,
    InvalidReference,
    RegistryNotAllowed,
)
from steersman.registry.reach import Reach
from steersman.registry.source import ChartSources

SECRET = Credential("user", "secret")

BASIC = "Basic dXNlcjpzZWNyZXQ="


@pytest.fixture
def elsewhere() -> Iterator[ScriptedServer]:
    with serve() as scripted:
        yield scripted


def _authorizations(server: ScriptedServer) -> list[str]:
    return [request.authorization for request in server.requests]


async def test_plain_http_must_be_asked_for(server: ScriptedServer, sources: ChartSources) -> None:
    with pytest.raises(InvalidReference, match="without TLS"):
        await sources.source(Access()).index(at(server))
    assert server.requests == []


async def test_hosts_that_may_not_be_named(
    server: ScriptedServer, elsewhere: ScriptedServer, cache: ChartCache
) -> None:
    url = f"http://{elsewhere.host}/web.tgz"
    server.script = serving({"index.yaml": index(entry("web", "1.0.0", url=url, digest="0" * 64))})
    sources = ChartSources(cache, reach=Reach((server.host,), local=True))
    with pytest.raises(RegistryNotAllowed):
        await sources.source(PLAIN).resolve(at(server), name="web")
    with pytest.raises(RegistryNotAllowed):
        await sources.source(PLAIN).fetch(url, "sha256:" + "0" * 64)
    await sources.close()
    assert elsewhere.requests == []


@pytest.mark.parametrize(
    "url",
    [
        r"http://{other}\@h.example/web.tgz", r"http://h.example\.example/web.tgz", "http://h.example%2e/web.tgz",
        "http://{other};h.example/web.tgz",
    ],
)  # fmt: skip
async def test_an_address_that_parsers_read_differently(elsewhere: ScriptedServer, cache: ChartCache, url: str) -> None:
    sources = ChartSources(cache, reach=Reach(("*.example", "*.example%2e"), local=True))
    with pytest.raises(InvalidReference):
        await sources.source(PLAIN).fetch(url.format(other=elsewhere.host), "sha256:" + "0" * 64)
    await sources.close()
    assert elsewhere.requests == []


@pytest.mark.parametrize("pass_credentials", [False, True])
async def test_credentials_go_to_another_host_only_when_passed_on(
    server: ScriptedServer, elsewhere: ScriptedServer, sources: ChartSources, pass_credentials: bool
) -> None:
    url = f"http://{elsewhere.host}{PREFIX}/web-1.0.0.tgz"
    server.script = serving({"index.yaml": index(entry("web", "1.0.0", url=url))})
    elsewhere.script = serving(FILES)
    access = replace(PLAIN, credential=SECRET, pass_credentials=pass_credentials, home=at(server))
    source = sources.source(access)
    resolved = await source.resolve(at(server), name="web")
    await source.fetch(resolved.url, resolved.digest)
    assert _authorizations(server) == [BASIC]
    assert _authorizations(elsewhere) == [BASIC if pass_credentials else ""]


@pytest.mark.parametrize("home", [True, False])
async def test_credentials_are_the_repositorys(
    server: ScriptedServer, elsewhere: ScriptedServer, sources: ChartSources, home: bool
) -> None:
    """Also where the terms do not name it, as long as it is the one that is resolved in."""
    url = f"http://{elsewhere.host}{PREFIX}/web-1.0.0.tgz"
    server.script = serving({"index.yaml": index(entry("web", "1.0.0", url=url))})
    elsewhere.script = serving(FILES)
    access = replace(PLAIN, credential=SECRET, home=at(server) if home else "")
    await sources.source(access).resolve(at(server), name="web")
    assert _authorizations(elsewhere) == [""]


@pytest.mark.parametrize("pass_credentials", [False, True])
async def test_credentials_follow_no_redirect(
    server: ScriptedServer, elsewhere: ScriptedServer, sources: ChartSources, pass_credentials: bool
) -> None:
    server.script = lambda request: Reply(302, headers={"Location": f"http://{elsewhere.host}{request.path}"})
    elsewhere.script = serving(FILES)
    access = replace(PLAIN, credential=SECRET, pass_credentials=pass_credentials, home=at(server))
    source = sources.source(access)
    resolved = await source.resolve(at(server), name="web")
    await source.fetch(resolved.url, resolved.digest)
    assert _authorizations(server) == [BASIC] * 2
    assert _authorizations(elsewhere) == [""] * 2


async def test_credentials_never_go_from_tls_to_plain_text(server: ScriptedServer, sources: ChartSources) -> None:
    server.script = serving(FILES)
    access = replace(PLAIN, credential=SECRET, pass_credentials=True, home=f"https://{server.host}/charts")
    await sources.source(access).resolve(at(server, "/web-1.0.0.tgz"))
    assert _authorizations(server) == [""]


async def test_a_bearer_token_is_sent_as_it_is(server: ScriptedServer, sources: ChartSources) -> None:
    server.script = serving(FILES)
    await sources.source(replace(PLAIN, credential=Credential(registry_token="abc"))).index(at(server))
    assert _authorizations(server) == ["Bearer abc"]


@pytest.mark.parametrize(("passed", "hint"), [(True, "check the credentials"), (False, "passCredentials")])
async def test_a_refusal_says_whether_credentials_were_sent(
    server: ScriptedServer, elsewhere: ScriptedServer, sources: ChartSources, passed: bool, hint: str
) -> None:
    elsewhere.script = lambda request: Reply(403)
    access = replace(PLAIN, credential=SECRET, home=at(elsewhere if passed else server))
    with pytest.raises(AccessDenied) as caught:
        await sources.source(access).fetch(at(elsewhere, "/web.tgz"), sha256(WEB))
    assert hint in caught.value.hint


async def test_no_credential_ever_reaches_another_host(
    server: ScriptedServer, elsewhere: ScriptedServer, sources: ChartSources
) -> None:
    """Redirects of all kinds, of the index, the archive or its provenance, with and without pass_credentials."""
    elsewhere.script = serving({**FILES, "index.yaml": index(entry("web", "1.0.0"))})
    for seed in range(20):
        random = Random(seed)
        status = random.choice([301, 302, 303, 307, 308])
        moved = random.choice(["/index.yaml", ".tgz", ".prov"])
        works = serving({**FILES, "index.yaml": index(entry("web", "1.0.0"))})

        def script(request: Request, status=status, moved=moved, works=works) -> Reply:  # type: ignore[no-untyped-def]
            if request.path.endswith(moved):
                return Reply(status, headers={"Location": f"http://{elsewhere.host}{request.path}?{request.path}"})
            reply: Reply = works(request)
            return reply

        server.script = script
        credential = random.choice([SECRET, Credential(registry_token="abc")])
        terms = replace(
            PLAIN, credential=credential, pass_credentials=random.random() < 0.5, home=at(server),
            tls=Tls(minimum_version=random.choice(["", "1.2"])),
        )  # fmt: skip
        resolved = await sources.source(terms).resolve(at(server), name="web")
        await sources.source(terms).fetch(resolved.url, resolved.digest)
        assert await sources.source(terms).provenance(resolved.url) == b"signed"
    assert elsewhere.requests
    assert {request.authorization for request in elsewhere.requests} == {""}
    assert "" not in {request.authorization for request in server.requests}
