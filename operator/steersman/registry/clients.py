"""Registry clients, lent to one thread at a time and kept warm in between.

A client has a session and tokens that change, so it is never shared: not between threads, and not between repositories
or credentials either. Called by `source` in worker threads.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, TypeAlias

from steersman.registry.access import Access, Limits
from steersman.registry.reference import ChartReference
from steersman.registry.tlsfiles import TlsFiles

if TYPE_CHECKING:
    from steersman.registry.oci import RegistryClient

_Key: TypeAlias = tuple[str, str, Access]

_MAX_IDLE = 8


class ClientPool:
    """At most `_MAX_IDLE` idle clients; those idle longest are closed first."""

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._idle: OrderedDict[_Key, RegistryClient] = OrderedDict()
        self._tls = TlsFiles()
        self._lock = threading.Lock()
        self._closed = False

    @contextmanager
    def client(self, reference: ChartReference, access: Access) -> Iterator[RegistryClient]:
        """A client of this repository for the duration of a `with` block. One that failed is not kept."""
        key = (reference.host, reference.repository, access)
        with self._lock:
            client = self._idle.pop(key, None)
        if client is None:
            client = self._create(reference, access)
        try:
            yield client
        except BaseException:
            client.close()
            raise
        self._give_back(key, client)

    def close(self) -> None:
        """Close what is idle, now and when it comes back, and delete the certificate files."""
        with self._lock:
            self._closed = True
            while self._idle:
                self._idle.popitem()[1].close()
            self._tls.close()

    def _create(self, reference: ChartReference, access: Access) -> RegistryClient:
        # Only here: oras and requests cost 9 MiB, which an operator with a warm cache never needs.
        from steersman.registry.oci import RegistryClient

        with self._lock:
            paths = self._tls.paths(access.tls)
        return RegistryClient(reference, access, self._limits, paths)

    def _give_back(self, key: _Key, client: RegistryClient) -> None:
        with self._lock:
            displaced = self._idle.pop(key, None)
            self._idle[key] = client
            if displaced is None and (self._closed or len(self._idle) > _MAX_IDLE):
                displaced = self._idle.popitem(last=False)[1]
        if displaced is not None:
            displaced.close()
