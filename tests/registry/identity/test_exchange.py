"""Requests to clouds' endpoints under faults: bounded, tried again where that helps, never telling a secret."""

from __future__ import annotations

from pathlib import Path

import pytest
from registry.identity.clouds import Cloud, header
from registry.scripted import Reply, serve
from registry.test_tls import Pair as Pair
from registry.test_tls import pair as pair  # the fixture

from steersman.registry.errors import IdentityFailed, IdentityUnavailable
from steersman.registry.identity.exchange import Exchange
from steersman.registry.identity.model import Request, Step

STEP = Step("cloud", "a step", "what to do")


def request(url: str) -> Request:
    return Request(STEP, "POST", f"{url}/x", {"Authorization": "hunter2-token"}, b"hunter2-body", ("hunter2-token",))


async def test_what_is_sent(exchange: Exchange, a_cloud: Cloud) -> None:
    a_cloud.answers("POST /x", "fine")
    assert await exchange.ask(request(a_cloud.url)) == b"fine"
    sent = a_cloud.asked("POST /x")
    assert (sent.body, sent.authorization, header(sent, "User-Agent")) == (
        b"hunter2-body",
        "hunter2-token",
        "steersman",
    )


async def test_an_endpoint_that_recovers(exchange: Exchange, a_cloud: Cloud) -> None:
    replies = iter((Reply(503), Reply(429), Reply(200, b"fine")))
    a_cloud.server.script = lambda _: next(replies)
    assert await exchange.ask(request(a_cloud.url)) == b"fine"


@pytest.mark.parametrize(
    ("reply", "times", "text"),
    [
        pytest.param(Reply(503), 3, "answered 503", id="unavailable"),
        pytest.param(Reply(200, b"half", announced=10), 3, "connection failed", id="breaks-off"),
        pytest.param(Reply(200, b"stalls", stall=True), 3, "no answer in time", id="stalls"),
    ],
)
async def test_an_endpoint_that_does_not_recover(a_cloud: Cloud, reply: Reply, times: int, text: str) -> None:
    a_cloud.server.script = lambda _: reply
    exchange = Exchange(seconds=0.4, attempts=3, first_pause=0.01)
    with pytest.raises(IdentityUnavailable, match=text) as caught:
        await exchange.ask(request(a_cloud.url))
    assert len(a_cloud.server.requests) == times
    assert caught.value.transient
    assert a_cloud.url in caught.value.hint
    await exchange.close()


@pytest.mark.parametrize(
    ("reply", "text"),
    [
        pytest.param(Reply(401, b"plain text"), "no credentials from cloud: a step: 127.0.0.1 answered 401", id="text"),
        pytest.param(
            Reply(400, b'{"error": "bad", "message": "hunter2-token\\n\\u001b[1m"}'), "bad … ", id="control-characters"
        ),
        pytest.param(Reply(400, b'{"message": "' + b"x" * 5000 + b'"}'), "x" * 300, id="long"),
        pytest.param(Reply(400, b"{\xff"), "answered 400", id="no-text"),
        pytest.param(Reply(200, b"x" * 300_000), "its answer is too large", id="large"),
    ],
)
async def test_a_refusal_is_told_once_and_without_secrets(
    exchange: Exchange, a_cloud: Cloud, reply: Reply, text: str
) -> None:
    a_cloud.server.script = lambda _: reply
    with pytest.raises(IdentityFailed) as caught:
        await exchange.ask(request(a_cloud.url))
    assert text in caught.value.message
    assert len(a_cloud.server.requests) == 1
    assert len(caught.value.message) < 400
    assert "hunter2" not in str(caught.value)
    assert caught.value.message.isprintable()


async def test_a_redirect_is_not_followed(exchange: Exchange, a_cloud: Cloud) -> None:
    with serve() as elsewhere:
        a_cloud.server.script = lambda _: Reply(307, headers={"Location": f"http://{elsewhere.host}/x"})
        with pytest.raises(IdentityFailed, match="answered 307"):
            await exchange.ask(request(a_cloud.url))
        assert elsewhere.requests == []


async def test_nobody_there(exchange: Exchange) -> None:
    with pytest.raises(IdentityUnavailable, match=r"connection failed \(Connect"):
        await exchange.ask(request("http://127.0.0.1:1"))
    with pytest.raises(IdentityUnavailable, match="its name cannot be resolved"):
        await exchange.ask(request("http://nowhere.invalid"))


async def test_credentials_of_a_netrc_file_are_not_added(
    exchange: Exchange, a_cloud: Cloud, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    netrc = tmp_path / "netrc"
    netrc.write_text("default login me password hunter2\n")
    monkeypatch.setenv("NETRC", str(netrc))
    a_cloud.answers("POST /x", "fine")
    await exchange.ask(Request(STEP, "POST", f"{a_cloud.url}/x"))
    assert a_cloud.asked("POST /x").authorization == ""


async def test_metadata_services_are_never_proxied(
    exchange: Exchange, a_cloud: Cloud, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:1")
    monkeypatch.setenv("HTTPS_PROXY", "http://127.0.0.1:1")
    a_cloud.answers("POST /x", "fine")
    assert await exchange.ask(request(a_cloud.url)) == b"fine"
    with pytest.raises(IdentityUnavailable, match="connection failed"):
        await exchange.ask(request("https://sts.amazonaws.com"))


async def test_tls_by_an_authority_that_is_trusted(
    pair: Pair, exchange: Exchange, monkeypatch: pytest.MonkeyPatch
) -> None:
    with serve((pair.certificate, pair.key)) as server:
        server.script = lambda _: Reply(200, b"fine")
        untrusting = Exchange(seconds=2, attempts=1)
        with pytest.raises(IdentityUnavailable, match="no authority that is trusted here signed its certificate"):
            await untrusting.ask(request(f"https://{server.host}"))
        await untrusting.close()
        monkeypatch.setenv("SSL_CERT_FILE", str(pair.certificate))
        assert await exchange.ask(request(f"https://{server.host}")) == b"fine"


def test_repr_shows_no_secret() -> None:
    assert "hunter2" not in repr(request("http://x"))
