"""What valuesFrom of a HelmRelease names: ConfigMaps and Secrets, decoded, and whether all that is needed is there.

Called by the controller and the cluster's edge with objects of the API server, and by the CLI with objects out of
files, which no API server has checked.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping
from typing import Any

from steersman.core.api.spec import ValuesReference
from steersman.core.values.errors import ValuesError, ValuesMissing


def config_data(obj: Mapping[str, Any]) -> dict[str, bytes]:
    """The data of a ConfigMap (text, binaryData) or Secret (base64, stringData over it) as bytes by key. Raises
    ValuesError, which names the key and never shows its value."""
    if obj.get("kind") == "Secret":
        return _decoded(obj, "data") | _text(obj, "stringData")
    return _text(obj, "data") | _decoded(obj, "binaryData")


def require_values(ref: ValuesReference, namespace: str, data: Mapping[str, bytes] | None) -> None:
    """Raise ValuesMissing where there is no object (None), or none of its keys is the one asked for, and the reference
    is not optional."""
    if ref.optional or (data is not None and ref.key in data):
        return
    place = f"{ref.kind} {namespace}/{ref.name}"
    if data is None:
        raise ValuesMissing(f"spec.valuesFrom: {place} does not exist", hint="create it; it is noticed at once")
    raise ValuesMissing(
        f"spec.valuesFrom: {place} has no key {ref.key}",
        hint="add the key, which is noticed at once, or name another in spec.valuesFrom[].valuesKey",
    )


def _text(obj: Mapping[str, Any], field: str) -> dict[str, bytes]:
    found = {}
    for key, text in (obj.get(field) or {}).items():
        if not isinstance(text, str):
            raise _unusable(obj, field, key, "is no text: quote it")
        found[key] = text.encode("utf-8", "surrogateescape")
    return found


def _decoded(obj: Mapping[str, Any], field: str) -> dict[str, bytes]:
    found = {}
    for key, text in (obj.get(field) or {}).items():
        try:
            found[key] = base64.b64decode(text)
        except (TypeError, ValueError, binascii.Error) as error:
            raise _unusable(obj, field, key, "is no base64") from error
    return found


def _unusable(obj: Mapping[str, Any], field: str, key: str, problem: str) -> ValuesError:
    name = (obj.get("metadata") or {}).get("name", "")
    return ValuesError(f"{obj.get('kind')} {name}: {field}.{key} {problem}")
