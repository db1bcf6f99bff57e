"""HTTP repositories over TLS: authorities, and no way from there to plain text."""

from __future__ import annotations

from dataclasses import replace

import pytest
from registry.repositories import PREFIX, chart, entry, index, serving
from registry.scripted import serve, sha256
from registry.test_tls import Pair as Pair
from registry.test_tls import pair as pair  # the fixture

from steersman.registry.access import Access, Tls
from steersman.registry.auth import Credential
from steersman.registry.errors import InvalidReference, RegistryUnavailable
from steersman.registry.source import ChartSources

WEB = chart()
SECRET = Credential("user", "secret")


async def test_an_authority_of_our_own_is_believed(pair: Pair, sources: ChartSources) -> None:
    with serve((pair.certificate, pair.key)) as server:
        server.script = serving({"index.yaml": index(entry("web", "1.0.0")), "web-1.0.0.tgz": WEB})
        url = f"https://{server.host}{PREFIX}"
        source = sources.source(Access(tls=Tls(ca=pair.certificate.read_bytes()), home=url))
        resolved = await source.resolve(url, name="web")
        assert await source.fetch(resolved.url, resolved.digest) == WEB


async def test_an_unknown_authority_is_not(pair: Pair, sources: ChartSources) -> None:
    with serve((pair.certificate, pair.key)) as server:
        with pytest.raises(RegistryUnavailable, match="SSL_CERT_FILE"):
            await sources.source(Access(credential=SECRET)).index(f"https://{server.host}{PREFIX}")
        assert server.requests == []


async def test_what_an_index_from_another_authority_said_is_not_believed(pair: Pair, sources: ChartSources) -> None:
    """A proxy or authority of one tenant must not speak for the others, also not by what is kept on disk."""
    with serve((pair.certificate, pair.key)) as server:
        server.script = serving({"index.yaml": index(entry("web", "1.0.0", digest=sha256(WEB)))})
        url = f"https://{server.host}{PREFIX}"
        await sources.source(Access(tls=Tls(skip_verify=True))).index(url)
        await sources.source(Access(tls=Tls(ca=pair.certificate.read_bytes()))).index(url)
        assert [request.headers.get("If-None-Match") for request in server.requests] == [None, None]


@pytest.mark.parametrize("insecure", [False, True])
async def test_an_archive_without_tls(pair: Pair, sources: ChartSources, insecure: bool) -> None:
    """Refused, or where plain text was asked for, without what is for the repository."""
    with serve((pair.certificate, pair.key)) as server, serve() as plain:
        archive = f"http://{plain.host}{PREFIX}/web.tgz"
        server.script = serving({"index.yaml": index(entry("web", "1.0.0", archive))})
        plain.script = serving({"web.tgz": WEB})
        url = f"https://{server.host}{PREFIX}"
        terms = Access(credential=SECRET, tls=Tls(skip_verify=True), pass_credentials=True, home=url)
        source = sources.source(replace(terms, insecure=insecure))
        if not insecure:
            with pytest.raises(InvalidReference, match="without TLS"):
                await source.resolve(url, name="web")
            assert plain.requests == []
            return
        assert (await source.resolve(url, name="web")).digest == sha256(WEB)
        assert [request.authorization for request in plain.requests] == [""]
