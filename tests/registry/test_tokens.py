"""Who sees credentials, and how tokens come, expire and come again."""

from __future__ import annotations

import asyncio
import base64
import json
from collections.abc import Iterator
from urllib.parse import parse_qs, urlsplit

import pytest
from registry.scripted import CHART, REPOSITORY, Reply, Request, ScriptedServer, contents, manifest_of, serve, sha256

from steersman.registry.access import Access
from steersman.registry.auth import Credential
from steersman.registry.errors import AccessDenied, RegistryUnavailable, UnexpectedAnswer
from steersman.registry.source import ChartSources
from steersman.registry.tokens import parse_challenge

MANIFEST = manifest_of()
DIGEST = sha256(MANIFEST)
SCOPE = f"repository:{REPOSITORY}:pull"
ME = Credential("me", "hunter2")
BASIC = "Basic " + base64.b64encode(b"me:hunter2").decode()


@pytest.fixture
def elsewhere() -> Iterator[ScriptedServer]:
    """Another host: the token service, or storage that a registry redirects to."""
    with serve() as scripted:
        yield scripted


def access(credential: Credential | None = ME) -> Access:
    return Access(credential=credential, insecure=True)


def unauthorized(challenge: str) -> Reply:
    return Reply(401, headers={"WWW-Authenticate": challenge})


class TokenRegistry:
    """A registry that wants bearer tokens, and its token service. Tokens are `token-1`, `token-2`…"""

    def __init__(self, registry: ScriptedServer, service: ScriptedServer) -> None:
        self.expired: set[str] = set()
        self.issued = 0
        self.answer: dict[str, object] = {"expires_in": 60}
        self.works = contents(MANIFEST)
        self._challenge = f'Bearer realm="http://{service.host}/token",service="r",scope="{SCOPE}"'
        registry.script = self.serve_charts
        service.script = self.serve_token

    def serve_charts(self, request: Request) -> Reply:
        token = request.authorization.removeprefix("Bearer ")
        valid = {f"token-{number}" for number in range(1, self.issued + 1)} - self.expired
        return self.works(request) if token in valid else unauthorized(self._challenge)

    def serve_token(self, request: Request) -> Reply:
        self.issued += 1
        return Reply(200, json.dumps({"token": f"token-{self.issued}", **self.answer}).encode())


async def test_basic_credentials_go_out_only_after_a_challenge(server: ScriptedServer, sources: ChartSources) -> None:
    works = contents(MANIFEST)
    server.script = lambda request: (
        works(request) if request.authorization == BASIC else unauthorized('Basic realm="r"')
    )
    assert await sources.source(access()).fetch(server.url, DIGEST) == CHART
    assert [request.authorization for request in server.requests] == ["", BASIC, BASIC]


async def test_bearer_token_for_the_scope_asked_for(
    server: ScriptedServer, elsewhere: ScriptedServer, sources: ChartSources
) -> None:
    TokenRegistry(server, elsewhere)
    assert await sources.source(access()).fetch(server.url, DIGEST) == CHART
    (asked,) = elsewhere.requests
    assert asked.authorization == BASIC
    assert parse_qs(urlsplit(asked.path).query) == {"service": ["r"], "scope": [SCOPE]}
    assert {request.authorization for request in server.requests} == {"", "Bearer token-1"}


async def test_anonymous_token(server: ScriptedServer, elsewhere: ScriptedServer, sources: ChartSources) -> None:
    TokenRegistry(server, elsewhere)
    assert await sources.source(access(None)).fetch(server.url, DIGEST) == CHART
    assert [request.authorization for request in elsewhere.requests] == [""]


async def test_an_expired_token_is_replaced(
    server: ScriptedServer, elsewhere: ScriptedServer, sources: ChartSources
) -> None:
    registry = TokenRegistry(server, elsewhere)
    source = sources.source(access())
    await source.resolve(server.url + "@" + DIGEST)
    works = contents(MANIFEST, tags=("1.0.0",))
    registry.works = works
    assert (await source.resolve(server.url, "1.0.0")).digest == DIGEST
    registry.expired.add("token-1")
    assert (await source.resolve(server.url, "1.0.0")).digest == DIGEST
    assert registry.issued == 2


async def test_a_token_that_has_expired_is_not_sent_again(
    server: ScriptedServer, elsewhere: ScriptedServer, sources: ChartSources
) -> None:
    registry = TokenRegistry(server, elsewhere)
    registry.works = contents(MANIFEST, tags=("1.0.0",))
    registry.answer = {"expires_in": 0.2}
    source = sources.source(access())
    await source.resolve(server.url, "1.0.0")
    await asyncio.sleep(0.2)
    await source.resolve(server.url, "1.0.0")
    assert [request.authorization for request in server.requests] == ["", "Bearer token-1", "Bearer token-2"]


async def test_clients_share_a_token_of_one_scope(
    server: ScriptedServer, elsewhere: ScriptedServer, sources: ChartSources
) -> None:
    registry = TokenRegistry(server, elsewhere)
    tags = tuple(f"1.0.{number}" for number in range(40))
    registry.works = contents(MANIFEST, tags=tags)
    source = sources.source(access())
    found = await asyncio.gather(*(source.resolve(server.url, tag) for tag in tags))
    assert {resolved.digest for resolved in found} == {DIGEST}
    assert registry.issued == 1


async def test_another_credential_gets_a_token_of_its_own(
    server: ScriptedServer, elsewhere: ScriptedServer, sources: ChartSources
) -> None:
    registry = TokenRegistry(server, elsewhere)
    registry.works = contents(MANIFEST, tags=("1.0.0",))
    for credential in (ME, None, Credential("you", "hunter2"), ME):
        await sources.source(access(credential)).resolve(server.url, "1.0.0")
    assert registry.issued == 3
    assert len({request.authorization for request in elsewhere.requests}) == 3


async def test_another_registry_with_the_same_token_service_gets_a_token_of_its_own(
    server: ScriptedServer, elsewhere: ScriptedServer, sources: ChartSources
) -> None:
    registry = TokenRegistry(server, elsewhere)
    registry.works = contents(MANIFEST, tags=("1.0.0",))
    await sources.source(access()).resolve(server.url, "1.0.0")
    with serve() as other:
        other.script = registry.serve_charts
        await sources.source(access()).resolve(other.url, "1.0.0")
        assert {request.authorization for request in other.requests} == {"", "Bearer token-2"}


async def test_a_given_bearer_token_is_not_traded(
    server: ScriptedServer, elsewhere: ScriptedServer, sources: ChartSources
) -> None:
    TokenRegistry(server, elsewhere)
    with pytest.raises(AccessDenied):
        await sources.source(access(Credential(registry_token="given"))).fetch(server.url, DIGEST)
    assert elsewhere.requests == []
    assert [request.authorization for request in server.requests] == ["Bearer given"]


async def test_a_new_identity_token_takes_the_place_of_the_old_one(
    server: ScriptedServer, elsewhere: ScriptedServer, sources: ChartSources
) -> None:
    registry = TokenRegistry(server, elsewhere)
    registry.works = contents(MANIFEST, tags=("1.0.0",))
    registry.answer = {"expires_in": 60, "refresh_token": "newer"}
    source = sources.source(access(Credential(identity_token="first")))
    await source.resolve(server.url, "1.0.0")
    registry.expired.add("token-1")
    await source.resolve(server.url, "1.0.0")
    # The service forgets what it handed out; what was given still counts.
    registry.expired.add("token-2")
    elsewhere.script = lambda request: (
        registry.serve_token(request) if b"refresh_token=first" in request.body else Reply(400)
    )
    await source.resolve(server.url, "1.0.0")
    sent = [parse_qs(request.body.decode())["refresh_token"] for request in elsewhere.requests]
    assert sent == [["first"], ["newer"], ["newer"], ["first"]]


async def test_a_refused_new_token_ends_it(
    server: ScriptedServer, elsewhere: ScriptedServer, sources: ChartSources
) -> None:
    registry = TokenRegistry(server, elsewhere)
    registry.expired.add("token-1")
    with pytest.raises(AccessDenied, match="check the credentials"):
        await sources.source(access()).fetch(server.url, DIGEST)
    assert registry.issued == 1


async def test_an_identity_token_is_traded_for_an_access_token(
    server: ScriptedServer, elsewhere: ScriptedServer, sources: ChartSources
) -> None:
    TokenRegistry(server, elsewhere)
    assert await sources.source(access(Credential(identity_token="refresh"))).fetch(server.url, DIGEST) == CHART
    (asked,) = elsewhere.requests
    assert (asked.method, asked.authorization) == ("POST", "")
    form = parse_qs(asked.body.decode())
    assert form["grant_type"] == ["refresh_token"]
    assert form["refresh_token"] == ["refresh"]
    assert form["scope"] == [SCOPE]


async def test_a_registry_token_goes_out_as_it_is(server: ScriptedServer, sources: ChartSources) -> None:
    server.script = contents(MANIFEST)
    await sources.source(access(Credential(registry_token="given"))).fetch(server.url, DIGEST)
    assert {request.authorization for request in server.requests} == {"Bearer given"}


@pytest.mark.parametrize("credential", [ME, Credential(registry_token="given")], ids=["basic", "bearer"])
async def test_credentials_do_not_follow_a_redirect(
    server: ScriptedServer, elsewhere: ScriptedServer, sources: ChartSources, credential: Credential
) -> None:
    works = contents(MANIFEST)

    def script(request: Request) -> Reply:
        if not request.authorization:
            return unauthorized('Basic realm="r"')
        if "/blobs/" in request.path:
            return Reply(307, headers={"Location": f"http://{elsewhere.host}/storage?signature=abc"})
        return works(request)

    server.script = script
    elsewhere.script = lambda request: Reply(200, CHART)
    assert await sources.source(access(credential)).fetch(server.url, DIGEST) == CHART
    (stored,) = elsewhere.requests
    assert stored.path == "/storage?signature=abc"
    assert "authorization" not in {name.lower() for name in stored.headers}


async def test_a_challenge_from_behind_a_redirect_gets_nothing(
    server: ScriptedServer, elsewhere: ScriptedServer, sources: ChartSources
) -> None:
    server.script = lambda request: Reply(302, headers={"Location": f"http://{elsewhere.host}/x?signature=abc"})
    elsewhere.script = lambda request: unauthorized('Basic realm="gimme"')
    with pytest.raises(AccessDenied) as caught:
        await sources.source(access()).fetch(server.url, DIGEST)
    assert [request.authorization for request in elsewhere.requests] == [""]
    assert "signature" not in str(caught.value)


async def test_credentials_of_one_registry_never_reach_another(
    server: ScriptedServer, elsewhere: ScriptedServer, sources: ChartSources
) -> None:
    script = contents(MANIFEST)
    server.script = lambda request: script(request) if request.authorization else unauthorized('Basic realm="r"')
    await sources.source(access()).fetch(server.url, DIGEST)
    elsewhere.script = lambda request: unauthorized('Basic realm="r"')
    other = manifest_of(b"another chart")
    with pytest.raises(AccessDenied):
        await sources.source(access(None)).fetch(elsewhere.url, sha256(other))
    assert {request.authorization for request in elsewhere.requests} == {""}


async def test_a_token_service_is_not_followed_elsewhere(
    server: ScriptedServer, elsewhere: ScriptedServer, sources: ChartSources
) -> None:
    TokenRegistry(server, elsewhere)
    with serve() as third:
        elsewhere.script = lambda request: Reply(302, headers={"Location": f"http://{third.host}/token"})
        with pytest.raises(AccessDenied, match="answered 302"):
            await sources.source(access()).fetch(server.url, DIGEST)
        assert third.requests == []


@pytest.mark.parametrize(
    ("reply", "error", "text"),
    [
        pytest.param(Reply(403), AccessDenied, "token service 127.0.0.1 answered 403", id="denied"),
        pytest.param(Reply(503), RegistryUnavailable, "503", id="unavailable"),
        pytest.param(Reply(200, b"hunter2"), UnexpectedAnswer, "unreadable JSON", id="no-json"),
        pytest.param(Reply(200, b"{}"), UnexpectedAnswer, "no token", id="no-token"),
        pytest.param(
            Reply(200, b'{"token": "a\\r\\nX: y"}'), UnexpectedAnswer, "no token", id="a-token-that-is-two-headers"
        ),
    ],
)
async def test_a_token_service_that_gives_none(
    server: ScriptedServer, elsewhere: ScriptedServer, sources: ChartSources, reply: Reply, error: type, text: str
) -> None:
    TokenRegistry(server, elsewhere)
    elsewhere.script = lambda request: reply
    with pytest.raises(error, match=text) as caught:
        await sources.source(access()).fetch(server.url, DIGEST)
    assert "hunter2" not in str(caught.value)


@pytest.mark.parametrize(
    ("realm", "text"),
    [
        pytest.param("", "names no token service that is an address", id="none"),
        pytest.param("token", "names no token service that is an address", id="no-address"),
        pytest.param("file:///etc/passwd", "names no token service that is an address", id="file"),
        pytest.param("http://[", "names no token service that is an address", id="half-an-address"),
        pytest.param("https://a:b@127.0.0.1/", "names no token service that is an address", id="with-a-password"),
        pytest.param("ftp://x/", "not reached over TLS", id="another-scheme"),
    ],
)
async def test_a_realm_must_be_an_address(server: ScriptedServer, sources: ChartSources, realm: str, text: str) -> None:
    server.script = lambda request: unauthorized(f'Bearer realm="{realm}",scope="x"')
    with pytest.raises(UnexpectedAnswer, match=text):
        await sources.source(access()).fetch(server.url, DIGEST)


@pytest.mark.parametrize(
    ("header", "scheme", "parameters"),
    [
        pytest.param(
            'Bearer realm="https://a/t",service=r', "bearer", {"realm": "https://a/t", "service": "r"}, id="bearer"
        ),
        pytest.param('BASIC Realm="a \\"b\\""', "basic", {"realm": 'a "b"'}, id="case-and-escapes"),
        pytest.param(
            'Bearer scope="repository:a:pull,push"', "bearer", {"scope": "repository:a:pull,push"}, id="comma"
        ),
        pytest.param("Negotiate", "negotiate", {}, id="bare"),
        pytest.param(
            'Basic realm="b", Bearer realm="https://a/t",service="s"',
            "bearer",
            {"realm": "https://a/t", "service": "s"},
            id="bearer-comes-first",
        ),
        pytest.param(
            'Bearer realm="https://a/t", Basic realm="b"', "bearer", {"realm": "https://a/t"}, id="not-mixed-up"
        ),
        pytest.param('Negotiate abc==, NTLM, Basic realm="b"', "basic", {"realm": "b"}, id="what-is-known"),
        pytest.param('Bearer realm="a",realm="b"', "bearer", {"realm": "a"}, id="the-first-of-two"),
        pytest.param('Bearer realm = "a" , scope="", x', "bearer", {"realm": "a", "scope": ""}, id="spaces"),
        pytest.param('Bearer realm="a', "bearer", {}, id="no-end"),
        pytest.param("", "", {}, id="none"),
    ],
)
def test_challenges(header: str, scheme: str, parameters: dict[str, str]) -> None:
    assert parse_challenge(header) == (scheme, parameters)
