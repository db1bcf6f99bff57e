"""Where the API server is and how we prove who we are.

`kubernetes.aio.config` reads kubeconfigs (tokens, client certificates, exec plugins, OIDC) and the in-cluster files
into its Configuration; this module is the only one that knows it. The token is asked for on every request, because the
in-cluster hook re-reads its file; a 401 makes `renew` read everything again, which runs exec plugins and refreshes OIDC
tokens (neither tells anybody when it expires). kopf logs in with `connection()`, so both speak with the same identity.
"""

from __future__ import annotations

import asyncio
import ssl
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit
from urllib.request import getproxies, proxy_bypass

from kubernetes.aio.client.configuration import Configuration
from kubernetes.aio.config import ConfigException, load_incluster_config, load_kube_config
from yaml import YAMLError

from steersman.kube.errors import CredentialsUnusable

RENEW_PAUSE = 5.0
"""Seconds between two readings of the configuration: many requests meet the same expired token at once."""

# The package checks the shape of a kubeconfig nowhere, so a broken one ends in any of these.
_UNREADABLE = (ConfigException, OSError, YAMLError, ValueError, LookupError, TypeError, AttributeError)


@dataclass(frozen=True, slots=True)
class Connection:
    """The facts another client (kopf) needs to connect as we do. `token` is the present one, without its scheme."""

    server: str
    scheme: str
    token: str
    ca_path: str
    certificate_path: str
    key_path: str
    insecure: bool
    server_name: str
    proxy: str


class Credentials:
    """A server and an identity. Made by `from_kubeconfig` or `in_cluster`."""

    def __init__(self, load: Callable[[], Awaitable[Any]], *, renew_pause: float = RENEW_PAUSE) -> None:
        self._load = load
        self._renew_pause = renew_pause
        self._configuration: Any = None
        self._lock = asyncio.Lock()
        self._loaded_at = 0.0
        self.tls: ssl.SSLContext | bool = True
        self.proxy: str | None = None

    @classmethod
    async def from_kubeconfig(
        cls, path: str, context: str | None = None, *, renew_pause: float = RENEW_PAUSE
    ) -> Credentials:
        """The identity of a context (the current one by default) of the kubeconfig at this path."""

        async def load() -> Any:
            configuration = Configuration()
            loader = await load_kube_config(  # type: ignore[no-untyped-call]  # the package types little
                config_file=path, context=context, client_configuration=configuration, persist_config=False
            )
            _check_plugin(loader, configuration)
            return configuration

        loading = cls(load, renew_pause=renew_pause)
        return await loading._loaded(f"kubeconfig {path}", hint="see that it names a cluster and a user")

    @classmethod
    async def in_cluster(cls) -> Credentials:
        """The identity of the pod's ServiceAccount."""

        async def load() -> Any:
            configuration = Configuration()
            load_incluster_config(client_configuration=configuration)  # type: ignore[no-untyped-call]
            return configuration

        return await cls(load)._loaded(
            "the pod's ServiceAccount files", hint="outside a cluster a kubeconfig has to be named"
        )

    async def _loaded(self, source: str, hint: str) -> Credentials:
        try:
            await self._read()
        except _UNREADABLE as error:
            raise CredentialsUnusable(f"{source}: {error}", hint=hint) from error
        return self

    async def _read(self) -> None:
        configuration = await self._load()
        self.tls = _tls_context(configuration)
        self.proxy = configuration.proxy or _proxy_from_environment(configuration.host)
        self._configuration = configuration
        self._loaded_at = time.monotonic()

    @property
    def server(self) -> str:
        """The server's URL without a slash at its end."""
        return str(self._configuration.host).rstrip("/")

    @property
    def server_name(self) -> str | None:
        """The name the server's certificate is checked for, where it is not the URL's."""
        return self._configuration.tls_server_name or None

    async def authorization(self) -> str | None:
        """The `Authorization` header for the next request."""
        header: str | None = await self._configuration.get_api_key_with_prefix("BearerToken", alias="authorization")
        return header.strip() if header else None

    async def renew(self) -> bool:
        """Read the configuration again after a 401. False when that was done just now."""
        async with self._lock:
            if time.monotonic() - self._loaded_at < self._renew_pause:
                return False
            try:
                await self._read()
            except _UNREADABLE as error:
                raise CredentialsUnusable(f"the credentials could not be renewed: {error}") from error
            return True

    async def connection(self) -> Connection:
        """The facts for another client."""
        scheme, _, token = (await self.authorization() or "").partition(" ")
        configuration = self._configuration
        return Connection(
            server=self.server,
            scheme=scheme,
            token=token,
            ca_path=configuration.ssl_ca_cert or "",
            certificate_path=configuration.cert_file or "",
            key_path=configuration.key_file or "",
            insecure=not configuration.verify_ssl,
            server_name=self.server_name or "",
            proxy=self.proxy or "",
        )


def _check_plugin(loader: Any, configuration: Any) -> None:
    """A plugin that fails is only logged by the package, and we would go on as nobody."""
    user = loader._user
    if user is not None and "exec" in user and not (configuration.api_key or configuration.cert_file):
        raise ConfigException("the exec plugin of the user gave no credentials; the line logged before says why")


def _tls_context(configuration: Any) -> ssl.SSLContext | bool:
    if not configuration.host.startswith("https"):
        return True
    context = ssl.create_default_context(cafile=configuration.ssl_ca_cert, cadata=configuration.ca_cert_data)
    if configuration.cert_file:
        context.load_cert_chain(configuration.cert_file, keyfile=configuration.key_file)
    if not configuration.verify_ssl:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    if configuration.disable_strict_ssl_verification:
        context.verify_flags &= ~ssl.VERIFY_X509_STRICT
    return context


def _proxy_from_environment(server: str) -> str | None:
    """What HTTPS_PROXY and NO_PROXY say for this server, read once: asking on each request costs more than it sends."""
    url = urlsplit(server)
    if proxy_bypass(url.hostname or ""):
        return None
    return getproxies().get(url.scheme)
