"""Items with one key twice in a list that server-side apply merges by key: POST accepts them, apply refuses the object.

The keys are those of the published schemas of the built-in kinds (`spec/apply.md` section 2, "Merge kinds"). Said before
anything is sent, with object and key; for other kinds the API server says it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from steersman.core.manifest.identity import KubernetesObject, ref_of
from steersman.errors import InvalidInput

_CONTAINER = {
    "env": ("name",),
    "ports": ("containerPort", "protocol"),
    "volumeMounts": ("mountPath",),
    "volumeDevices": ("devicePath",),
}
_POD = {
    "containers": ("name",),
    "initContainers": ("name",),
    "ephemeralContainers": ("name",),
    "volumes": ("name",),
    "imagePullSecrets": ("name",),
    "hostAliases": ("ip",),
    "topologySpreadConstraints": ("topologyKey", "whenUnsatisfiable"),
}
_DEFAULTS = {"protocol": "TCP"}

_POD_PATHS: Mapping[tuple[str, str], tuple[str, ...]] = {
    ("v1", "Pod"): ("spec",),
    ("v1", "ReplicationController"): ("spec", "template", "spec"),
    ("apps/v1", "Deployment"): ("spec", "template", "spec"),
    ("apps/v1", "StatefulSet"): ("spec", "template", "spec"),
    ("apps/v1", "DaemonSet"): ("spec", "template", "spec"),
    ("apps/v1", "ReplicaSet"): ("spec", "template", "spec"),
    ("batch/v1", "Job"): ("spec", "template", "spec"),
    ("batch/v1", "CronJob"): ("spec", "jobTemplate", "spec", "template", "spec"),
}
_OTHERS: Mapping[tuple[str, str], tuple[tuple[tuple[str, ...], tuple[str, ...]], ...]] = {
    ("v1", "Service"): ((("spec", "ports"), ("port", "protocol")),),
    ("v1", "ServiceAccount"): ((("secrets",), ("name",)),),
    ("admissionregistration.k8s.io/v1", "MutatingWebhookConfiguration"): ((("webhooks",), ("name",)),),
    ("admissionregistration.k8s.io/v1", "ValidatingWebhookConfiguration"): ((("webhooks",), ("name",)),),
}


class DuplicateKeys(InvalidInput):
    """A list of a manifest holds one key twice."""

    reason = "ManifestRefused"


def refuse_duplicates(obj: KubernetesObject) -> None:
    """Raises DuplicateKeys, naming the object, the list and the key, where server-side apply would refuse it."""
    for path, key in duplicates(obj):
        raise DuplicateKeys(
            f"{ref_of(obj)}: {path} holds {key} twice, which server-side apply refuses",
            hint="leave one of the two in the chart or its values",
        )


def duplicates(obj: KubernetesObject) -> Iterator[tuple[str, str]]:
    """Each list path and the key that is in it twice."""
    kind = (str(obj.get("apiVersion")), str(obj.get("kind")))
    for path, keys in _OTHERS.get(kind, ()):
        yield from _in_list(_at(obj, path), keys, ".".join(path))
    pod = _POD_PATHS.get(kind)
    if pod is not None:
        yield from _in_pod(_at(obj, pod), ".".join(pod))


def _in_pod(spec: Any, path: str) -> Iterator[tuple[str, str]]:
    if not isinstance(spec, dict):
        return
    for field, keys in _POD.items():
        yield from _in_list(spec.get(field), keys, f"{path}.{field}")
    for field in ("initContainers", "containers", "ephemeralContainers"):
        containers = spec.get(field)
        for container in containers if isinstance(containers, list) else ():
            if isinstance(container, dict):
                where = f"{path}.{field}[{container.get('name')}]"
                for name, keys in _CONTAINER.items():
                    yield from _in_list(container.get(name), keys, f"{where}.{name}")


def _in_list(items: Any, keys: tuple[str, ...], path: str) -> Iterator[tuple[str, str]]:
    seen = set()
    for item in items if isinstance(items, list) else ():
        if not isinstance(item, dict):
            continue
        key = tuple(str(item.get(name, _DEFAULTS.get(name, ""))) for name in keys)
        if key in seen:
            yield path, ", ".join(f"{name} {value}" for name, value in zip(keys, key, strict=True))
        seen.add(key)


def _at(obj: Any, path: tuple[str, ...]) -> Any:
    for name in path:
        if not isinstance(obj, dict):
            return None
        obj = obj.get(name)
    return obj
