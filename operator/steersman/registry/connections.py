"""Connections to one host on one set of terms, to addresses that the policy allows (`reach`) and to no others.

A name is looked up here, once for each connection, and it is the answer that is checked and connected to: nobody can
answer one address for the check and another one for the connection.
"""

from __future__ import annotations

import socket
import time
from functools import lru_cache
from ssl import TLSVersion
from typing import Any
from urllib.parse import urlsplit

import requests
import urllib3
from requests.adapters import HTTPAdapter
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.exceptions import ConnectTimeoutError, NameResolutionError, NewConnectionError

from steersman.registry.access import Access, Limits
from steersman.registry.deadlines import response_within
from steersman.registry.errors import AddressNotAllowed
from steersman.registry.metering import Meter
from steersman.registry.reach import Reach
from steersman.registry.tlsfiles import TlsPaths
from steersman.registry.urls import Origin, origin_of

_PoolClasses = dict[str, type[HTTPConnectionPool]]
_ANYWHERE = Reach(local=True)
_TLS_VERSIONS = {"": TLSVersion.TLSv1_2, "1.2": TLSVersion.TLSv1_2, "1.3": TLSVersion.TLSv1_3}


class Connections:
    """A session of requests and what it is made for. Clients of several repositories of a host use it one after another
    (`clients.ClientPool` lends it); it belongs to one thread at a time."""

    def __init__(self, access: Access, limits: Limits, tls: TlsPaths, reach: Reach, meter: Meter) -> None:
        self.access = access
        self.limits = limits
        self.tls = tls
        self.reach = reach
        self.meter = meter
        self.session = _Session()
        # With trust_env, requests would add credentials of a .netrc file.
        self.session.trust_env = False
        adapter = CheckedAdapter(reach, limits.total_seconds, proxy=access.proxy, minimum=access.tls.minimum_version)
        for scheme in ("https://", "http://"):
            self.session.mount(scheme, adapter)
        if tls.verify is False:  # asked for by name: no warning at every request
            urllib3.disable_warnings(urllib3.exceptions.InsecureRequestWarning)
        self._proxies: dict[Origin, dict[str, str]] = {}
        self._end = 0.0

    def begin(self) -> None:
        """The time for one question begins now."""
        self._end = time.monotonic() + self.limits.question_seconds

    def deadline(self) -> float:
        """When an answer that is asked for now must be whole."""
        return min(time.monotonic() + self.limits.total_seconds, self._end)

    def proxies(self, url: str) -> dict[str, str]:
        """The proxies to use for this URL: those of the terms, or else of the environment."""
        if self.access.proxy:
            return {"http": self.access.proxy, "https": self.access.proxy}
        origin = origin_of(url)
        if origin not in self._proxies:  # reading the environment takes as long as a small request
            self._proxies[origin] = requests.utils.get_environ_proxies(url, no_proxy=None)
        return self._proxies[origin]

    def proxy_shown(self, url: str) -> str:
        """The proxy for this URL as messages name it: without user name and password, and with who says it."""
        parts = urlsplit(url)
        proxy = requests.utils.select_proxy(url, self.proxies(url)) or ""
        address = urlsplit(proxy if "://" in proxy else f"//{proxy}").netloc.rpartition("@")[2]
        said = "proxySecretRef" if self.access.proxy else f"from {parts.scheme.upper()}_PROXY"
        return f"{address} ({said})"

    def close(self) -> None:
        """Close them."""
        self.session.close()


class _Session(requests.Session):
    """requests looks at redirects even where it shall not follow them, and stumbles over addresses that are none."""

    def get_redirect_target(self, resp: requests.Response) -> str | None:
        """None: `http.HttpClient` follows."""
        del resp
        return None


class CheckedAdapter(HTTPAdapter):
    """Connects where `reach` allows it. `proxy` is the proxy that a user named: its address is checked too, as one from
    the environment of the process, which the administrator sets, is not. `minimum` is the oldest TLS version. Answers
    take no more than `seconds`."""

    def __init__(self, reach: Reach, seconds: float, *, proxy: str = "", minimum: str = "") -> None:
        self._reach = reach
        self._seconds = seconds
        self._proxy = proxy
        self._minimum = _TLS_VERSIONS[minimum]
        super().__init__()

    def init_poolmanager(self, *arguments: Any, **options: Any) -> None:
        """Make the pools of direct connections."""
        super().init_poolmanager(*arguments, ssl_minimum_version=self._minimum, **options)
        self.poolmanager.pool_classes_by_scheme = _pool_classes(self._reach, self._seconds)

    def proxy_manager_for(self, proxy: str, **options: Any) -> Any:
        """The pools of connections through one proxy."""
        manager = super().proxy_manager_for(proxy, ssl_minimum_version=self._minimum, **options)
        # Which one the user named is not asked: requests writes its address anew (`LOCALHOST` becomes `localhost`).
        reach = self._reach if self._proxy else _ANYWHERE
        manager.pool_classes_by_scheme = _pool_classes(reach, self._seconds)
        return manager


@lru_cache(8)
def _pool_classes(reach: Reach, seconds: float) -> _PoolClasses:
    """urllib3's pools, with connections that ask this policy. Classes, because that is how urllib3 takes them."""
    response = response_within(seconds)

    class Plain(HTTPConnection):
        response_class = response

        def _new_conn(self) -> socket.socket:
            return _connect(self, super()._new_conn, reach)

    class Tls(HTTPSConnection):
        response_class = response

        def _new_conn(self) -> socket.socket:
            return _connect(self, super()._new_conn, reach)

    class PlainPool(HTTPConnectionPool):
        ConnectionCls = Plain

    class TlsPool(HTTPSConnectionPool):
        ConnectionCls = Tls

    return {"http": PlainPool, "https": TlsPool}


def _connect(connection: HTTPConnection, connect: Any, reach: Reach) -> socket.socket:
    """Look the name up, and connect to the first allowed address that answers."""
    name = connection._dns_host  # the attribute that urllib3 looks up
    try:
        found = socket.getaddrinfo(name.strip("[]"), connection.port, type=socket.SOCK_STREAM)
    except (socket.gaierror, UnicodeError) as error:
        problem = error if isinstance(error, socket.gaierror) else socket.gaierror(str(error))
        raise NameResolutionError(connection.host, connection, problem) from error
    addresses = dict.fromkeys(str(item[4][0]) for item in found)
    allowed = [address for address in addresses if reach.connects_to(address)]
    if not allowed:
        raise AddressNotAllowed(connection.host, next(iter(addresses), connection.host))
    try:
        for address in allowed:
            connection._dns_host = address
            try:
                result: socket.socket = connect()
            except (NewConnectionError, ConnectTimeoutError):
                if address == allowed[-1]:
                    raise
            else:
                return result
    finally:
        connection._dns_host = name  # which TLS checks the certificate against
    raise AssertionError("the last address returns or raises")
