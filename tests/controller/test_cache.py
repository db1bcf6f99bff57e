"""`controller.cache`: the newest known state of every HelmRelease, and what of it asks for a look."""

from typing import Any

import pytest
from core.plan.builders import NOW, helm_release

from steersman.controller.cache import ReleaseCache
from steersman.controller.queue import ReleaseKey
from steersman.core.api.helmrelease import HelmRelease, SpecError

KEY = ReleaseKey("demo", "web")


def known(**fields: Any) -> ReleaseCache:
    cache = ReleaseCache()
    cache.put(helm_release(version="5", **fields).raw)
    return cache


def versions(cache: ReleaseCache) -> list[str]:
    return [release.resource_version for release in cache]


@pytest.mark.parametrize(
    ("after", "wakes"),
    [
        (helm_release(version="6"), False),
        (helm_release(version="6", generation=2), True),
        (helm_release(version="6", deleting=NOW), True),
        (helm_release(version="6", finalizer=False), True),
        (helm_release(version="6", reconcile_at="1"), True),
        (helm_release(version="6", force_at="1"), True),
        (helm_release(version="6", reset_at="1"), True),
        (helm_release(version="6", note="1"), False),
        (helm_release(version="6", uid="uid-2"), True),
    ],
    ids=[
        "only the status",
        "the spec",
        "deletion",
        "the finalizer",
        "reconcile-at",
        "force-at",
        "reset-at",
        "another annotation",
        "a successor of the same name",
    ],
)
def test_what_asks_for_a_look(after: HelmRelease, wakes: bool) -> None:
    cache = known()
    assert cache.put(after.raw) is wakes
    assert versions(cache) == ["6"]


def test_the_first_state_asks_for_a_look() -> None:
    assert ReleaseCache().put(helm_release().raw)


@pytest.mark.parametrize("version", ["5", "4", "10"])
def test_newer_wins_by_number(version: str) -> None:
    """Our own write's answer and the watch's event of it come in either order."""
    cache = known()
    cache.put(helm_release(version=version, generation=2).raw)
    assert versions(cache) == ["10" if version == "10" else "5"]


def test_the_same_state_again_asks_for_nothing() -> None:
    assert not known().put(helm_release(version="5").raw)


def test_an_answer_about_a_predecessor_does_not_hide_its_successor() -> None:
    cache = known(uid="uid-1")
    assert cache.put(helm_release(version="9", uid="uid-2").raw)
    assert not cache.put(helm_release(version="8", uid="uid-1", finalizer=False, deleting=NOW).raw)
    assert cache.living() == {"uid-2"}


def test_the_end_of_a_predecessor_leaves_its_successor() -> None:
    cache = known(uid="uid-2")
    cache.drop(KEY, "uid-1")
    assert cache.get(KEY) is not None
    cache.drop(KEY, "uid-2")
    cache.drop(KEY, "uid-2")
    assert cache.get(KEY) is None
    assert len(cache) == 0


def test_what_lives() -> None:
    cache = known()
    cache.put(helm_release(name="db", uid="uid-7").raw)
    assert cache.living() == {"uid-1", "uid-7"}
    assert len(cache) == 2


def test_dropping_while_going_through_all() -> None:
    cache = known()
    cache.put(helm_release(name="db", uid="uid-7").raw)
    for release in cache:
        cache.drop(ReleaseKey(release.namespace, release.name), release.uid)
    assert len(cache) == 0


def test_a_spec_that_cannot_be_read_leaves_what_is_known() -> None:
    cache = known()
    raw = helm_release(version="6").raw
    with pytest.raises(SpecError):
        cache.put({**raw, "spec": {"chart": {"url": 7}}})
    assert versions(cache) == ["5"]
