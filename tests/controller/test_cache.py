"""`controller.cache`: the newest known state of every HelmRelease, and what of it asks for a look."""

from typing import Any

import pytest
from controller.sources import repository
from core.plan.builders import NOW, helm_release

from steersman.controller.cache import ReleaseCache, RepositoryCache
from steersman.controller.queue import ObjectKey
from steersman.core.api.helmrelease import HelmRelease, SpecError

KEY = ObjectKey("demo", "web")
STABLE = ObjectKey("demo", "stable")


def known(**fields: Any) -> ReleaseCache:
    cache = ReleaseCache()
    cache.put(helm_release(version="5", **fields).raw)
    return cache


def version(cache: ReleaseCache) -> str:
    release = cache.get(KEY)
    assert release is not None
    return release.resource_version


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
    assert version(cache) == "6"


def test_the_first_state_asks_for_a_look() -> None:
    assert ReleaseCache().put(helm_release().raw)


@pytest.mark.parametrize("told", ["5", "4", "10"])
def test_newer_wins_by_number(told: str) -> None:
    """Our own write's answer and the watch's event of it come in either order."""
    cache = known()
    cache.put(helm_release(version=told, generation=2).raw)
    assert version(cache) == ("10" if told == "10" else "5")


def test_the_same_state_again_asks_for_nothing() -> None:
    assert not known().put(helm_release(version="5").raw)


def test_an_answer_about_a_predecessor_does_not_hide_its_successor() -> None:
    cache = known(uid="uid-1")
    assert cache.put(helm_release(version="9", uid="uid-2").raw)
    assert not cache.put(helm_release(version="8", uid="uid-1", finalizer=False, deleting=NOW).raw)
    assert cache.is_living("uid-2")
    assert not cache.is_living("uid-1")


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
    assert (cache.is_living("uid-1"), cache.is_living("uid-7"), cache.is_living("uid-0")) == (True, True, False)
    cache.drop(KEY, "uid-1")
    assert not cache.is_living("uid-1")
    assert len(cache) == 1


def test_whom_a_record_concerns() -> None:
    cache = known(spec={"releaseName": "shop", "storageNamespace": "store"})
    assert cache.with_records("store", "shop") == {KEY}
    assert cache.with_records("demo", "web") == frozenset()
    cache.put(helm_release(name="other", uid="uid-7", spec={"releaseName": "shop", "storageNamespace": "store"}).raw)
    assert cache.with_records("store", "shop") == {KEY, ObjectKey("demo", "other")}
    cache.drop(KEY, "uid-1")
    assert cache.with_records("store", "shop") == {ObjectKey("demo", "other")}


def referring(*names: str, version: str) -> dict[str, Any]:
    sources = [{"kind": "ConfigMap", "name": name} for name in names]
    return helm_release({"valuesFrom": sources}, version=version, generation=int(version)).raw


def test_whom_an_object_concerns_and_when_it_concerns_nobody_any_more() -> None:
    dropped: list[tuple[str, str, str]] = []
    cache = ReleaseCache(lambda *name: dropped.append(name))
    cache.put(referring("a", "b", version="1"))
    assert cache.referring_to("ConfigMap", "demo", "a") == {KEY}
    assert cache.referring_to("Secret", "demo", "a") == frozenset()
    assert cache.referring_to("ConfigMap", "prod", "a") == frozenset()
    cache.put(referring("b", version="2"))
    assert dropped == [("ConfigMap", "demo", "a")]
    cache.drop(KEY, "uid-1")
    assert dropped == [("ConfigMap", "demo", "a"), ("ConfigMap", "demo", "b")]
    assert cache.referring_to("ConfigMap", "demo", "b") == frozenset()


def test_credentials_concern_the_release_too() -> None:
    cache = ReleaseCache()
    release = helm_release()
    chart = {**release.raw["spec"]["chart"], "secretRef": {"name": "pull"}}
    cache.put({**release.raw, "spec": {"chart": chart}})
    assert cache.referring_to("Secret", "demo", "pull") == {KEY}


TERMS: dict[str, Any] = {
    "secretRef": {"name": "login"},
    "certSecretRef": {"name": "tls"},
    "proxySecretRef": {"name": "proxy"},
    "serviceAccountName": "puller",
    "verify": {"provider": "provenance", "secretRef": {"name": "keys"}},
}
NAMED = [("Secret", "login"), ("Secret", "tls"), ("Secret", "proxy"), ("Secret", "keys"), ("ServiceAccount", "puller")]


@pytest.mark.parametrize(("kind", "name"), NAMED)
def test_all_terms_of_access_concern_whoever_says_them(kind: str, name: str) -> None:
    cache = ReleaseCache()
    cache.put(helm_release({"chart": {"url": "oci://h/c", "version": "1", **TERMS}}).raw)
    assert cache.referring_to(kind, "demo", name) == {KEY}
    repositories = RepositoryCache()
    repositories.put(repository(**TERMS))
    assert repositories.referring_to(kind, "demo", name) == {STABLE}
    assert repositories.referring_to(kind, "other", name) == frozenset()


def test_whom_a_repository_concerns() -> None:
    cache = ReleaseCache()
    chart = {"repository": {"ref": {"name": "stable"}}, "name": "web", "version": "1"}
    cache.put(helm_release({"chart": chart}).raw)
    assert cache.naming(STABLE) == {KEY}
    assert cache.naming(ObjectKey("other", "stable")) == frozenset()
    cache.put(helm_release(version="2", generation=2).raw)
    assert cache.naming(STABLE) == frozenset()


def test_the_end_of_a_repository_leaves_its_successor() -> None:
    dropped: list[tuple[str, str, str]] = []
    cache = RepositoryCache(lambda *name: dropped.append(name))
    cache.put(repository(secretRef={"name": "login"}))
    cache.drop(STABLE, "another uid")
    assert (len(cache), dropped) == (1, [])
    cache.drop(STABLE, "uid-of-stable")
    assert (len(cache), cache.get(STABLE), dropped) == (0, None, [("Secret", "demo", "login")])


def test_a_spec_that_cannot_be_read_leaves_what_is_known() -> None:
    cache = known()
    raw = helm_release(version="6").raw
    with pytest.raises(SpecError):
        cache.put({**raw, "spec": {"chart": {"url": 7}}})
    assert version(cache) == "5"
