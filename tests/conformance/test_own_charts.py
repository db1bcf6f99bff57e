"""Charts of our own, each around one feature, against the real Helm: output, error text and exit code."""

from __future__ import annotations

import contextlib
import io
import sys
from pathlib import Path

import pytest
from conformance.cases import helms_words
from conformance.vectors import run_cli, utc
from testenv.clients import Helm

from steersman.core import yaml

CHARTS = Path(__file__).resolve().parents[1] / "data" / "charts"


def _cases() -> list[pytest.param]:
    listed = yaml.load_exact((CHARTS / "cases.yaml").read_bytes())
    return [
        pytest.param(chart, arguments, id=f"{chart}-{number}")
        for chart, cases in listed.items()
        for number, arguments in enumerate(cases)
    ]


def _error(stderr: str) -> str:
    """Standard error from `Error: ` on: log lines before it come in random order, as do complaints about values."""
    error = helms_words(stderr[stderr.find("Error: ") :]) if "Error: " in stderr else ""
    return "\n".join(sorted(error.splitlines())) if "values don't meet the specifications" in error else error


@pytest.mark.parametrize(("chart", "arguments"), _cases())
def test_own_charts(chart: str, arguments: list[str], offline_helm: Helm) -> None:
    name, *flags = arguments
    command = ["template", name, ".", *flags]
    with utc(), contextlib.chdir(CHARTS / chart):
        wanted = offline_helm(*command, check=False)
        out, err, code = run_cli(command, CHARTS / chart)
    assert (out, _error(err), code) == (wanted.stdout, _error(wanted.stderr), wanted.returncode)


def test_a_packaged_chart_renders_as_its_folder(offline_helm: Helm, tmp_path: Path) -> None:
    offline_helm("package", str(CHARTS / "umbrella"), "-d", str(tmp_path))
    package = tmp_path / "umbrella-2.0.0.tgz"
    assert run_cli(["template", "rel", str(package)], CHARTS) == run_cli(["template", "rel", "umbrella"], CHARTS)


@pytest.mark.parametrize("values", ["name: from stdin\nlist: [x]\n---\nport: null\n", "", "a: [", "text"])
def test_values_from_standard_input(values: str, offline_helm: Helm, monkeypatch: pytest.MonkeyPatch) -> None:
    command = ["template", "rel", str(CHARTS / "set-flags"), "-f", "-", "--set", "list[1]=y"]
    wanted = offline_helm(*command, stdin=values, check=False)
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(values.encode())))
    out, err, code = run_cli(command, CHARTS)
    assert (out, _error(err), code) == (wanted.stdout, _error(wanted.stderr), wanted.returncode)


@pytest.mark.parametrize("chart", ["crds", "hook-kinds", "sorting", "umbrella"])
def test_files_of_an_output_folder(chart: str, offline_helm: Helm, tmp_path: Path) -> None:
    command = ["template", "rel", str(CHARTS / chart), "--include-crds", "--release-name", "--output-dir"]
    wanted = offline_helm(*command, str(tmp_path / "wanted"))
    out, _, code = run_cli([*command, str(tmp_path / "got")], CHARTS)
    assert (out.replace("/got/", "/wanted/"), code) == (wanted.stdout, 0)
    assert _contents(tmp_path / "got") == _contents(tmp_path / "wanted")


def _contents(folder: Path) -> dict[str, str]:
    return {str(path.relative_to(folder)): path.read_text() for path in folder.rglob("*") if path.is_file()}
