"""managedFields: our entry, its fingerprint, its paths."""

from __future__ import annotations

from typing import Any

from steersman.core.diff.fields import fingerprint, own_entry, owned_paths

FIELDS = {
    "f:metadata": {"f:labels": {"f:app.kubernetes.io/name": {}}, "f:finalizers": {'v:"a.b/c"': {}}},
    "f:spec": {
        "f:replicas": {},
        "f:template": {
            "f:spec": {
                "f:containers": {
                    'k:{"name":"app"}': {
                        ".": {},
                        "f:image": {},
                        "f:ports": {'k:{"containerPort":80,"protocol":"TCP"}': {".": {}, "f:name": {}}},
                    }
                }
            }
        },
        "f:list": {"i:0": {}},
    },
}


def entry(manager: str = "steersman", operation: str = "Apply", **more: Any) -> dict[str, Any]:
    return {"manager": manager, "operation": operation, "fieldsType": "FieldsV1", "fieldsV1": FIELDS} | more


def live(*entries: dict[str, Any]) -> dict[str, Any]:
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "a", "managedFields": list(entries)}}


def test_our_entry_is_the_apply_one_of_the_object_itself() -> None:
    ours = entry()
    others = (entry("helm"), entry(operation="Update"), entry(subresource="status"), entry("steersman-status"))
    assert own_entry(live(*others, ours)) is ours
    assert own_entry(live(*others)) is None
    assert own_entry({"metadata": {}}) is None


def test_the_fingerprint_is_that_of_our_fields_alone() -> None:
    ours = fingerprint(live(entry()))
    assert len(ours) == 16
    assert ours == fingerprint(live(entry("helm"), entry(time="2026-01-01T00:00:00Z", apiVersion="v1")))
    reordered = entry() | {"fieldsV1": dict(reversed(FIELDS.items()))}
    assert ours == fingerprint(live(reordered))
    assert ours != fingerprint(live(entry() | {"fieldsV1": {"f:spec": {}}}))
    assert fingerprint(live(entry("helm"))) == ""


def test_paths_are_those_of_conflicts() -> None:
    app = '.spec.template.spec.containers[name="app"]'
    assert owned_paths(entry()) == {
        ".metadata.labels.app.kubernetes.io/name",
        '.metadata.finalizers[="a.b/c"]',
        ".spec.replicas",
        app,
        f"{app}.image",
        f'{app}.ports[containerPort=80,protocol="TCP"]',
        f'{app}.ports[containerPort=80,protocol="TCP"].name',
        ".spec.list[0]",
    }


def test_nothing_owned_has_no_paths() -> None:
    assert owned_paths(None) == frozenset()
    assert owned_paths({"manager": "steersman"}) == frozenset()
