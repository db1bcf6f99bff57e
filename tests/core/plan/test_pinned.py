"""A chart pinned by digest and named by version too."""

import pytest

from steersman.core.api.spec import ChartSpec
from steersman.core.plan.pinned import other_version

DIGEST = "sha256:" + "a" * 64


@pytest.mark.parametrize(
    ("digest", "version", "chart", "says"),
    [
        pytest.param(DIGEST, None, "1.2.3", "", id="digest alone"),
        pytest.param(None, "2.x", "1.2.3", "", id="version alone, which was resolved"),
        pytest.param(DIGEST, "1.x", "1.2.3", "", id="the same chart"),
        pytest.param(DIGEST, "2.x", "1.2.3", "is version 1.2.3, which spec.chart.version 2.x excludes", id="another"),
        pytest.param(DIGEST, "two", "1.2.3", "spec.chart.version two cannot be compared", id="no range"),
        pytest.param(DIGEST, "1.x", "one", "the chart's version one", id="a chart whose version is none"),
    ],
)
def test_other_version(digest: str | None, version: str | None, chart: str, says: str) -> None:
    spec = ChartSpec(url="oci://registry.example/charts/web", digest=digest, version=version)
    found = other_version(spec, chart)
    assert says in found
    assert bool(found) == bool(says)
