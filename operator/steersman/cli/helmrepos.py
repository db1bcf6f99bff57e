"""Repositories that `helm repo add` wrote down: Helm's repositories.yaml, and the folder with their cached indexes.

Read where Helm reads them: flags, then the HELM_ variables, then Helm's folders. Called by commands that take
`repository/chart`.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit, urlunsplit

from steersman.cli.chartflags import ChartFlags
from steersman.cli.charts import os_error
from steersman.cli.folders import helm_cache, helm_config
from steersman.core import yaml
from steersman.core.chart.errors import ChartError
from steersman.core.manifest.typed import BOOL, STRING, TIME, ListOf, Struct, TypeMismatch, decode
from steersman.core.yaml.errors import UNMARSHALING

UPDATE = "(try 'helm repo update')"
NO_CACHED_INDEX = f"no cached repo found. {UPDATE}"

_ENTRY = Struct(
    "repo.Entry",
    {
        "name": STRING,
        "url": STRING,
        "username": STRING,
        "password": STRING,
        "certFile": STRING,
        "keyFile": STRING,
        "caFile": STRING,
        "insecure_skip_tls_verify": BOOL,
        "pass_credentials_all": BOOL,
    },
)
_FILE = Struct("repo.File", {"apiVersion": STRING, "generated": TIME, "repositories": ListOf(_ENTRY, nullable=True)})


@dataclass(frozen=True, slots=True)
class HelmRepository:
    """One that was added."""

    name: str
    url: str
    username: str = ""
    password: str = field(default="", repr=False)
    cert_file: str = ""
    key_file: str = ""
    ca_file: str = ""
    insecure_skip_tls_verify: bool = False
    pass_credentials: bool = False


def helm_repositories(flags: ChartFlags) -> tuple[HelmRepository, ...]:
    """All of them, in the file's order; none where there is no file. Raises ChartError."""
    path = Path(flags.repository_config) if flags.repository_config else helm_config("repositories.yaml")
    try:
        data = path.read_bytes()
    except FileNotFoundError:
        return ()
    except OSError as error:
        problem = os_error(str(path), error)
        raise ChartError(f"couldn't load repositories file ({path}): {problem}") from error
    try:
        fields = decode(yaml.load_exact(data), _FILE)
    except yaml.YAMLError as error:
        raise ChartError(error.message, hint=f"it is about {path}") from error
    except TypeMismatch as error:
        raise ChartError(f"{UNMARSHALING}{error}", hint=f"it is about {path}") from error
    return tuple(_repository(entry) for entry in fields.get("repositories", ()) if entry is not None)


def repository_named(name: str, repositories: tuple[HelmRepository, ...]) -> HelmRepository:
    """The repository that was added under this name. Raises ChartError."""
    for repository in repositories:
        if repository.name == name:
            if not repository.url:
                raise ChartError(f"no URL found for repository {name}")
            return repository
    raise ChartError(
        f"repo {name} not found",
        hint="no file or folder has this name here, and no repository was added under it (`helm repo add`)",
    )


def repository_at(url: str, repositories: tuple[HelmRepository, ...]) -> HelmRepository | None:
    """The repository that was added with this URL, or in whose folder the URL is; None where there is none."""
    inside = [found for found in repositories if found.url and _folder(url).startswith(_folder(found.url))]
    return max(inside, key=lambda found: len(_folder(found.url)), default=None)


def cached_index(name: str, flags: ChartFlags) -> Path:
    """Where `helm repo update` puts the index of a repository."""
    folder = Path(flags.repository_cache) if flags.repository_cache else helm_cache("repository")
    return folder / f"{name}-index.yaml"


def without_userinfo(flags: ChartFlags, url: str) -> tuple[ChartFlags, str]:
    """User name and password of a URL are those of the flags, unless they have some."""
    try:
        parts = urlsplit(url)
    except ValueError as error:
        raise ChartError(f"invalid chart URL format: {url}", hint=f"{error}") from error
    userinfo, at, host = parts.netloc.rpartition("@")
    if not at:
        return flags, url
    username, _, password = userinfo.partition(":")
    if not (flags.username and flags.password):
        flags = flags._replace(username=unquote(username), password=unquote(password))
    return flags, urlunsplit(parts._replace(netloc=host))


def _folder(url: str) -> str:
    return f"{url.partition('?')[0].rstrip('/')}/"


def _repository(entry: dict[str, Any]) -> HelmRepository:
    return HelmRepository(
        name=entry.get("name", ""),
        url=entry.get("url", ""),
        username=entry.get("username", ""),
        password=entry.get("password", ""),
        cert_file=entry.get("certFile", ""),
        key_file=entry.get("keyFile", ""),
        ca_file=entry.get("caFile", ""),
        insecure_skip_tls_verify=entry.get("insecure_skip_tls_verify", False),
        pass_credentials=entry.get("pass_credentials_all", False),
    )
