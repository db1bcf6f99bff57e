"""Flags of `helm install` that Helm's commands for rendering take too, though they change nothing of what is rendered.

Scripts pass them, so they are read and checked as Helm does, warnings of deprecation included, and then dropped.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

import click

from steersman.cli.flags import checked_flag, deprecated_flag, split_commas
from steersman.cli.output import write_log
from steersman.core.golang.durations import DurationError, parse_duration
from steersman.core.golang.numbers import NumberRangeError, NumberSyntaxError, parse_float, parse_int
from steersman.core.golang.quote import quote
from steersman.core.manifest.log import log_line
from steersman.core.render.errors import RenderError

_Command = TypeVar("_Command", bound=Callable[..., Any])

EXCLUSIVE = (("force", "force-conflicts"), ("force-replace", "force-conflicts"), ("validate", "dry-run"))
"""Flags of which only one may be given."""

_SYSTEM_LABELS = ("name", "owner", "status", "version", "createdAt", "modifiedAt")
_WAIT_STRATEGIES = {"true": "watcher", "false": "hookOnly"}
_NO_EFFECT = "this flag has no effect for 'helm template' and will be removed in Helm 5"

_SWITCHES = (
    "--create-namespace",
    "--disable-openapi-validation",
    "--force-conflicts",
    "--force-replace",
    "--replace",
    "--rollback-on-failure",
    "--server-side",
    "--skip-crds",
    "--take-ownership",
    "--wait-for-jobs",
)
_DEPRECATED = {
    "--atomic": "use --rollback-on-failure instead",
    "--force": "use --force-replace instead",
    "--hide-notes": _NO_EFFECT,
    "--render-subchart-notes": _NO_EFFECT,
}
_TEXTS = (
    "--description",
    "--post-renderer-args",
)


_GLOBAL_TEXTS = (
    "--kube-apiserver",
    "--kube-as-group",
    "--kube-as-user",
    "--kube-ca-file",
    "--kube-context",
    "--kube-tls-server-name",
    "--kube-token",
    "--kubeconfig",
)


def install_flags(command: _Command) -> _Command:
    """Accept them all, and `global_flags`, without listing them in `--help`."""
    for name in _SWITCHES:
        command = click.option(name, is_flag=True, hidden=True, expose_value=False)(command)
    for name, advice in _DEPRECATED.items():
        command = deprecated_flag(name, advice)(command)
    for name in _TEXTS:
        command = click.option(name, multiple=True, hidden=True, expose_value=False)(command)
    command = checked_flag("--timeout", _check_duration)(command)
    command = checked_flag("--wait", _check_wait)(command)
    command = checked_flag("-l, --labels", _check_labels, exposed="labels")(command)
    return global_flags(command)


def global_flags(command: _Command) -> _Command:
    """Accept what all commands of Helm take to reach a cluster, which rendering does without."""
    command = click.option("--kube-insecure-skip-tls-verify", is_flag=True, hidden=True, expose_value=False)(command)
    for name in _GLOBAL_TEXTS:
        command = click.option(name, multiple=True, hidden=True, expose_value=False)(command)
    command = checked_flag("--burst-limit", _check_int)(command)
    command = checked_flag("--qps", _check_float)(command)
    return checked_flag("--color/--colour", _check_color)(command)


def check_labels(texts: tuple[str, ...]) -> None:
    """Refuse labels that Helm keeps for itself. Raises RenderError."""
    if any(item.partition("=")[0] in _SYSTEM_LABELS for item in split_commas(texts)):
        names = " ".join(_SYSTEM_LABELS)
        raise RenderError(f"user supplied labels contains system reserved label name. System labels: [{names}]")


def _check_duration(text: str) -> str:
    try:
        parse_duration(text)
    except DurationError as error:
        return str(error)
    return ""


def _check_int(text: str) -> str:
    return _number_problem("ParseInt", text, lambda: parse_int(text, 0))


def _check_float(text: str) -> str:
    return _number_problem("ParseFloat", text, lambda: parse_float(text))


def _number_problem(function: str, text: str, parse: Callable[[], object]) -> str:
    try:
        parse()
    except NumberSyntaxError:
        return f"strconv.{function}: parsing {quote(text)}: invalid syntax"
    except NumberRangeError:
        return f"strconv.{function}: parsing {quote(text)}: value out of range"
    return ""


def _check_wait(text: str) -> str:
    strategy = _WAIT_STRATEGIES.get(text)
    if strategy is not None:
        message = f"--wait={text} is deprecated (boolean value) and can be replaced with --wait={strategy}"
        write_log([log_line("WARN", message)])
    elif text not in ("watcher", "hookOnly", "legacy"):
        return f"invalid wait input {quote(text)}. Valid inputs are watcher, hookOnly, and legacy"
    return ""


def _check_color(text: str) -> str:
    return "" if text in ("never", "auto", "always") else "must be one of: never, auto, always"


def _check_labels(text: str) -> str:
    wrong = [item for item in split_commas([text]) if "=" not in item]
    return f"{wrong[0]} must be formatted as key=value" if wrong else ""
