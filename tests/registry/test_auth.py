"""Credentials out of Secrets."""

from __future__ import annotations

import base64
import json

import pytest

from steersman.registry.auth import Credential, credential_from_docker_config, credential_from_secret
from steersman.registry.errors import InvalidCredentials
from steersman.registry.reference import ChartReference

WEB = ChartReference.parse("oci://r.io/org/web")
HUB = ChartReference.parse("oci://docker.io/org/web")


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
        pytest.param(WEB, {}, None, id="nothing"),
    ],
)
def test_docker_config_lookup(reference: ChartReference, auths: dict[str, object], username: str | None) -> None:
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


@pytest.mark.parametrize(
    ("data", "problem"),
    [
        pytest.param({"token": b"x"}, "neither .dockerconfigjson nor username", id="no-known-key"),
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
