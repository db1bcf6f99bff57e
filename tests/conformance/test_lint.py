"""`lint --only-helm` against `helm lint`: output, log and exit code, on charts around one fault and on good ones."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from conformance.vectors import run_cli
from testenv.clients import Helm
from testenv.registry import Registry

from steersman.core import yaml

DATA = Path(__file__).resolve().parents[1] / "data"
FAULTY = DATA / "lint"
GOOD = DATA / "charts"


def _cases() -> list[pytest.param]:
    listed = yaml.load_exact((FAULTY / "cases.yaml").read_bytes())
    folders = [path for parent in (FAULTY, GOOD) for path in sorted(parent.iterdir()) if path.is_dir()]
    return [
        pytest.param(folder, flags, id=f"{folder.name}-{number}")
        for folder in folders
        for number, flags in enumerate([[], *listed.get(folder.name, [])])
    ]


def _stable(report: str) -> str:
    """Helm lists dependencies in random order."""
    return re.sub(r"(?<=these dependencies: ).*", lambda names: ",".join(sorted(names[0].split(","))), report)


@pytest.mark.parametrize(("folder", "flags"), _cases())
def test_what_helm_finds(folder: Path, flags: list[str], offline_helm: Helm) -> None:
    wanted = offline_helm("lint", str(folder), *flags, check=False)
    out, err, code = run_cli(["lint", "--only-helm", str(folder), *flags], FAULTY)
    assert (_stable(out), code) == (_stable(wanted.stdout), wanted.returncode)
    assert sorted(err.splitlines()) == sorted(wanted.stderr.splitlines())


def test_many_charts_at_once(offline_helm: Helm) -> None:
    folders = [str(path) for path in sorted(FAULTY.iterdir()) if path.is_dir()]
    wanted = offline_helm("lint", "--quiet", *folders, check=False)
    out, _, code = run_cli(["lint", "--only-helm", "--quiet", *folders], FAULTY)
    assert (_stable(out), code) == (_stable(wanted.stdout), wanted.returncode)


def test_a_packaged_chart(offline_helm: Helm, tmp_path: Path) -> None:
    offline_helm("package", str(GOOD / "umbrella"), "-d", str(tmp_path))
    package = str(tmp_path / "umbrella-2.0.0.tgz")
    wanted = offline_helm("lint", package, check=False)
    out, _, code = run_cli(["lint", "--only-helm", package], FAULTY)
    assert (out, code) == (wanted.stdout, wanted.returncode)


def test_charts_in_a_registry(offline_helm: Helm, registry: Registry, tmp_path: Path) -> None:
    offline_helm("package", str(FAULTY / "duplicates"), "-d", str(tmp_path))
    offline_helm("push", "--plain-http", str(tmp_path / "duplicates-1.0.0.tgz"), f"oci://{registry.host}/charts")
    url = f"oci://{registry.host}/charts/duplicates"
    (tmp_path / "release.yaml").write_text(
        "apiVersion: steersman.dev/v1alpha1\nkind: HelmRelease\nmetadata: {name: a, namespace: b}\n"
        f"spec: {{chart: {{url: '{url}', version: 1.x, insecure: true}}, values: {{nowhere: 1}}}}\n"
    )
    out, _, code = run_cli(["lint", url, "--plain-http"], tmp_path)
    assert code == 1
    assert out.startswith(f"==> Linting {url}\n[ERROR] templates/a.yaml: Service a: .spec.ports holds")
    out, _, code = run_cli(["lint", "release.yaml"], tmp_path)
    assert code == 1
    assert out.startswith("==> Linting release.yaml\n[INFO] given values: nowhere is not known to")
