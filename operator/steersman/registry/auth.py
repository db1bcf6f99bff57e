"""Credentials for registries, from the data of a Secret or a docker config of this machine.

The controller reads the Secret and hands its decoded data to `credential_from_secret`; nothing here does I/O. Two
forms are known: a docker config (`.dockerconfigjson`, the form `kubectl create secret docker-registry` makes) and the
plain keys `username` and `password`. A docker config is searched as Kubernetes does for image pulls: by host, and among
entries with a path the longest prefix of the repository wins. Credential helpers of a docker config name programs of
the machine it was written on: the CLI runs them (`ask`), in a Secret they are said to be the problem.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TypeAlias

import msgspec

from steersman.registry.errors import InvalidCredentials
from steersman.registry.reference import DOCKER_HUB_API, ChartReference

DOCKER_CONFIG_KEY = ".dockerconfigjson"
_DOCKER_HUB_ADDRESS = "https://index.docker.io/v1/"
_DOCKER_HUB_KEYS = frozenset({"docker.io", "index.docker.io", DOCKER_HUB_API})


@dataclass(frozen=True, slots=True)
class Credential:
    """What proves who we are to one registry. Secrets stay out of `repr`, so that no log can carry them."""

    username: str = ""
    password: str = field(default="", repr=False)
    identity_token: str = field(default="", repr=False)
    """An OAuth2 refresh token, traded at the token service for access tokens."""
    registry_token: str = field(default="", repr=False)
    """A bearer token sent to the registry as it is."""


AskHelper: TypeAlias = Callable[[str, str], Credential | None]
"""(name of a credential helper, server address) → what it knows."""


class _Entry(msgspec.Struct, frozen=True):
    auth: str = ""
    username: str = ""
    password: str = ""
    identitytoken: str = ""
    registrytoken: str = ""


class _DockerConfig(msgspec.Struct, frozen=True, rename={"credentials_store": "credsStore", "helpers": "credHelpers"}):
    auths: dict[str, _Entry] = {}
    credentials_store: str = ""
    helpers: dict[str, str] = {}


def credential_from_secret(data: Mapping[str, bytes], reference: ChartReference) -> Credential | None:
    """The credential that a Secret holds for this chart, None when its docker config has no entry for the registry."""
    if DOCKER_CONFIG_KEY in data:
        return credential_from_docker_config(data[DOCKER_CONFIG_KEY], reference)
    if "username" in data and "password" in data:
        return Credential(_text(data["username"], "username"), _text(data["password"], "password"))
    raise InvalidCredentials(
        "the Secret has neither .dockerconfigjson nor username and password",
        hint="make it with `kubectl create secret docker-registry`",
    )


def credential_from_docker_config(
    data: bytes, reference: ChartReference, ask: AskHelper | None = None
) -> Credential | None:
    """Look one repository up in a docker config.json. Raises InvalidCredentials, also where only a helper program knows
    and `ask` is not given."""
    try:
        config = msgspec.json.decode(data, type=_DockerConfig)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        # The cause is left out on purpose: it may quote the data.
        raise InvalidCredentials(f"the docker config is no valid JSON of its kind ({type(error).__name__})") from None
    matches = [(len(path), key) for key in config.auths if (path := _match(key, reference)) is not None]
    key = max(matches)[1] if matches else ""
    found = _credential(config.auths[key], key) if key else None
    helper = config.helpers.get(reference.host, config.credentials_store)
    if found is not None or not helper:
        return found
    if ask is None:
        raise InvalidCredentials(
            "the docker config keeps credentials in a helper program of the machine it was written on",
            hint="make the Secret with `kubectl create secret docker-registry`",
        )
    return ask(helper, _server_address(reference))


def _server_address(reference: ChartReference) -> str:
    """The registry as Docker names it to its helpers."""
    return _DOCKER_HUB_ADDRESS if reference.host in _DOCKER_HUB_KEYS else reference.host


def _match(key: str, reference: ChartReference) -> str | None:
    """The path part of a config key that covers the repository, None when the key is of something else."""
    address = key.split("://", 1)[-1].strip("/")
    host, _, path = address.partition("/")
    host = host.lower()
    hub = _DOCKER_HUB_KEYS
    if host != reference.host and not (host in hub and reference.host in hub):
        return None
    # Docker's own keys end in the API version: https://index.docker.io/v1/.
    if path in ("v1", "v2"):
        path = ""
    covered = not path or reference.repository == path or reference.repository.startswith(path + "/")
    return path if covered else None


def _credential(entry: _Entry, key: str) -> Credential | None:
    username, password = entry.username, entry.password
    if entry.auth:
        try:
            username, _, password = base64.b64decode(entry.auth, validate=True).decode().partition(":")
        except (binascii.Error, UnicodeDecodeError):
            raise InvalidCredentials(f"auth of {key!r} in the docker config is no base64 of user:password") from None
    # docker login writes NUL padding after some passwords.
    found = Credential(username, password.rstrip("\0"), entry.identitytoken, entry.registrytoken)
    return found if found != Credential() else None


def _text(data: bytes, key: str) -> str:
    try:
        return data.decode().strip("\r\n")
    except UnicodeDecodeError:
        raise InvalidCredentials(f"{key} is no UTF-8 text") from None
