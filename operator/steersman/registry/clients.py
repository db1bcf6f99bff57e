"""Clients of registries and repositories, each on connections that are lent to one thread at a time and kept warm.

Connections belong to a host and one set of terms, and never to two threads at once. A client is made for the question:
what it knows of tokens stands in the cache that all share. Called by `asking` in worker threads.
"""

from __future__ import annotations

import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Protocol, TypeAlias, TypeVar

from steersman.registry.access import Access, Limits
from steersman.registry.errors import RegistryUnavailable
from steersman.registry.metering import Meter
from steersman.registry.reach import Reach
from steersman.registry.tlsfiles import TlsFiles
from steersman.registry.tokencache import TokenCache

if TYPE_CHECKING:
    from steersman.registry.connections import Connections

_Key: TypeAlias = tuple[str, Access]

_MAX_IDLE = 8

ClientT_co = TypeVar("ClientT_co", covariant=True)


class Endpoint(Protocol[ClientT_co]):
    """Whom to ask, on which terms."""

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

    def client(self, connections: Connections, tokens: TokenCache) -> ClientT_co:
        """A client on these connections. Its libraries are imported here, not before."""
        ...


class ClientPool:
    """At most `_MAX_IDLE` idle connections; those idle longest are closed first."""

    def __init__(self, limits: Limits, reach: Reach, meter: Meter) -> None:
        self._meter = meter
        self._limits = limits
        self._reach = reach
        self._idle: list[tuple[_Key, Connections]] = []
        self._tls = TlsFiles()
        self._tokens = TokenCache()
        self._lock = threading.Lock()
        self._closed = False

    @contextmanager
    def client(self, endpoint: Endpoint[ClientT_co]) -> Iterator[ClientT_co]:
        """A client of this endpoint for the duration of a `with` block. Connections that failed are not kept."""
        key = (endpoint.host, endpoint.access)
        connections = self._take(key) or self._connect(endpoint)
        connections.begin()
        try:
            yield endpoint.client(connections, self._tokens)
        except BaseException:
            connections.close()
            raise
        self._give_back(key, connections)

    def close(self) -> None:
        """Close what is idle, now and when it comes back, and delete the certificate files."""
        with self._lock:
            self._closed = True
            for _, connections in self._idle:
                connections.close()
            self._idle.clear()
            self._tls.close()

    def _take(self, key: _Key) -> Connections | None:
        with self._lock:
            for place in reversed(range(len(self._idle))):
                if self._idle[place][0] == key:
                    return self._idle.pop(place)[1]
        return None

    def _connect(self, endpoint: Endpoint[ClientT_co]) -> Connections:
        # Only here: requests costs several MiB, which an operator with a warm cache never needs.
        from steersman.registry.connections import Connections

        try:
            with self._lock:
                paths = self._tls.paths(endpoint.access.tls)
        except OSError as error:
            problem = f"its certificates cannot be written to {tempfile.gettempdir()}: {error.strerror}"
            raise RegistryUnavailable(endpoint.place, problem) from error
        return Connections(endpoint.access, self._limits, paths, self._reach, self._meter)

    def _give_back(self, key: _Key, connections: Connections) -> None:
        with self._lock:
            self._idle.append((key, connections))
            displaced = self._idle.pop(0)[1] if self._closed or len(self._idle) > _MAX_IDLE else None
        if displaced is not None:
            displaced.close()
