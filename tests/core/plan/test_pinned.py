"""A chart pinned by digest and named by version too."""

import pytest

from steersman.core.api.spec import ChartSpec
from steersman.core.plan.pinned import other_entry, other_version

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


@pytest.mark.parametrize(
    ("url", "listed", "version", "says"),
    [
        pytest.param("https://h/web-1.2.3.tgz", "1.2.3", "1.2.3", "", id="the same"),
        pytest.param("https://h/web-1.2.3.tgz", "v1.2.3", "1.2.3+build.7", "", id="the same, written otherwise"),
        pytest.param("https://h/web.tgz", "", "1.2.3", "", id="nobody lists it"),
        pytest.param("oci://h/web", "4.0.0", "1.2.3", "", id="a tag"),
        pytest.param("https://h/web.tgz", "4.0.0", "0.1.0", "says version 4.0.0, and the chart itself version 0.1.0",
                     id="another"),
        pytest.param("https://h/web.tgz", "4.0.0", "one", "says version 4.0.0, and the chart itself version one",
                     id="no version"),
    ],
)  # fmt: skip
def test_other_entry(url: str, listed: str, version: str, says: str) -> None:
    found = other_entry(url, listed, version)
    assert says in found
    assert bool(found) == bool(says)
