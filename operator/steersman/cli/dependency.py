"""`steersman dependency build|update|list`: the charts that a chart in a folder depends on, as `helm dependency`.

Flags are Helm's. Unlike Helm, `build` and `update` take several charts at a time. Next stops: `dependency_run`,
`dependency_list`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, ClassVar, TypeVar

import click

from steersman.cli.chartflags import ChartFlags, access_flags, repository_flags, with_flags
from steersman.cli.flags import HelmCommand
from steersman.cli.installflags import global_flags
from steersman.cli.main import LazyGroup
from steersman.cli.output import write

_Command = TypeVar("_Command", bound=Callable[..., Any])

_HERE = "."
_DEFAULT_WIDTH = 80
_TEXTS = ((("--keyring",), "Keys of those who may sign, for --verify; GnuPG's own keyring when left out."),)
_SWITCHES = (
    (("--verify",), "Check the provenance of charts: their .prov files, by a key of the keyring."),
    (("--skip-refresh",), "Take the indexes that Helm has of repositories, and ask for none."),
)


class _Group(LazyGroup):
    aliases: ClassVar[Mapping[str, str]] = {"ls": "list", "up": "update"}


@click.group(cls=_Group, invoke_without_command=True)
@click.pass_context
def dependency(ctx: click.Context) -> None:
    """Look after the charts that a chart depends on: those of Chart.yaml, in charts/."""
    if ctx.invoked_subcommand is None:
        write(f"{ctx.get_help()}\n")


def _fetch_flags(command: _Command) -> _Command:
    """The flags of `build` and `update`, which `ChartFlags` takes."""
    command = with_flags(access_flags(command), _TEXTS, _SWITCHES)
    command = click.option("--debug", is_flag=True, hidden=True, expose_value=False)(command)
    return global_flags(command)


@dependency.command("build", cls=HelmCommand, no_args_is_help=False)
@click.argument("charts", nargs=-1, metavar="[CHART]...")
@_fetch_flags
def build(charts: tuple[str, ...], skip_refresh: bool, **options: Any) -> int:
    """Fill charts/ with the versions that Chart.lock names; without one, as `update`."""
    from steersman.cli.dependency_run import run_build

    return run_build(charts or (_HERE,), ChartFlags(**options), refresh=not skip_refresh)


@dependency.command("update", cls=HelmCommand, no_args_is_help=False)
@click.argument("charts", nargs=-1, metavar="[CHART]...")
@_fetch_flags
def update(charts: tuple[str, ...], skip_refresh: bool, **options: Any) -> int:
    """Fill charts/ with the newest versions that Chart.yaml allows, and write Chart.lock."""
    from steersman.cli.dependency_run import run_update

    return run_update(charts or (_HERE,), ChartFlags(**options), refresh=not skip_refresh)


@dependency.command("list", cls=HelmCommand, no_args_is_help=False)
@click.argument("charts", nargs=-1, metavar="[CHART]")
@click.option("--max-col-width", type=click.IntRange(min=0), default=_DEFAULT_WIDTH, help="Widest column of the table.")
@click.option("--debug", is_flag=True, hidden=True, expose_value=False)
@repository_flags
@global_flags
def list_(charts: tuple[str, ...], max_col_width: int, **_: str) -> None:
    """Print what Chart.yaml lists, and whether charts/ has it."""
    from steersman.cli.dependency_list import list_dependencies

    if len(charts) > 1:
        usage = "Usage:  steersman dependency list CHART [flags]"
        raise click.UsageError(f'"steersman dependency list" accepts at most 1 argument\n\n{usage}')
    list_dependencies(charts[0] if charts else _HERE, max_col_width)
