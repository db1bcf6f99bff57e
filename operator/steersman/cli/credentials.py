"""This user's credentials for a registry: flags, then what `helm registry login` wrote, then what `docker login` wrote.

Called by `registries`. Both files are docker configs (`registry.auth`); `credential_programs` runs the credential
helpers that they name.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from pathlib import Path

from steersman.cli.chartflags import ChartFlags
from steersman.cli.credential_programs import ask_program
from steersman.registry.auth import Credential, credential_from_docker_config
from steersman.registry.errors import InvalidCredentials
from steersman.registry.reference import ChartReference


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
            found = credential_from_docker_config(data, reference, ask_program)
        except InvalidCredentials as error:
            error.message = f"{path}: {error.message}"
            raise
        if found is not None:
            return found
    return None


def login_file(registry_config: str) -> Path:
    """The file that `helm registry login` writes, unless a flag names another one."""
    return Path(registry_config) if registry_config else _helm_config(_home()) / "registry" / "config.json"


def _config_files(registry_config: str) -> Iterator[Path]:
    yield login_file(registry_config)
    docker = os.environ.get("DOCKER_CONFIG")
    yield (Path(docker) if docker else Path(_home()) / ".docker") / "config.json"


def _home() -> str:
    return os.path.expanduser("~")  # noqa: PTH111 - Path.home raises where there is none


def _helm_config(home: str) -> Path:
    """Helm's configuration folder."""
    if helm := os.environ.get("HELM_CONFIG_HOME"):
        return Path(helm)
    if base := os.environ.get("XDG_CONFIG_HOME"):
        return Path(base) / "helm"
    return Path(home) / ("Library/Preferences" if sys.platform == "darwin" else ".config") / "helm"
