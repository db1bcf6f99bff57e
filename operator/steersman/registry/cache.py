"""Charts on disk, by digest: manifests and blobs under the digest of their own bytes.

A manifest is kept as the registry served it, so it can be verified again on every read and says by itself which blob is
the chart. A chart that is here costs no request at all. Called by `source` in a worker thread. The cache is a
convenience: where the disk is full or read-only, charts still come from the registry.
"""

from __future__ import annotations

import hashlib
import logging
from pathlib import Path

from steersman.disk import BoundedFolder

_logger = logging.getLogger(__name__)

CHARTS = "charts-v1"
DEFAULT_MAX_BYTES = 512 * 1024 * 1024
# No digest begins so.
NAMED = "named"
_DIGEST_BYTES = 32


class ChartCache:
    """Verified bytes by digest (`sha256:…`). Blocking."""

    def __init__(self, root: Path, *, max_bytes: int = DEFAULT_MAX_BYTES) -> None:
        self.root = root
        # The folder's name carries the layout: another layout will take another name and leave this one alone.
        self._folder = BoundedFolder(root / CHARTS, max_bytes=max_bytes)

    def known_size(self) -> int:
        """Its size as of the last write here; other processes may have written since."""
        return self._folder.known_size()

    def create(self) -> None:
        """Make the folder now. Raises OSError where there can be none; without this, such a cache warns and goes on."""
        self._folder.create()

    def get(self, digest: str) -> bytes | None:
        """The bytes with this digest, None when they are not here (or were damaged)."""
        try:
            return self._folder.read(_key(digest), lambda data: digest_of(data) == digest)
        except OSError as error:
            _logger.warning("chart cache: %s cannot be read: %s", digest, error)
            return None

    def put(self, digest: str, data: bytes) -> None:
        """Keep bytes that were verified against this digest."""
        try:
            self._folder.write(_key(digest), data)
        except OSError as error:
            _logger.warning("chart cache: %s cannot be written: %s", digest, error)

    def get_named(self, name: str) -> bytes | None:
        """What `put_named` kept under a name (64 hexadecimal digits), None when it is not here (or was damaged)."""
        try:
            kept = self._folder.read(NAMED + name, _is_named)
        except OSError as error:
            _logger.warning("chart cache: %s cannot be read: %s", name, error)
            return None
        return None if kept is None else kept[_DIGEST_BYTES:]

    def put_named(self, name: str, data: bytes) -> None:
        """Keep bytes under a name that is not their digest: that stands before them."""
        try:
            self._folder.write(NAMED + name, hashlib.sha256(data).digest() + data)
        except OSError as error:
            _logger.warning("chart cache: %s cannot be written: %s", name, error)


def digest_of(data: bytes) -> str:
    """`sha256:…` of these bytes."""
    return f"sha256:{hashlib.sha256(data).hexdigest()}"


def _key(digest: str) -> str:
    return digest.removeprefix("sha256:")


def _is_named(kept: bytes) -> bool:
    return hashlib.sha256(kept[_DIGEST_BYTES:]).digest() == kept[:_DIGEST_BYTES]
