"""One login for helm and steersman, at the real registry: with a password file, over TLS, and with a token service."""

from __future__ import annotations

import asyncio
import base64
import json
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import bcrypt
import pytest
from integration.token_service import TokenService, serve_tokens
from testenv.certificates import write_certificates
from testenv.clients import Helm
from testenv.layout import Layout
from testenv.registry import Registry, serve_registry

from steersman.cli.main import run
from steersman.registry.access import Access, Tls
from steersman.registry.auth import Credential
from steersman.registry.cache import ChartCache
from steersman.registry.errors import AccessDenied, UnexpectedAnswer
from steersman.registry.reach import Reach
from steersman.registry.source import ChartSources

ME = ("-u", "me", "-p", "right")
CREDENTIAL = Credential("me", "right")


@dataclass(frozen=True)
class Keys:
    """Files: an authority, and a certificate of it for everything on loopback."""

    ca: Path
    certificate: Path
    key: Path

    @property
    def tls(self) -> dict[str, object]:
        return {"http": {"tls": {"certificate": str(self.certificate), "key": str(self.key)}}}


@dataclass(frozen=True)
class Archive:
    """A chart that Helm packed."""

    path: Path
    data: bytes


@dataclass(frozen=True)
class Place:
    """A registry with a chart in it, and how helm and steersman say that they know its authority, or want none."""

    registry: Registry
    flags: tuple[str, ...]
    access: Access

    @property
    def host(self) -> str:
        return self.registry.host

    @property
    def url(self) -> str:
        return f"oci://{self.host}/charts/web"


@pytest.fixture(scope="module")
def keys(tmp_path_factory: pytest.TempPathFactory) -> Keys:
    folder = tmp_path_factory.mktemp("keys")
    layout = Layout(folder, folder)
    layout.ca_file.parent.mkdir(parents=True, exist_ok=True)
    write_certificates(layout)
    return Keys(layout.ca_file, layout.tls_cert, layout.tls_key)


@pytest.fixture(scope="module")
def archive(offline_helm: Helm, tmp_path_factory: pytest.TempPathFactory) -> Archive:
    folder = tmp_path_factory.mktemp("archive")
    offline_helm("create", str(folder / "web"))
    offline_helm("package", str(folder / "web"), "--version", "1.2.3", "--destination", str(folder))
    path = folder / "web-1.2.3.tgz"
    return Archive(path, path.read_bytes())


@pytest.fixture(scope="module", params=["htpasswd", "tokens"])
def place(
    request: pytest.FixtureRequest, keys: Keys, archive: Archive, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Place]:
    """Over TLS with a password file; without TLS with a token service."""
    folder = tmp_path_factory.mktemp("place")
    helm = Helm.at(tmp_path_factory.mktemp("pusher"))
    if request.param == "htpasswd":
        users = folder / "htpasswd"
        users.write_text(f"me:{bcrypt.hashpw(b'right', bcrypt.gensalt(4)).decode()}\n")
        settings = {"auth": {"htpasswd": {"realm": "test", "path": str(users)}}, **keys.tls}
        with serve_registry(folder, settings) as registry:
            found = Place(registry, ("--ca-file", str(keys.ca)), Access(tls=Tls(ca=keys.ca.read_bytes())))
            push(helm, archive, found)
            yield found
        return
    with serve_tokens() as service, serve_registry(folder, service.settings(folder)) as registry:
        found = Place(registry, ("--plain-http",), Access(insecure=True))
        push(helm, archive, found)
        yield found


def push(helm: Helm, archive: Archive, place: Place) -> None:
    helm("registry", "login", place.host, *ME, *place.flags)
    helm("push", str(archive.path), f"oci://{place.host}/charts", *place.flags)


@pytest.fixture
def helm(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Helm:
    """A helm that nobody logged in with yet; steersman looks at its files."""
    found = Helm.at(tmp_path)  # which looks for the program in this user's home
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("HELM_CONFIG_HOME", str(tmp_path / "helm" / "config"))
    for name in ("XDG_CACHE_HOME", "DOCKER_CONFIG", "HELM_REGISTRY_CONFIG"):
        monkeypatch.delenv(name, raising=False)
    return found


@pytest.fixture
def steersman(capfd: pytest.CaptureFixture[str]) -> Callable[..., str]:
    """Run a command; what it said on standard error, after its exit code."""

    def command(*arguments: str) -> str:
        capfd.readouterr()
        code = run(arguments)
        return f"{code} {capfd.readouterr().err}"

    return command


def login_file(helm: Helm) -> Path:
    return helm.home / "helm" / "config" / "registry" / "config.json"


def test_a_login_of_helm_serves_steersman(place: Place, helm: Helm, steersman: Callable[..., str]) -> None:
    before = steersman("template", f"{place.url}:1.2.3", *place.flags)
    assert before.startswith("1 ")
    assert "access denied" in before
    helm("registry", "login", place.host, *ME, *place.flags)
    assert steersman("template", f"{place.url}:1.2.3", *place.flags).startswith("0 Pulled: ")
    helm("registry", "logout", place.host)
    assert "access denied" in steersman("template", f"{place.url}:1.2.3", *place.flags, "--content-cache", "/dev/null")


def test_a_login_of_steersman_serves_helm(place: Place, helm: Helm, steersman: Callable[..., str]) -> None:
    pull = ("pull", f"{place.url}", "--version", "1.2.3", "--destination", str(helm.home), *place.flags)
    assert helm(*pull, check=False).returncode != 0
    assert steersman("registry", "login", place.host, *ME, *place.flags).startswith("0 ")
    ours = login_file(helm).read_bytes()
    helm(*pull)
    assert (helm.home / "web-1.2.3.tgz").exists()
    helm("registry", "login", place.host, *ME, *place.flags)
    assert login_file(helm).read_bytes() == ours
    assert steersman("registry", "logout", place.host).startswith("0 ")
    ours = login_file(helm).read_bytes()
    assert helm(*pull, check=False).returncode != 0
    helm("registry", "logout", place.host)
    assert login_file(helm).read_bytes() == ours


def test_a_wrong_password_is_refused_by_both_and_kept_by_none(
    place: Place, helm: Helm, steersman: Callable[..., str]
) -> None:
    wrong = ("registry", "login", place.host, "-u", "me", "-p", "wrong", *place.flags)
    theirs = helm(*wrong, check=False)
    ours = steersman(*wrong)
    assert (theirs.returncode, ours[0]) == (1, "1")
    for text in (theirs.stderr, ours):
        assert f'Error: authenticating to "{place.host}": ' in text
    assert not login_file(helm).exists()


@dataclass
class Tokens:
    """A registry of its own with a token service, and sources that use it."""

    place: Place
    service: TokenService
    sources: ChartSources

    def statuses(self) -> list[str]:
        """Of what the registry was asked since its start."""
        return [match[1] for line in self.place.registry.requests() if (match := re.search(r'" (\d{3}) ', line))]


@pytest.fixture
def tokens(archive: Archive, offline_helm: Helm, tmp_path: Path) -> Iterator[Tokens]:
    with serve_tokens() as service, serve_registry(tmp_path, service.settings(tmp_path)) as registry:
        found = Place(registry, ("--plain-http",), Access(insecure=True))
        push(Helm.at(tmp_path / "pusher"), archive, found)
        service.requests.clear()
        sources = ChartSources(ChartCache(tmp_path / "cache"), reach=Reach(local=True))
        yield Tokens(found, service, sources)
        asyncio.run(sources.close())


async def test_one_token_for_one_scope(tokens: Tokens, archive: Archive) -> None:
    source = tokens.sources.source(Access(CREDENTIAL, insecure=True))
    # Different questions, so that they are not one for the sources.
    await asyncio.gather(*(source.resolve(tokens.place.url, f">=1.{number}-0 || 1.2.3") for number in range(50)))
    resolved = await source.resolve(tokens.place.url, "1.2.3")
    assert await source.fetch(tokens.place.url, resolved.digest) == archive.data
    assert [request.path.partition("?")[2] for request in tokens.service.requests] == [
        "service=the+registry+of+the+tests&scope=repository%3Acharts%2Fweb%3Apull"
    ]


async def test_a_user_who_may_only_pull(tokens: Tokens, archive: Archive, helm: Helm) -> None:
    source = tokens.sources.source(Access(Credential("puller", "pulls"), insecure=True))
    resolved = await source.resolve(tokens.place.url, "1.2.3")
    assert await source.fetch(tokens.place.url, resolved.digest) == archive.data
    helm("registry", "login", tokens.place.host, "-u", "puller", "-p", "pulls", "--plain-http")
    pushed = helm("push", str(archive.path), f"oci://{tokens.place.host}/other", "--plain-http", check=False)
    assert re.search("denied|unauthorized", pushed.stderr)


async def test_a_token_that_has_expired_is_not_sent(tokens: Tokens) -> None:
    tokens.service.lifetime = 2
    source = tokens.sources.source(Access(CREDENTIAL, insecure=True))
    await source.resolve(tokens.place.url, "1.2.3")
    refused = tokens.statuses().count("401")
    assert len(tokens.service.requests) == 1
    await asyncio.sleep(2)
    await source.resolve(tokens.place.url, "1.2.3")
    assert len(tokens.service.requests) == 2
    assert tokens.statuses().count("401") == refused


async def test_identity_tokens(tokens: Tokens, archive: Archive, helm: Helm) -> None:
    tokens.service.refresh_tokens["an-identity"] = "me"
    source = tokens.sources.source(Access(Credential(identity_token="an-identity"), insecure=True))
    resolved = await source.resolve(tokens.place.url, "1.2.3")
    assert await source.fetch(tokens.place.url, resolved.digest) == archive.data
    (asked,) = tokens.service.requests
    assert asked.method == "POST"
    assert b"grant_type=refresh_token" in asked.body
    # Helm does the same with the same entry of its file.
    entry = {"auths": {tokens.place.host: {"auth": "", "identitytoken": "an-identity"}}}
    login_file(helm).parent.mkdir(parents=True)
    login_file(helm).write_text(json.dumps(entry))
    helm("pull", tokens.place.url, "--version", "1.2.3", "--destination", str(helm.home), "--plain-http")
    with pytest.raises(AccessDenied, match=r"the token service 127\.0\.0\.1 answered 401"):
        other = tokens.sources.source(Access(Credential(identity_token="unknown"), insecure=True))
        await other.resolve(tokens.place.url, "1.2.3")


async def test_a_token_service_on_another_host_over_tls(
    keys: Keys, archive: Archive, tmp_path: Path, offline_helm: Helm
) -> None:
    with serve_tokens((keys.certificate, keys.key)) as service:
        settings = {**service.settings(tmp_path), **keys.tls}
        with serve_registry(tmp_path, settings) as registry:
            found = Place(registry, ("--ca-file", str(keys.ca)), Access())
            push(Helm.at(tmp_path / "pusher"), archive, found)
            service.requests.clear()
            sources = ChartSources(ChartCache(tmp_path / "cache"), reach=Reach(local=True))
            access = Access(CREDENTIAL, tls=Tls(ca=keys.ca.read_bytes()))
            assert (await sources.source(access).resolve(found.url, "1.2.3")).version == "1.2.3"
            basic = "Basic " + base64.b64encode(b"me:right").decode()
            assert [request.authorization for request in service.requests] == [basic]
            await sources.close()


async def test_a_token_service_without_tls_gets_nothing_from_a_registry_with_it(
    keys: Keys, tmp_path: Path, offline_helm: Helm
) -> None:
    with serve_tokens() as service, serve_registry(tmp_path, {**service.settings(tmp_path), **keys.tls}) as registry:
        sources = ChartSources(ChartCache(tmp_path / "cache"), reach=Reach(local=True))
        access = Access(CREDENTIAL, tls=Tls(ca=keys.ca.read_bytes()))
        with pytest.raises(UnexpectedAnswer, match="not reached over TLS"):
            await sources.source(access).resolve(f"oci://{registry.host}/charts/web", "1.2.3")
        assert service.requests == []
        await sources.close()
