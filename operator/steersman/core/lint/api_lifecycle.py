"""Which APIs of Kubernetes are deprecated or gone, since when, and what replaces them.

Facts of Kubernetes' deprecation guide and of the lifecycle marks in its API types (0.37). Called by the rules for
templates, which say what Helm says, and by the check for removed APIs, which knows more: Helm is silent about what its
libraries have forgotten, and names no replacement where the marks name none.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final, NamedTuple

_UNNAMED: Final = "unnamed"
_FORGOTTEN: Final = "forgotten"
_LIST: Final = "List"


@dataclass(frozen=True, slots=True)
class Lifecycle:
    """One kind of one API version. Versions are (major, minor). `replacement` is what to use instead, as an apiVersion,
    "" where there is nothing; `warning` is how Kubernetes puts it, "" where Helm does not know of it."""

    deprecated: tuple[int, int]
    removed: tuple[int, int]
    replacement: str
    warning: str


class _Row(NamedTuple):
    """Kinds of one API version: deprecated and removed in Kubernetes 1.x, what replaces them, and what Helm knows: the
    same (""), no replacement (_UNNAMED), nothing (_FORGOTTEN), or another kind as the replacement."""

    kinds: str
    deprecated: int
    removed: int
    replacement: str = ""
    helm: str = ""


_ROWS: Final[Mapping[str, tuple[_Row, ...]]] = {
    "admissionregistration.k8s.io/v1alpha1": (
        _Row("MutatingAdmissionPolicy", 35, 38, "admissionregistration.k8s.io/v1", _UNNAMED),
        _Row("MutatingAdmissionPolicyBinding", 35, 38, "admissionregistration.k8s.io/v1", _UNNAMED),
        _Row("ValidatingAdmissionPolicy", 29, 32, "admissionregistration.k8s.io/v1", _UNNAMED),
        _Row("ValidatingAdmissionPolicyBinding", 29, 32, "admissionregistration.k8s.io/v1", _UNNAMED),
    ),
    "admissionregistration.k8s.io/v1beta1": (
        _Row("MutatingAdmissionPolicy MutatingAdmissionPolicyBinding", 37, 40, "admissionregistration.k8s.io/v1"),
        _Row("MutatingWebhookConfiguration", 16, 22, "admissionregistration.k8s.io/v1"),
        _Row("ValidatingWebhookConfiguration", 16, 22, "admissionregistration.k8s.io/v1"),
        _Row("ValidatingAdmissionPolicy", 31, 34, "admissionregistration.k8s.io/v1", _UNNAMED),
        _Row("ValidatingAdmissionPolicyBinding", 31, 34, "admissionregistration.k8s.io/v1", _UNNAMED),
    ),
    "apiextensions.k8s.io/v1beta1": (_Row("CustomResourceDefinition", 16, 22, "apiextensions.k8s.io/v1", _FORGOTTEN),),
    "apiregistration.k8s.io/v1beta1": (_Row("APIService", 19, 22, "apiregistration.k8s.io/v1", _FORGOTTEN),),
    "apps/v1beta1": (
        _Row("ControllerRevision Deployment DeploymentRollback StatefulSet", 8, 16, "apps/v1"),
        _Row("Scale", 8, 16, "autoscaling/v1"),
    ),
    "apps/v1beta2": (
        _Row("ControllerRevision DaemonSet Deployment ReplicaSet StatefulSet", 9, 16, "apps/v1"),
        _Row("Scale", 9, 16, "autoscaling/v1"),
    ),
    "authentication.k8s.io/v1alpha1": (_Row("SelfSubjectReview", 29, 32, "authentication.k8s.io/v1", _UNNAMED),),
    "authentication.k8s.io/v1beta1": (
        _Row("SelfSubjectReview", 30, 33, "authentication.k8s.io/v1", _UNNAMED),
        _Row("TokenReview", 19, 22, "authentication.k8s.io/v1"),
    ),
    "authorization.k8s.io/v1beta1": (
        _Row("LocalSubjectAccessReview SelfSubjectAccessReview", 19, 22, "authorization.k8s.io/v1"),
        _Row("SelfSubjectRulesReview SubjectAccessReview", 19, 22, "authorization.k8s.io/v1"),
    ),
    "autoscaling/v2beta1": (_Row("HorizontalPodAutoscaler", 22, 25, "autoscaling/v2", _FORGOTTEN),),
    "autoscaling/v2beta2": (_Row("HorizontalPodAutoscaler", 23, 26, "autoscaling/v2", _FORGOTTEN),),
    "batch/v1beta1": (_Row("CronJob", 21, 25, "batch/v1"),),
    "certificates.k8s.io/v1alpha1": (_Row("ClusterTrustBundle", 34, 37, "certificates.k8s.io/v1", _UNNAMED),),
    "certificates.k8s.io/v1beta1": (
        _Row("CertificateSigningRequest", 19, 22, "certificates.k8s.io/v1"),
        _Row("ClusterTrustBundle PodCertificateRequest", 37, 40, "certificates.k8s.io/v1"),
    ),
    "coordination.k8s.io/v1alpha2": (_Row("LeaseCandidate", 35, 38, "coordination.k8s.io/v1beta1", _UNNAMED),),
    "coordination.k8s.io/v1beta1": (
        _Row("Lease", 19, 22, "coordination.k8s.io/v1"),
        _Row("LeaseCandidate", 36, 39),
    ),
    "discovery.k8s.io/v1beta1": (
        _Row("EndpointSlice", 21, 25, "discovery.k8s.io/v1"),
        _Row("EndpointSliceList", 21, 25, "discovery.k8s.io/v1", "EndpointSlice"),
    ),
    "events.k8s.io/v1beta1": (_Row("Event", 22, 25, "events.k8s.io/v1", _UNNAMED),),
    "extensions/v1beta1": (
        _Row("DaemonSet Deployment ReplicaSet", 8, 16, "apps/v1"),
        _Row("DeploymentRollback", 8, 16),
        _Row("Ingress", 14, 22, "networking.k8s.io/v1"),
        _Row("NetworkPolicy", 9, 16, "networking.k8s.io/v1"),
        _Row("PodSecurityPolicy", 11, 16, "", _FORGOTTEN),
        _Row("Scale", 2, 16),
    ),
    "flowcontrol.apiserver.k8s.io/v1beta1": (
        _Row("FlowSchema PriorityLevelConfiguration", 23, 26, "flowcontrol.apiserver.k8s.io/v1beta3"),
    ),
    "flowcontrol.apiserver.k8s.io/v1beta2": (
        _Row("FlowSchema PriorityLevelConfiguration", 26, 29, "flowcontrol.apiserver.k8s.io/v1beta3"),
    ),
    "flowcontrol.apiserver.k8s.io/v1beta3": (
        _Row("FlowSchema PriorityLevelConfiguration", 29, 32, "flowcontrol.apiserver.k8s.io/v1"),
    ),
    "lifecycle.k8s.io/v1alpha1": (_Row("Eviction EvictionRequest", 40, 43),),
    "networking.k8s.io/v1beta1": (
        _Row("Ingress IngressClassList", 19, 22, "networking.k8s.io/v1"),
        _Row("IngressClass", 19, 22, "networking.k8s.io/v1", "IngressClassList"),
        _Row("IPAddress ServiceCIDR", 34, 37, "networking.k8s.io/v1", _UNNAMED),
    ),
    "node.k8s.io/v1beta1": (_Row("RuntimeClass", 22, 25, "node.k8s.io/v1", _UNNAMED),),
    "policy/v1beta1": (
        _Row("Eviction", 22, 25, "policy/v1", _UNNAMED),
        _Row("PodDisruptionBudget", 21, 25, "policy/v1"),
        _Row("PodSecurityPolicy", 21, 25, "", _FORGOTTEN),
    ),
    "rbac.authorization.k8s.io/v1beta1": (
        _Row("ClusterRole ClusterRoleBinding Role RoleBinding", 17, 22, "rbac.authorization.k8s.io/v1"),
    ),
    "resource.k8s.io/v1alpha3": (
        _Row("DeviceTaintRule", 36, 39, "resource.k8s.io/v1beta2", _UNNAMED),
        _Row("ResourcePoolStatusRequest", 39, 42),
    ),
    "resource.k8s.io/v1beta1": (
        _Row("DeviceClass ResourceClaim ResourceClaimTemplate", 35, 38, "resource.k8s.io/v1", _UNNAMED),
        _Row("ResourceSlice", 35, 38, "resource.k8s.io/v1", _UNNAMED),
    ),
    "resource.k8s.io/v1beta2": (
        _Row("DeviceClass ResourceClaim ResourceClaimTemplate", 36, 39, "resource.k8s.io/v1", _UNNAMED),
        _Row("ResourceSlice", 36, 39, "resource.k8s.io/v1", _UNNAMED),
        _Row("DeviceTaintRule", 39, 42),
    ),
    "scheduling.k8s.io/v1beta1": (
        _Row("PodGroup Workload", 40, 43),
        _Row("PriorityClass", 14, 22, "scheduling.k8s.io/v1"),
    ),
    "storage.k8s.io/v1alpha1": (
        _Row("CSIStorageCapacity", 21, 24, "storage.k8s.io/v1beta1"),
        _Row("VolumeAttachment", 21, 24, "storage.k8s.io/v1"),
        _Row("VolumeAttributesClass", 32, 35, "storage.k8s.io/v1"),
    ),
    "storage.k8s.io/v1beta1": (
        _Row("CSIDriver StorageClass VolumeAttachment", 19, 22, "storage.k8s.io/v1"),
        _Row("CSINode", 17, 22, "storage.k8s.io/v1"),
        _Row("CSINodeList", 17, 22, "storage.k8s.io/v1", "CSINode"),
        _Row("CSIStorageCapacity", 24, 27, "storage.k8s.io/v1"),
        _Row("VolumeAttributesClass", 34, 37, "storage.k8s.io/v1"),
    ),
    "storagemigration.k8s.io/v1beta1": (_Row("StorageVersionMigration", 37, 40, "storagemigration.k8s.io/v1"),),
}


def lifecycle_of(api_version: str, kind: str) -> Lifecycle | None:
    """The lifecycle of a kind or of a list of it; None for what is neither deprecated nor gone, or foreign."""
    rows = _ROWS.get(api_version, ())
    for name in (kind, kind.removesuffix(_LIST)):
        for row in rows:
            if name in row.kinds.split():
                return _lifecycle(row, api_version, kind)
    return None


def deprecation_warning(api_version: str, kind: str, version: tuple[int, int]) -> str:
    """What Helm says of a kind that this version of Kubernetes deprecates or has removed; "" for any other."""
    found = lifecycle_of(api_version, kind)
    return found.warning if found and found.deprecated <= version else ""


def gone_versions(version: tuple[int, int]) -> frozenset[str]:
    """The API versions of which this version of Kubernetes serves nothing any more."""
    return frozenset(name for name, rows in _ROWS.items() if all((1, row.removed) <= version for row in rows))


def replacements(version: tuple[int, int]) -> Iterator[str]:
    """`apiVersion/Kind` of what replaces the APIs that this version of Kubernetes has removed."""
    for rows in _ROWS.values():
        for row in rows:
            if row.replacement and (1, row.removed) <= version:
                yield from (f"{row.replacement}/{kind}" for kind in row.kinds.split())


def _lifecycle(row: _Row, api_version: str, kind: str) -> Lifecycle:
    deprecated, removed = (1, row.deprecated), (1, row.removed)
    warning = f"{api_version} {kind} is deprecated in v1.{row.deprecated}+, unavailable in v1.{row.removed}+"
    if row.helm == _FORGOTTEN:
        warning = ""
    elif row.helm != _UNNAMED and row.replacement:
        warning += f"; use {row.replacement} {row.helm or kind}"
    return Lifecycle(deprecated, removed, row.replacement, warning)
