"""Compiled charts on disk, so that a new worker or a new CLI process need not compile again.

The bytes come from workers and go back to workers; nobody here looks into them. A worker has seen hostile charts, so
it is never asked where its bytes belong: the key is made here, from the digest of the archive that was sent to it, the
engine's version and the interpreter's. Entries are framed with a digest of their own; a damaged one counts as absent,
and those of other versions are never found and leave in time.
"""

from __future__ import annotations

import hashlib
import logging
from pathlib import Path

from steersman.disk import BoundedFolder
from steersman.rendering import protocol

_logger = logging.getLogger(__name__)

DEFAULT_MAX_BYTES = 256 * 1024 * 1024
_DIGEST_BYTES = hashlib.sha256().digest_size


class CompiledCharts:
    """Compiled forms by the digest of the chart archive (`sha256:…`). Blocking."""

    def __init__(self, root: Path, *, max_bytes: int = DEFAULT_MAX_BYTES, version: str = protocol.VERSION) -> None:
        self._folder = BoundedFolder(root / "compiled-v1", max_bytes=max_bytes)
        self._version = version

    def get(self, chart_digest: str) -> bytes | None:
        """What a worker of this version made of the chart, None when there is nothing sound."""
        try:
            entry = self._folder.read(self._key(chart_digest), _is_sound)
        except OSError as error:
            _logger.warning("cache of compiled charts cannot be read: %s", error)
            return None
        return None if entry is None else entry[_DIGEST_BYTES:]

    def put(self, chart_digest: str, compiled: bytes) -> None:
        """Keep what a worker of this version made of the chart."""
        try:
            self._folder.write(self._key(chart_digest), hashlib.sha256(compiled).digest() + compiled)
        except OSError as error:
            _logger.warning("cache of compiled charts cannot be written: %s", error)

    def _key(self, chart_digest: str) -> str:
        return hashlib.sha256(f"{self._version}\n{chart_digest}".encode()).hexdigest()


def _is_sound(entry: bytes) -> bool:
    return hashlib.sha256(entry[_DIGEST_BYTES:]).digest() == entry[:_DIGEST_BYTES]
