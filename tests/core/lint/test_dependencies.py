"""Dependencies: listed and there, and pinned."""

from __future__ import annotations

import pytest
from core.lint.folders import CHART_YAML, folder, ours

from steersman.core.lint.dependencies import check_dependencies

REDIS = {"charts/redis/Chart.yaml": "apiVersion: v2\nname: redis\nversion: 17.3.2\n"}


def listed(*entries: str) -> str:
    return f"{CHART_YAML}dependencies: [{', '.join(f'{{name: redis, {entry}}}' for entry in entries)}]\n"


@pytest.mark.parametrize(
    ("files", "lines"),
    [
        pytest.param({}, [], id="none"),
        pytest.param(REDIS, ["[ERROR] /app: chart metadata is missing these dependencies: redis"], id="unlisted"),
        pytest.param(
            {"Chart.yaml": listed("version: 17.3.2")},
            ["[WARNING] /app: chart directory is missing these dependencies: redis"],
            id="missing",
        ),
        pytest.param({"Chart.yaml": listed("version: 17.3.2"), **REDIS}, [], id="both"),
        pytest.param(
            {"Chart.yaml": "a"},
            [
                "[ERROR] : unable to load chart\n\tcannot load Chart.yaml: error unmarshaling JSON: while decoding "
                "JSON: "
                "json: cannot unmarshal string into Go value of type v2.Metadata"
            ],
            id="no-chart",
        ),
    ],
)
def test_rules(files: dict[str, str], lines: list[str]) -> None:
    assert [str(finding) for finding in check_dependencies(folder(files))] == lines


@pytest.mark.parametrize(
    ("entry", "told"),
    [
        ("version: 17.x, repository: oci://example.com/charts", 'takes the range "17.x" (in charts/ now: 17.3.2)'),
        ("version: '>=16', repository: https://example.com", 'takes the range ">=16" (in charts/ now: 17.3.2)'),
        ("version: '18', repository: https://example.com", 'takes the range "18" and there'),
        ("repository: '@stable'", "takes any version and there"),
        ("version: 17.3.2, repository: https://example.com", ""),
        ("version: v17.3.2, repository: https://example.com", ""),
        ("version: 17.x, repository: file://../redis", ""),
        ("version: 17.x", ""),
    ],
)
def test_ranges_without_a_lock(entry: str, told: str) -> None:
    lines = ours({"Chart.yaml": listed(entry), **REDIS})
    assert [told in line for line in lines] == [True] * bool(told)
    assert all(line.startswith("[WARNING] Chart.yaml: ") for line in lines)
    assert ours({"Chart.yaml": listed(entry), "Chart.lock": "digest: sha256:0\n", **REDIS}) == []
