"""managedFields: our entry of a live object and its fingerprint (`spec/apply.md` sections 2 and 11).

The fingerprint is kept in the inventory: as long as it and the generation stay, nobody took a field of ours.
"""

from __future__ import annotations

import json
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
