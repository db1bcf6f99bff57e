"""Indexes that were read, in memory and on disk: parsed once for whatever has the same bytes, and known again after a
restart, which then costs one conditional request.

On disk a small record for each source names the validators and the digest of its index.yaml; the packed index stands
under that digest. Blocking; called by `repository_charts` in worker threads. A disk that is full or read-only costs
downloads, nothing else.
"""

from __future__ import annotations

import hashlib
import logging
import math
import tempfile
import threading
import time
from collections import OrderedDict
from pathlib import Path
from typing import BinaryIO

import msgspec

from steersman.core.chart.index import Index
from steersman.disk import BoundedFolder
from steersman.registry.access import Access
from steersman.registry.decoding import UNREADABLE
from steersman.registry.indexing import IndexReader
from steersman.registry.targets import Validators

_logger = logging.getLogger(__name__)

DEFAULT_MAX_BYTES = 256 * 1024 * 1024
_MOST_IN_MEMORY = 64
_MOST_CHECKED = 4096
_MOST_BYTES_IN_MEMORY = 32 * 1024 * 1024
_SUM_BYTES = 32


class Source(msgspec.Struct, frozen=True):
    """What is known of one URL on certain terms: of an index the digest of its bytes, of a chart that of the archive
    and the version in it."""

    validators: Validators
    digest: str
    version: str = ""


class IndexStore:
    """One per process, beside the chart cache. Safe for threads."""

    def __init__(self, root: Path, *, max_bytes: int = DEFAULT_MAX_BYTES) -> None:
        self._root = root
        self._max_bytes = max_bytes
        self._reader = IndexReader()
        self._lock = threading.Lock()
        self._folder: BoundedFolder | None = None
        self._sources: OrderedDict[tuple[str, Access], Source] = OrderedDict()
        self._indexes: OrderedDict[str, tuple[Index, int]] = OrderedDict()
        self._checked: OrderedDict[tuple[str, Access], float] = OrderedDict()

    def checked(self, url: str, access: Access) -> None:
        """Somebody has just asked whether this URL changed, and knows."""
        with self._lock:
            self._checked[url, access] = time.monotonic()
            self._checked.move_to_end((url, access))
            while len(self._checked) > _MOST_CHECKED:
                self._checked.popitem(last=False)

    def age(self, url: str, access: Access) -> float:
        """Seconds since it was last asked whether this URL changed; without end where nobody has asked yet."""
        with self._lock:
            return time.monotonic() - self._checked.get((url, access), -math.inf)

    def source(self, url: str, access: Access) -> Source | None:
        """What is known of a URL on these terms."""
        with self._lock:
            found = self._sources.get((url, access))
        if found is not None:
            return found
        data = self._read(_key(url, access))
        if data is None:
            return None
        try:
            source = msgspec.msgpack.decode(data, type=Source)
        except UNREADABLE:
            return None
        # By a date alone, a server that shows each user something else could not tell whose index this is.
        return source if source.validators.etag or access.credential is None else None

    def note(self, url: str, access: Access, source: Source) -> None:
        """Keep what is known of a URL."""
        with self._lock:
            self._sources[url, access] = source
            self._sources.move_to_end((url, access))
            while len(self._sources) > _MOST_IN_MEMORY:
                self._sources.popitem(last=False)
        self._write(_key(url, access), msgspec.msgpack.encode(source))

    def index(self, digest: str) -> Index | None:
        """The index whose text has this digest."""
        with self._lock:
            found = self._indexes.get(digest)
            if found is not None:
                self._indexes.move_to_end(digest)
                return found[0]
        data = self._read(_key_of_digest(digest))
        index = None if data is None else Index.from_bytes(data)
        if index is not None and data is not None:
            self._remember(digest, index, len(data))
        return index

    def read(self, file: BinaryIO, digest: str, place: str) -> Index:
        """The index in a file whose bytes have this digest, and keep it. Raises UnreadableIndex."""
        index = self._reader.read(file, place)
        data = index.to_bytes()
        self._remember(digest, index, len(data))
        self._write(_key_of_digest(digest), data)
        return index

    def close(self) -> None:
        """End what is being read."""
        self._reader.close()

    def temporary_file(self) -> BinaryIO:
        """Where a download goes before it is read; it has no name and leaves nothing behind."""
        try:
            self._root.mkdir(mode=0o700, parents=True, exist_ok=True)
            return tempfile.TemporaryFile(dir=self._root)
        except OSError:
            return tempfile.TemporaryFile()

    def _remember(self, digest: str, index: Index, size: int) -> None:
        with self._lock:
            self._indexes[digest] = (index, size)
            self._indexes.move_to_end(digest)
            while len(self._indexes) > 1 and sum(held for _, held in self._indexes.values()) > _MOST_BYTES_IN_MEMORY:
                self._indexes.popitem(last=False)

    def _read(self, key: str) -> bytes | None:
        try:
            data = self._opened().read(key, _is_sound)
        except OSError as error:
            _logger.warning("index cache: cannot be read: %s", error)
            return None
        return None if data is None else data[_SUM_BYTES:]

    def _write(self, key: str, data: bytes) -> None:
        try:
            self._opened().write(key, _sum(data) + data)
        except OSError as error:
            _logger.warning("index cache: cannot be written: %s", error)

    def _opened(self) -> BoundedFolder:
        with self._lock:
            if self._folder is None:
                self._root.mkdir(mode=0o700, parents=True, exist_ok=True)
                # The folder's name carries the layout, as the chart cache's does.
                self._folder = BoundedFolder(self._root / "indexes-v1", max_bytes=self._max_bytes)
            return self._folder


def _sum(data: bytes) -> bytes:
    return hashlib.sha256(data).digest()


def _is_sound(data: bytes) -> bool:
    return _sum(data[_SUM_BYTES:]) == data[:_SUM_BYTES]


def _key_of_digest(digest: str) -> str:
    return digest.removeprefix("sha256:")


def _key(url: str, access: Access) -> str:
    """A source by all that decides whom we trust to tell us what it is: what one tenant's proxy or authority vouches
    for is not what another gets. Secrets stay out, so that nobody can try passwords on a file's name."""
    tls = access.tls
    proxy = access.proxy.rpartition("@")[2]
    username = access.credential.username if access.credential is not None else ""
    terms = (
        url, access.home, access.insecure, access.pass_credentials, proxy, username,
        tls.ca, tls.certificate, tls.skip_verify, tls.minimum_version,
    )  # fmt: skip
    return hashlib.sha256(msgspec.msgpack.encode(terms)).hexdigest()
