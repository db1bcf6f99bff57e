"""Clients of registries and repositories, lent to one thread at a time and kept warm in between.

A client has a session that changes, so it is never shared: not between threads, and not between repositories or
credentials either. Tokens are shared, by terms of access and scope. Called by `asking` in worker threads.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Protocol, TypeVar

from steersman.registry.access import Access, Limits
from steersman.registry.reach import Reach
from steersman.registry.tlsfiles import TlsFiles, TlsPaths
from steersman.registry.tokencache import TokenCache

_MAX_IDLE = 8


class Client(Protocol):
    """What the pool asks of a client."""

    def close(self) -> None:
        """Close its connections."""
        ...


ClientT_co = TypeVar("ClientT_co", bound=Client, covariant=True)


class Endpoint(Protocol[ClientT_co]):
    """Whom to ask, on which terms; hashable, and equal for those who may share a client."""

    @property
    def host(self) -> str:
        """`host[:port]` that is asked: what fails together."""
        ...

    @property
    def place(self) -> str:
        """How messages name it."""
        ...

    @property
    def access(self) -> Access:
        """The terms."""
        ...

    def open(self, limits: Limits, tls: TlsPaths, reach: Reach, tokens: TokenCache) -> ClientT_co:
        """A new client. Its libraries are imported here, not before."""
        ...

    def __hash__(self) -> int: ...


class ClientPool:
    """At most `_MAX_IDLE` idle clients; those idle longest are closed first."""

    def __init__(self, limits: Limits, reach: Reach) -> None:
        self._limits = limits
        self._reach = reach
        self._idle: OrderedDict[Endpoint[Any], Client] = OrderedDict()
        self._tls = TlsFiles()
        self._tokens = TokenCache()
        self._lock = threading.Lock()
        self._closed = False

    @contextmanager
    def client(self, endpoint: Endpoint[ClientT_co]) -> Iterator[ClientT_co]:
        """A client of this endpoint for the duration of a `with` block. One that failed is not kept."""
        with self._lock:
            client: Any = self._idle.pop(endpoint, None)
        if client is None:
            with self._lock:
                paths = self._tls.paths(endpoint.access.tls)
            client = endpoint.open(self._limits, paths, self._reach, self._tokens)
        try:
            yield client
        except BaseException:
            client.close()
            raise
        self._give_back(endpoint, client)

    def close(self) -> None:
        """Close what is idle, now and when it comes back, and delete the certificate files."""
        with self._lock:
            self._closed = True
            while self._idle:
                self._idle.popitem()[1].close()
            self._tls.close()

    def _give_back(self, endpoint: Endpoint[Any], client: Client) -> None:
        with self._lock:
            displaced = self._idle.pop(endpoint, None)
            self._idle[endpoint] = client
            if displaced is None and (self._closed or len(self._idle) > _MAX_IDLE):
                displaced = self._idle.popitem(last=False)[1]
        if displaced is not None:
            displaced.close()
