"""Flags that say which version of a chart is meant and how its registry is reached. Used by commands that take charts
from elsewhere; `sources` and `registries` do what they say."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple, TypeAlias, TypeVar

import click

_Command = TypeVar("_Command", bound=Callable[..., Any])
_Flags: TypeAlias = tuple[tuple[tuple[str, ...], str], ...]
"""Names, and what `--help` says."""

_DEVELOPMENT = ">0.0.0-0"


class ChartFlags(NamedTuple):
    """The flags as they were given; a text that was not given is ""."""

    version: str = ""
    devel: bool = False
    repo: str = ""
    verify: bool = False
    keyring: str = ""
    plain_http: bool = False
    insecure_skip_tls_verify: bool = False
    ca_file: str = ""
    cert_file: str = ""
    key_file: str = ""
    username: str = ""
    password: str = ""
    registry_config: str = ""
    content_cache: str = ""
    repository_config: str = ""
    repository_cache: str = ""
    pass_credentials: bool = False

    @property
    def wanted_version(self) -> str:
        """The version or range to look for, "" for the newest stable one."""
        return self.version.strip() or (_DEVELOPMENT if self.devel else "")

    @property
    def asks_for_tls(self) -> bool:
        """Whether a flag speaks of certificates. Helm then talks TLS, also where `plain_http` is set."""
        return bool((self.cert_file and self.key_file) or self.ca_file or self.insecure_skip_tls_verify)


_CHOICE = (
    (("--version",), "Version or range of the chart; the newest stable one when left out."),
    (("--repo",), "URL of the repository that has the chart."),
    (("--keyring",), "Keys of those who may sign, for --verify; GnuPG's own keyring when left out."),
)
_CHOICE_SWITCHES = (
    (("--devel",), "Consider pre-releases too, where --version does not say."),
    (("--pass-credentials",), "Send user name and password to other hosts that the repository's index names, too."),
    (("--verify",), "Check the chart's provenance: its .prov file, by a key of the keyring."),
)
_FLAGS = (
    (("--ca-file",), "Authorities to trust instead of the system's (PEM)."),
    (("--cert-file",), "Our certificate for the registry or repository (PEM)."),
    (("--key-file",), "Its key (PEM)."),
    (("--username",), "User name for the registry or repository."),
    (("--password",), "Password for the registry or repository."),
    (("--content-cache",), "Folder for charts that were pulled; the user's cache folder when left out."),
)
_HELM_FILES = (
    ("--repository-config", "File with the repositories that `helm repo add` added; Helm's own when left out."),
    ("--repository-cache", "Folder with the indexes that `helm repo update` got; Helm's own when left out."),
)
_SWITCHES = (
    (("--plain-http",), "Talk to the registry or repository without TLS."),
    (("--insecure-skip-tls-verify",), "Believe any certificate."),
)


def chart_flags(command: _Command) -> _Command:
    """Add the flags of commands that take a chart; `read_chart_flags` collects them."""
    return with_flags(access_flags(command), _CHOICE, _CHOICE_SWITCHES)


def access_flags(command: _Command) -> _Command:
    """Add only those that say how a registry or repository is reached."""
    command = click.option(
        "--registry-config",
        default="",
        envvar="HELM_REGISTRY_CONFIG",
        help="File with credentials for registries; Helm's and then Docker's own when left out.",
    )(command)
    return with_flags(repository_flags(command), _FLAGS, _SWITCHES)


def with_flags(command: _Command, texts: _Flags, switches: _Flags) -> _Command:
    """Add flags that take a text, "" when they are not given, and switches."""
    for names, text in reversed(switches):
        command = click.option(*names, is_flag=True, help=text)(command)
    for names, text in reversed(texts):
        command = click.option(*names, default="", help=text)(command)
    return command


def repository_flags(command: _Command) -> _Command:
    """Add the flags that say where Helm keeps its repositories, which `chart_flags` has too."""
    for name, text in reversed(_HELM_FILES):
        variable = f"HELM_{name.removeprefix('--').replace('-', '_').upper()}"
        command = click.option(name, default="", envvar=variable, help=text)(command)
    return command


def read_chart_flags(options: dict[str, Any]) -> ChartFlags:
    """The values of `chart_flags` or `access_flags` out of a command's options, which lose them."""
    return ChartFlags(**{name: options.pop(name) for name in ChartFlags._fields if name in options})
