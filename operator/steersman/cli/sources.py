"""What a chart argument means: a folder or archive on this machine, or a chart in an OCI registry, which is pulled.

Called by the commands that take a chart. `charts` opens what is found here. What it takes to talk to registries is
imported for those that need it.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from steersman.cli.chartflags import ChartFlags
from steersman.cli.charts import LocatedChart
from steersman.core.chart.errors import ChartError

if TYPE_CHECKING:
    from steersman.cli.registries import Registries

STDIN = "-"
OCI = "oci://"
_HTTP = ("http://", "https://")
_OBJECTS = (".yaml", ".yml", ".json")
_ABSENT = "no file or folder has this name here; a chart of a repository must be pulled first (`helm pull`)"
_PULL_FIRST = "pull the chart first (`helm pull`) and pass the archive's path, or use a registry: oci://host/path/chart"


def is_object_file(reference: str) -> bool:
    """Whether a chart argument is a file that may hold objects instead (`-` is standard input)."""
    return reference == STDIN or (reference.endswith(_OBJECTS) and Path(reference).is_file())


def locate(reference: str, flags: ChartFlags) -> LocatedChart:
    """Find the chart that an argument means; one in a registry is pulled. Raises ChartError where there is none, and
    SourceError."""
    reference = reference.strip()
    # Helm reads the files of TLS flags whatever the chart is.
    reached = registries(flags) if flags.asks_for_tls or reference.startswith(OCI) else None
    if flags.repo:
        raise ChartError(f"{flags.repo}: charts are not fetched from HTTP repositories yet", hint=_PULL_FIRST)
    if reference and Path(reference).exists():
        if flags.verify:
            from steersman.cli.verifying import verify_archive  # what it takes is not worth every command's time

            verify_archive(Path(reference), flags.keyring)
        return LocatedChart(reference)
    if reference.startswith(("/", ".")):
        raise ChartError(f'path "{reference}" not found')
    if reached is not None and reference.startswith(OCI):
        return reached.pull(reference, flags.wanted_version)
    raise _unreachable(reference)


def registries(flags: ChartFlags) -> Registries:
    """Registries as these flags reach them. Raises SourceError for files that cannot be read."""
    from steersman.cli.registries import Registries  # its libraries take as long as a whole render

    return Registries(flags)


def _unreachable(reference: str) -> ChartError:
    scheme, separator, rest = reference.partition("://")
    if reference.startswith(_HTTP):
        return ChartError(f"{reference}: charts are not fetched by HTTP yet", hint=_PULL_FIRST)
    if separator and rest:
        return ChartError(f'scheme "{scheme}" not supported')
    if "/" not in reference:
        return ChartError(
            f"non-absolute URLs should be in form of repo_name/path_to_chart, got: {reference}", hint=_ABSENT
        )
    return ChartError(f"repo {reference.partition('/')[0]} not found", hint=_ABSENT)
