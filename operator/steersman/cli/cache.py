"""Charts that this user's commands rendered before, loaded and compiled, kept on disk.

Called by `charts`. Keys name the content of the chart and the engine's own files, so that an entry is never stale. The
cache is a convenience: where the folder cannot be used, commands work without it.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator, Mapping
from contextlib import suppress
from pathlib import Path

import steersman
from steersman.cli.folders import user_cache
from steersman.core.render.compiled import CompiledChart
from steersman.core.template.compiled import StaleCompiledTemplate
from steersman.core.template.environment import Environment
from steersman.disk import BoundedFolder

_MAX_BYTES = 256 * 1024 * 1024
_DIGEST_BYTES = hashlib.sha256().digest_size


class CompiledCharts:
    """The cache of one user."""

    def __init__(self) -> None:
        self._folder: BoundedFolder | None = None
        with suppress(RuntimeError):  # no home: no cache
            self._folder = BoundedFolder(user_cache() / "cli-v1", max_bytes=_MAX_BYTES)

    def get(self, digest: str, environment: Environment) -> CompiledChart | None:
        """The chart with this digest, None where it is not known."""
        if self._folder is None:
            return None
        with suppress(OSError, StaleCompiledTemplate):  # unreadable counts as absent
            entry = self._folder.read(digest, _is_sound)
            if entry is not None:
                return CompiledChart.from_bytes(environment, entry[_DIGEST_BYTES:])
        return None

    def put(self, digest: str, compiled: CompiledChart) -> None:
        """Keep what was compiled."""
        if self._folder is None:
            return
        data = compiled.to_bytes()
        with suppress(OSError):  # a full disk must not fail a render
            self._folder.write(digest, hashlib.sha256(data).digest() + data)


def digest_of_archive(data: bytes) -> str:
    """The key of an archive."""
    return _digest(["archive", hashlib.sha256(data).hexdigest()])


def digest_of_files(files: Mapping[str, bytes]) -> str:
    """The key of a folder's listing."""
    return _digest(["files", *(f"{name}\0{hashlib.sha256(data).hexdigest()}" for name, data in files.items())])


def _digest(parts: list[str]) -> str:
    return hashlib.sha256("\n".join([*_engine_files(), *parts]).encode("utf-8", "surrogateescape")).hexdigest()


def _engine_files() -> Iterator[str]:
    """What tells one state of the engine's code from another: names, sizes and times of its files."""
    core = Path(steersman.__file__).parent / "core"
    for folder, _, names in os.walk(core):
        for name in sorted(names):
            if name.endswith(".py"):
                status = os.stat(os.path.join(folder, name))  # noqa: PTH116, PTH118 - a hundred files on every start
                yield f"{folder}/{name} {status.st_size} {status.st_mtime_ns}"


def _is_sound(entry: bytes) -> bool:
    return hashlib.sha256(entry[_DIGEST_BYTES:]).digest() == entry[:_DIGEST_BYTES]
