"""Credentials for registries and chart repositories, from the data of Secrets or a docker config of this machine.

The controller reads the Secrets and hands their decoded data to `credential_from_secret`, or for the pull secrets of a
ServiceAccount to `credential_from_pull_secrets`; nothing here does I/O. Known are a docker config (`.dockerconfigjson`,
the form `kubectl create secret docker-registry` makes, and the older `.dockercfg`), the keys `username` and `password`,
and the key `bearerToken`.

A docker config is searched as Kubernetes does for image pulls: by host, whose name may hold wildcards, and among
entries with a path the longest prefix wins; but a prefix ends where a path component ends. Credential helpers of a
docker config name programs of the machine it was written on: the CLI runs them (`ask`), in a Secret they are said to be
the problem.
"""

from __future__ import annotations

import base64
import fnmatch
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple, TypeAlias
from urllib.parse import urlsplit

import msgspec

from steersman.registry.decoding import UNREADABLE
from steersman.registry.errors import InvalidCredentials, InvalidReference
from steersman.registry.reference import DOCKER_HUB_API, ChartReference

DOCKER_CONFIG_KEY = ".dockerconfigjson"
LEGACY_DOCKER_CONFIG_KEY = ".dockercfg"
BEARER_TOKEN_KEY = "bearerToken"  # noqa: S105 - the name of a key, which Flux gave it
DOCKER_HUB_ADDRESS = "https://index.docker.io/v1/"
_DOCKER_HUB_KEYS = frozenset({"docker.io", "index.docker.io", DOCKER_HUB_API})
# Docker's own keys end in the API version: https://index.docker.io/v1/.
_API_VERSIONS = frozenset({"v1", "v2"})
_DEFAULT_PORTS = {"https": "443", "oci": "443", "http": "80"}


@dataclass(frozen=True, slots=True)
class Credential:
    """What proves who we are to one registry. Secrets stay out of `repr`, so that no log can carry them."""

    username: str = ""
    password: str = field(default="", repr=False)
    identity_token: str = field(default="", repr=False)
    """An OAuth2 refresh token, traded at the token service for access tokens."""
    registry_token: str = field(default="", repr=False)
    """A bearer token sent to the registry as it is."""

    @property
    def basic(self) -> str:
        """The Authorization header of user name and password, "" where there is neither."""
        if not (self.username or self.password):
            return ""
        # Bytes of a command line that are no UTF-8 are sent as they were typed.
        pair = f"{self.username}:{self.password}".encode("utf-8", "surrogateescape")
        return f"Basic {base64.b64encode(pair).decode()}"


class Address(NamedTuple):
    """Where a credential is for: a host, with its port where that is not the scheme's, and a path on it."""

    host: str
    path: str = ""

    @classmethod
    def of(cls, url: str) -> Address:
        """The address of an `oci://`, `http://` or `https://` URL. Raises InvalidReference."""
        try:
            parts = urlsplit(url)
        except ValueError as error:  # brackets that do not match
            raise InvalidReference(url, "is no address") from error
        if parts.scheme == "oci" and not parts.path.strip("/"):
            return cls(_without_port(parts.netloc.lower(), "oci"))
        if parts.scheme == "oci":
            reference = ChartReference.parse(url)
            return cls(_without_port(reference.host, "oci"), reference.repository)
        return cls(_without_port(parts.netloc.rpartition("@")[2].lower(), parts.scheme), parts.path.strip("/"))

    @property
    def is_docker_hub(self) -> bool:
        """Whether this is the registry that has several names."""
        return self.host in _DOCKER_HUB_KEYS

    @property
    def server(self) -> str:
        """The registry as Docker names it: in its config and to its helpers."""
        return DOCKER_HUB_ADDRESS if self.is_docker_hub else self.host


Where: TypeAlias = Address | ChartReference
"""The place that a credential is wanted for."""
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

    def helper(self, address: Address) -> str:
        """The program that keeps the credentials for this registry, "" for none."""
        return self.helpers.get(address.server) or self.helpers.get(address.host) or self.credentials_store


class _Match(NamedTuple):
    """How well an entry fits; the greatest fits best."""

    path_length: int
    is_exact: bool
    """Whether the host was named without wildcards."""


def credential_from_secret(data: Mapping[str, bytes], where: Where) -> Credential | None:
    """The credential that a Secret holds for this place, None when its docker config has no entry for it.
    Raises InvalidCredentials."""
    config = _docker_config(data)
    if config is not None:
        return _only_in(config, _address(where))
    if BEARER_TOKEN_KEY in data:
        token = _text(data, BEARER_TOKEN_KEY)
        if not re.fullmatch(r"[!-~]+", token):  # would be a second header, or none
            raise InvalidCredentials(
                f"{BEARER_TOKEN_KEY} is no token: it is empty, or has blanks, line breaks or characters beyond ASCII",
                hint="put the token alone into it",
            )
        return Credential(registry_token=token)
    if "username" in data and "password" in data:
        return Credential(_text(data, "username"), _text(data, "password"))
    raise InvalidCredentials(
        f"the Secret has none of {DOCKER_CONFIG_KEY}, username and password, {BEARER_TOKEN_KEY}",
        hint="make it with `kubectl create secret docker-registry`",
    )


def credential_from_pull_secrets(secrets: Mapping[str, Mapping[str, bytes]], where: Where) -> Credential | None:
    """The credential that the pull secrets of a ServiceAccount (name → data, in its order) hold for this place: the
    entry that fits best, of equal ones the first. Secrets of other kinds are passed over, as the kubelet does.
    Raises InvalidCredentials, naming the Secret."""
    configs = []
    for name, data in secrets.items():
        try:
            config = _docker_config(data)
        except InvalidCredentials as error:
            error.message = f"Secret {name}: {error.message}"
            raise
        if config is not None:
            configs.append(config)
    return _best(configs, _address(where))


def hosts_in_secret(data: Mapping[str, bytes]) -> tuple[str, ...]:
    """The places that the docker config of a Secret has entries for. Raises InvalidCredentials."""
    config = _docker_config(data)
    return () if config is None else tuple(key for key in config.auths if key.isprintable())


def credential_from_docker_config(data: bytes, where: Where, ask: AskHelper | None = None) -> Credential | None:
    """Look one place up in a docker config.json. Raises InvalidCredentials, also where only a helper program knows and
    `ask` is not given."""
    config, address = _decoded(data), _address(where)
    if ask is None:
        return _only_in(config, address)
    helper = config.helper(address)
    return _best([config], address) or (ask(helper, address.server) if helper else None)


def _address(where: Where) -> Address:
    if isinstance(where, ChartReference):
        return Address(_without_port(where.host, "oci"), where.repository)
    return where


def _docker_config(data: Mapping[str, bytes]) -> _DockerConfig | None:
    if DOCKER_CONFIG_KEY in data:
        return _decoded(data[DOCKER_CONFIG_KEY])
    if LEGACY_DOCKER_CONFIG_KEY in data:
        # What is under `auths` today was once the whole file.
        return _decoded(b'{"auths":' + data[LEGACY_DOCKER_CONFIG_KEY] + b"}")
    return None


def _decoded(data: bytes) -> _DockerConfig:
    try:
        return msgspec.json.decode(data, type=_DockerConfig)
    except UNREADABLE as error:
        # The cause is left out on purpose: it may quote the data.
        raise InvalidCredentials(f"the docker config is no valid JSON of its kind ({type(error).__name__})") from None


def _best(configs: Iterable[_DockerConfig], address: Address) -> Credential | None:
    entries = [found for config in configs for found in _matches(config, address)]
    if not entries:
        return None
    _, key, entry = max(entries, key=lambda found: found[0])  # the first of the best ones
    return _credential(entry, key)


def _matches(config: _DockerConfig, address: Address) -> Iterator[tuple[_Match, str, _Entry]]:
    for key, entry in config.auths.items():
        match = _match(key, address)
        # `docker login` with a credentials store leaves empty entries behind.
        if match is not None and entry != _Entry():
            yield match, key, entry


def _match(key: str, address: Address) -> _Match | None:
    """How well a config key covers the address, None when it is of something else."""
    scheme, _, rest = key.rpartition("://")
    host, _, path = rest.strip("/").partition("/")
    host = _without_port(host.lower(), scheme or "https")
    is_exact = host == address.host or (host in _DOCKER_HUB_KEYS and address.is_docker_hub)
    if not is_exact and not _host_matches(host, address.host):
        return None
    first, _, below = path.partition("/")
    if first in _API_VERSIONS:
        path = below
    covered = not path or address.path == path or address.path.startswith(path + "/")
    return _Match(len(path), is_exact) if covered else None


def _host_matches(pattern: str, host: str) -> bool:
    """Wildcards of Kubernetes: within one label of the name (`*.r.io` is not `a.b.r.io`), and never in the port."""
    if "*" not in pattern and "?" not in pattern and "[" not in pattern:
        return False
    pattern_name, _, pattern_port = pattern.partition(":")
    name, _, port = host.partition(":")
    patterns, labels = pattern_name.split("."), name.split(".")
    return (
        pattern_port == port
        and len(patterns) == len(labels)
        and all(fnmatch.fnmatchcase(label, part) for label, part in zip(labels, patterns, strict=True))
    )


def _without_port(host: str, scheme: str) -> str:
    """The host without a port that the scheme implies."""
    return host.removesuffix(f":{_DEFAULT_PORTS.get(scheme, '')}")


def _only_in(config: _DockerConfig, address: Address) -> Credential | None:
    found = _best([config], address)
    if found is None and config.helper(address):
        raise InvalidCredentials(
            "the docker config keeps credentials in a helper program of the machine it was written on",
            hint="make the Secret with `kubectl create secret docker-registry`",
        )
    return found


def _credential(entry: _Entry, key: str) -> Credential | None:
    username, password = entry.username, entry.password
    if entry.auth:
        try:
            username, _, password = base64.b64decode(entry.auth, validate=True).decode().partition(":")
        except ValueError:  # no base64, or no UTF-8
            raise InvalidCredentials(f"auth of {key!r} in the docker config is no base64 of user:password") from None
    # docker login writes NUL padding after some passwords.
    found = Credential(username, password.rstrip("\0"), entry.identitytoken, entry.registrytoken)
    return found if found != Credential() else None


def _text(data: Mapping[str, bytes], key: str) -> str:
    try:
        return data[key].decode().strip("\r\n")
    except UnicodeDecodeError:
        raise InvalidCredentials(f"{key} is no UTF-8 text") from None
