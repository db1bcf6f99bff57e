"""`core.plan.apply`: the apply plan of rendered objects."""

from typing import Any

import pytest
from core.plan.builders import OWNER, apply_plan, config_map, manifests

from steersman.core.manifest.errors import ManifestError
from steersman.core.manifest.identity import KubernetesObject
from steersman.core.manifest.model import Manifest
from steersman.core.plan.apply import (
    BATCH_LIMIT,
    ApplyPlan,
    PlanError,
    build_plan,
    changed_objects,
    kinds_of,
    set_scope,
)
from steersman.core.plan.ownership import stamp

SCOPES = {
    ("v1", "ConfigMap"): True,
    ("v1", "Secret"): True,
    ("apps/v1", "Deployment"): True,
    ("v1", "Namespace"): False,
}


def obj(kind: str, name: str, api_version: str = "v1", **metadata: Any) -> KubernetesObject:
    return {"apiVersion": api_version, "kind": kind, "metadata": {"name": name, **metadata}}


def plan(*objects: KubernetesObject) -> ApplyPlan:
    return build_plan(manifests(*objects), owner=OWNER, namespaced=SCOPES)


def shown(built: ApplyPlan) -> list[list[str]]:
    return [[str(planned.ref) for planned in batch] for batch in built.batches]


def test_one_batch_a_run_of_one_kind() -> None:
    built = plan(obj("Namespace", "n"), obj("ConfigMap", "b"), obj("ConfigMap", "a"), obj("Secret", "s"))
    assert shown(built) == [["Namespace n"], ["ConfigMap demo/b", "ConfigMap demo/a"], ["Secret demo/s"]]
    assert len(built.objects) == 4


def test_a_kind_that_comes_back_gets_a_batch_of_its_own() -> None:
    """Order is the renderer's; a barrier stands wherever the kind changes."""
    built = plan(obj("ConfigMap", "a"), obj("Secret", "s"), obj("ConfigMap", "b"))
    assert [len(batch) for batch in built.batches] == [1, 1, 1]


def test_long_runs_are_cut() -> None:
    built = plan(*(obj("ConfigMap", f"c{n}") for n in range(BATCH_LIMIT + 1)))
    assert [len(batch) for batch in built.batches] == [BATCH_LIMIT, 1]


def test_nothing_rendered_is_a_plan_without_batches() -> None:
    assert plan().batches == ()
    assert plan().ids == frozenset()


@pytest.mark.parametrize(
    ("given", "namespaced", "namespace"),
    [(None, True, "demo"), ("", True, "demo"), ("prod", True, "prod"), ("prod", False, None), (None, False, None)],
    ids=["none named", "an empty one", "its own", "one on a cluster-scoped object", "cluster-scoped"],
)
def test_scope(given: str | None, namespaced: bool, namespace: str | None) -> None:
    metadata = {} if given is None else {"namespace": given}
    before = obj("ConfigMap", "a", **metadata)
    assert set_scope(before, "demo", namespaced)["metadata"].get("namespace") == namespace
    assert before["metadata"] == {"name": "a", **metadata}


def test_objects_are_stamped() -> None:
    (planned,) = plan(config_map("a")).objects
    assert planned.object == stamp(config_map("a"), OWNER)
    assert planned.path == "shop/templates/0.yaml"


@pytest.mark.parametrize(
    ("second", "apart"),
    [
        (obj("ConfigMap", "a"), False),
        (obj("ConfigMap", "a", namespace="demo"), False),
        (obj("ConfigMap", "a", namespace="prod"), True),
        (obj("Secret", "a"), True),
        (obj("ConfigMap", "b"), True),
    ],
    ids=["the same", "the same, namespace written out", "another namespace", "another kind", "another name"],
)
def test_an_object_may_be_rendered_only_once(second: KubernetesObject, apart: bool) -> None:
    if apart:
        assert len(plan(obj("ConfigMap", "a"), second).objects) == 2
        return
    with pytest.raises(PlanError) as refused:
        plan(obj("ConfigMap", "a"), second)
    assert "ConfigMap demo/a is rendered twice: by shop/templates/0.yaml and by shop/templates/1.yaml" in str(
        refused.value
    )


def test_two_versions_of_a_kind_are_one_object() -> None:
    old = obj("Deployment", "web", "apps/v1beta1")
    with pytest.raises(PlanError):
        build_plan(
            manifests(obj("Deployment", "web", "apps/v1"), old),
            owner=OWNER,
            namespaced={**SCOPES, ("apps/v1beta1", "Deployment"): True},
        )


def test_lists_are_their_items() -> None:
    items = {"apiVersion": "v1", "kind": "List", "items": [obj("ConfigMap", "a"), None, obj("Secret", "s")]}
    built = plan(items)
    assert shown(built) == [["ConfigMap demo/a"], ["Secret demo/s"]]
    assert {planned.path for planned in built.objects} == {"shop/templates/0.yaml"}


@pytest.mark.parametrize("items", [{}, {"items": None}, {"items": []}], ids=["no items", "null", "empty"])
def test_empty_lists_are_nothing(items: dict[str, Any]) -> None:
    assert len(plan({"apiVersion": "v1", "kind": "List", **items}).objects) == 0


def test_a_list_of_another_group_is_an_object() -> None:
    listed = obj("List", "a", "example.com/v1")
    built = build_plan(manifests(listed), owner=OWNER, namespaced={("example.com/v1", "List"): True})
    assert shown(built) == [["List.example.com demo/a"]]


def test_documents_of_comments_are_nothing() -> None:
    comment = Manifest(path="shop/templates/notes.yaml", text="# nothing", kind="", object=None)
    assert kinds_of([comment]) == frozenset()
    assert len(build_plan([comment], owner=OWNER, namespaced={}).objects) == 0


@pytest.mark.parametrize(
    ("document", "why"),
    [
        ({"kind": "ConfigMap", "metadata": {"name": "a"}}, "ConfigMap has no apiVersion"),
        ({"apiVersion": "v1", "metadata": {"name": "a"}}, "an object has no kind"),
        ({"apiVersion": "v1", "kind": "ConfigMap"}, "ConfigMap has no metadata.name"),
        ({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": 7}}, "ConfigMap has no metadata.name"),
        (obj("ConfigMap", "a", labels=["x"]), "ConfigMap has metadata.labels that are no map"),
        ({"apiVersion": "v1", "kind": "List", "items": ["x"]}, "an item of a List has no fields"),
        ({"apiVersion": "v1", "kind": "List", "items": [{"a": 1}]}, "an object has no apiVersion and no kind and no"),
    ],
    ids=["apiVersion", "kind", "metadata", "name", "labels", "text in a list", "anything in a list"],
)
def test_what_is_no_object_is_refused_with_its_template(document: KubernetesObject, why: str) -> None:
    broken = [Manifest(path="shop/templates/0.yaml", text="", kind="", object=document)]
    for ask in (kinds_of, lambda found: build_plan(found, owner=OWNER, namespaced=SCOPES)):
        with pytest.raises(ManifestError, match=f"^shop/templates/0.yaml: {why}") as caught:
            ask(broken)
        assert caught.value.path == "shop/templates/0.yaml"
        assert caught.value.hint


def test_kinds_asked_of_discovery() -> None:
    documents = manifests(
        obj("ConfigMap", "a"),
        obj("ConfigMap", "b"),
        {"apiVersion": "v1", "kind": "List", "items": [obj("Deployment", "web", "apps/v1")]},
    )
    assert kinds_of(documents) == {("v1", "ConfigMap"), ("apps/v1", "Deployment")}


def test_changed_objects() -> None:
    built = apply_plan("same", "changed", "new")
    before = {planned.ref.id: planned.object for planned in apply_plan("same", "changed").objects}
    changed = built.objects[1]
    before[changed.ref.id] = {**changed.object, "data": {"key": "old"}}
    assert [planned.ref.id.name for planned in changed_objects(built, before)] == ["changed", "new"]
    assert changed_objects(built, {planned.ref.id: planned.object for planned in built.objects}) == ()
