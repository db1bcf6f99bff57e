"""Which causes of a 422 say that a field cannot change on a living object, so that only recreating the object helps.

Pure. Asked by `kube.classify` and `errors.ImmutableField`, so that recreating can be told from giving up. Where
the API server forbids a change of a whole field, the (kind, field) table decides, since texts differ between versions;
elsewhere the same field may also be refused for a wrong value, and only the text tells the two apart. Seen on
kube-apiserver 1.37; `tests/integration/test_kube_refusals.py` asks the real one again.
"""

from __future__ import annotations

import re

from steersman.kube.answers import Cause

FORBIDDEN_CHANGES: frozenset[tuple[str, str]] = frozenset(
    {
        ("ConfigMap", "binaryData"),
        ("ConfigMap", "data"),
        ("ConfigMap", "immutable"),
        ("PersistentVolume", "spec.persistentvolumesource"),
        ("PersistentVolumeClaim", "spec"),
        ("Pod", "spec"),
        ("PriorityClass", "value"),
        ("Secret", "data"),
        ("Secret", "immutable"),
        ("StatefulSet", "spec"),
        ("StorageClass", "parameters"),
        ("StorageClass", "provisioner"),
    }
)
"""(kind, field) of causes with reason FieldValueForbidden, which these fields get for a change and for nothing else."""

_TEXTS = re.compile(
    r"\bimmutable\b|may not (?:change|be changed)|may not change fields other than|cannot change roleRef"
    r"|updates to .* are forbidden"
)


def immutable_causes(kind: str, causes: tuple[Cause, ...]) -> tuple[Cause, ...]:
    """Those causes that refuse a change because the field is immutable on this kind."""
    return tuple(cause for cause in causes if _refuses_change(kind, cause))


def _refuses_change(kind: str, cause: Cause) -> bool:
    if cause.field == "metadata.uid":
        return False  # recreated by somebody else: errors.Recreated
    listed = cause.reason == "FieldValueForbidden" and (kind, cause.field) in FORBIDDEN_CHANGES
    return listed or _TEXTS.search(cause.message) is not None
