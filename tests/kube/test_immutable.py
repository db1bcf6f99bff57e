"""Which causes only recreating cures. The words are the server's; tests/integration asks it again."""

import pytest

from steersman.kube.answers import Cause
from steersman.kube.immutable import FORBIDDEN_CHANGES, immutable_causes

INVALID, FORBIDDEN = "FieldValueInvalid", "FieldValueForbidden"

CASES: dict[str, tuple[str, Cause, bool]] = {
    "selector": ("Deployment", Cause(INVALID, "spec.selector", "Invalid value: {…}: field is immutable"), True),
    "wrong selector": ("Deployment", Cause(INVALID, "spec.selector", "empty selector is invalid"), False),
    "roleRef, older words": ("RoleBinding", Cause(INVALID, "roleRef", "cannot change roleRef"), True),
    "clusterIP": ("Service", Cause(INVALID, "spec.clusterIPs[0]", "may not change once set"), True),
    "taken clusterIP": ("Service", Cause(INVALID, "spec.clusterIPs", "provided IP is already allocated"), False),
    "statefulset": (
        "StatefulSet",
        Cause(FORBIDDEN, "spec", "updates to statefulset spec for fields other than 'replicas' … are forbidden"),
        True,
    ),
    "statefulset, other words": ("StatefulSet", Cause(FORBIDDEN, "spec", "words of a later version"), True),
    "priority": ("PriorityClass", Cause(FORBIDDEN, "value", "may not be changed in an update."), True),
    "pod": ("Pod", Cause(FORBIDDEN, "spec", "pod updates may not change fields other than `spec…image`"), True),
    "a rule of a custom resource": ("Sail", Cause(INVALID, "spec.area", "area is immutable"), True),
    "forbidden elsewhere": ("Sail", Cause(FORBIDDEN, "spec", "not allowed here"), False),
    "required": ("Deployment", Cause("FieldValueRequired", "spec.selector", "Required value"), False),
    "uid": ("ConfigMap", Cause(INVALID, "metadata.uid", "field is immutable"), False),
}


@pytest.mark.parametrize(("kind", "cause", "expected"), CASES.values(), ids=CASES.keys())
def test_cause(kind: str, cause: Cause, expected: bool) -> None:
    assert immutable_causes(kind, (cause,)) == ((cause,) if expected else ())


@pytest.mark.parametrize(("kind", "field"), sorted(FORBIDDEN_CHANGES))
def test_listed_fields_need_no_known_words(kind: str, field: str) -> None:
    assert immutable_causes(kind, (Cause(FORBIDDEN, field, ""),))
    assert not immutable_causes(kind, (Cause(INVALID, field, ""),))
