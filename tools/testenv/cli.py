"""`python -m testenv`: build, up, down, status, reset, kubeconfig.

Every command may be repeated: what is done already is not done again. `build` needs Python's standard library only;
the others need the repository's virtual environment, so they are imported when they are asked for.
"""

import argparse
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from testenv.errors import TestenvError
from testenv.progress import to_stderr

if TYPE_CHECKING:
    from testenv.instance import Instance

NOT_RUNNING = 3
"""Exit code of `status` for an instance that does not run, as service managers have it."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; the exit code."""
    options = _parser().parse_args(arguments)
    command: Callable[[argparse.Namespace], int] = options.command
    try:
        return command(options)
    except TestenvError as error:
        to_stderr(f"error: {error}")
        return 1
    except KeyboardInterrupt:
        to_stderr("interrupted: what was started has been ended")
        return 130


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="testenv", description="A real Kubernetes control plane on this machine.")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    commands.add_parser("build", help="build what is in neither KUBEBUILDER_ASSETS nor the cache").set_defaults(
        command=_build
    )
    table: tuple[tuple[str, Callable[[argparse.Namespace], int], str], ...] = (
        ("up", _up, "start an instance, unless it runs"),
        ("down", _down, "end its servers and remove its data"),
        ("status", _status, "what runs (all instances, unless one is named)"),
        ("reset", _reset, "an empty cluster and registry in place of what is there"),
        ("kubeconfig", _kubeconfig, "print the path of its kubeconfig"),
    )
    for name, command, text in table:
        each = commands.add_parser(name, help=text)
        each.add_argument("--name", default=None, help="the instance (default: default)")
        each.add_argument("--dir", type=Path, default=None, help="its folder (default: in the user's cache)")
        each.set_defaults(command=command)
    return parser


def _build(_options: argparse.Namespace) -> int:
    from testenv.build import build

    print(build(to_stderr).stages.parent)
    return 0


def _up(options: argparse.Namespace) -> int:
    from testenv.build import build

    build(to_stderr)
    instance = _instance(options)
    started = time.monotonic()
    instance.up(report=to_stderr)
    print(f"control plane {instance.name} is up ({time.monotonic() - started:.1f} s)")
    _describe(instance)
    return 0


def _down(options: argparse.Namespace) -> int:
    instance = _instance(options)
    instance.down()
    print(f"control plane {instance.name} is down, its data removed")
    return 0


def _reset(options: argparse.Namespace) -> int:
    instance = _instance(options)
    instance.reset(report=to_stderr)
    print(f"control plane {instance.name} is empty")
    _describe(instance)
    return 0


def _kubeconfig(options: argparse.Namespace) -> int:
    instance = _instance(options)
    if not instance.running():
        raise TestenvError(f"instance {instance.name} does not run: `python -m testenv up` starts it")
    print(instance.kubeconfig)
    return 0


def _status(options: argparse.Namespace) -> int:
    from testenv.instance import instances

    named = options.name is not None or options.dir is not None
    chosen = [_instance(options)] if named else list(instances())
    if not chosen:
        print("no control plane runs")
    for instance in chosen:
        print(f"control plane {instance.name}: {'up' if instance.running() else 'not running'}")
        if instance.running():
            _describe(instance)
            for name, pid in instance.processes.items():
                print(f"  {name:<24} pid {pid}")
    return 0 if chosen and all(instance.running() for instance in chosen) else NOT_RUNNING


def _instance(options: argparse.Namespace) -> "Instance":
    from testenv.instance import Instance

    return Instance(options.name or "default", directory=options.dir)


def _describe(instance: "Instance") -> None:
    rows = {
        "kubeconfig": instance.kubeconfig,
        "server": instance.server,
        "registry": instance.registry,
        "logs": instance.logs,
        "kubectl": instance.kubectl,
        "helm": instance.helm,
    }
    for name, value in rows.items():
        print(f"  {name:<10}  {value}")
