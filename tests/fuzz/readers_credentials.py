"""Targets: what registries, token services and clouds say about credentials, and docker configs that users write."""

from __future__ import annotations

import base64
from types import SimpleNamespace

from fuzz.strategies import SEPARATOR, as_json, joined, json_like, parts_of, soup
from fuzz.target import Target

from steersman.registry.auth import Address, Credential, credential_from_pull_secrets, credential_from_secret
from steersman.registry.identity.aws_requests import CONTAINER, read_assumed_role, read_authorization, read_keys
from steersman.registry.identity.exchange import _told
from steersman.registry.identity.model import expiry_of_jwt
from steersman.registry.tokens import ScopedAuth

_READERS = (read_assumed_role, lambda data: read_keys(CONTAINER, data), read_authorization)


def _challenge(data: bytes) -> None:
    """A registry's challenge, and what its token service answers."""
    header, answer = parts_of(data, 2)
    asked: list[str] = []

    def send(method: str, url: str, headers: object, parameters: object) -> tuple[int, bytes]:
        asked.append(url)
        return 200, answer

    for credential in (Credential("me", "secret"), Credential(identity_token="secret")):
        auth = ScopedAuth("r.io/web", credential, plain_http=False, send=send)
        auth.answer(SimpleNamespace(headers={"WWW-Authenticate": header.decode("latin-1")}))  # type: ignore[arg-type]
        sent = auth.get_auth_header().get("Authorization", "")
        assert sent.isascii() and sent.isprintable()
    assert all(url.lower().startswith("https://") for url in asked)


def _docker_config(data: bytes) -> None:
    """A docker config, asked for the URL behind it."""
    config, url = parts_of(data, 2)
    where = Address.of(url.decode("utf-8", "replace"))
    for key in (".dockerconfigjson", ".dockercfg"):
        credential_from_pull_secrets({"one": {key: config}}, where)
        credential_from_secret({key: config}, where)


def _cloud(data: bytes) -> None:
    """Answers of clouds: a byte says of which step; and what they say is wrong."""
    _told(data, ())
    expiry_of_jwt(data.decode("latin-1"))
    _READERS[data[:1][0] % len(_READERS) if data else 0](data[1:])


_CONFIG = {
    "auths": {
        "r.io": {"auth": base64.b64encode(b"a:b").decode()},
        "https://*.r.io/v1/": {"username": "a", "password": "b"},
        "[::1]:5000/x": {"identitytoken": "t", "registrytoken": ""},
    },
    "credsStore": "x",
    "credHelpers": {"r.io": "y"},
}
_KEYS = [*_CONFIG, *_CONFIG["auths"], "auth", "username", "password", "identitytoken", "r.io:443", "*", "["]
_TOKEN = b'{"token":"abc","expires_in":60,"issued_at":"2024-01-02T03:04:05Z","refresh_token":"r"}'
_CHALLENGE_WORDS = (
    b"Bearer ", b"Basic ", b"Negotiate", b'realm="https://a/t"', b"realm=", b'"', b"\\", b",", b" ", b"=", b"service=",
    b'scope="repository:a:pull"', b"https://", b"http://[", b"@", _TOKEN, SEPARATOR, b'"token":', b'"expires_in":1e400',
)  # fmt: skip
_CLOUD_WORDS = (
    b"\x00", b"\x01", b"\x02", b"<Credentials xmlns='https://sts.amazonaws.com/doc/2011-06-15/'>", b"</Credentials>",
    b"<AccessKeyId>", b"</AccessKeyId>", b"<!DOCTYPE a [<!ENTITY b 'c'>]>", b"&b;", b'{"AccessKeyId":"a",',
    b'"SecretAccessKey":"b"}', b'{"authorizationData":[{"authorizationToken":"QVdTOmE=","expiresAt":1.8e9}]}', b"[]",
    b"null", b".", b"eyJleHAiOjF9",
)  # fmt: skip

TARGETS = (
    Target("challenge", _challenge, soup(_CHALLENGE_WORDS), _CHALLENGE_WORDS),
    Target(
        "docker-config",
        _docker_config,
        joined(
            json_like(_KEYS).map(as_json),
            soup((b"oci://", b"https://", b"r.io", b":5000", b"/org", b"/web", b"[", b"]", b"@")),
        ),
        (*(as_json(key) for key in _KEYS), b":", b",", b"{", b"}", SEPARATOR, b"oci://r.io/web", b"https://["),
    ),
    Target("cloud", _cloud, soup(_CLOUD_WORDS), _CLOUD_WORDS),
)
