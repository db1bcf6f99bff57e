"""`steersman run`: settings from flags and environment, then `controller.operator`."""

from __future__ import annotations

import asyncio
import gc
import logging
import os
import re
import socket
from pathlib import Path

import click

from steersman.app import logs
from steersman.app.settings import Settings
from steersman.cli.folders import user_cache
from steersman.cli.output import EXIT_ERROR
from steersman.errors import InvalidInput, SteersmanError

_logger = logging.getLogger(__name__)

_DEFAULTS = Settings()
_PATTERN = re.compile(r"[^,\s]+")


@click.command(context_settings={"auto_envvar_prefix": "STEERSMAN", "show_default": True})
@click.option(
    "--kubeconfig",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="Kubeconfig to use; without it the pod's own ServiceAccount. The variable KUBECONFIG is never followed.",
)
@click.option("--context", default="", help="Context of the kubeconfig; without it the current one.")
@click.option(
    "--namespace", default=_DEFAULTS.namespace, help="Namespace of the operator's Lease and installation key."
)
@click.option("--identity", default="", help="Name of this process in the Lease; without it host name and process id.")
@click.option(
    "--concurrency",
    default=_DEFAULTS.concurrency,
    type=click.IntRange(1, 256),
    help="HelmReleases, and ChartRepositories, worked on at the same moment. Waiting for health takes no place.",
)
@click.option("--http-host", default=_DEFAULTS.http_host, help="Address of /healthz, /readyz and /metrics.")
@click.option(
    "--http-port",
    default=_DEFAULTS.http_port,
    type=click.IntRange(1, 65535),
    help="Port of /healthz, /readyz and /metrics.",
)
@click.option(
    "--cache-dir",
    type=click.Path(path_type=Path),
    help="Folder of downloaded charts and compiled templates; without it the user's cache folder.",
)
@click.option(
    "--cache-bytes",
    default=_DEFAULTS.cache_bytes,
    type=click.IntRange(1024**2),
    help="Bound of the chart cache; what was used longest ago leaves first.",
)
@click.option(
    "--renderer-socket",
    type=click.Path(path_type=Path),
    help="Socket of a renderer beside this process; without it one is started as a child.",
)
@click.option(
    "--renderers",
    default=_DEFAULTS.renderers,
    type=click.IntRange(1, 16),
    help="Charts rendered at the same moment, each in a process of its own.",
)
@click.option(
    "--enable-jinja-charts",
    is_flag=True,
    help="Let charts that ask for Jinja2 in Chart.yaml have it for their files templates/*.j2.",
)
@click.option(
    "--allowed-registries",
    multiple=True,
    metavar="PATTERN[,PATTERN...]",
    callback=lambda _context, _parameter, given: _patterns(given),
    help="Registries and repositories that HelmReleases and ChartRepositories may name, as host[:port][/path] in which "
    "* stands for any characters of the host and the path is a prefix; may be given several times. Without it, all.",
)
@click.option(
    "--allow-local-registries",
    is_flag=True,
    help="Allow registries at loopback and link-local addresses and those of clouds' metadata services, which are "
    "refused otherwise: for a workstation.",
)
@click.option(
    "--log-level",
    default=_DEFAULTS.log_level,
    type=click.Choice(["debug", "info", "warning", "error"]),
    help="Least level of the log lines (JSON, on standard error).",
)
@click.option(
    "--grace",
    default=_DEFAULTS.grace,
    type=click.FloatRange(0),
    help="Seconds that steps under way may take to end after SIGTERM.",
)
@click.option(
    "--silence",
    default=_DEFAULTS.silence,
    type=click.FloatRange(1),
    help="Seconds a watch may be silent before /healthz fails. At rest it hears something about once a minute, and one "
    "that heard nothing is begun anew after 150 seconds.",
)
def run(kubeconfig: Path | None, cache_dir: Path | None, identity: str, **rest: object) -> int:
    """Run the operator: keep every HelmRelease of the cluster installed as it says.

    Every flag may be given by the environment instead: --http-port as STEERSMAN_HTTP_PORT.
    """
    from steersman.controller.operator import run_operator  # kopf and the Kubernetes client load only here

    settings = Settings(
        kubeconfig=kubeconfig,
        cache_dir=cache_dir or _cache_folder(),
        identity=identity or f"{socket.gethostname()}_{os.getpid()}",
        **rest,  # type: ignore[arg-type]  # click has checked the names and types above
    )
    logs.configure(settings.log_level)
    try:
        gc.enable()
        asyncio.run(run_operator(settings))
    except SteersmanError as error:
        _logger.error("%s", error)  # noqa: TRY400 - an error on purpose: its text says all
        return EXIT_ERROR
    return 0


def _patterns(given: tuple[str, ...]) -> tuple[str, ...]:
    """The patterns of --allowed-registries. One that says nothing is no way to allow all: perhaps its variable was
    empty."""
    from steersman.registry.reach import pattern_of

    if not all(_PATTERN.search(text) for text in given):
        raise click.BadParameter("it names no registry. Leave the flag out to allow all")
    try:
        return tuple(pattern_of(text) for text in _PATTERN.findall(" ".join(given)))
    except InvalidInput as error:
        raise click.BadParameter(str(error)) from error


def _cache_folder() -> Path:
    """`/var/cache/steersman` where it can be written (the image), else the user's cache folder."""
    if os.access(_DEFAULTS.cache_dir, os.W_OK):
        return _DEFAULTS.cache_dir
    return user_cache()
