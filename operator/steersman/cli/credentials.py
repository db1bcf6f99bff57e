"""This user's credentials for a registry: flags, then what `helm registry login` wrote, then what `docker login` wrote.

Called by `registries`. Both files are docker configs (`registry.auth`); the credential helpers that they name are
programs `docker-credential-NAME`, run here as Docker does.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import msgspec

from steersman.cli.chartflags import ChartFlags
from steersman.registry.auth import Credential, credential_from_docker_config
from steersman.registry.errors import InvalidCredentials
from steersman.registry.reference import ChartReference

_TOKEN_USER = "<token>"  # noqa: S105 - Docker's word for an identity token
_NOT_FOUND = "credentials not found"
_HELPER_SECONDS = 60.0


class _Answer(msgspec.Struct, frozen=True, rename="pascal"):
    username: str = ""
    secret: str = ""


def credential_for(reference: ChartReference, flags: ChartFlags) -> Credential | None:
    """What proves who we are to the registry of this chart, None for nothing. Raises InvalidCredentials."""
    if flags.username and flags.password:
        return Credential(flags.username, flags.password)
    for path in _config_files(flags.registry_config):
        try:
            data = path.read_bytes()
        except OSError:  # absent or not ours to read: the same as empty, as for Docker
            continue
        try:
            found = credential_from_docker_config(data, reference, _ask_helper)
        except InvalidCredentials as error:
            error.message = f"{path}: {error.message}"
            raise
        if found is not None:
            return found
    return None


def _config_files(registry_config: str) -> Iterator[Path]:
    home = os.path.expanduser("~")  # noqa: PTH111 - Path.home raises where there is none
    yield Path(registry_config) if registry_config else _helm_config(home) / "registry" / "config.json"
    docker = os.environ.get("DOCKER_CONFIG")
    yield (Path(docker) if docker else Path(home) / ".docker") / "config.json"


def _helm_config(home: str) -> Path:
    """Helm's configuration folder."""
    if helm := os.environ.get("HELM_CONFIG_HOME"):
        return Path(helm)
    if base := os.environ.get("XDG_CONFIG_HOME"):
        return Path(base) / "helm"
    return Path(home) / ("Library/Preferences" if sys.platform == "darwin" else ".config") / "helm"


def _ask_helper(name: str, server: str) -> Credential | None:
    """`registry.auth.AskHelper`: run the program, which reads the server's address and answers in JSON."""
    program = f"docker-credential-{name}"
    try:
        run = subprocess.run(  # noqa: S603 - named by the user's own docker config
            [program, "get"], input=server.encode(), capture_output=True, timeout=_HELPER_SECONDS, check=False
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        problem = error.strerror if isinstance(error, OSError) else f"no answer within {_HELPER_SECONDS:g} s"
        raise InvalidCredentials(f"the credential helper {program} cannot be run: {problem}") from error
    if run.returncode:
        if _NOT_FOUND in run.stdout.decode("utf-8", "replace"):
            return None
        raise InvalidCredentials(f"the credential helper {program} failed with exit code {run.returncode}")
    try:
        answer = msgspec.json.decode(run.stdout, type=_Answer)
    except msgspec.DecodeError:
        # The cause is left out: it may quote the secret.
        raise InvalidCredentials(f"the credential helper {program} gave no valid JSON") from None
    if answer.username == _TOKEN_USER:
        return Credential(identity_token=answer.secret)
    return Credential(answer.username, answer.secret)
