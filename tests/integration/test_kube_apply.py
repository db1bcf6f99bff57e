"""What we rely on of server-side apply, asked of the real API server (the claims of the apply contract, section 1)."""

import asyncio
from typing import Any

import pytest

from steersman.core.manifest.identity import KubernetesObject, ref_of
from steersman.kube.cluster import KubeCluster
from steersman.kube.errors import (
    BadRequest,
    FieldConflict,
    FieldOwner,
    ImmutableField,
    NamespaceNotFound,
    Recreated,
    StaleObject,
    TooLarge,
    TypedPatchRefused,
    UnknownKind,
)
from steersman.kube.objects import Objects
from steersman.kube.resources import CONFIG_MAPS, PODS, SECRETS

ODD = "".join(map(chr, [*range(1, 0xA1), 0x2028, 0x2029, 0xD7FF, 0xE000, 0xFEFF, 0xFFFD, 0xFFFE, 0xFFFF, 0x10FFFF]))
NO_UID = "11111111-1111-1111-1111-111111111111"


def config_map(namespace: str, name: str, data: dict[str, Any] | None = None, **metadata: Any) -> KubernetesObject:
    return {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {"name": name, "namespace": namespace, **metadata},
        "data": data if data is not None else {"key": "value"},
    }


def deployment(namespace: str, name: str, **container: Any) -> KubernetesObject:
    template = {
        "metadata": {"labels": {"app": name}},
        "spec": {"containers": [{"name": "app", "image": "nginx", **container}]},
    }
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": name, "namespace": namespace},
        "spec": {"replicas": 2, "selector": {"matchLabels": {"app": name}}, "template": template},
    }


async def test_a_first_apply_creates_and_a_second_updates(cluster: KubeCluster, namespace: str) -> None:
    intent = deployment(namespace, "twice")
    first = await cluster.apply(intent, force=False)
    second = await cluster.apply(intent, force=False)
    assert (first.created, second.created) == (True, False)
    assert second.object["metadata"]["generation"] == 1


async def test_equal_intent_keeps_the_resource_version(cluster: KubeCluster, namespace: str) -> None:
    intent = config_map(namespace, "equal")
    first = await cluster.apply(intent, force=False)
    second = await cluster.apply(intent, force=True)
    assert second.object == first.object


async def test_the_manager_of_release_objects_is_steersman(cluster: KubeCluster, namespace: str) -> None:
    applied = await cluster.apply(config_map(namespace, "manager"), force=False)
    (entry,) = applied.object["metadata"]["managedFields"]
    assert (entry["manager"], entry["operation"]) == ("steersman", "Apply")


@pytest.mark.parametrize("text", ["ключ", "🚢 sails", 'quote " backslash \\ slash / tab \t', ODD])
async def test_text_of_any_script_arrives_unchanged(cluster: KubeCluster, namespace: str, text: str) -> None:
    applied = await cluster.apply(config_map(namespace, "text", {"text": text}), force=True)
    assert applied.object["data"]["text"] == text


async def test_the_right_uid_lets_an_update_through(cluster: KubeCluster, namespace: str) -> None:
    first = await cluster.apply(config_map(namespace, "right-uid"), force=False)
    guarded = config_map(namespace, "right-uid", {"key": "other"}, uid=first.object["metadata"]["uid"])
    second = await cluster.apply(guarded, force=False)
    assert second.object["data"] == {"key": "other"}


async def test_another_uid_is_recreated(cluster: KubeCluster, namespace: str) -> None:
    await cluster.apply(config_map(namespace, "other-uid"), force=False)
    with pytest.raises(Recreated) as caught:
        await cluster.apply(config_map(namespace, "other-uid", uid=NO_UID), force=False)
    assert caught.value.code == 422


async def test_a_uid_on_an_absent_object_is_recreated_and_creates_nothing(cluster: KubeCluster, namespace: str) -> None:
    intent = config_map(namespace, "absent-uid", uid=NO_UID)
    with pytest.raises(Recreated) as caught:
        await cluster.apply(intent, force=False)
    assert caught.value.code == 409
    assert await cluster.get(ref_of(intent)) is None


async def test_a_stale_resource_version_is_refused_even_for_a_no_op(cluster: KubeCluster, namespace: str) -> None:
    first = await cluster.apply(config_map(namespace, "stale"), force=False)
    await cluster.apply(config_map(namespace, "stale", {"key": "newer"}), force=False)
    stale = first.object["metadata"]["resourceVersion"]
    with pytest.raises(StaleObject):
        await cluster.apply(config_map(namespace, "stale", {"key": "newer"}, resourceVersion=stale), force=False)


async def test_a_resource_version_alone_guards_no_absent_object(cluster: KubeCluster, namespace: str) -> None:
    applied = await cluster.apply(config_map(namespace, "rv-alone", resourceVersion="1"), force=False)
    assert applied.created


async def test_a_conflict_names_field_and_owner(cluster: KubeCluster, objects: Objects, namespace: str) -> None:
    intent = config_map(namespace, "conflict")
    await objects.apply(CONFIG_MAPS, intent, manager="other")
    with pytest.raises(FieldConflict) as caught:
        await cluster.apply(config_map(namespace, "conflict", {"key": "ours"}), force=False)
    assert caught.value.owners == (FieldOwner(".data.key", "other", "Apply"),)
    forced = await cluster.apply(config_map(namespace, "conflict", {"key": "ours"}), force=True)
    assert forced.object["data"] == {"key": "ours"}


async def test_a_conflict_with_an_update_names_its_api_version(
    cluster: KubeCluster, objects: Objects, namespace: str
) -> None:
    intent = config_map(namespace, "conflict-update")
    live = (await cluster.apply(intent, force=False)).object
    await objects.replace(CONFIG_MAPS, {**live, "data": {"key": "theirs"}}, manager="editor")
    with pytest.raises(FieldConflict) as caught:
        await cluster.apply(intent, force=False)
    assert caught.value.owners == (FieldOwner(".data.key", "editor", "Update", api_version="v1"),)


async def test_a_conflict_through_scale_names_the_subresource(
    cluster: KubeCluster, objects: Objects, namespace: str
) -> None:
    intent = deployment(namespace, "scaled")
    await cluster.apply(intent, force=False)
    resource = await cluster.discovery.resolve("apps/v1", "Deployment")
    scale = {"spec": {"replicas": 5}}
    await objects.patch(resource, namespace, "scaled", scale, manager="autoscaler", subresource="scale")
    with pytest.raises(FieldConflict) as caught:
        await cluster.apply(intent, force=False)
    (owner,) = caught.value.owners
    assert (owner.field, owner.manager, owner.subresource) == (".spec.replicas", "autoscaler", "scale")


async def test_a_duplicate_list_key_is_refused_by_name(cluster: KubeCluster, namespace: str) -> None:
    env = [{"name": "A", "value": "1"}, {"name": "A", "value": "2"}]
    with pytest.raises(TypedPatchRefused) as caught:
        await cluster.apply(deployment(namespace, "twice", env=env), force=False)
    assert caught.value.path == '.spec.template.spec.containers[name="app"].env'
    assert caught.value.duplicate_key == '[name="A"]'


async def test_a_field_outside_the_schema_is_refused_by_name(cluster: KubeCluster, namespace: str) -> None:
    with pytest.raises(TypedPatchRefused) as caught:
        await cluster.apply(deployment(namespace, "odd", imagee="x"), force=False)
    assert caught.value.path == '.spec.template.spec.containers[name="app"].imagee'
    assert not caught.value.retryable


async def test_a_secret_of_the_wrong_type_does_not_show_its_value(cluster: KubeCluster, namespace: str) -> None:
    secret = {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "typed", "namespace": namespace}}
    with pytest.raises(TypedPatchRefused) as caught:
        await cluster.apply({**secret, "data": {"pin": 271828}}, force=False)
    assert "271828" not in str(caught.value)
    assert ".data.pin" in str(caught.value)


async def test_what_the_server_writes_is_not_sent(cluster: KubeCluster, namespace: str) -> None:
    live = (await cluster.apply(config_map(namespace, "exported"), force=False)).object
    again = await cluster.apply({**live, "data": {"key": "edited"}, "status": {}}, force=False)
    assert again.object["data"] == {"key": "edited"}


async def test_string_data_that_leaves_the_chart_leaves_the_secret(cluster: KubeCluster, namespace: str) -> None:
    head = {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "string-data", "namespace": namespace}}
    first = await cluster.apply({**head, "data": {"a": "MQ=="}, "stringData": {"b": "2", "a": "3"}}, force=False)
    assert first.object["data"] == {"a": "Mw==", "b": "Mg=="}
    second = await cluster.apply({**head, "stringData": {"a": "3"}}, force=False)
    assert second.object["data"] == {"a": "Mw=="}


async def test_an_unknown_field_of_a_dry_run_is_refused_too(cluster: KubeCluster, namespace: str) -> None:
    with pytest.raises(TypedPatchRefused):
        await cluster.apply({**config_map(namespace, "strict"), "dataa": {}}, force=False, dry_run=True)


async def test_a_dry_run_answers_and_stores_nothing(cluster: KubeCluster, namespace: str) -> None:
    intent = deployment(namespace, "dry")
    answer = await cluster.apply(intent, force=False, dry_run=True)
    assert answer.object["spec"]["template"]["spec"]["restartPolicy"] == "Always"
    assert await cluster.get(ref_of(intent)) is None


@pytest.mark.parametrize("dry_run", [False, True], ids=["real", "dry run"])
async def test_a_missing_namespace_is_named(cluster: KubeCluster, dry_run: bool) -> None:
    with pytest.raises(NamespaceNotFound) as caught:
        await cluster.apply(config_map("steersman-nowhere", "x"), force=False, dry_run=dry_run)
    assert "steersman-nowhere" in caught.value.message


async def test_get_in_a_missing_namespace_is_none(cluster: KubeCluster) -> None:
    assert await cluster.get(ref_of(config_map("steersman-nowhere", "x"))) is None


async def test_warnings_of_the_server_come_with_the_answer(cluster: KubeCluster, namespace: str) -> None:
    container = {"name": "app", "image": "nginx"}
    pod = {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": "warned", "namespace": namespace, "annotations": {"kubernetes.io/ingress.class": "x"}},
        "spec": {"containers": [container], "nodeSelector": {"beta.kubernetes.io/os": "linux"}},
    }
    applied = await cluster.apply(pod, force=False, dry_run=True)
    assert any("beta.kubernetes.io/os" in warning for warning in applied.warnings)


async def test_deleting_asks_for_the_uid(cluster: KubeCluster, namespace: str) -> None:
    intent = config_map(namespace, "deleted")
    applied = await cluster.apply(intent, force=False)
    ref = ref_of(intent)
    assert not await cluster.delete(ref, uid=NO_UID)
    assert await cluster.get(ref) is not None
    with pytest.raises(StaleObject):
        await cluster.delete(ref, uid=applied.object["metadata"]["uid"], resource_version="1")
    assert await cluster.delete(ref, uid=applied.object["metadata"]["uid"])
    assert not await cluster.delete(ref, uid=applied.object["metadata"]["uid"])


async def test_an_object_above_etcds_limit_is_too_large(cluster: KubeCluster, namespace: str) -> None:
    with pytest.raises(TooLarge):
        await cluster.apply(config_map(namespace, "large", {"key": "x" * 1_100_000}), force=False)


async def test_a_request_above_the_servers_limit_is_too_large(cluster: KubeCluster, namespace: str) -> None:
    with pytest.raises(TooLarge) as caught:
        await cluster.apply(config_map(namespace, "huge", {"key": "x" * 3_200_000}), force=False)
    assert caught.value.code == 413


async def test_another_version_than_the_urls_is_refused(objects: Objects, namespace: str) -> None:
    with pytest.raises(BadRequest):
        await objects.apply(CONFIG_MAPS, {**config_map(namespace, "version"), "apiVersion": "v2"})


async def test_an_unknown_kind_is_told_from_an_unknown_object(cluster: KubeCluster, namespace: str) -> None:
    sail = {"apiVersion": "yard.example/v1", "kind": "Sail", "metadata": {"name": "main", "namespace": namespace}}
    with pytest.raises(UnknownKind):
        await cluster.apply(sail, force=False)
    assert not await cluster.knows(ref_of(sail))


CLUSTER_ROLE = {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole"}

IMMUTABLE: dict[str, tuple[dict[str, Any], dict[str, Any], str]] = {
    "Deployment selector": (
        {"apiVersion": "apps/v1", "kind": "Deployment", "spec": deployment("", "web")["spec"]},
        {"spec": deployment("", "other")["spec"]},
        "spec.selector",
    ),
    "StatefulSet serviceName": (
        {"apiVersion": "apps/v1", "kind": "StatefulSet", "spec": {"serviceName": "a", **deployment("", "web")["spec"]}},
        {"spec": {"serviceName": "b", **deployment("", "web")["spec"]}},
        "spec.serviceName",
    ),
    "StatefulSet volumeClaimTemplates": (
        {"apiVersion": "apps/v1", "kind": "StatefulSet", "spec": {"serviceName": "a", **deployment("", "web")["spec"]}},
        {
            "spec": {
                "serviceName": "a",
                **deployment("", "web")["spec"],
                "volumeClaimTemplates": [
                    {
                        "metadata": {"name": "data"},
                        "spec": {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1Gi"}}},
                    }
                ],
            }
        },
        "spec.volumeClaimTemplates",
    ),
    "Job template": (
        {
            "apiVersion": "batch/v1",
            "kind": "Job",
            "spec": {"template": {"spec": {"restartPolicy": "Never", "containers": [{"name": "a", "image": "a"}]}}},
        },
        {"spec": {"template": {"spec": {"restartPolicy": "Never", "containers": [{"name": "a", "image": "b"}]}}}},
        "spec.template",
    ),
    "RoleBinding roleRef": (
        {
            "apiVersion": "rbac.authorization.k8s.io/v1",
            "kind": "RoleBinding",
            "roleRef": {**CLUSTER_ROLE, "name": "view"},
        },
        {"roleRef": {**CLUSTER_ROLE, "name": "edit"}},
        "roleRef",
    ),
    "immutable ConfigMap": (
        {"apiVersion": "v1", "kind": "ConfigMap", "immutable": True, "data": {"a": "1"}},
        {"data": {"a": "2"}},
        "data",
    ),
    "immutable Secret": (
        {"apiVersion": "v1", "kind": "Secret", "immutable": True, "data": {"a": "MQ=="}},
        {"data": {"a": "Mg=="}},
        "data",
    ),
    "Secret type": (
        {"apiVersion": "v1", "kind": "Secret", "type": "Opaque"},
        {"type": "example.com/other"},
        "type",
    ),
    "claim spec": (
        {
            "apiVersion": "v1",
            "kind": "PersistentVolumeClaim",
            "spec": {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1Gi"}}},
        },
        {"spec": {"accessModes": ["ReadWriteMany"], "resources": {"requests": {"storage": "1Gi"}}}},
        "spec",
    ),
    "Pod spec": (
        {"apiVersion": "v1", "kind": "Pod", "spec": {"containers": [{"name": "a", "image": "a"}]}},
        {"spec": {"containers": [{"name": "a", "image": "a", "command": ["b"]}]}},
        "spec",
    ),
}


@pytest.mark.parametrize(("first", "change", "field"), IMMUTABLE.values(), ids=IMMUTABLE.keys())
async def test_a_field_that_cannot_change_is_told_from_a_wrong_one(
    cluster: KubeCluster, namespace: str, first: dict[str, Any], change: dict[str, Any], field: str
) -> None:
    name = f"immutable-{abs(hash((first['kind'], field))) % 10**8}"
    obj = {**first, "metadata": {"name": name, "namespace": namespace}}
    await cluster.apply(obj, force=False)
    with pytest.raises(ImmutableField) as caught:
        await cluster.apply({**obj, **change}, force=True)
    assert field in [cause.field for cause in caught.value.immutable]
    assert len(caught.value.message) < 2000


async def test_many_applies_at_once_all_arrive(cluster: KubeCluster, namespace: str) -> None:
    intents = [config_map(namespace, f"many-{number}") for number in range(100)]
    applied = await asyncio.gather(*(cluster.apply(intent, force=False) for intent in intents))
    assert all(answer.created for answer in applied)


@pytest.mark.parametrize("resource", [SECRETS, PODS], ids=str)
async def test_an_absent_object_is_none(objects: Objects, namespace: str, resource: Any) -> None:
    assert await objects.get(resource, namespace, "nobody") is None
