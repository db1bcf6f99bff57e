"""Credentials out of Secrets."""

from __future__ import annotations

import base64
import json

import pytest

from steersman.registry.auth import (
    Address,
    Credential,
    Where,
    credential_from_docker_config,
    credential_from_pull_secrets,
    credential_from_secret,
)
from steersman.registry.errors import InvalidCredentials
from steersman.registry.reference import ChartReference

WEB = ChartReference.parse("oci://r.io/org/web")
HUB = ChartReference.parse("oci://docker.io/org/web")
PORT = ChartReference.parse("oci://r.io:5000/org/web")
DEEP = ChartReference.parse("oci://a.b.r.io/org/web")
STABLE = Address.of("https://charts.r.io/stable/")


def secret(auths: dict[str, object], **more: object) -> dict[str, bytes]:
    return {".dockerconfigjson": json.dumps({"auths": auths, **more}).encode()}


def pair(text: str) -> dict[str, str]:
    return {"auth": base64.b64encode(text.encode()).decode()}


@pytest.mark.parametrize(
    ("reference", "auths", "username"),
    [
        pytest.param(WEB, {"r.io": pair("a:p")}, "a", id="host"),
        pytest.param(WEB, {"https://R.io/v2/": pair("a:p")}, "a", id="url-key"),
        pytest.param(WEB, {"r.io:5000": pair("a:p")}, None, id="other-port"),
        pytest.param(WEB, {"r.io": pair("a:p"), "r.io/org": pair("b:p")}, "b", id="longest-prefix"),
        pytest.param(WEB, {"r.io/org/web": pair("c:p"), "r.io/org": pair("b:p")}, "c", id="whole-repository"),
        pytest.param(WEB, {"r.io/or": pair("b:p")}, None, id="prefix-of-a-name-is-no-prefix"),
        pytest.param(WEB, {"other.io": pair("b:p")}, None, id="other-host"),
        pytest.param(WEB, {"r.io": {"username": "a", "password": "p"}}, "a", id="plain-keys"),
        pytest.param(WEB, {"r.io": {}}, None, id="empty-entry"),
        pytest.param(HUB, {"https://index.docker.io/v1/": pair("a:p")}, "a", id="docker-hub"),
        pytest.param(WEB, {"https://index.docker.io/v1/": pair("a:p")}, None, id="docker-hub-is-no-default"),
        pytest.param(HUB, {"docker.io/org": pair("b:p"), "docker.io": pair("a:p")}, "b", id="docker-hub-path"),
        pytest.param(WEB, {}, None, id="nothing"),
        pytest.param(WEB, {"https://r.io/v1/": pair("a:p")}, "a", id="v1-key"),
        pytest.param(WEB, {"https://r.io/v1/org": pair("a:p"), "r.io": pair("b:p")}, "a", id="v1-key-with-a-path"),
        pytest.param(WEB, {"r.io/v1x": pair("a:p")}, None, id="no-version"),
        pytest.param(WEB, {"r.io:443": pair("a:p")}, "a", id="port-of-the-scheme"),
        pytest.param(WEB, {"http://r.io:443": pair("a:p")}, None, id="port-of-another-scheme"),
        pytest.param(PORT, {"r.io": pair("a:p")}, None, id="no-port"),
        pytest.param(PORT, {"https://r.io:5000/v1/": pair("a:p")}, "a", id="port"),
        pytest.param(PORT, {"*.io:5000": pair("a:p")}, "a", id="wildcard-with-port"),
        pytest.param(PORT, {"*.io": pair("a:p")}, None, id="wildcard-without-port"),
        pytest.param(PORT, {"*.io:*": pair("a:p")}, None, id="no-wildcard-in-the-port"),
        pytest.param(WEB, {"*.io": pair("a:p"), "r.io": pair("b:p")}, "b", id="host-before-wildcard"),
        pytest.param(WEB, {"*.io/org": pair("a:p"), "r.io": pair("b:p")}, "a", id="path-before-host"),
        pytest.param(DEEP, {"*.r.io": pair("a:p")}, None, id="wildcard-is-one-label"),
        pytest.param(DEEP, {"*.*.r.io": pair("a:p")}, "a", id="wildcard-for-each-label"),
        pytest.param(DEEP, {"a.b*.r?io": pair("a:p")}, None, id="no-wildcard-for-a-dot"),
        pytest.param(DEEP, {"?.b.r.[a-j]o": pair("a:p")}, "a", id="question-mark-and-class"),
        pytest.param(STABLE, {"charts.r.io": pair("a:p")}, "a", id="http-host"),
        pytest.param(STABLE, {"https://charts.r.io/stable": pair("a:p")}, "a", id="http-path"),
        pytest.param(STABLE, {"charts.r.io/stab": pair("a:p")}, None, id="http-part-of-a-path"),
    ],
)
def test_docker_config_lookup(reference: Where, auths: dict[str, object], username: str | None) -> None:
    found = credential_from_secret(secret(auths), reference)
    assert (found.username if found else None) == username


@pytest.mark.parametrize(
    ("reference", "config", "asked"),
    [
        pytest.param(WEB, {"credsStore": "desktop", "auths": {"r.io": {}}}, ("desktop", "r.io"), id="store"),
        pytest.param(WEB, {"credHelpers": {"r.io": "ecr"}, "credsStore": "x"}, ("ecr", "r.io"), id="helper-of-host"),
        pytest.param(HUB, {"credsStore": "x"}, ("x", "https://index.docker.io/v1/"), id="docker-hub"),
        pytest.param(WEB, {"credsStore": "x", "auths": {"r.io": pair("a:p")}}, None, id="entry-first"),
        pytest.param(WEB, {"credHelpers": {"other.io": "ecr"}}, None, id="helper-of-another-host"),
    ],
)
def test_helper_programs_are_asked_where_that_is_possible(
    reference: ChartReference, config: dict[str, object], asked: tuple[str, str] | None
) -> None:
    questions: list[tuple[str, str]] = []

    def ask(helper: str, server: str) -> Credential:
        questions.append((helper, server))
        return Credential("from", "helper")

    found = credential_from_docker_config(json.dumps(config).encode(), reference, ask)
    assert questions == ([asked] if asked else [])
    assert (found == Credential("from", "helper")) == bool(asked)


def test_reads_every_kind_of_entry() -> None:
    entry = pair("me:pa:ss") | {"identitytoken": "refresh", "registrytoken": "bearer"}
    assert credential_from_secret(secret({"r.io": entry}), WEB) == Credential("me", "pa:ss", "refresh", "bearer")


def test_reads_username_and_password_keys() -> None:
    assert credential_from_secret({"username": b"me", "password": b"pass\n"}, WEB) == Credential("me", "pass")


def test_reads_a_bearer_token() -> None:
    assert credential_from_secret({"bearerToken": b"abc\n"}, STABLE) == Credential(registry_token="abc")


def test_reads_the_older_docker_config() -> None:
    data = {".dockercfg": json.dumps({"https://r.io": pair("me:pass")}).encode()}
    assert credential_from_secret(data, WEB) == Credential("me", "pass")


@pytest.mark.parametrize(
    ("url", "address"),
    [
        pytest.param("oci://R.io/org/web:1.0.0", Address("r.io", "org/web"), id="registry"),
        pytest.param("oci://r.io:443/web", Address("r.io", "web"), id="registry-with-the-port-of-tls"),
        pytest.param("https://r.io:443/", Address("r.io"), id="repository"),
        pytest.param("http://r.io:80/a/", Address("r.io", "a"), id="repository-without-tls"),
        pytest.param("http://me:secret@r.io:443/a", Address("r.io:443", "a"), id="user-and-other-port"),
    ],
)
def test_addresses(url: str, address: Address) -> None:
    assert Address.of(url) == address


@pytest.mark.parametrize(
    ("secrets", "username"),
    [
        pytest.param({"one": {"r.io": pair("a:p")}, "two": {"r.io": pair("b:p")}}, "a", id="the-first-of-equal-ones"),
        pytest.param({"one": {"r.io": pair("a:p")}, "two": {"r.io/org": pair("b:p")}}, "b", id="the-longest-prefix"),
        pytest.param({"one": {"*.io": pair("a:p")}, "two": {"r.io": pair("b:p")}}, "b", id="the-exact-host"),
        pytest.param({"one": {"r.io": {}}, "two": {"r.io": pair("b:p")}}, "b", id="not-an-empty-one"),
        pytest.param({"one": {"q.io": pair("a:p")}}, None, id="none-for-this-host"),
        pytest.param({}, None, id="no-secrets"),
    ],
)
def test_pull_secrets(secrets: dict[str, dict[str, object]], username: str | None) -> None:
    found = credential_from_pull_secrets({name: secret(auths) for name, auths in secrets.items()}, WEB)
    assert (found.username if found else None) == username


def test_pull_secrets_of_other_kinds_are_passed_over_and_broken_ones_named() -> None:
    good = secret({"r.io": pair("a:p")})
    assert credential_from_pull_secrets({"tls": {"tls.crt": b""}, "good": good}, WEB) == Credential("a", "p")
    with pytest.raises(InvalidCredentials, match=r"Secret bad: .* no valid JSON"):
        credential_from_pull_secrets({"good": good, "bad": {".dockerconfigjson": b"{"}}, WEB)


@pytest.mark.parametrize(
    ("data", "problem"),
    [
        pytest.param({"bearerToken": b"abc\nX-Other: y"}, "bearerToken is no token", id="a-header-more"),
        pytest.param({"bearerToken": "abc\u2013d".encode()}, "bearerToken is no token", id="beyond-ascii"),
        pytest.param({"bearerToken": b"\n"}, "bearerToken is no token", id="empty"),
        pytest.param(
            {"token": b"x"}, "none of .dockerconfigjson, username and password, bearerToken", id="no-known-key"
        ),
        pytest.param({".dockerconfigjson": b"hunter2"}, "no valid JSON", id="no-json"),
        pytest.param({".dockerconfigjson": b'{"auths": {"r.io": "hunter2"}}'}, "no valid JSON", id="wrong-shape"),
        pytest.param(secret({"r.io": {"auth": "hunter2!"}}), "no base64", id="no-base64"),
        pytest.param(secret({}, credsStore="desktop"), "helper program", id="credentials-store"),
        pytest.param(secret({}, credHelpers={"r.io": "ecr"}), "helper program", id="credential-helper"),
        pytest.param({"username": b"\xff", "password": b"hunter2"}, "no UTF-8", id="binary"),
    ],
)
def test_refuses_without_quoting_the_data(data: dict[str, bytes], problem: str) -> None:
    with pytest.raises(InvalidCredentials) as caught:
        credential_from_secret(data, WEB)
    assert problem in str(caught.value)
    assert "hunter2" not in str(caught.value)
    assert caught.value.__cause__ is None


def test_repr_shows_no_secret() -> None:
    assert "hunter2" not in repr(Credential("me", "hunter2", "hunter2", "hunter2"))
