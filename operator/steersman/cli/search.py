"""`steersman search`: what a repository serves, as `helm search repo` prints it, without adding the repository first.

The repository is a URL, a name that `helm repo add` gave, a chart in a registry (whose tags are its versions), a
ChartRepository in a file, or all that were added. `core.chart.search` says what is found, `repositories` gets indexes.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from typing import Any

import click

from steersman.cli.chartflags import ChartFlags, access_flags, read_chart_flags
from steersman.cli.flags import HelmCommand
from steersman.cli.helmrepos import NO_CACHED_INDEX, HelmRepository, helm_repositories
from steersman.cli.installflags import global_flags
from steersman.cli.output import write, write_log
from steersman.cli.table import table
from steersman.core.chart.chartfile import clean
from steersman.core.chart.errors import ChartError
from steersman.core.chart.index import ChartVersion, Index
from steersman.core.chart.search import Query, Result, search
from steersman.core.golang import gojson
from steersman.core.manifest.log import log_line
from steersman.core.yaml.writer import dump
from steersman.errors import SourceError

_KEYS = ("name", "version", "app_version", "description")
_HEADER = ("NAME", "CHART VERSION", "APP VERSION", "DESCRIPTION")
_DEFAULT_WIDTH = 50
_FORMATS = ("table", "json", "yaml")
_OCI = "oci://"


@click.command("search", cls=HelmCommand, no_args_is_help=False)
@click.argument("arguments", nargs=-1, metavar="[REPOSITORY] [KEYWORD]...")
@click.option("-l", "--versions", is_flag=True, help="Every version of every chart, not the newest only.")
@click.option("-r", "--regexp", is_flag=True, help="The keyword is a regular expression (RE2).")
@click.option(
    "-f", "--file", "files", multiple=True, help="File with a ChartRepository, and its Secrets (may be repeated)."
)
@click.option(
    "-n", "--namespace", envvar="HELM_NAMESPACE", default="default", help="Namespace of objects that name none."
)
@click.option("-o", "--output", type=click.Choice(_FORMATS), default="table", help="How to print.")
@click.option("--max-col-width", type=click.IntRange(min=0), default=_DEFAULT_WIDTH, help="Widest column of the table.")
@click.option("--fail-on-no-result", is_flag=True, help="An error where nothing is found.")
@click.option("--version", default="", help="Only versions in this range; stable ones when left out.")
@click.option("--devel", is_flag=True, help="Pre-releases too, where --version does not say.")
@access_flags
@click.option("--debug", is_flag=True, hidden=True, expose_value=False)
@global_flags
def search_command(arguments: tuple[str, ...], **options: Any) -> None:
    """List the charts of a repository: a URL, a name of `helm repo add`, all of those, or oci://host/path/chart."""
    output, width, fail = (options.pop(name) for name in ("output", "max_col_width", "fail_on_no_result"))
    files, namespace = options.pop("files"), options.pop("namespace")
    all_versions, is_pattern = options.pop("versions"), options.pop("regexp")
    flags = read_chart_flags(options)
    repository, words = (None, arguments) if files else _repository(arguments, flags)
    query = Query(" ".join(words), is_pattern, flags.version, flags.devel, all_versions)
    indexes = _of_files(files, namespace, flags) if files else _indexes(repository, flags)
    found = search(asyncio.run(indexes), query)
    if not found and fail:
        raise SourceError("no results found")
    write(_WRITERS[output](found, width))


def _repository(arguments: Sequence[str], flags: ChartFlags) -> tuple[str | HelmRepository | None, Sequence[str]]:
    """The repository that is meant, None for all that were added, and the keyword."""
    if not arguments:
        return None, ()
    first, *rest = arguments
    if "://" in first:
        return first, rest
    added = next((found for found in helm_repositories(flags) if found.name == first), None)
    return (None, arguments) if added is None else (added, rest)


async def _indexes(repository: str | HelmRepository | None, flags: ChartFlags) -> list[tuple[str, Index]]:
    """What is searched, with the name that charts have before their own. Raises SourceError and ChartError."""
    from steersman.cli.repositories import Repositories  # its libraries take as long as all the rest

    if isinstance(repository, str) and repository.startswith(_OCI):
        return [await _tags(repository, flags)]
    if isinstance(repository, str):
        return [("", await Repositories(flags._replace(repo=repository)).now())]
    repositories = Repositories(flags)
    if repository is not None:
        return [(repository.name, await repositories.cached(repository))]
    added = helm_repositories(flags)
    if not added:
        raise ChartError(
            "no repositories configured", hint="name one: `steersman search https://host/path` needs no `helm repo add`"
        )
    found = []
    for one in added:
        try:
            found.append((one.name, await repositories.cached(one)))
        except SourceError as error:
            problem = error.message.removeprefix(f"{NO_CACHED_INDEX}: ")
            write_log([log_line("WARN", "repo is corrupt or missing", repo=one.name, error=problem)])
    return found


async def _of_files(files: Sequence[str], namespace: str, flags: ChartFlags) -> list[tuple[str, Index]]:
    """What the ChartRepositories in some files serve, on their terms."""
    from steersman.cli.registries import Registries
    from steersman.cli.release_charts import ReleaseCharts
    from steersman.cli.releasefile import read_repository_files

    file = read_repository_files(files, namespace)
    charts = ReleaseCharts(file, Registries(flags))
    return [(name, await charts.index(where, name)) for where, name in file.repositories()]


async def _tags(url: str, flags: ChartFlags) -> tuple[str, Index]:
    """A chart in a registry, whose tags are its versions; no more is known of them."""
    from steersman.cli.registries import Registries, in_words_of_the_command_line
    from steersman.registry.errors import ChartNotFound
    from steersman.registry.reference import ChartReference, version_of_tag

    reference = ChartReference.parse(url)
    registries = Registries(flags)
    with in_words_of_the_command_line(url, ""):
        async with registries.sources() as sources:
            try:
                tags = await sources.source(registries.access_to(reference)).tags(f"oci://{reference.place}")
            except ChartNotFound as error:
                raise SourceError(
                    error.message, hint=f"a registry cannot list its charts: name one, oci://{reference.place}/CHART"
                ) from error
    folder, _, name = reference.repository.rpartition("/")
    versions = [ChartVersion(name, version_of_tag(tag)) for tag in tags]
    prefix = f"{_OCI}{reference.host}" + (f"/{folder}" if folder else "")
    return prefix, Index.of({name: versions})


def _as_table(results: Sequence[Result], width: int) -> str:
    if not results:
        return "No results found\n"
    # The name alone is as the index wrote it, and might be more than text for a terminal.
    rows = [tuple(map(clean, _row(result))) for result in results]
    return table([_HEADER, *rows], width) + "\n"


def _row(result: Result) -> tuple[str, str, str, str]:
    chart = result.chart
    return result.name, chart.version, chart.app_version, chart.description


def _as_json(results: Sequence[Result], width: int) -> str:
    del width
    # Go writes a struct's fields in the order of the struct.
    objects = [",".join(f'"{key}":{gojson.encode(text)}' for key, text in row.items()) for row in _plain(results)]
    return f"[{','.join(f'{{{fields}}}' for fields in objects)}]\n"


def _as_yaml(results: Sequence[Result], width: int) -> str:
    del width
    return dump(_plain(results))


def _plain(results: Sequence[Result]) -> list[dict[str, str]]:
    return [dict(zip(_KEYS, _row(result), strict=True)) for result in results]


_WRITERS: dict[str, Callable[[Sequence[Result], int], str]] = {"table": _as_table, "json": _as_json, "yaml": _as_yaml}
