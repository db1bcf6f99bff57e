"""managedFields: what we own in a live object, as a fingerprint and as paths.

The fingerprint is kept in the inventory: as long as it and the generation stay, nobody took a field of ours. The paths
say which were taken. They are written as the API server writes them in conflicts: `.spec.containers[name="app"].image`.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from hashlib import sha256
from typing import Any

from steersman.core.api.names import MANAGER_OBJECTS
from steersman.core.manifest.identity import KubernetesObject


def own_entry(obj: KubernetesObject) -> dict[str, Any] | None:
    """Our entry for the object itself (no subresource), None where we hold nothing."""
    entries = (obj.get("metadata") or {}).get("managedFields") or ()
    return next(
        (
            entry
            for entry in entries
            if entry.get("manager") == MANAGER_OBJECTS
            and entry.get("operation") == "Apply"
            and not entry.get("subresource")
        ),
        None,
    )


def fingerprint(obj: KubernetesObject) -> str:
    """16 hexadecimal digits of what we own in the object; "" where we own nothing."""
    entry = own_entry(obj)
    if entry is None:
        return ""
    return sha256(json.dumps(entry.get("fieldsV1"), sort_keys=True).encode()).hexdigest()[:16]


def owned_paths(entry: Mapping[str, Any] | None) -> frozenset[str]:
    """Every path that an entry of managedFields owns: leaves, and items and maps owned as such."""
    return frozenset(_paths((entry or {}).get("fieldsV1") or {}, ""))


def _paths(fields: Mapping[str, Any], path: str) -> Iterator[str]:
    for name, inner in fields.items():
        if name == ".":
            yield path
            continue
        below = path + _step(name)
        if inner:
            yield from _paths(inner, below)
        else:
            yield below


def _step(name: str) -> str:
    """One key of fieldsV1 as a step of a path: a field, an item of an associative list, one of a set, or an index."""
    kind, _, content = name.partition(":")
    match kind:
        case "f":
            return f".{content}"
        case "k":
            keys = sorted(json.loads(content).items())
            return f"[{','.join(f'{key}={_scalar(value)}' for key, value in keys)}]"
        case "v":
            return f"[={_scalar(json.loads(content))}]"
        case _:
            return f"[{content}]"


def _scalar(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)
