"""No credential reaches a host that it is not for: every way in which a registry may try to send one there, with every
kind of credential, judged by what the other host was sent."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import pytest
from registry.scripted import (
    CHART,
    REPOSITORY,
    Reply,
    Request,
    Script,
    ScriptedServer,
    contents,
    manifest_of,
    serve,
    sha256,
)
from registry.test_tls import Pair as Pair
from registry.test_tls import pair as pair  # the fixture

from steersman.errors import SteersmanError
from steersman.registry.access import Access, Tls
from steersman.registry.auth import Credential
from steersman.registry.source import ChartSources

MANIFEST = manifest_of()
DIGEST = sha256(MANIFEST)
SECRETS = ("hunter2-password", "hunter2-identity", "hunter2-bearer", "hunter2-token")
ENCODED = base64.b64encode(b"me:hunter2-password").decode()
CREDENTIALS = {
    "password": Credential("me", "hunter2-password"),
    "identity": Credential(identity_token="hunter2-identity"),
    "bearer": Credential(registry_token="hunter2-bearer"),
    "all": Credential("me", "hunter2-password", "hunter2-identity", ""),
}


@dataclass(frozen=True)
class Stage:
    """URLs of the registry and of the other host."""

    registry: str
    other: str


Attack = Callable[[Stage], Script]
"""The script of a registry that tries it."""


def challenge(realm: str) -> Reply:
    return Reply(401, headers={"WWW-Authenticate": f'Bearer realm="{realm}",service="s",scope="x"'})


def home(stage: Stage, script: Script) -> Script:
    """A registry that works, after a token or a password of its own."""
    works = contents(MANIFEST, CHART, ("1.0.0",))

    def answer(request: Request) -> Reply:
        if request.path.startswith("/token"):
            return Reply(200, json.dumps({"token": "hunter2-token"}).encode())
        if not request.authorization:
            return challenge(f"{stage.registry}/token")
        reply = script(request)
        return works(request) if reply.status == 0 else reply

    return answer


def redirect(part: str, status: int) -> Attack:
    """What is under this part of the path is elsewhere."""

    def attack(stage: Stage) -> Script:
        location = {"Location": f"{stage.other}/stored?signature=abc"}
        return home(stage, lambda request: Reply(status, headers=location) if part in request.path else Reply(0))

    return attack


def disguised(part: str) -> Attack:
    """As `redirect`, to what is the registry's own for one parser of URLs and the other host's for another."""

    def attack(stage: Stage) -> Script:
        location = {"Location": f"{stage.other}\\@{stage.registry.partition('://')[2]}/stored"}
        return home(stage, lambda request: Reply(307, headers=location) if part in request.path else Reply(0))

    return attack


def next_page(stage: Stage) -> Script:
    link = {"Link": f'<{stage.other}/v2/{REPOSITORY}/tags/list?last=x>; rel="next"'}
    page = Reply(200, b'{"tags": ["1.0.0"]}', link)
    return home(stage, lambda request: page if "tags/list" in request.path else Reply(0))


def realm_elsewhere(stage: Stage) -> Script:
    return lambda request: challenge(f"{stage.other}/token")


def redirected_token_service(stage: Stage) -> Script:
    def answer(request: Request) -> Reply:
        if request.path.startswith("/token"):
            return Reply(307, headers={"Location": f"{stage.other}/token"})
        return challenge(f"{stage.registry}/token")

    return answer


def redirected_challenge(stage: Stage) -> Script:
    return lambda request: Reply(302, headers={"Location": f"{stage.other}{request.path}"})


ATTACKS: dict[str, Attack] = {
    **{f"manifest-{status}": redirect("/manifests/", status) for status in (301, 307)},
    "blob": redirect("/blobs/", 307),
    "tags": redirect("/tags/", 302),
    "disguised-manifest": disguised("/manifests/"),
    "disguised-blob": disguised("/blobs/"),
    "next-page": next_page,
    "token-service": redirected_token_service,
    "challenge-behind-a-redirect": redirected_challenge,
}


@pytest.fixture
def other() -> Iterator[ScriptedServer]:
    """The other host: it asks for credentials in both ways, and would have what is asked for."""
    with serve() as server:
        both = {"WWW-Authenticate": f'Basic realm="gimme", Bearer realm="http://{server.host}/token",service="s"'}
        server.script = lambda request: Reply(401, headers=both)
        yield server


async def try_everything(sources: ChartSources, access: Access, url: str) -> None:
    for ask in ("resolve", "range", "fetch"):
        source = sources.source(access)
        try:
            if ask == "fetch":
                await source.fetch(url, DIGEST)
            else:
                await source.resolve(url, "1.0.0" if ask == "resolve" else ">=1")
        except SteersmanError as error:
            assert not any(secret in str(error) for secret in SECRETS)


def leaked(server: ScriptedServer) -> list[str]:
    """The secrets that this server was sent, in whatever part of a request."""
    texts = [
        f"{request.path} {' '.join(request.headers.values())} {request.body.decode('latin-1')}"
        for request in server.requests
    ]
    return [secret for secret in (*SECRETS, ENCODED) if any(secret in text for text in texts)]


@pytest.mark.parametrize("credential", CREDENTIALS.values(), ids=CREDENTIALS)
@pytest.mark.parametrize("name", ATTACKS)
async def test_without_tls(
    server: ScriptedServer, other: ScriptedServer, sources: ChartSources, name: str, credential: Credential
) -> None:
    server.script = ATTACKS[name](Stage(f"http://{server.host}", f"http://{other.host}"))
    await try_everything(sources, Access(credential, insecure=True), server.url)
    # Storage elsewhere is fine, as long as it learns nothing; the others are not even asked.
    asked = name not in ("next-page", "token-service", "disguised-manifest", "disguised-blob")
    assert bool(other.requests) is asked
    assert leaked(other) == []


@pytest.mark.parametrize("credential", CREDENTIALS.values(), ids=CREDENTIALS)
@pytest.mark.parametrize("attack", ATTACKS.values(), ids=ATTACKS)
async def test_with_tls(pair: Pair, sources: ChartSources, attack: Attack, credential: Credential) -> None:
    certificate = (pair.certificate, pair.key)
    with serve(certificate) as server, serve(certificate) as other:
        other.script = lambda request: Reply(401, headers={"WWW-Authenticate": 'Basic realm="gimme"'})
        server.script = attack(Stage(f"https://{server.host}", f"https://{other.host}"))
        await try_everything(sources, Access(credential, tls=tls(pair)), server.url)
        assert server.requests
        assert leaked(other) == []


@pytest.mark.parametrize("credential", CREDENTIALS.values(), ids=CREDENTIALS)
@pytest.mark.parametrize("attack", [*ATTACKS.values(), realm_elsewhere], ids=[*ATTACKS, "realm"])
async def test_from_tls_to_none(
    pair: Pair, other: ScriptedServer, sources: ChartSources, attack: Attack, credential: Credential
) -> None:
    with serve((pair.certificate, pair.key)) as server:
        server.script = attack(Stage(f"https://{server.host}", f"http://{other.host}"))
        await try_everything(sources, Access(credential, tls=tls(pair)), server.url)
        assert server.requests
        assert other.requests == []


@pytest.mark.parametrize("name", ["password", "identity", "all"])
async def test_the_token_service_that_a_registry_names_is_the_one_exception(
    pair: Pair, sources: ChartSources, name: str
) -> None:
    certificate = (pair.certificate, pair.key)
    with serve(certificate) as server, serve(certificate) as other:
        server.script = realm_elsewhere(Stage(f"https://{server.host}", f"https://{other.host}"))
        await try_everything(sources, Access(CREDENTIALS[name], tls=tls(pair)), server.url)
        assert {request.path.partition("?")[0] for request in other.requests} == {"/token"}
        assert leaked(other) == [ENCODED if name == "password" else "hunter2-identity"]


def tls(pair: Pair) -> Tls:
    return Tls(ca=pair.certificate.read_bytes())
