"""Packing a chart: the same bytes each time, and the same chart when it is loaded again."""

from __future__ import annotations

import io
import tarfile

import pytest
from packing import packed

from steersman.core.chart.errors import ChartError
from steersman.core.chart.loader import load_archive, load_files
from steersman.core.chart.package import archive_name, pack

FILES = {
    "Chart.yaml": b"name: app\nversion: 1.2.3+b\napiVersion: v2\ndescription: 'x  y'\nappVersion: 1.5\n"
    b"dependencies:\n- {name: sub, version: ^1}\n- {name: folder, version: ^1}\n",
    "Chart.lock": b"generated: '2020-01-02T03:04:05Z'\ndigest: sha256:x\n"
    b"dependencies:\n- {version: 1.0.0, name: sub}\n",
    "values.yaml": b"# kept as it is\na: 1\n",
    "values.schema.json": b'{"type": "object"}',
    "templates/x.yaml": b"x: {{ 1 }}\n",
    "README.md": b"read me",
    ".helmignore": b"*.bak\n",
    "crds/c.yaml": b"kind: C\n",
    f"files/{'long/' * 40}name": b"deep",
    "charts/folder/Chart.yaml": b"apiVersion: v1\nname: folder\nversion: 1.0.0\n",
    "charts/folder/requirements.yaml": b"dependencies: []\n",
    "charts/sub-1.0.0.tgz": packed({"Chart.yaml": "apiVersion: v2\nname: sub\nversion: 1.0.0\n"}, "sub"),
}


def members(archive: bytes) -> dict[str, bytes]:
    with tarfile.open(fileobj=io.BytesIO(archive)) as tar:
        return {member.name: tar.extractfile(member).read() for member in tar}  # type: ignore[union-attr]


def test_what_is_in_the_archive() -> None:
    chart = load_files(FILES)
    assert archive_name(chart) == "app-1.2.3+b.tgz"
    found = members(pack(chart))
    assert list(found)[:4] == ["app/Chart.yaml", "app/Chart.lock", "app/values.yaml", "app/values.schema.json"]
    assert found["app/Chart.yaml"].decode() == (
        'apiVersion: v2\nappVersion: "1.5"\ndependencies:\n- name: sub\n  repository: ""\n  version: ^1\n'
        '- name: folder\n  repository: ""\n  version: ^1\ndescription: x  y\nname: app\nversion: 1.2.3+b\n'
    )
    assert found["app/Chart.lock"].decode() == (
        'dependencies:\n- name: sub\n  repository: ""\n  version: 1.0.0\ndigest: sha256:x\n'
        'generated: "2020-01-02T03:04:05Z"\n'
    )
    assert found["app/values.yaml"] == FILES["values.yaml"]
    assert found[f"app/files/{'long/' * 40}name"] == b"deep"
    assert {name for name in found if name.startswith("app/charts/")} == {
        "app/charts/folder/Chart.yaml",
        "app/charts/folder/requirements.yaml",
        "app/charts/sub/Chart.yaml",
    }


def test_the_same_bytes_each_time_and_the_same_chart() -> None:
    chart = load_files(FILES)
    archive = pack(chart)
    assert pack(load_files(FILES)) == archive
    assert pack(chart, 1_000_000_000) != archive
    again = load_archive(archive)
    assert again.metadata == chart.metadata
    assert {file.name: file.data for file in again.files} == {file.name: file.data for file in chart.files}
    assert [subchart.metadata for subchart in again.subcharts] == [subchart.metadata for subchart in chart.subcharts]
    assert pack(again) == archive


def test_requirements_of_v1_stay_out_of_chart_yaml() -> None:
    chart = load_files(
        {
            "Chart.yaml": b"apiVersion: v1\nname: old\nversion: 1.0.0\n",
            "requirements.yaml": b"dependencies:\n- {name: a, version: 1.0.0}\n",
            "requirements.lock": b"digest: sha256:x\n",
        }
    )
    found = members(pack(chart))
    assert found["old/Chart.yaml"].decode() == "apiVersion: v1\nname: old\nversion: 1.0.0\n"
    assert set(found) == {"old/Chart.yaml", "old/requirements.yaml", "old/requirements.lock"}


@pytest.mark.parametrize("schema", [b"{", b"NaN", b"[" * 100_000], ids=["cut", "no-json", "deep"])
def test_a_schema_that_is_no_json(schema: bytes) -> None:
    chart = load_files({"Chart.yaml": b"apiVersion: v2\nname: app\nversion: 1.0.0\n", "values.schema.json": schema})
    with pytest.raises(ChartError, match=r"invalid JSON in values\.schema\.json"):
        pack(chart)
