"""The order in which Helm writes and deletes objects: by kind.

Called by `manifest.parse` for rendered files and by plans that delete. Kinds outside the tables come after all others,
by name; equal kinds keep their order.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Protocol, TypeVar

INSTALL_ORDER = (
    "PriorityClass",
    "Namespace",
    "NetworkPolicy",
    "ResourceQuota",
    "LimitRange",
    "PodSecurityPolicy",
    "PodDisruptionBudget",
    "ServiceAccount",
    "Secret",
    "SecretList",
    "ConfigMap",
    "StorageClass",
    "PersistentVolume",
    "PersistentVolumeClaim",
    "CustomResourceDefinition",
    "ClusterRole",
    "ClusterRoleList",
    "ClusterRoleBinding",
    "ClusterRoleBindingList",
    "Role",
    "RoleList",
    "RoleBinding",
    "RoleBindingList",
    "Service",
    "DaemonSet",
    "Pod",
    "ReplicationController",
    "ReplicaSet",
    "Deployment",
    "HorizontalPodAutoscaler",
    "StatefulSet",
    "Job",
    "CronJob",
    "IngressClass",
    "Ingress",
    "APIService",
    "MutatingWebhookConfiguration",
    "ValidatingWebhookConfiguration",
)

# Not the reverse of the above: Services go right after Ingresses, so that traffic stops before its pods do.
UNINSTALL_ORDER = (
    *(kind for kind in reversed(INSTALL_ORDER[-5:])),
    "Service",
    *(kind for kind in reversed(INSTALL_ORDER[:-5]) if kind != "Service"),
)


class HasKind(Protocol):
    """Anything with the `kind` to sort by."""

    @property
    def kind(self) -> str:
        """`Deployment`; "" sorts first among the unknown."""
        ...


_T = TypeVar("_T", bound=HasKind)


def sort_by_kind(items: Iterable[_T], order: tuple[str, ...] = INSTALL_ORDER) -> list[_T]:
    """The items in the order of their kinds."""
    rank = {kind: (index, "") for index, kind in enumerate(order)}
    return sorted(items, key=lambda item: rank.get(item.kind, (len(order), item.kind)))
