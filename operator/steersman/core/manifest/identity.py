"""Which object a manifest means: the names under which plans, inventories and messages know objects."""

from __future__ import annotations

from typing import Any, NamedTuple, TypeAlias

KubernetesObject: TypeAlias = dict[str, Any]
"""A Kubernetes object as JSON has it: plain dict, list, str, int, float, bool, None."""


class ObjectId(NamedTuple):
    """The identity of an object: group, kind, namespace ("" for cluster scope), name. The version is no part of it."""

    group: str
    kind: str
    namespace: str
    name: str

    def __str__(self) -> str:
        """`Deployment ns/name`, with the group where it is not one of Kubernetes' own."""
        kind = f"{self.kind}.{self.group}" if "." in self.group and not self.group.endswith(".k8s.io") else self.kind
        return f"{kind} {self.namespace}/{self.name}" if self.namespace else f"{kind} {self.name}"


class ObjectRef(NamedTuple):
    """How to reach an object: its identity and the API version to ask for."""

    id: ObjectId
    version: str

    @property
    def api_version(self) -> str:
        """`v1`, `apps/v1`."""
        return f"{self.id.group}/{self.version}" if self.id.group else self.version

    @property
    def kind(self) -> str:
        """The kind, to sort by."""
        return self.id.kind

    def __str__(self) -> str:
        return str(self.id)


def split_api_version(api_version: str) -> tuple[str, str]:
    """`apps/v1` → ("apps", "v1"); `v1` → ("", "v1")."""
    group, _, version = api_version.rpartition("/")
    return group, version


def ref_of(obj: KubernetesObject) -> ObjectRef:
    """The reference of an object that carries apiVersion, kind and metadata.name (namespace may be absent)."""
    group, version = split_api_version(obj["apiVersion"])
    metadata = obj["metadata"]
    return ObjectRef(ObjectId(group, obj["kind"], metadata.get("namespace") or "", metadata["name"]), version)
