"""The file of `helm registry login`: a docker config that is read whole, changed in one entry and put back.

What it holds besides, also what this program does not know, stays as it is. It is replaced at once, so that nobody
reads half of it, and only its owner may read it. Where it names a credential program, that program keeps the
credentials and the file stays as it is. Called by `registry`.
"""

from __future__ import annotations

import fcntl
import json
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from steersman.cli.credential_programs import erase_with_program, store_with_program, usual_program
from steersman.errors import InvalidInput
from steersman.registry.auth import Credential


class LoginFileError(InvalidInput):
    """The file of logins cannot be read or written, or is no docker config."""


class Logins:
    """The logins in one file. All methods raise LoginFileError, and InvalidCredentials where a program fails."""

    def __init__(self, path: Path) -> None:
        # Whoever keeps the file elsewhere and links to it wants that to stay so.
        self._path = Path(os.path.realpath(path))

    def store(self, server: str, credential: Credential) -> None:
        """Keep a credential under the address of a registry."""
        with self._locked():
            config = self._read()
            program, found = _program(config, server), ""
            if not program and not any(config.get(key) for key in ("auths", "credsStore", "credHelpers")):
                program = found = usual_program()
            if program:
                store_with_program(program, server, credential)
                if not found:
                    return
                config["credsStore"] = found
            else:
                config.setdefault("auths", {})[server] = _entry(credential)
            self._write(config)

    def erase(self, server: str) -> None:
        """Forget a registry; one that is not there is fine."""
        with self._locked():
            config = self._read()
            if program := _program(config, server):
                erase_with_program(program, server)
                return
            if config.get("auths", {}).pop(server, None) is not None:
                self._write(config)

    def check(self) -> None:
        """Raise LoginFileError now, rather than after a password was typed in."""
        self._read()

    @contextmanager
    def _locked(self) -> Iterator[None]:
        """Two logins at the same time would each lose the other's entry."""
        try:
            self._path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            folder = os.open(self._path.parent, os.O_RDONLY)
        except OSError as error:
            raise LoginFileError(f"{self._path.parent} cannot be used: {error.strerror}") from error
        try:
            fcntl.flock(folder, fcntl.LOCK_EX)
            yield
        finally:
            os.close(folder)

    def _read(self) -> dict[str, Any]:
        try:
            data = self._path.read_bytes()
        except (FileNotFoundError, NotADirectoryError):
            return {}
        except OSError as error:
            raise LoginFileError(f"{self._path} cannot be read: {error.strerror}") from error
        try:
            config = json.loads(data) if data.strip() else {}
        except ValueError:
            config = None
        if not isinstance(config, dict) or not _is_sound(config):
            # Helm's first words; the cause is left out, as it may quote a credential.
            raise LoginFileError(
                f"failed to decode config file at {self._path}: invalid config format",
                hint="correct the file, or move it away and log in again",
            )
        return {key: value for key, value in config.items() if value is not None}

    def _write(self, config: dict[str, Any]) -> None:
        # As Go writes JSON, byte for byte what Helm writes.
        text = json.dumps(_sorted(config), indent="\t", ensure_ascii=False)
        for character in "<>&\u2028\u2029":
            text = text.replace(character, f"\\u{ord(character):04x}")
        try:
            descriptor, temporary = tempfile.mkstemp(prefix=".config-", dir=self._path.parent)  # mode 0600
            try:
                with os.fdopen(descriptor, "w", encoding="utf-8") as file:
                    file.write(text)
                    file.flush()
                    os.fsync(file.fileno())
                Path(temporary).replace(self._path)
            except BaseException:
                Path(temporary).unlink(missing_ok=True)
                raise
        except OSError as error:
            raise LoginFileError(f"{self._path} cannot be written: {error.strerror}") from error


def _program(config: dict[str, Any], server: str) -> str:
    """The credential program that keeps this registry's credentials, "" for none."""
    program = config.get("credHelpers", {}).get(server) or config.get("credsStore", "")
    return str(program)


def _is_sound(config: dict[str, Any]) -> bool:
    kinds = {"auths": dict, "credHelpers": dict, "credsStore": str}
    return all(isinstance(config[key], kind) for key, kind in kinds.items() if config.get(key) is not None)


def _entry(credential: Credential) -> dict[str, str]:
    return {"auth": credential.basic.removeprefix("Basic ")} if credential.basic else {}


def _sorted(config: dict[str, Any]) -> dict[str, Any]:
    tables = {key: dict(sorted(config[key].items())) for key in ("auths",) if key in config}
    return dict(sorted((config | tables).items()))
