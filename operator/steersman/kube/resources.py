"""How a kind is reached: its plural, scope, verbs and URL path.

`kube.discovery` makes these for the kinds of releases; the kinds we use ourselves are constants here, so that leases,
records and status need no discovery.
"""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import quote

from steersman.core.api import names
from steersman.core.manifest.identity import ObjectId, ObjectRef

ALL_VERBS = frozenset({"create", "delete", "deletecollection", "get", "list", "patch", "update", "watch"})


@dataclass(frozen=True, slots=True)
class Resource:
    """One kind as the API server serves it."""

    group: str
    version: str
    kind: str
    plural: str
    namespaced: bool = True
    verbs: frozenset[str] = ALL_VERBS

    @property
    def api_version(self) -> str:
        """`v1`, `apps/v1`."""
        return f"{self.group}/{self.version}" if self.group else self.version

    def ref(self, namespace: str, name: str) -> ObjectRef:
        """The reference of one object of this kind."""
        return ObjectRef(ObjectId(self.group, self.kind, namespace, name), self.version)

    def path(self, namespace: str = "", name: str = "", subresource: str = "") -> str:
        """The URL path of a collection (in one namespace, or everywhere), of an object, or of its subresource."""
        path = f"/apis/{self.group}/{self.version}" if self.group else f"/api/{self.version}"
        if self.namespaced and namespace:
            path += f"/namespaces/{quote(namespace, safe='')}"
        path += f"/{self.plural}"
        if name:
            path += f"/{quote(name, safe=':')}"
        return f"{path}/{subresource}" if subresource else path

    def __str__(self) -> str:
        return f"{self.plural}.{self.group}" if self.group else self.plural


NAMESPACES = Resource("", "v1", "Namespace", "namespaces", namespaced=False)
SECRETS = Resource("", "v1", "Secret", "secrets")
CONFIG_MAPS = Resource("", "v1", "ConfigMap", "configmaps")
PODS = Resource("", "v1", "Pod", "pods")
SERVICE_ACCOUNTS = Resource("", "v1", "ServiceAccount", "serviceaccounts")
CORE_EVENTS = Resource("", "v1", "Event", "events")
EVENTS = Resource("events.k8s.io", "v1", "Event", "events")
LEASES = Resource("coordination.k8s.io", "v1", "Lease", "leases")
CUSTOM_RESOURCE_DEFINITIONS = Resource(
    "apiextensions.k8s.io", "v1", "CustomResourceDefinition", "customresourcedefinitions", namespaced=False
)
HELM_RELEASES = Resource(names.GROUP, names.VERSION, names.HELM_RELEASE, names.HELM_RELEASES)
CHART_REPOSITORIES = Resource(names.GROUP, names.VERSION, names.CHART_REPOSITORY, names.CHART_REPOSITORIES)
RELEASE_INVENTORIES = Resource(names.GROUP, names.VERSION, names.RELEASE_INVENTORY, names.RELEASE_INVENTORIES)
