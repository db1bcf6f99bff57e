"""Programs `docker-credential-NAME` that keep a user's credentials, run as Docker and Helm run them.

A docker config names them (`credsStore`, `credHelpers`). Called by `credentials`, which asks, and by `logins`.
"""

from __future__ import annotations

import shutil
import subprocess
import sys

import msgspec

from steersman.registry.auth import Credential
from steersman.registry.errors import InvalidCredentials

_TOKEN_USER = "<token>"  # noqa: S105 - Docker's word for an identity token
_NOT_FOUND = "credentials not found"
_SECONDS = 60.0


class _Kept(msgspec.Struct, frozen=True):
    server: str = msgspec.field(name="ServerURL", default="")
    username: str = msgspec.field(name="Username", default="")
    secret: str = msgspec.field(name="Secret", default="")


def ask_program(name: str, server: str) -> Credential | None:
    """What the program knows about a registry; it is `registry.auth.AskHelper`. Raises InvalidCredentials."""
    run = _run(name, "get", server.encode())
    if run.returncode:
        if _NOT_FOUND in run.stdout.decode("utf-8", "replace"):
            return None
        raise _failed(name, run)
    try:
        kept = msgspec.json.decode(run.stdout, type=_Kept)
    except msgspec.DecodeError:
        # The cause is left out: it may quote the secret.
        raise InvalidCredentials(f"the credential helper {_program(name)} gave no valid JSON") from None
    if kept.username == _TOKEN_USER:
        return Credential(identity_token=kept.secret)
    return Credential(kept.username, kept.secret)


def store_with_program(name: str, server: str, credential: Credential) -> None:
    """Let the program keep a credential. Raises InvalidCredentials."""
    kept = _Kept(server, credential.username, credential.password)
    if credential.identity_token:
        kept = _Kept(server, _TOKEN_USER, credential.identity_token)
    try:
        data = msgspec.json.encode(kept)
    except UnicodeEncodeError:
        raise InvalidCredentials(f"{_program(name)} takes text only, and this is no UTF-8") from None
    run = _run(name, "store", data)
    if run.returncode:
        raise _failed(name, run)


def erase_with_program(name: str, server: str) -> None:
    """Let the program forget a registry; one it does not know is fine. Raises InvalidCredentials."""
    run = _run(name, "erase", server.encode())
    if run.returncode and _NOT_FOUND not in run.stdout.decode("utf-8", "replace"):
        raise _failed(name, run)


def usual_program() -> str:
    """The program of this platform, where it is installed: what Helm lets keep credentials when a config says nothing
    yet. "" for none."""
    if sys.platform == "darwin":
        name = "osxkeychain"
    else:
        name = "pass" if shutil.which("pass") else "secretservice"
    return name if shutil.which(_program(name)) else ""


def _program(name: str) -> str:
    return f"docker-credential-{name}"


def _run(name: str, action: str, data: bytes) -> subprocess.CompletedProcess[bytes]:
    try:
        return subprocess.run(  # noqa: S603 - named by the user's own docker config
            [_program(name), action], input=data, capture_output=True, timeout=_SECONDS, check=False
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        problem = error.strerror if isinstance(error, OSError) else f"no answer within {_SECONDS:g} s"
        raise InvalidCredentials(f"the credential helper {_program(name)} cannot be run: {problem}") from error


def _failed(name: str, run: subprocess.CompletedProcess[bytes]) -> InvalidCredentials:
    return InvalidCredentials(f"the credential helper {_program(name)} failed with exit code {run.returncode}")
