"""The newest state wins, in whatever order states arrive."""

import pytest

from steersman.core.manifest.identity import KubernetesObject, ObjectId
from steersman.kube.requests import Selection
from steersman.kube.resources import CONFIG_MAPS
from steersman.kube.store import Store, is_older

ID = ObjectId("", "ConfigMap", "ns", "a")


def obj(version: str, name: str = "a", namespace: str = "ns") -> KubernetesObject:
    return {"metadata": {"name": name, "namespace": namespace, "resourceVersion": version}}


class Changes:
    """Collects what a store tells, as resourceVersions before and after."""

    def __init__(self) -> None:
        self.seen: list[tuple[str, str, str]] = []

    def __call__(self, identity: ObjectId, old: KubernetesObject | None, new: KubernetesObject | None) -> None:
        self.seen.append((identity.name, _version(old), _version(new)))


def _version(state: KubernetesObject | None) -> str:
    return state["metadata"]["resourceVersion"] if state else "-"


@pytest.fixture
def changes() -> Changes:
    return Changes()


@pytest.fixture
def store(changes: Changes) -> Store:
    return Store("", "ConfigMap", changes)


@pytest.mark.parametrize(
    ("version", "than", "expected"),
    [("9", "10", True), ("10", "9", False), ("9", "9", False), ("", "9", False), ("abc", "abd", False)],
)
def test_is_older(version: str, than: str, expected: bool) -> None:
    assert is_older(version, than) is expected


def test_events_arrive_in_order(store: Store, changes: Changes) -> None:
    store.put(obj("1"))
    store.put(obj("2"))
    store.drop(ID, "3")
    assert changes.seen == [("a", "-", "1"), ("a", "1", "2"), ("a", "2", "-")]
    assert store.get(ID) is None


@pytest.mark.parametrize("late", ["8", "9"], ids=["older", "the same"])
def test_a_late_event_changes_nothing(store: Store, changes: Changes, late: str) -> None:
    store.note(obj("9"))
    store.put(obj(late))
    assert store.get(ID) == obj("9")
    assert changes.seen == []


def test_a_late_deletion_does_not_take_a_recreated_object(store: Store) -> None:
    store.note(obj("9"))
    store.drop(ID, "8")
    assert store.get(ID) == obj("9")


def test_versions_that_are_no_numbers_go_by_arrival(store: Store) -> None:
    store.put(obj("abd"))
    store.put(obj("abc"))
    assert store.get(ID) == obj("abc")


def test_a_list_takes_away_what_it_does_not_hold(store: Store, changes: Changes) -> None:
    store.put(obj("1"))
    store.put(obj("2", name="b"))
    store.replace(Selection(CONFIG_MAPS), [obj("2", name="b")], "5")
    assert changes.seen[2:] == [("a", "1", "-")]


def test_a_list_leaves_what_is_younger_than_itself(store: Store) -> None:
    store.note(obj("9"))
    store.replace(Selection(CONFIG_MAPS), [], "5")
    assert store.get(ID) == obj("9")


def test_a_list_of_one_namespace_says_nothing_of_others(store: Store) -> None:
    store.put(obj("1", namespace="elsewhere"))
    store.replace(Selection(CONFIG_MAPS, "ns"), [], "5")
    assert len(store) == 1


def test_clearing_tells_of_each_object(store: Store, changes: Changes) -> None:
    store.note(obj("1"))
    store.note(obj("2", name="b"))
    store.clear()
    assert changes.seen == [("a", "1", "-"), ("b", "2", "-")]
    assert len(store) == 0
