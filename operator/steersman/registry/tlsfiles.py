"""PEM texts as files, because requests takes certificates only by path.

The files live in a private folder of this process, named by their content, and go with `close`.
"""

from __future__ import annotations

import hashlib
import ssl
import tempfile
from dataclasses import dataclass
from pathlib import Path

from steersman.registry.access import Tls


@dataclass(frozen=True, slots=True)
class TlsPaths:
    """`verify` and `cert` as requests wants them."""

    verify: str | bool
    certificate: tuple[str, str] | None


class TlsFiles:
    """Keeps the files of every Tls that was asked for. Call it under a lock."""

    def __init__(self) -> None:
        self._folder: tempfile.TemporaryDirectory[str] | None = None

    def paths(self, tls: Tls) -> TlsPaths:
        """The files of these texts, written when they are new. Raises OSError."""
        verify: str | bool = False
        if not tls.skip_verify:
            verify = self._file(tls.ca) if tls.ca else _system_authorities()
        pair = (self._file(tls.certificate), self._file(tls.key)) if tls.certificate else None
        return TlsPaths(verify, pair)

    def close(self) -> None:
        """Delete all of them."""
        if self._folder is not None:
            self._folder.cleanup()
            self._folder = None

    def _file(self, content: bytes) -> str:
        if self._folder is None:
            self._folder = tempfile.TemporaryDirectory(prefix="steersman-tls-")
        path = Path(self._folder.name) / f"{hashlib.sha256(content).hexdigest()}.pem"
        if not path.exists():
            unfinished = path.with_suffix(".new")  # a full disk must not leave half of it under its name
            unfinished.touch(mode=0o600)
            unfinished.write_bytes(content)
            unfinished.replace(path)
        return str(path)


def _system_authorities() -> str | bool:
    """The system's bundle (SSL_CERT_FILE included, as Helm honours it), else the one requests brings."""
    return ssl.get_default_verify_paths().cafile or True
