"""Which registries may be named, and which addresses are connected to."""

from __future__ import annotations

import socket
from collections.abc import Callable
from dataclasses import replace

import pytest
from registry.conftest import PLAIN
from registry.scripted import REPOSITORY, Reply, Request, ScriptedServer, contents, manifest_of, serve, sha256

from steersman.errors import InvalidInput
from steersman.registry.access import Access
from steersman.registry.cache import ChartCache
from steersman.registry.errors import AddressNotAllowed, InvalidReference, RegistryNotAllowed
from steersman.registry.reach import Reach, pattern_of
from steersman.registry.source import ChartSources

MANIFEST = manifest_of()
DIGEST = sha256(MANIFEST)


@pytest.mark.parametrize(
    ("pattern", "place", "allowed"),
    [
        pytest.param("charts.test", "charts.test/acme/web", True, id="host"),
        pytest.param("charts.test", "charts.test.evil.example/web", False, id="host-is-whole"),
        pytest.param("charts.test", "notcharts.test/web", False, id="host-begins"),
        pytest.param("charts.test", "CHARTS.test/web", True, id="host-in-any-case"),
        pytest.param("charts.test", "charts.test:8443/web", True, id="any-port"),
        pytest.param("charts.test:443", "charts.test:8443/web", False, id="another-port"),
        pytest.param("charts.test:*", "charts.test:8443/web", True, id="port-pattern"),
        pytest.param("charts.test/acme", "charts.test/acme/web", True, id="path"),
        pytest.param("charts.test/acme", "charts.test/acme", True, id="path-whole"),
        pytest.param("charts.test/acme", "charts.test/acmeevil/web", False, id="path-by-segments"),
        pytest.param("oci://charts.test/acme/", "charts.test/acme/web", True, id="as-a-url"),
        pytest.param("*.example.com", "charts.example.com/web", True, id="wildcard"),
        pytest.param("*.example.com", "a.b.example.com/web", True, id="wildcard-deep"),
        pytest.param("*.example.com", "example.com/web", False, id="wildcard-needs-a-part"),
        pytest.param("*.example.com", "evil.test/x.example.com", False, id="wildcard-stays-in-the-host"),
        pytest.param("*", "anything.test/web", True, id="all"),
        pytest.param("h.test/acme", "h.test/acme/../other/web", False, id="up"),
        pytest.param("h.test/acme", "h.test/acme/%2E%2e/other/web", False, id="up-escaped"),
        pytest.param("h.test/acme", "h.test/acme/..%2Fother/web", False, id="up-with-its-slash-escaped"),
        pytest.param("h.test/acme", "h.test/acme/..;x/other/web", False, id="up-with-a-parameter"),
        pytest.param("h.test/acme", "h.test/acme/a..b/web", True, id="dots-in-a-name"),
    ],
)
def test_patterns(pattern: str, place: str, allowed: bool) -> None:
    assert Reach((pattern_of(pattern),)).allows(place) is allowed


@pytest.mark.parametrize(
    ("text", "pattern"),
    [
        pytest.param("oci://charts.test/acme/", "charts.test/acme", id="oci"),
        pytest.param("HTTPS://Charts.Example:8443", "Charts.Example:8443", id="https"),
        pytest.param("http://[::1]:5000/Stable", "[::1]:5000/Stable", id="http, by IPv6"),
        pytest.param("*.example.org:*/a/b_c", "*.example.org:*/a/b_c", id="wildcards"),
        pytest.param("*", "*", id="any host"),
    ],
)
def test_a_pattern_that_is_understood(text: str, pattern: str) -> None:
    assert pattern_of(text) == pattern


@pytest.mark.parametrize(
    ("text", "says"),
    [
        pytest.param("ftp://h/c", "begins with ftp://", id="another scheme"),
        pytest.param("oci://", "does not begin with a host", id="a scheme alone"),
        pytest.param("/acme", "does not begin with a host", id="a path alone"),
        pytest.param("h:c/d", "does not begin with a host", id="no port"),
        pytest.param("h/c:1.0", "ends with a tag (leave :1.0 out)", id="a tag"),
        pytest.param("h/c@sha256:1", "holds an @", id="a digest"),
        pytest.param("me:word@h", "holds an @", id="credentials"),
        pytest.param("charts.test/acme/*", "has * in its path, which is a prefix already", id="a wildcard in the path"),
        pytest.param("h/c?d", "other characters than those of URLs", id="a query"),
        pytest.param("h/c d", "other characters than those of URLs", id="a blank"),
    ],
)
def test_a_pattern_that_could_match_nothing_is_refused(text: str, says: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        pattern_of(text)
    assert says in str(refused.value)
    assert repr(text) in str(refused.value)


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1", "127.9.9.9", "::1", "0.0.0.0", "0.1.2.3", "::", "169.254.169.254", "169.254.1.1", "fe80::1",
        "fe80::1%eth0", "::ffff:127.0.0.1", "::ffff:169.254.169.254", "64:ff9b::7f00:1", "2002:7f00:1::", "224.0.0.1",
        "fd00:ec2::254", "168.63.129.16", "100.100.100.200",
    ],
)  # fmt: skip
def test_addresses_of_this_machine_and_its_link(address: str) -> None:
    assert not Reach().connects_to(address)
    assert Reach(local=True).connects_to(address)


@pytest.mark.parametrize("address", ["10.0.0.7", "192.168.1.1", "172.16.3.4", "8.8.8.8", "2606:4700::1", "fd12::1"])
def test_addresses_of_others(address: str) -> None:
    assert Reach().connects_to(address)


async def test_a_registry_that_is_not_allowed_is_not_asked(server: ScriptedServer, cache: ChartCache) -> None:
    sources = ChartSources(cache, reach=Reach(("charts.test/acme", "*.example.com"), local=True))
    try:
        with pytest.raises(RegistryNotAllowed, match=r"from charts\.test/acme, \*\.example\.com only") as caught:
            await sources.source(PLAIN).fetch(server.url, DIGEST)
        assert "--allowed-registries" in caught.value.hint
        with pytest.raises(RegistryNotAllowed):
            await sources.source(PLAIN).kept(server.url, DIGEST)
        with pytest.raises(RegistryNotAllowed):
            await sources.source(PLAIN).resolve(server.url, "1.x")
    finally:
        await sources.close()
    assert server.requests == []


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "a.localhost", "[::1]", "0.0.0.0"])
async def test_this_machine_is_not_connected_to(server: ScriptedServer, cache: ChartCache, host: str) -> None:
    port = server.host.partition(":")[2]
    sources = ChartSources(cache)
    try:
        with pytest.raises(AddressNotAllowed, match=r"operator's own machine") as caught:
            await sources.source(PLAIN).fetch(f"oci://{host}:{port}/{REPOSITORY}", DIGEST)
        assert "--allow-local-registries" in caught.value.hint
    finally:
        await sources.close()
    assert server.requests == []


@pytest.mark.parametrize("host", ["127.1", "2130706433", "0x7f000001", "0251.0376.0251.0376", "[::ffff:127.0.0.1]"])
def test_numbers_that_only_a_proxy_may_read(host: str) -> None:
    with pytest.raises(AddressNotAllowed):
        Reach().check_url("registry", f"http://{host}/v2/")
    Reach(local=True).check_url("registry", f"http://{host}/v2/")


@pytest.mark.parametrize("host", ["8.8", "charts.example.com", "10.7", "1e100.net"])
def test_hosts_that_are_fine(host: str) -> None:
    Reach().check_url("registry", f"http://{host}/v2/")


async def test_a_name_is_judged_by_the_address_it_stands_for(
    server: ScriptedServer, cache: ChartCache, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The name looks like any other; DNS says 127.0.0.1."""
    monkeypatch.setattr("socket.getaddrinfo", _answers("127.0.0.1"))
    sources = ChartSources(cache)
    try:
        with pytest.raises(AddressNotAllowed, match=r"charts\.example\.com: the address 127\.0\.0\.1"):
            await sources.source(PLAIN).fetch(f"oci://charts.example.com:{server.host.partition(':')[2]}/a/b", DIGEST)
    finally:
        await sources.close()
    assert server.requests == []


async def test_a_redirect_is_judged_by_the_address_it_leads_to(
    server: ScriptedServer, cache: ChartCache, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The registry is reached by a public address here (the machine's own name for it), the redirect is not."""
    monkeypatch.setattr("socket.getaddrinfo", _answers("127.0.0.1"))
    with serve() as metadata:
        server.script = lambda request: Reply(307, headers={"Location": f"http://{metadata.host}/latest/meta-data"})
        sources = ChartSources(cache, reach=_ByName())
        try:
            with pytest.raises(AddressNotAllowed):
                url = f"oci://charts.example.com:{server.host.partition(':')[2]}/a/b"
                await sources.source(PLAIN).fetch(url, DIGEST)
        finally:
            await sources.close()
        assert len(server.requests) == 1
        assert metadata.requests == []


@pytest.mark.parametrize("name", ["127.0.0.1", "localhost", "LOCALHOST"])
async def test_a_proxy_that_a_user_names_is_judged_too(server: ScriptedServer, cache: ChartCache, name: str) -> None:
    sources = ChartSources(cache)
    try:
        with pytest.raises(AddressNotAllowed):
            access = Access(insecure=True, proxy=f"http://{name}:{server.host.partition(':')[2]}")
            await sources.source(access).fetch("oci://charts.example.com/a/b", DIGEST)
    finally:
        await sources.close()
    assert server.requests == []


@pytest.mark.parametrize(
    "url", ["oci://evil.test#.example.com/charts", "oci://evil.test?.example.com/c", "oci://me@evil.test/c", "oci://"]
)
async def test_a_host_that_is_none_is_not_asked_for_its_api(cache: ChartCache, url: str) -> None:
    sources = ChartSources(cache, reach=Reach(("*.example.com",)))
    try:
        with pytest.raises(InvalidReference):
            await sources.source(PLAIN).ping(url)
    finally:
        await sources.close()


async def test_a_proxy_is_used(server: ScriptedServer, cache: ChartCache) -> None:
    """Names behind a proxy are the proxy's to look up."""
    works, origin = contents(MANIFEST), "http://charts.example.com"

    def script(request: Request) -> Reply:
        place, path = request.path[: len(origin)], request.path[len(origin) :]
        assert place == origin
        return works(replace(request, path=path))

    server.script = script
    sources = ChartSources(cache, reach=Reach(local=True))
    try:
        access = Access(insecure=True, proxy=f"http://me:pass@{server.host}")
        assert await sources.source(access).fetch(f"oci://charts.example.com/{REPOSITORY}", DIGEST)
    finally:
        await sources.close()
    assert {request.headers["Proxy-Authorization"] for request in server.requests} == {"Basic bWU6cGFzcw=="}


class _ByName(Reach):
    """Takes connections to this machine, as if its address were another, but not URLs that name it."""

    def connects_to(self, address: str) -> bool:
        return True

    def check_url(self, place: str, url: str) -> None:
        if "charts.example.com" not in url:
            Reach().check_url(place, url)


def _answers(address: str) -> Callable[..., list[object]]:
    def getaddrinfo(host: str, port: int, *_: object, **__: object) -> list[object]:
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, port))]

    return getaddrinfo
