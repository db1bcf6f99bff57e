"""What `dependency list` says of one dependency, in Helm's words."""

from __future__ import annotations

import pytest

from steersman.core.chart.dependency_status import dependency_status
from steersman.core.chart.errors import ChartError
from steersman.core.chart.metadata import Dependency, Metadata
from steersman.core.chart.model import Chart


def chart(name: str, version: str) -> Chart:
    return Chart(Metadata(name=name, version=version))


ARCHIVES = {
    "lib-1.2.3.tgz": chart("lib", "1.2.3"),
    "lib-2.0.0.tgz": chart("lib", "2.0.0"),
    "lib-latest.tgz": chart("lib", "3.0.0"),
    "lib-extra-1.0.0.tgz": chart("lib-extra", "1.0.0"),
    "lib-odd.tgz": chart("lib", "odd"),
    "lib-4.0.0.tgz": None,
}


def load(name: str) -> Chart:
    found = ARCHIVES[name]
    if found is None:
        raise ChartError("unable to load chart archive: unexpected EOF")
    return found


@pytest.mark.parametrize(
    ("version", "archives", "subcharts", "status"),
    [
        ("1.2.3", ["lib-1.2.3.tgz"], [], "ok"),
        ("^1", ["lib-1.2.3.tgz"], [], "ok"),
        ("^2", ["lib-1.2.3.tgz"], [], "wrong version"),
        ("no range", ["lib-1.2.3.tgz"], [], "invalid version"),
        ("^1", ["lib-odd.tgz"], [], "invalid version"),
        ("4.0.0", ["lib-4.0.0.tgz"], [], "corrupt"),
        ("1.0.0", ["lib-extra-1.0.0.tgz"], [], "misnamed"),
        ("^1", ["lib-1.2.3.tgz", "lib-2.0.0.tgz"], [], "too many matches"),
        ("^1", ["lib-1.2.3.tgz", "lib-extra-1.0.0.tgz"], [], "ok"),
        ("3.0.0", ["lib-latest.tgz", "lib-odd.tgz"], [chart("lib", "3.0.0")], "unpacked"),
        ("3.0.0", ["lib-latest.tgz", "lib-odd.tgz"], [], "missing"),
        ("^1", [], [], "missing"),
        ("^1", [], [chart("web", "1.0.0")], "missing"),
        ("^1", [], [chart("lib", "1.0.0")], "unpacked"),
        ("^1", [], [chart("lib", "2.0.0")], "wrong version"),
        ("^1", [], [chart("lib", "2.0.0"), chart("lib", "1.0.0")], "unpacked"),
        ("no range", [], [chart("lib", "1.0.0")], "invalid version"),
    ],
    ids=[
        "archive",
        "archive-in-range",
        "archive-out-of-range",
        "no-range",
        "no-version",
        "damaged",
        "another-name",
        "two-versions",
        "name-that-goes-on",
        "several-without-version",
        "several-without-version-and-no-folder",
        "nothing",
        "another-chart",
        "folder",
        "folder-out-of-range",
        "last-folder-counts",
        "folder-and-no-range",
    ],
)
def test_status(version: str, archives: list[str], subcharts: list[Chart], status: str) -> None:
    assert dependency_status(Dependency("lib", version), archives, subcharts, load) == status


def test_a_name_that_is_a_bad_pattern() -> None:
    assert dependency_status(Dependency("li[b", "1"), [], [], load) == "bad pattern"
