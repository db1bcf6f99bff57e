"""Questions about the revisions of a release, as tables."""

from dataclasses import replace

import pytest

from steersman.core.release.history import newest, newest_deployed, next_revision, superseded_by, surplus
from steersman.core.release.model import Release, ReleaseChart, ReleaseStatus

STATES = {
    "d": ReleaseStatus.DEPLOYED,
    "s": ReleaseStatus.SUPERSEDED,
    "f": ReleaseStatus.FAILED,
    "p": ReleaseStatus.PENDING_UPGRADE,
}
CHART = ReleaseChart({"name": "web", "version": "1"})


def history(states: str) -> tuple[Release, ...]:
    """Revisions 1, 2… in these states: d(eployed), s(uperseded), f(ailed), p(ending)."""
    return tuple(Release("web", "shop", number, STATES[state], CHART) for number, state in enumerate(states, 1))


def revision(release: Release | None) -> int | None:
    return None if release is None else release.revision


@pytest.mark.parametrize(
    ("states", "newest_is", "deployed_is", "next_is"),
    [
        ("", None, None, 1),
        ("p", 1, None, 2),
        ("d", 1, 1, 2),
        ("sdf", 3, 2, 4),
        ("sdp", 3, 2, 4),
        ("dpd", 3, 3, 4),
        ("ff", 2, None, 3),
    ],
    ids=lambda value: str(value),
)
def test_which_revision(states: str, newest_is: int | None, deployed_is: int | None, next_is: int) -> None:
    revisions = history(states)
    assert revision(newest(revisions)) == newest_is
    assert revision(newest_deployed(revisions)) == deployed_is
    assert next_revision(revisions) == next_is


def test_order_does_not_matter() -> None:
    assert revision(newest(tuple(reversed(history("sd"))))) == 2


def test_all_that_still_say_deployed_are_superseded() -> None:
    assert [release.revision for release in superseded_by(history("dsdfd"), 5)] == [1, 3]


@pytest.mark.parametrize(
    ("states", "limit", "taken_in", "goes"),
    [
        pytest.param("ssssd", 5, 5, [], id="just enough"),
        pytest.param("sssssd", 5, 6, [1], id="one too many"),
        pytest.param("sssssd", 2, 6, [1, 2, 3, 4], id="a lower limit"),
        pytest.param("sssssd", 0, 6, [], id="no limit"),
        pytest.param("dfffff", 2, 6, [2, 3, 4, 5], id="never the last deployed"),
        pytest.param("dfffff", 1, 6, [2, 3, 4, 5], id="nor the newest"),
        pytest.param("sssssd", 2, 3, [1, 2, 3], id="nothing that the inventory has not taken in"),
        pytest.param("sssssd", 2, 0, [], id="nor anything before there is an inventory"),
        pytest.param("", 5, 0, [], id="no history"),
    ],
)
def test_surplus(states: str, limit: int, taken_in: int, goes: list[int]) -> None:
    revisions = history(states)
    assert [release.revision for release in surplus(revisions, limit, taken_in=taken_in)] == goes
    assert surplus(tuple(replace(release) for release in reversed(revisions)), limit, taken_in=taken_in) == surplus(
        revisions, limit, taken_in=taken_in
    )
