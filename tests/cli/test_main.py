"""The command line itself: what it loads, how it words wrong usage, exit codes."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from steersman import __version__
from steersman.cli.main import run

HEAVY = ("jinja2", "kopf", "kubernetes", "oras", "aiohttp", "prometheus_client")


def python(code: str) -> str:
    """Run a snippet in a fresh interpreter."""
    command = [sys.executable, "-c", f"import sys; sys.path[:0] = {sys.path!r}\n{code}"]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout


@pytest.mark.parametrize("arguments", [["--help"], ["template", "--help"], ["lint", "--help"]])
def test_help_loads_nothing_heavy(arguments: list[str]) -> None:
    loaded = python(
        f"from steersman.cli.main import run\nrun({arguments!r})\n"
        f"print('LOADED', [name for name in {HEAVY!r} if name in sys.modules])"
    )
    assert loaded.rpartition("LOADED ")[2].strip() == "[]"


def test_a_chart_on_disk_is_rendered_without_what_registries_and_the_api_take() -> None:
    chart = Path(__file__).parents[1] / "data" / "charts" / "plain"
    names = (*HEAVY, "asyncio", "decimal", "msgspec", "requests", "ssl", "steersman.registry", "steersman.core.api")
    loaded = python(
        f"from steersman.cli.main import run\nrun(['template', {str(chart)!r}])\n"
        f"print('LOADED', [name for name in {names!r} if name in sys.modules])"
    )
    assert loaded.startswith("---\n# Source: plain/")
    assert loaded.rpartition("LOADED ")[2].strip() == "[]"


@pytest.mark.parametrize("arguments", [["version"], ["--version"]])
def test_version(arguments: list[str], capfdbinary: pytest.CaptureFixture[bytes]) -> None:
    assert run(arguments) == 0
    assert capfdbinary.readouterr().out.decode() == f"{__version__}\n"


def test_without_arguments_there_is_help(capfd: pytest.CaptureFixture[str]) -> None:
    assert run([]) == 0
    shown = capfd.readouterr()
    assert shown.out.startswith("Usage: steersman")
    assert shown.err == ""


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        pytest.param(["template", "--bogus", "x"], "unknown flag: --bogus", id="flag"),
        pytest.param(["template", "-x", "./c"], "unknown shorthand flag: 'x' in -x", id="short-flag"),
        pytest.param(["template", "./c", "--set"], "flag needs an argument: --set", id="no-argument"),
        pytest.param(["template", "./c", "-n"], "flag needs an argument: 'n' in -n", id="no-argument-short"),
        pytest.param(
            ["template", "./c", "-g=x"],
            'invalid argument "x" for "-g, --generate-name" flag: strconv.ParseBool: parsing "x": invalid syntax',
            id="bool-short",
        ),
        pytest.param(
            ["template", "a", "b", "c"], "expected at most two arguments, unexpected arguments: c", id="arguments"
        ),
        pytest.param(
            ["template", "--no-hooks=x", "c"],
            'invalid argument "x" for "--no-hooks" flag: strconv.ParseBool: parsing "x": invalid syntax',
            id="bool",
        ),
        pytest.param(
            ["template", "-g", "a", "./c"], "cannot set --generate-name and also specify a name", id="generate-name"
        ),
        pytest.param(
            ["template", "--dry-run=foo", "c"],
            'invalid dry-run value ("foo"). Must be "none", "server", or "client"',
            id="dry-run",
        ),
        pytest.param(["template", "./none"], 'path "./none" not found', id="no-chart"),
        pytest.param(
            ["nonsense"],
            'unknown command "nonsense" for "steersman"\nRun \'steersman --help\' for usage.',
            id="command",
        ),
    ],
)
def test_wrong_usage(arguments: list[str], message: str, capfd: pytest.CaptureFixture[str]) -> None:
    assert run(arguments) == 1
    assert capfd.readouterr().err == f"Error: {message}\n"


PLAIN = str(Path(__file__).parents[1] / "data" / "charts" / "plain")


def shell(command: str, *arguments: str) -> tuple[int, str]:
    """Run a line of the shell in which `"$@"` is the command line with these arguments."""
    code = f"import sys; sys.path[:0] = {sys.path!r}; from steersman.cli.main import main; main()"
    line = ["sh", "-c", command, "sh", sys.executable, "-c", code, *arguments]
    done = subprocess.run(line, capture_output=True, text=True, check=False)
    return done.returncode, done.stderr


@pytest.mark.parametrize("arguments", [["template", PLAIN], ["lint", PLAIN], ["--help"]])
@pytest.mark.skipif(not Path("/dev/full").exists(), reason="there is no /dev/full here")
def test_a_full_disk_is_told(arguments: list[str]) -> None:
    told = "Error: standard output cannot be written: no space left on device\n"
    assert shell('"$@" >/dev/full', *arguments) == (1, told)


@pytest.mark.parametrize(
    ("command", "arguments", "expected"),
    [
        pytest.param('"$@" >&-', ["template", PLAIN], (1, "Error: standard output is closed\n"), id="output"),
        pytest.param('"$@" 2>&- >/dev/null', ["template", PLAIN, "--dry-run"], (0, ""), id="log"),
        pytest.param('"$@" 2>&-', ["template", "./none"], (1, ""), id="error"),
        pytest.param('"$@" <&- >/dev/null', ["template", PLAIN, "-f", "-"], (0, ""), id="values"),
        pytest.param('"$@" | true', ["template", PLAIN], (0, ""), id="reader"),
    ],
)
def test_streams_that_are_closed(command: str, arguments: list[str], expected: tuple[int, str]) -> None:
    assert shell(command, *arguments) == expected
