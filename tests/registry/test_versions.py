"""Which tag a range means."""

from __future__ import annotations

import pytest

from steersman.core.chart.versions import InvalidVersion
from steersman.registry.errors import NoMatchingVersion
from steersman.registry.versions import choose_tag, is_complete, may_be_tag

TAGS = ["1.0.0", "1.2.0", "1.10.0", "2.0.0-rc.1", "2.0.0_build.7", "v1.4.0", "latest", "sha256-abc.sig", "1.3.0-dev"]


@pytest.mark.parametrize(
    ("version", "version_filter", "tag"),
    [
        pytest.param("", "", "2.0.0_build.7", id="newest-stable"),
        pytest.param("*", "", "2.0.0_build.7", id="star"),
        pytest.param("<2", "", "1.10.0", id="numbers-not-text"),
        pytest.param("~1.4", "", "v1.4.0", id="v-prefix"),
        pytest.param(">=1.3.0-0 <1.4.0", "", "1.3.0-dev", id="pre-release-when-named"),
        pytest.param("1.2", "", "1.2.0", id="incomplete-version"),
        pytest.param("*", r"^1\.", "1.10.0", id="filter"),
        pytest.param("<1.5", "^v", "v1.4.0", id="filter-and-range"),
    ],
)
def test_chooses_the_highest(version: str, version_filter: str, tag: str) -> None:
    assert choose_tag(TAGS, version, version_filter, "r.io/web") == tag


def test_complete_versions_come_first_as_helm_knows_no_others() -> None:
    assert choose_tag(["v3.0.0", "1.2.3", "4.0"], "", "", "r.io/web") == "1.2.3"


def test_says_what_there_is_when_nothing_matches() -> None:
    with pytest.raises(NoMatchingVersion) as caught:
        choose_tag(TAGS, ">=3", "^v", "r.io/web")
    assert caught.value.newest == ("2.0.0_build.7", "2.0.0-rc.1", "1.10.0", "v1.4.0", "1.3.0-dev")
    assert "r.io/web: no tag matches version >=3 and filter ^v" in caught.value.message


def test_says_when_no_tag_is_a_version() -> None:
    with pytest.raises(NoMatchingVersion, match="none that is a version"):
        choose_tag(["latest"], "", "", "r.io/web")


def test_refuses_a_range_that_is_none() -> None:
    with pytest.raises(InvalidVersion, match=r"spec\.chart\.version not a range cannot be used") as caught:
        choose_tag(TAGS, "not a range", "", "r.io/web")
    assert caught.value.field == "spec.chart.version"


def test_refuses_look_around_in_filters() -> None:
    with pytest.raises(InvalidVersion, match="RE2") as caught:
        choose_tag(TAGS, "*", "(?=x)", "r.io/web")
    assert caught.value.field == "spec.chart.versionFilter"


@pytest.mark.parametrize(
    ("version", "complete", "maybe"),
    [
        ("1.2.3", True, True),
        ("v1.2.3-rc.1+x", True, True),
        ("1.2", False, True),
        ("1.x", False, False),
        (">=1.2.3", False, False),
        ("", False, False),
    ],
)
def test_versions_and_ranges_are_told_apart(version: str, complete: bool, maybe: bool) -> None:
    assert (is_complete(version), may_be_tag(version)) == (complete, maybe)
