"""`steersman lint`: what it prints and returns, whatever is found. What is found, the core's tests tell."""

from __future__ import annotations

import tarfile
from pathlib import Path

import pytest

from steersman.cli.main import run

CHART_YAML = "apiVersion: v2\nname: app\nversion: 1.0.0\nicon: https://example.com/icon.svg\n"
WARNS = "{{ .Values.x }}\nkind: ConfigMap\nmetadata: {name: A}\n"


def chart(folder: Path, files: dict[str, str]) -> Path:
    given = {"Chart.yaml": CHART_YAML, "values.yaml": "", "templates/a.yaml": "", **files}
    for name, text in given.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)
    return folder


@pytest.fixture
def app(tmp_path: Path) -> Path:
    return chart(tmp_path / "app", {})


def lint(capfd: pytest.CaptureFixture[str], *arguments: str | Path) -> tuple[int, str, str]:
    code = run(["lint", *map(str, arguments)])
    captured = capfd.readouterr()
    return code, captured.out, captured.err


def test_a_good_chart(app: Path, capfd: pytest.CaptureFixture[str]) -> None:
    assert lint(capfd, app) == (0, f"==> Linting {app}\n\n1 chart(s) linted, 0 chart(s) failed\n", "")
    assert lint(capfd, app, "--quiet") == (0, "", "")


def test_only_errors_fail_unless_it_is_strict(app: Path, capfd: pytest.CaptureFixture[str]) -> None:
    chart(app, {"templates/a.yaml": WARNS})
    assert lint(capfd, app)[0] == 0
    code, out, err = lint(capfd, app, "--strict")
    assert (code, err) == (1, "Error: 1 chart(s) linted, 1 chart(s) failed\n")
    assert out.startswith(f"==> Linting {app}\n[WARNING] templates/a.yaml: object name does not conform")


def test_quiet_leaves_out_what_is_fine(app: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    bad = chart(tmp_path / "bad", {"Chart.yaml": CHART_YAML.replace("icon", "# icon"), "templates/a.yaml": WARNS})
    code, out, _ = lint(capfd, app, bad, "--quiet")
    assert code == 0
    assert "INFO" not in out
    assert [line for line in out.splitlines() if not line.startswith("[WARNING]")] == [
        f"==> Linting {bad}",
        "",
        "2 chart(s) linted, 0 chart(s) failed",
    ]


def test_what_is_no_chart(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    code, out, err = lint(capfd, tmp_path / "none", tmp_path / "none.tgz")
    assert out == (
        f"==> Linting {tmp_path}/none\nError unable to check Chart.yaml file in chart: stat {tmp_path}/none/Chart.yaml"
        f": no such file or directory\n\n==> Linting {tmp_path}/none.tgz\nError unable to open tarball: open "
        f"{tmp_path}/none.tgz: no such file or directory\n\n"
    )
    assert (code, err) == (1, "Error: 2 chart(s) linted, 2 chart(s) failed\n")


def test_a_helm_release_that_is_wrong_does_not_hide_other_charts(
    app: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "release.yaml"
    path.write_text("apiVersion: steersman.dev/v1alpha1\nkind: HelmRelease\nmetadata: {name: x}\nspec: {}\n")
    code, out, err = lint(capfd, path, app)
    assert (code, err) == (1, "Error: 2 chart(s) linted, 1 chart(s) failed\n")
    assert out.startswith(f"==> Linting {path}\nError {path}: HelmRelease x: spec: ")
    assert out.endswith(f"\n\n==> Linting {app}\n\n")


def test_ours_can_be_left_out(app: Path, capfd: pytest.CaptureFixture[str]) -> None:
    _, out, _ = lint(capfd, app, "--set", "nowhere=1")
    assert "[INFO] given values: nowhere is not known to values.yaml and the templates [steersman/unknown-value]" in out
    assert "steersman/" not in lint(capfd, app, "--set", "nowhere=1", "--only-helm")[1]


def test_an_archive_is_read_as_if_unpacked(app: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    chart(app, {"templates/a.yaml": WARNS, "templates/b.yaml": "a: b: c", "extra/c.yaml": "", ".helmignore": "b.yaml"})
    archive = tmp_path / "app.tgz"
    with tarfile.open(archive, "w:gz") as packed:
        packed.add(app, "app")
    code, out, _ = lint(capfd, archive)
    assert (code, out.count("[WARNING] templates/a.yaml: object name"), "b.yaml" in out) == (0, 1, False)


@pytest.mark.parametrize(
    ("name", "problem"),
    [
        ("''", "chart name not specified"),
        ("..", 'chart name ".." is not allowed'),
        ("a/b", 'chart name "a/b" must not contain path separators'),
        ("[]", "cannot load Chart.yaml: error unmarshaling JSON"),
    ],
)
def test_an_archive_that_has_no_folder(
    name: str, problem: str, app: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    chart(app, {"Chart.yaml": CHART_YAML.replace("name: app", f"name: {name}")})
    with tarfile.open(tmp_path / "app.tgz", "w:gz") as packed:
        packed.add(app, "app")
    _, out, _ = lint(capfd, tmp_path / "app.tgz")
    assert f"\nError unable to extract tarball: {problem}" in out


def test_subcharts(app: Path, capfd: pytest.CaptureFixture[str]) -> None:
    chart(app / "charts/b/charts/c", {})
    chart(app / "charts/b", {})
    chart(app / "charts/a", {})
    _, out, _ = lint(capfd, app, "--with-subcharts")
    linted = [line.removeprefix("==> Linting ") for line in out.splitlines() if line.startswith("==>")]
    assert linted == [str(app), *(f"{app}/charts/{name}" for name in ("a", "b", "b/charts/c"))]
    assert out.endswith("4 chart(s) linted, 1 chart(s) failed\n") is False


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ([], '"steersman lint" requires at least 1 argument\n\nUsage:  steersman lint CHART... [flags]'),
        (["x", "--kube-version", "y"], "invalid kube version 'y': could not parse \"y\" as version"),
        (["x", "-f", "/nowhere.yaml"], "open /nowhere.yaml: no such file or directory"),
    ],
)
def test_wrong_usage(arguments: list[str], message: str, capfd: pytest.CaptureFixture[str]) -> None:
    assert lint(capfd, *arguments) == (1, "", f"Error: {message}\n")
