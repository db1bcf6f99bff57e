"""Rules for crds/."""

from __future__ import annotations

import pytest
from core.lint.folders import CHART_YAML, folder

from steersman.core.lint.crds import check_crds

CRD = "apiVersion: apiextensions.k8s.io/v1\nkind: CustomResourceDefinition\n"


@pytest.mark.parametrize(
    ("files", "lines"),
    [
        pytest.param({"crds/a.yaml": f"{CRD}---\n{CRD}", "crds/README.md": "{{"}, [], id="good"),
        pytest.param(
            {"crds/a.yaml": "kind: Pod", "crds/b.yaml": "{{ x }}", "crds/c.yaml": "kind: Pod"},
            [
                "[ERROR] crds/a.yaml: apiVersion is not in 'apiextensions.k8s.io'",
                "[ERROR] crds/a.yaml: object kind is not 'CustomResourceDefinition'",
                "[ERROR] crds/b.yaml: unable to parse YAML: json: offset 2: invalid character '{' looking for "
                "beginning of "
                "object key string",
            ],
            id="ends-at-what-is-no-yaml",
        ),
        pytest.param(
            {"charts/sub/Chart.yaml": CHART_YAML, "charts/sub/crds/a.yaml": "", "crds/b.yaml": CRD}, [], id="subchart"
        ),
        pytest.param(
            {"crds/a.yaml": CRD, "values.yaml": "- a"},
            [
                "[ERROR] crds/: cannot load values.yaml: cannot unmarshal yaml document: error unmarshaling JSON: "
                "while "
                "decoding JSON: json: cannot unmarshal array into Go value of type map[string]interface {}"
            ],
            id="no-chart",
        ),
    ],
)
def test_rules(files: dict[str, str], lines: list[str]) -> None:
    assert [str(finding) for finding in check_crds(folder(files))] == lines
