"""The command line: which commands there are, and how errors become exit codes.

Entry point of `steersman` and of `kubectl steersman`. A command's module is imported when the command runs, so that
`--help` and `template` never load kopf or a Kubernetes client. Next stops: `template.py`, and a file for each command.
"""

from __future__ import annotations

import errno
import gc
import importlib
import os
import sys
from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import Any, ClassVar, NoReturn

import click

from steersman import __version__
from steersman.cli.output import EXIT_ERROR, EXIT_INTERRUPTED, write, write_error
from steersman.errors import SteersmanError


class LazyGroup(click.Group):
    """A group that knows its commands by name and imports one only to run it."""

    lazy_commands: ClassVar[Mapping[str, tuple[str, str]]] = {}
    """By name: where the command is, and its line of `--help`."""

    aliases: ClassVar[Mapping[str, str]] = {}
    """Other names, which `--help` does not list."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """All names, sorted."""
        return sorted({*super().list_commands(ctx), *self.lazy_commands})

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """The command, imported now if it was not yet."""
        cmd_name = self.aliases.get(cmd_name, cmd_name)
        if cmd_name not in self.lazy_commands:
            return super().get_command(ctx, cmd_name)
        module, _, attribute = self.lazy_commands[cmd_name][0].partition(":")
        command = getattr(importlib.import_module(module), attribute)
        assert isinstance(command, click.Command)
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """The command that the arguments name. Raises click.UsageError in the words Helm's command line has."""
        if self.get_command(ctx, args[0]) is None and not args[0].startswith("-"):
            path = ctx.command_path
            raise click.UsageError(f'unknown command "{args[0]}" for "{path}"\nRun \'{path} --help\' for usage.')
        _, command, rest = super().resolve_command(ctx, args)
        return command.name if command else None, command, rest

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """The list of `--help`, without importing the commands."""
        rows = [(name, self._short_help(ctx, name)) for name in self.list_commands(ctx)]
        with formatter.section("Commands"):
            formatter.write_dl(rows)

    def _short_help(self, ctx: click.Context, name: str) -> str:
        if name in self.lazy_commands:
            return self.lazy_commands[name][1]
        command = super().get_command(ctx, name)
        return command.get_short_help_str(limit=100) if command else ""


class _Root(LazyGroup):
    lazy_commands: ClassVar[Mapping[str, tuple[str, str]]] = {
        "dependency": ("steersman.cli.dependency:dependency", "Look after the charts that a chart depends on."),
        "cache": ("steersman.cli.caches:cache", "List what is cached of charts, and delete it."),
        "lint": ("steersman.cli.lint:lint", "Check charts, as helm lint and beyond."),
        "registry": ("steersman.cli.registry:registry", "Log in to a registry, or log out."),
        "run": ("steersman.cli.run:run", "Run the operator."),
        "search": ("steersman.cli.search:search_command", "List the charts that a repository serves."),
        "template": ("steersman.cli.template:template", "Render a chart and print the result."),
    }

    aliases: ClassVar[Mapping[str, str]] = {"dep": "dependency", "dependencies": "dependency"}


@click.group(
    cls=_Root,
    invoke_without_command=True,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 120},
)
@click.version_option(__version__, message="%(version)s")
@click.pass_context
def cli(ctx: click.Context) -> None:
    """Keep Helm charts installed as their HelmRelease objects say, and look at what that means."""
    if ctx.invoked_subcommand is None:
        write(f"{ctx.get_help()}\n")


@cli.command()
def version() -> None:
    """Print the version."""
    write(f"{__version__}\n")


def main(args: Sequence[str] | None = None) -> NoReturn:
    """Run the command line and exit.

    A command that renders lives a fifth of a second: collecting garbage and taking the interpreter apart at the end
    would be a fourth of that. Commands that live longer turn the collector on again.
    """
    gc.disable()
    code = run(args)
    # One that talked to others has an orderly end of threads and temporary files; after an interrupt, what is left are
    # threads that wait for an answer nobody wants.
    if "asyncio" in sys.modules and code != EXIT_INTERRUPTED:
        sys.exit(code)
    if sys.stdout is not None:
        with suppress(OSError):  # whoever read it has left
            sys.stdout.flush()
    os._exit(code)


def run(args: Sequence[str] | None = None) -> int:
    """Run the command line; the exit code is 0, 1 after an error that was printed, or 130 after Ctrl-C."""
    try:
        result: Any = cli.main(args=None if args is None else list(args), prog_name="steersman", standalone_mode=False)
    except SteersmanError as error:
        write_error(error)
        return EXIT_ERROR
    except click.ClickException as error:
        write_error(usage_text(error))
        return EXIT_ERROR
    except click.Abort as error:
        if isinstance(error.__cause__ or error.__context__, KeyboardInterrupt):
            write_error("interrupted")
            return EXIT_INTERRUPTED
        write_error("aborted")
        return EXIT_ERROR
    except BrokenPipeError:
        # The reader (`| head`) has left; what is still buffered has nowhere to go.
        sys.stderr.close()
        return EXIT_ERROR
    except OSError as error:  # of click, which writes the help
        if error.errno != errno.ENOSPC:
            raise
        write_error("standard output cannot be written: no space left on device")
        return EXIT_ERROR
    return result if isinstance(result, int) else 0


def usage_text(error: click.ClickException) -> str:
    """A wrong use of flags, in the words Helm's command line has for it."""
    if isinstance(error, click.NoSuchOption):
        name = error.option_name
        return f"unknown flag: {name}" if name.startswith("--") else f"unknown shorthand flag: '{name[1:]}' in {name}"
    if isinstance(error, click.BadOptionUsage) and error.message.endswith("requires an argument."):
        name = error.option_name
        return (
            f"flag needs an argument: {name}"
            if name.startswith("--")
            else f"flag needs an argument: '{name[1:]}' in {name}"
        )
    if isinstance(error, click.BadParameter) and error.param is not None and error.param.envvar is not None:
        return f"{error.format_message()} (the flag may come from the variable {error.param.envvar})"
    return error.format_message()
