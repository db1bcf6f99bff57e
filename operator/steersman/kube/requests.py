"""Requests to the API server, built apart from being sent: pure functions from what is wanted to a `Request`.

`kube.client` sends them. Everything the retry policy and the messages need to know about a request is in the record.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final, Literal
from urllib.parse import urlencode

import orjson

from steersman.core.api.names import MANAGER_OBJECTS, MANAGER_OWN
from steersman.kube.answers import Asked
from steersman.kube.intent import encode
from steersman.kube.resources import Resource

Propagation = Literal["Background", "Foreground", "Orphan"]

JSON: Final = "application/json"
APPLY_PATCH: Final = "application/apply-patch+yaml"
JSON_PATCH: Final = "application/json-patch+json"
MERGE_PATCH: Final = "application/merge-patch+json"
METADATA_ITEM: Final = "application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1"
METADATA_LIST: Final = "application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1"

PAGE: Final = 500
"""Objects a page of a list: client-go's size."""


@dataclass(frozen=True, slots=True)
class Request:
    """One request. `target` is path and query, encoded.

    `repeatable`: sending it twice does what sending it once does, so an unknown outcome is cured by sending again.
    `etag`: answer 304 where the resource still has it.
    `vital`: sent even after this process was told to write no more (the Lease itself).
    """

    method: Literal["GET", "POST", "PUT", "PATCH", "DELETE"]
    target: str
    asked: Asked
    body: bytes | None = None
    content_type: str = JSON
    accept: str = JSON
    etag: str = ""
    repeatable: bool = True
    vital: bool = False

    @property
    def writes(self) -> bool:
        """Whether it changes anything in the cluster (a dry run counts as a write: it needs the same rights)."""
        return self.method != "GET"


@dataclass(frozen=True, slots=True)
class Selection:
    """Which objects of a kind: everywhere or in one namespace, by label and field selectors; whole or metadata only."""

    resource: Resource
    namespace: str = ""
    labels: str = ""
    fields: str = ""
    metadata_only: bool = False

    def __str__(self) -> str:
        where = f" in namespace {self.namespace}" if self.namespace else ""
        return f"{self.resource}{where}"


def raw_get(path: str, *, accept: str = JSON, etag: str = "") -> Request:
    """A path that is no object: discovery, /version."""
    return Request("GET", path, Asked("get", path), accept=accept, etag=etag)


def get(resource: Resource, namespace: str, name: str, *, metadata_only: bool = False) -> Request:
    """One object."""
    asked = Asked.of("get", resource.ref(namespace, name))
    accept = METADATA_ITEM if metadata_only else JSON
    return Request("GET", resource.path(namespace, name), asked, accept=accept)


def listing(selection: Selection, *, limit: int = PAGE, continue_token: str = "") -> Request:
    """One page of a consistent list: no resourceVersion is named, so the answer is never older than the request."""
    query = {"limit": str(limit)}
    if continue_token:
        query["continue"] = continue_token
    accept = METADATA_LIST if selection.metadata_only else JSON
    return Request("GET", _selected(selection, query), _asked("list", selection), accept=accept)


def watching(selection: Selection, resource_version: str, seconds: int) -> Request:
    """A watch that starts after this resourceVersion and ends by itself after so many seconds."""
    query = {
        "watch": "true",
        "allowWatchBookmarks": "true",
        "resourceVersion": resource_version,
        "timeoutSeconds": str(seconds),
    }
    accept = METADATA_ITEM if selection.metadata_only else JSON
    return Request("GET", _selected(selection, query), _asked("watch", selection), accept=accept)


def apply(
    resource: Resource,
    intent: dict[str, Any],
    *,
    manager: str = MANAGER_OBJECTS,
    force: bool = False,
    dry_run: bool = False,
    subresource: str = "",
) -> Request:
    """Server-side apply, strict about unknown fields."""
    metadata = intent["metadata"]
    namespace, name = metadata.get("namespace") or "", metadata["name"]
    query = f"fieldManager={manager}&fieldValidation=Strict&force={'true' if force else 'false'}"
    if dry_run:
        query += "&dryRun=All"
    return Request(
        "PATCH",
        f"{resource.path(namespace, name, subresource)}?{query}",
        Asked.of("apply (dry run)" if dry_run else "apply", resource.ref(namespace, name)),
        body=encode(intent),
        content_type=APPLY_PATCH,
    )


def create(resource: Resource, obj: dict[str, Any], *, manager: str = MANAGER_OWN) -> Request:
    """POST. Not repeatable: an unknown outcome is settled by reading the object (`kube.objects`)."""
    metadata = obj["metadata"]
    namespace, name = metadata.get("namespace") or "", metadata.get("name") or metadata.get("generateName", "")
    target = f"{resource.path(namespace)}?fieldManager={manager}"
    asked = Asked.of("create", resource.ref(namespace, name))
    return Request("POST", target, asked, body=orjson.dumps(obj), repeatable=False)


def replace(resource: Resource, obj: dict[str, Any], *, manager: str = MANAGER_OWN) -> Request:
    """PUT of the whole object with its resourceVersion. Not repeatable: the second of two is stale."""
    metadata = obj["metadata"]
    namespace, name = metadata.get("namespace") or "", metadata["name"]
    target = f"{resource.path(namespace, name)}?fieldManager={manager}"
    asked = Asked.of("update", resource.ref(namespace, name))
    return Request("PUT", target, asked, body=orjson.dumps(obj), repeatable=False)


def patch(
    resource: Resource,
    namespace: str,
    name: str,
    change: list[dict[str, Any]] | dict[str, Any],
    *,
    manager: str = MANAGER_OWN,
    subresource: str = "",
) -> Request:
    """A JSON patch (a list) or a merge patch (a map). Repeatable only if the caller's change is: taken as not."""
    return Request(
        "PATCH",
        f"{resource.path(namespace, name, subresource)}?fieldManager={manager}",
        Asked.of("patch", resource.ref(namespace, name)),
        body=orjson.dumps(change),
        content_type=JSON_PATCH if isinstance(change, list) else MERGE_PATCH,
        repeatable=False,
    )


def delete(
    resource: Resource,
    namespace: str,
    name: str,
    *,
    uid: str | None = None,
    resource_version: str | None = None,
    propagation: Propagation = "Background",
) -> Request:
    """DELETE. With a uid it can hit nothing but that object, so it is repeatable."""
    options: dict[str, Any] = {"apiVersion": "v1", "kind": "DeleteOptions", "propagationPolicy": propagation}
    preconditions = {"uid": uid, "resourceVersion": resource_version}
    options["preconditions"] = {key: value for key, value in preconditions.items() if value}
    return Request(
        "DELETE",
        resource.path(namespace, name),
        Asked.of("delete", resource.ref(namespace, name)),
        body=orjson.dumps(options),
        repeatable=uid is not None,
    )


def _selected(selection: Selection, query: dict[str, str]) -> str:
    if selection.labels:
        query["labelSelector"] = selection.labels
    if selection.fields:
        query["fieldSelector"] = selection.fields
    return f"{selection.resource.path(selection.namespace)}?{urlencode(query)}"


def _asked(verb: str, selection: Selection) -> Asked:
    return Asked(verb, str(selection), selection.resource.kind, selection.namespace)
