"""Which version of a chart Helm takes from an index, and what an index keeps."""

from __future__ import annotations

import pytest

from steersman.core.chart.index import ChartVersion, Index
from steersman.core.chart.indexfile import index_from_bytes
from steersman.core.chart.versions import InvalidVersion, is_range

VERSIONS = ("2.0.0-rc.1", "1.3.0", "1.2.10", "1.2.9", "1.2.3+b", "1.2.3", "v0.9.0", "0.8")


def index_of(*versions: str) -> Index:
    entries = "".join(f"  - {{name: web, version: '{version}', urls: [web.tgz]}}\n" for version in versions)
    return index_from_bytes(f"apiVersion: v1\nentries:\n  web:\n{entries}".encode())


@pytest.mark.parametrize(
    ("wanted", "version_filter", "chosen"),
    [
        pytest.param("", "", "1.3.0", id="newest-stable"),
        pytest.param(">0.0.0-0", "", "2.0.0-rc.1", id="with-pre-releases"),
        pytest.param("2.0.0-rc.1", "", "2.0.0-rc.1", id="exact-pre-release"),
        pytest.param("1.2.3", "", "1.2.3", id="exact-without-metadata"),
        pytest.param("1.2.3+b", "", "1.2.3+b", id="exact-with-metadata"),
        pytest.param("1.2.3+c", "", "1.2.3", id="other-metadata"),
        pytest.param("1.2", "", "1.2.10", id="short-is-a-range"),
        pytest.param("~1.2.3", "", "1.2.10", id="tilde"),
        pytest.param("^1.2", "", "1.3.0", id="caret"),
        pytest.param("<1.2.9 || 1.3.x", "", "1.3.0", id="either"),
        pytest.param("1.2.0 - 1.2.9", "", "1.2.9", id="hyphen"),
        pytest.param("0.9.0", "", "v0.9.0", id="written-with-v"),
        pytest.param("v1.3.0", "", "1.3.0", id="asked-with-v"),
        pytest.param("0.8.0", "", "0.8", id="written-short"),
        pytest.param("", r"^1\.2\.", "1.2.10", id="filter"),
        pytest.param("*", r"\+b$", "1.2.3+b", id="filter-on-metadata"),
        pytest.param(">=3", "", None, id="none"),
        pytest.param("", "^9", None, id="none-passes"),
    ],
)
def test_the_version_that_is_meant(wanted: str, version_filter: str, chosen: str | None) -> None:
    found = index_of(*reversed(VERSIONS)).get("web", wanted, version_filter)
    assert (None if found is None else found.version) == chosen


def test_versions_come_newest_first_and_equal_ones_as_written() -> None:
    assert [entry.version for entry in index_of(*reversed(VERSIONS)).versions("web")] == [
        "2.0.0-rc.1", "1.3.0", "1.2.10", "1.2.9", "1.2.3", "1.2.3+b", "v0.9.0", "0.8",
    ]  # fmt: skip


def test_no_such_chart_is_no_version() -> None:
    index = index_of("1.0.0")
    assert "other" not in index
    assert index.versions("other") == ()
    assert index.get("other") is None


@pytest.mark.parametrize("arguments", [("x y z", ""), ("", "(")], ids=["range", "filter"])
def test_what_cannot_be_read_is_told(arguments: tuple[str, str]) -> None:
    with pytest.raises(InvalidVersion):
        index_of("1.0.0").get("web", *arguments)


def test_an_index_goes_to_disk_and_back() -> None:
    index = Index.of({"b": [ChartVersion("b", "2.0.0", ("u",), "d")], "a": []})
    again = Index.from_bytes(index.to_bytes())
    assert again is not None
    assert list(again) == ["a", "b"]
    assert again.versions("b") == index.versions("b")
    assert Index.from_bytes(b"other") is None


@pytest.mark.parametrize(
    ("version", "expected"),
    [("1.2.3", False), ("1.2", False), ("^1", True), ("1.x", True), ("1.0 - 2.0", True), ("1.0.0-x", False),
     ("1||2", True), ("*", True), ("1.0.0+X", False)],
)  # fmt: skip
def test_what_helm_takes_for_a_range(version: str, expected: bool) -> None:
    assert is_range(version) is expected
