"""TLS: which authorities are believed, and who sees our certificate."""

from __future__ import annotations

import datetime
import ipaddress
import ssl
from dataclasses import dataclass
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from registry.proxying import proxy_to
from registry.scripted import CHART, Reply, contents, manifest_of, serve, sha256

from steersman.registry.access import Access, Tls
from steersman.registry.auth import Credential
from steersman.registry.errors import RegistryUnavailable, UnexpectedAnswer
from steersman.registry.source import ChartSources

MANIFEST = manifest_of()


@dataclass(frozen=True)
class Pair:
    certificate: Path
    key: Path


@pytest.fixture
def pair(tmp_path: Path) -> Pair:
    """A certificate for 127.0.0.1 that signs itself."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "registry of a test")])
    now = datetime.datetime.now(datetime.UTC)
    address = x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))])
    certificate = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(hours=1))
        .not_valid_after(now + datetime.timedelta(hours=1))
        .add_extension(address, critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    pair = Pair(tmp_path / "tls.crt", tmp_path / "tls.key")
    pair.certificate.write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    pair.key.write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    return pair


async def test_an_authority_of_our_own_is_believed(pair: Pair, sources: ChartSources) -> None:
    with serve((pair.certificate, pair.key)) as server:
        server.script = contents(MANIFEST)
        access = Access(tls=Tls(ca=pair.certificate.read_bytes()))
        assert await sources.source(access).fetch(server.url, sha256(MANIFEST)) == CHART


async def test_an_unknown_authority_is_not(pair: Pair, sources: ChartSources) -> None:
    with serve((pair.certificate, pair.key)) as server:
        with pytest.raises(RegistryUnavailable, match="SSL_CERT_FILE"):
            await sources.source(Access()).fetch(server.url, sha256(MANIFEST))
        assert server.requests == []


async def test_any_certificate_is_believed_where_that_is_asked_for(pair: Pair, sources: ChartSources) -> None:
    with serve((pair.certificate, pair.key)) as server:
        server.script = contents(MANIFEST)
        access = Access(tls=Tls(skip_verify=True))
        assert await sources.source(access).fetch(server.url, sha256(MANIFEST)) == CHART


async def test_no_way_from_tls_to_plain_text(pair: Pair, sources: ChartSources) -> None:
    with serve((pair.certificate, pair.key)) as server, serve() as plain:
        location = {"Location": f"http://{plain.host}/blob"}
        server.script = lambda request: Reply(302, headers=location)
        access = Access(tls=Tls(ca=pair.certificate.read_bytes()))
        with pytest.raises(UnexpectedAnswer, match="without TLS"):
            await sources.source(access).fetch(server.url, sha256(MANIFEST))
        assert plain.requests == []


async def test_the_oldest_version_of_tls_is_ours_to_say(pair: Pair, sources: ChartSources) -> None:
    with serve((pair.certificate, pair.key), newest=ssl.TLSVersion.TLSv1_2) as server:
        server.script = contents(MANIFEST)
        ca = pair.certificate.read_bytes()
        assert await sources.source(Access(tls=Tls(ca=ca))).fetch(server.url, sha256(MANIFEST)) == CHART
        with pytest.raises(RegistryUnavailable, match="TLS failed") as caught:
            newer = Access(tls=Tls(ca=ca, minimum_version="1.3"))
            await sources.source(newer).resolve(server.url, "1.0.0")
        assert "TLS 1.3" in caught.value.hint


async def test_tls_through_a_proxy_with_a_password(pair: Pair, sources: ChartSources) -> None:
    """The proxy carries bytes; certificate and credential are between us and the registry."""
    with serve((pair.certificate, pair.key)) as server, proxy_to(server.host) as proxy:
        server.script = contents(MANIFEST)
        access = Access(tls=Tls(ca=pair.certificate.read_bytes()), proxy=proxy.url, credential=Credential("us", "word"))
        assert await sources.source(access).fetch(server.url, sha256(MANIFEST)) == CHART
        assert proxy.asked == [server.host]
        assert b"/v2/" not in proxy.passed


async def test_a_proxy_that_refuses_us(pair: Pair, sources: ChartSources) -> None:
    with serve((pair.certificate, pair.key)) as server, proxy_to(server.host) as proxy:
        wrong = proxy.url.replace("me:", "you:")
        access = Access(tls=Tls(ca=pair.certificate.read_bytes()), proxy=wrong)
        with pytest.raises(
            RegistryUnavailable, match=r"the proxy 127\.0\.0\.1:\d+ \(proxySecretRef\) refused us: 407"
        ) as caught:
            await sources.source(access).fetch(server.url, sha256(MANIFEST))
        assert "proxySecretRef" in caught.value.hint
        assert proxy.password not in str(caught.value)
        assert server.requests == []


async def test_a_proxy_that_is_not_there(sources: ChartSources) -> None:
    with pytest.raises(RegistryUnavailable, match=r"the proxy 127\.0\.0\.1:1 \(proxySecretRef\) cannot be .*refused\)"):
        access = Access(proxy="http://127.0.0.1:1")
        await sources.source(access).fetch("oci://charts.example.com/a/b", sha256(MANIFEST))


async def test_a_proxy_of_the_environment_that_is_not_there(
    sources: ChartSources, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HTTPS_PROXY", "http://me:secret@127.0.0.1:1")
    monkeypatch.delenv("NO_PROXY", raising=False)
    with pytest.raises(RegistryUnavailable, match=r"the proxy 127\.0\.0\.1:1 \(from HTTPS_PROXY\)") as caught:
        await sources.source(Access()).fetch("oci://charts.example.com/a/b", sha256(MANIFEST))
    assert "secret" not in str(caught.value)


def test_repr_shows_no_key() -> None:
    assert "secret key" not in repr(Access(tls=Tls(key=b"secret key")))
