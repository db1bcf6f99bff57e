"""What a chart argument means: a folder or archive on this machine, or a chart in a registry or repository, which is
pulled.

Called by the commands that take a chart. `charts` opens what is found here. What it takes to talk to registries is
imported for those that need it.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import SplitResult, urlsplit

from steersman.cli.chartflags import ChartFlags
from steersman.cli.charts import LocatedChart
from steersman.core.chart.errors import ChartError

if TYPE_CHECKING:
    from steersman.cli.registries import Registries
    from steersman.cli.repositories import Repositories

STDIN = "-"
OCI = "oci://"
_HTTP = ("http", "https")
_OBJECTS = (".yaml", ".yml", ".json")
_FORMS = "charts are at oci://host/path/chart and https://host/path/chart.tgz, or in the repository of --repo https://…"
_ABSENT = "no file or folder has this name here; a chart of a repository is named with it, or given with --repo URL"


def is_object_file(reference: str) -> bool:
    """Whether a chart argument is a file that may hold objects instead (`-` is standard input)."""
    return reference == STDIN or (reference.endswith(_OBJECTS) and Path(reference).is_file())


def is_remote(reference: str, flags: ChartFlags) -> bool:
    """Whether a chart argument is for certain none of this machine."""
    return bool(flags.repo) or reference.startswith((OCI, *(f"{scheme}://" for scheme in _HTTP)))


def locate(reference: str, flags: ChartFlags) -> LocatedChart:
    """Find the chart that an argument means; one in a registry is pulled. Raises ChartError where there is none, and
    SourceError."""
    reference = reference.strip()
    if flags.repo.startswith(OCI):
        reference = f"{flags.repo.rstrip('/')}/{reference}"
        flags = flags._replace(repo="")
    # Helm reads the files of TLS flags whatever the chart is.
    reached = registries(flags) if flags.asks_for_tls or reference.startswith(OCI) else None
    if flags.repo:
        return _repositories(flags).from_repo(reference, flags.wanted_version)
    if reference and Path(reference).exists():
        if flags.verify:
            from steersman.cli.verifying import verify_archive  # what it takes is not worth every command's time

            verify_archive(Path(reference), flags.keyring)
        return LocatedChart(reference)
    if reference.startswith(("/", ".")):
        raise ChartError(f'path "{reference}" not found')
    if reached is not None and reference.startswith(OCI):
        return reached.pull(reference, flags.wanted_version)
    parts = _split(reference)
    if parts.scheme in _HTTP and parts.netloc and parts.path:
        return _repositories(flags).archive(reference)
    if (parts.scheme and parts.netloc and parts.path) or "/" not in parts.path:
        raise _unreachable(reference)
    return _repositories(flags).named(reference, flags.wanted_version)


def _split(reference: str) -> SplitResult:
    try:
        return urlsplit(reference)
    except ValueError as error:
        raise ChartError(f"invalid chart URL format: {reference}", hint=f"{error}") from error


def _repositories(flags: ChartFlags) -> Repositories:
    from steersman.cli.repositories import Repositories  # as for registries

    return Repositories(flags)


def registries(flags: ChartFlags) -> Registries:
    """Registries as these flags reach them. Raises SourceError for files that cannot be read."""
    from steersman.cli.registries import Registries  # its libraries take as long as a whole render

    return Registries(flags)


def _unreachable(reference: str) -> ChartError:
    scheme, separator, rest = reference.partition("://")
    if separator and "/" in rest:
        return ChartError(f'scheme "{scheme}" not supported', hint=_FORMS)
    return ChartError(f"non-absolute URLs should be in form of repo_name/path_to_chart, got: {reference}", hint=_ABSENT)
