"""`steersman template` of Jinja2 charts, on the sample in deploy/."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from steersman.cli.main import run

SAMPLES = Path(__file__).resolve().parents[2] / "deploy" / "samples"
SAMPLE = str(SAMPLES / "hello-jinja")


@pytest.fixture(autouse=True)
def no_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))


def printed(arguments: list[str], capfdbinary: pytest.CaptureFixture[bytes]) -> tuple[int, str, str]:
    code = run(["template", "hi", *arguments])
    out, err = capfdbinary.readouterr()
    return code, out.decode(), err.decode()


def objects(text: str) -> list[dict[str, Any]]:
    """Without what follows from the chart's name."""
    found = list(yaml.safe_load_all(text.replace("hello-jinja", "hello")))
    for each in found:
        each.get("spec", {}).get("template", {}).get("metadata", {}).pop("annotations", None)
    return found


def test_the_sample_renders_to_the_objects_of_its_twin(capfdbinary: pytest.CaptureFixture[bytes]) -> None:
    values = ["--set", 'replicas=3,greeting=it\'s "quoted"']
    code, out, err = printed([SAMPLE, "--enable-jinja-charts", *values], capfdbinary)
    assert (code, err) == (0, "")
    assert "# Source: hello-jinja/templates/deployment.yaml.j2\n" in out
    _, twin, _ = printed([str(SAMPLES / "hello"), *values], capfdbinary)
    assert objects(out) == objects(twin)
    assert printed([SAMPLE, "--enable-jinja-charts", *values], capfdbinary) == (0, out, ""), "from the cache"


def test_the_flag_may_come_from_the_environment(
    capfdbinary: pytest.CaptureFixture[bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("STEERSMAN_ENABLE_JINJA_CHARTS", "true")
    code, out, _ = printed([SAMPLE], capfdbinary)
    assert code == 0
    assert "kind: Deployment" in out


def test_a_wrong_word_in_the_environment_names_the_variable(
    capfdbinary: pytest.CaptureFixture[bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("STEERSMAN_ENABLE_JINJA_CHARTS", "perhaps")
    code, _, err = printed([SAMPLE], capfdbinary)
    assert code == 1
    assert err.endswith("(the flag may come from the variable STEERSMAN_ENABLE_JINJA_CHARTS)\n")


def test_without_the_flag_the_chart_is_helms_and_a_warning_says_why_it_fails(
    capfdbinary: pytest.CaptureFixture[bytes],
) -> None:
    code, out, err = printed([SAMPLE], capfdbinary)
    assert (code, out) == (1, "")
    assert 'function "Release" not defined' in err
    assert "steersman.dev/engine: jinja2" in err
    assert "--enable-jinja-charts" in err


def test_the_sample_of_a_release_names_the_chart() -> None:
    release = yaml.safe_load((SAMPLES / "helmrelease-jinja.yaml").read_text())
    assert release["spec"]["chart"]["url"].endswith("/hello-jinja")


def test_other_charts_do_not_load_jinja() -> None:
    code = (
        f"import sys; sys.path[:0] = {sys.path!r}\nfrom steersman.cli.main import run\n"
        f"assert run(['template', {str(SAMPLES / 'hello')!r}, '--enable-jinja-charts']) == 0\n"
        "sys.exit('jinja2' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, check=False)
    assert done.returncode == 0, done.stderr


def test_the_sample_lints(capfdbinary: pytest.CaptureFixture[bytes]) -> None:
    assert run(["lint", SAMPLE, "--enable-jinja-charts"]) == 0
    out, err = capfdbinary.readouterr()
    assert (b"[ERROR]" in out, b"[WARNING]" in out, err) == (False, False, b"")
    assert run(["lint", SAMPLE]) == 1
    assert b"--enable-jinja-charts" in capfdbinary.readouterr().err
