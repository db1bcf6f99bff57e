"""From the JSON of an object to what is kept of it in memory: pure decoding, typed, without building what is dropped.

A cluster-wide cache must not hold pod templates and managedFields of ten thousand objects. Kept: identity, metadata,
`spec` without the heavy parts, `status`; that is what kstatus (section 8 of the apply contract) judges by. Of
managedFields only a fingerprint of our own entry stays, under `metadata.fp`: drift shows as another fingerprint
(section 11). Used by `kube.watch` and `kube.observer`.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import Any, TypeAlias

import msgspec

from steersman.core.api.names import MANAGER_OBJECTS
from steersman.core.diff.fields import fingerprint
from steersman.core.manifest.identity import KubernetesObject

FINGERPRINT = "fp"
"""Key in `metadata` of a trimmed object: the fingerprint of our own managedFields entry, "" without one."""

HEAVY_SPEC = frozenset(
    {"containers", "initContainers", "jobTemplate", "template", "versions", "volumeClaimTemplates", "volumes"}
)
"""Parts of `spec` no health rule reads."""

DROPPED_ANNOTATIONS = frozenset({"kubectl.kubernetes.io/last-applied-configuration"})

Decode: TypeAlias = Callable[[msgspec.Raw | bytes], KubernetesObject]
"""One object's JSON → what is kept of it."""
Trim: TypeAlias = Callable[[str, str], Decode]
"""(apiVersion, kind) → the decoder of that kind."""


class _Managed(msgspec.Struct):
    manager: str = ""
    operation: str = ""
    subresource: str = ""
    fieldsV1: msgspec.Raw = msgspec.Raw(b"{}")  # noqa: N815  (the API's spelling, here and below)


class _Metadata(msgspec.Struct, omit_defaults=True):
    name: str = ""
    namespace: str = ""
    uid: str = ""
    resourceVersion: str = ""  # noqa: N815
    generation: int | None = None
    creationTimestamp: str | None = None  # noqa: N815
    deletionTimestamp: str | None = None  # noqa: N815
    labels: dict[str, str] | None = None
    annotations: dict[str, str] | None = None
    finalizers: list[str] | None = None
    ownerReferences: list[dict[str, Any]] | None = None  # noqa: N815
    managedFields: list[_Managed] | None = None  # noqa: N815


class _Object(msgspec.Struct):
    apiVersion: str = ""  # noqa: N815
    kind: str = ""
    metadata: _Metadata = msgspec.field(default_factory=_Metadata)
    spec: msgspec.Raw = msgspec.Raw(b"")
    status: msgspec.Raw = msgspec.Raw(b"")


class _Head(msgspec.Struct):
    metadata: _Metadata = msgspec.field(default_factory=_Metadata)


_object_decoder = msgspec.json.Decoder(_Object)
_head_decoder = msgspec.json.Decoder(_Head)
_spec_decoder = msgspec.json.Decoder(dict[str, msgspec.Raw])


def trimmed(api_version: str, kind: str) -> Decode:
    """Decodes objects of this kind to identity, metadata, spec and status. Items of lists name no kind themselves."""

    def decode(raw: msgspec.Raw | bytes) -> KubernetesObject:
        source = _object_decoder.decode(raw)
        obj: KubernetesObject = {"apiVersion": api_version, "kind": kind, "metadata": _metadata(source.metadata)}
        if memoryview(source.spec):
            obj["spec"] = _light_spec(source.spec)
        if memoryview(source.status):
            obj["status"] = msgspec.json.decode(source.status)
        return obj

    return decode


def metadata_only(api_version: str, kind: str) -> Decode:
    """Decodes objects of this kind, or their PartialObjectMetadata, to identity and metadata."""

    def decode(raw: msgspec.Raw | bytes) -> KubernetesObject:
        return {"apiVersion": api_version, "kind": kind, "metadata": _metadata(_head_decoder.decode(raw).metadata)}

    return decode


def whole(api_version: str, kind: str) -> Decode:
    """Decodes everything: for kinds of our own."""

    def decode(raw: msgspec.Raw | bytes) -> KubernetesObject:
        return {**msgspec.json.decode(raw), "apiVersion": api_version, "kind": kind}

    return decode


def _metadata(source: _Metadata) -> dict[str, Any]:
    metadata: dict[str, Any] = {
        key: value
        for key in _Metadata.__struct_fields__
        if key != "managedFields" and (value := getattr(source, key)) not in (None, "")
    }
    if source.annotations is not None and not DROPPED_ANNOTATIONS.isdisjoint(source.annotations):
        kept = {key: value for key, value in source.annotations.items() if key not in DROPPED_ANNOTATIONS}
        metadata["annotations"] = kept
    metadata[FINGERPRINT] = _own_fingerprint(source.managedFields or ())
    return metadata


def _own_fingerprint(entries: list[_Managed] | tuple[_Managed, ...]) -> str:
    for entry in entries:
        if entry.manager == MANAGER_OBJECTS and entry.operation == "Apply" and not entry.subresource:
            return _fingerprint(bytes(entry.fieldsV1))
    return ""


@lru_cache(maxsize=2048)
def _fingerprint(fields: bytes) -> str:
    """Objects of the same chart own the same fields, and a status event changes none: most are found here."""
    entry = {"manager": MANAGER_OBJECTS, "operation": "Apply", "fieldsV1": msgspec.json.decode(fields)}
    return fingerprint({"metadata": {"managedFields": [entry]}})


def _light_spec(raw: msgspec.Raw) -> Any:
    if memoryview(raw)[0] != ord("{"):
        return msgspec.json.decode(raw)  # a custom resource may have any spec
    return {
        key: msgspec.json.decode(value) for key, value in _spec_decoder.decode(raw).items() if key not in HEAVY_SPEC
    }
