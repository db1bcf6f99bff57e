"""Items with one key twice in a list that server-side apply merges by key: POST accepts them, apply refuses the object.

Called before anything is sent, so that the message can name object, list and key. The shapes below are the associative
lists and sets of the API server's published schema (1.37), for the kinds charts hold; whatever is not listed (custom
resources too) is left to the API server, which says it with an error of its own.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from steersman.core.manifest.identity import KubernetesObject, ref_of, split_api_version
from steersman.errors import InvalidInput


@dataclass(frozen=True, slots=True)
class Associative:
    """A list merged by the `keys` of its items; a set of scalars where there are none."""

    keys: tuple[str, ...]
    items: Shape = field(default_factory=dict)


Shape: TypeAlias = Mapping[str, "Associative | Shape"]
"""Field name → what is in it, for the fields that lead to an associative list."""

_BY_NAME = Associative(("name",))
_CONTAINER: Shape = {
    "env": _BY_NAME,
    "ports": Associative(("containerPort", "protocol")),
    "resources": {"claims": _BY_NAME},
    "volumeDevices": Associative(("devicePath",)),
    "volumeMounts": Associative(("mountPath",)),
}
_CONTAINERS = Associative(("name",), _CONTAINER)
_METADATA: Shape = {"finalizers": Associative(()), "ownerReferences": Associative(("uid",))}
_POD: Shape = {
    "metadata": _METADATA,
    "spec": {
        "containers": _CONTAINERS,
        "ephemeralContainers": _CONTAINERS,
        "hostAliases": Associative(("ip",)),
        "imagePullSecrets": _BY_NAME,
        "initContainers": _CONTAINERS,
        "resourceClaims": _BY_NAME,
        "schedulingGates": _BY_NAME,
        "topologySpreadConstraints": Associative(("topologyKey", "whenUnsatisfiable")),
        "volumes": _BY_NAME,
    },
}
_WORKLOAD: Shape = {"spec": {"template": _POD}}
_WEBHOOKS: Shape = {"webhooks": Associative(("name",), {"matchConditions": _BY_NAME})}
_POLICY: Shape = {"spec": {"matchConditions": _BY_NAME, "variables": _BY_NAME}}
_ADMISSION = "admissionregistration.k8s.io"
_KINDS: Mapping[tuple[str, str], Shape] = {
    ("", "Pod"): _POD,
    ("", "PodTemplate"): {"template": _POD},
    ("", "ReplicationController"): _WORKLOAD,
    ("", "Service"): {"spec": {"ports": Associative(("port", "protocol"))}},
    ("", "ServiceAccount"): {"secrets": _BY_NAME},
    ("apps", "DaemonSet"): _WORKLOAD,
    ("apps", "Deployment"): _WORKLOAD,
    ("apps", "ReplicaSet"): _WORKLOAD,
    ("apps", "StatefulSet"): _WORKLOAD,
    ("batch", "CronJob"): {"spec": {"jobTemplate": _WORKLOAD}},
    ("batch", "Job"): _WORKLOAD,
    (_ADMISSION, "MutatingAdmissionPolicy"): _POLICY,
    (_ADMISSION, "MutatingWebhookConfiguration"): _WEBHOOKS,
    (_ADMISSION, "ValidatingAdmissionPolicy"): _POLICY,
    (_ADMISSION, "ValidatingWebhookConfiguration"): _WEBHOOKS,
}
_DEFAULTS = {"protocol": "TCP"}
"""Keys that the API server fills in before it compares."""


@dataclass(frozen=True, slots=True)
class Duplicate:
    """A list and the key that is in it more than once, both as the API server writes them: `.spec.ports`,
    `[port=80,protocol="TCP"]`."""

    path: str
    key: str


class DuplicateKeys(InvalidInput):
    """A list of a manifest holds one key twice."""

    reason = "ManifestRefused"

    def __init__(self, obj: KubernetesObject, duplicates: tuple[Duplicate, ...]) -> None:
        first = duplicates[0]
        more = f" (+{len(duplicates) - 1} more)" if len(duplicates) > 1 else ""
        super().__init__(
            f"{ref_of(obj)}: {first.path} holds {first.key} twice, which server-side apply refuses{more}",
            hint="leave one of the two in the chart or its values",
        )
        self.duplicates = duplicates


def refuse_duplicates(obj: KubernetesObject) -> None:
    """Raises DuplicateKeys, naming the object, the list and the key, where server-side apply would refuse it."""
    found = tuple(duplicates(obj))
    if found:
        raise DuplicateKeys(obj, found)


def duplicates(obj: KubernetesObject) -> Iterator[Duplicate]:
    """Each key that is twice in a list of the object."""
    group, _ = split_api_version(str(obj.get("apiVersion") or ""))
    yield from _in_fields(obj, {"metadata": _METADATA}, "")
    yield from _in_fields(obj, _KINDS.get((group, str(obj.get("kind"))), {}), "")


def _in_fields(fields: Any, shape: Shape, path: str) -> Iterator[Duplicate]:
    if not isinstance(fields, dict):
        return
    for name, inner in shape.items():
        if name not in fields:
            continue
        if isinstance(inner, Associative):
            yield from _in_list(fields[name], inner, f"{path}.{name}")
        else:
            yield from _in_fields(fields[name], inner, f"{path}.{name}")


def _in_list(items: Any, shape: Associative, path: str) -> Iterator[Duplicate]:
    seen: set[str] = set()
    told: set[str] = set()
    for item in items if isinstance(items, list) else ():
        key = _key(item, shape.keys)
        if key is None:
            continue
        if key in seen and key not in told:
            told.add(key)
            yield Duplicate(path, key)
        seen.add(key)
        yield from _in_fields(item, shape.items, path + key)


def _key(item: Any, names: tuple[str, ...]) -> str | None:
    """`[name="app"]`, or `[="value"]` in a set; None where a key is missing, which the API server will not like."""
    if not names:
        return f"[={_scalar(item)}]"
    if not isinstance(item, dict):
        return None
    values = {name: item.get(name, _DEFAULTS.get(name)) for name in names}
    if any(value is None for value in values.values()):
        return None
    return f"[{','.join(f'{name}={_scalar(value)}' for name, value in sorted(values.items()))}]"


def _scalar(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)
