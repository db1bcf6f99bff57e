"""Flags that several commands share, and Helm's way of writing flags on top of click's.

Helm's flags may say `--flag=true` and `--flag=false`, and a few take their value only after `=`; `HelmCommand` rewrites
such arguments before click reads them.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import islice
from types import MappingProxyType
from typing import Any, TypeVar

import click
from click.core import ParameterSource

from steersman.cli.output import write_log
from steersman.cli.values import ValueFlags
from steersman.core.golang.quote import quote

_Command = TypeVar("_Command", bound=Callable[..., Any])

_SHORT = len("-n")
TRUE = frozenset({"1", "t", "T", "TRUE", "true", "True"})
FALSE = frozenset({"0", "f", "F", "FALSE", "false", "False"})
"""What Go's strconv.ParseBool takes."""


class HelmCommand(click.Command):
    """A command that accepts `--flag=false`, and `--flag` for the options in `optional_values` (name → value).

    Of each group in `exclusive` only one flag may be given."""

    def __init__(
        self,
        *args: Any,
        optional_values: Mapping[str, str] = MappingProxyType({}),
        exclusive: Sequence[Sequence[str]] = (),
        **kwargs: Any,
    ) -> None:
        super().__init__(*args, **kwargs)
        self._optional_values = optional_values
        self._exclusive = exclusive
        options = [parameter for parameter in self.params if isinstance(parameter, click.Option)]
        self._switches = {name: ", ".join(option.opts) for option in options if option.is_flag for name in option.opts}
        self._takes_value = {name for option in options if not option.is_flag for name in option.opts}

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Rewrite, then parse as click does."""
        rewritten: list[str] = []
        rest = iter(args)
        for arg in rest:
            if arg == "--":
                rewritten += [arg, *rest]
            elif arg in self._takes_value and arg not in self._optional_values:
                rewritten += [arg, *islice(rest, 1)]
            else:
                rewritten += self._rewrite(arg)
        positional = super().parse_args(ctx, rewritten)
        for group in self._exclusive:
            given = sorted(name for name in group if is_given(ctx, name))
            if len(given) > 1:
                raise click.UsageError(
                    f"if any flags in the group [{' '.join(group)}] are set none of the others can be; "
                    f"[{' '.join(given)}] were all set"
                )
        return positional

    def _rewrite(self, arg: str) -> Sequence[str]:
        if arg in self._optional_values:
            return (f"{arg}={self._optional_values[arg]}",)
        name, equals, value = arg.partition("=")
        if not equals or name not in self._switches:
            # Of `-n=name`, click would take `=name` for the value.
            return (name, value) if equals and value and name in self._takes_value and len(name) == _SHORT else (arg,)
        if value in FALSE:
            return ()
        if value in TRUE:
            return (name,)
        reason = f"strconv.ParseBool: parsing {quote(value)}: invalid syntax"
        raise click.UsageError(f'invalid argument {quote(value)} for "{self._switches[name]}" flag: {reason}')


def is_given(ctx: click.Context, flag: str) -> bool:
    """Whether the flag (without its dashes) stands on the command line."""
    return ctx.get_parameter_source(flag.replace("-", "_")) is ParameterSource.COMMANDLINE


def value_flags(command: _Command) -> _Command:
    """Add the flags that give values; `read_value_flags` collects them."""
    for names, text in reversed(_VALUE_FLAGS):
        command = click.option(*names, multiple=True, help=text)(command)
    return command


def read_value_flags(options: dict[str, Any]) -> ValueFlags:
    """The values of `value_flags` out of a command's options, which lose them."""
    return ValueFlags(
        files=split_commas(options.pop("values")),
        json=options.pop("set_json"),
        plain=options.pop("set"),
        strings=options.pop("set_string"),
        from_files=options.pop("set_file"),
        literals=options.pop("set_literal"),
    )


def split_commas(texts: Iterable[str]) -> tuple[str, ...]:
    """Flags that may be repeated and may hold a comma-separated list each time."""
    texts = tuple(texts)
    if not any(mark in text for text in texts for mark in ',"\r\n'):
        return tuple(text for text in texts if text)
    import csv  # only here, as lists are rare

    return tuple(item for row in csv.reader(texts) for item in row)


def render_flags(command: _Command) -> _Command:
    """Add the flags of every command that renders, about what it renders and what it allows."""
    for add in reversed(_RENDER_FLAGS):
        command = add(command)
    return command


def deprecated_flag(name: str, advice: str, *, exposed: bool = False) -> Callable[[_Command], _Command]:
    """A switch that Helm still takes, with a warning. The command gets it where `exposed`."""

    def warn(ctx: click.Context, parameter: click.Parameter, given: bool) -> bool:
        del parameter
        if is_given(ctx, name.removeprefix("--")):
            write_log([f"Flag {name} has been deprecated, {advice}"])
        return given

    return click.option(name, is_flag=True, hidden=True, expose_value=exposed, callback=warn)


def checked_flag(names: str, check: Callable[[str], str], exposed: str = "") -> Callable[[_Command], _Command]:
    """A flag that may be repeated and whose values `check` judges: it gives what is wrong, or "". The command gets the
    values as the parameter `exposed`, if any."""
    parameters = [name.strip() for name in re.split("[,/]", names)]

    def judge(ctx: click.Context, parameter: click.Parameter, values: tuple[str, ...]) -> tuple[str, ...]:
        del ctx, parameter
        for value in values:
            if problem := check(value):
                raise click.UsageError(f'invalid argument {quote(value)} for "{names}" flag: {problem}')
        return values

    return click.option(*parameters, multiple=True, hidden=True, expose_value=bool(exposed), callback=judge)


_RENDER_FLAGS = (
    click.option("-n", "--namespace", envvar="HELM_NAMESPACE", default="default", help="Namespace of the release."),
    click.option(
        "--objects",
        multiple=True,
        help="File with what a HelmRelease names: ConfigMaps, Secrets, its ChartRepository (may be repeated).",
    ),
    click.option(
        "--skip-schema-validation", "skip_schema", is_flag=True, help="Do not check values against values.schema.json."
    ),
    click.option(
        "--enable-jinja-charts",
        "allow_jinja",
        is_flag=True,
        envvar="STEERSMAN_ENABLE_JINJA_CHARTS",
        help="Render templates/*.j2 with Jinja2 in charts that ask for it.",
    ),
)
_VALUE_FLAGS = (
    (("-f", "--values"), "Values in a YAML file, - for standard input (may be repeated)."),
    (("--set",), "Values on the command line: key1=val1,key2=val2 (may be repeated)."),
    (("--set-string",), "As --set, but every value is a string."),
    (("--set-file",), "As --set, but every value is the content of a file."),
    (("--set-json",), 'JSON values: key1=jsonval1,key2=jsonval2, or one object {"key1": jsonval1}.'),
    (("--set-literal",), "One value, taken literally."),
)
