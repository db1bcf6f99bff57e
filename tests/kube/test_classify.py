"""From the API server's refusals, as kube-apiserver 1.37 words them, to errors and what they tell."""

from __future__ import annotations

from typing import Any

import orjson
import pytest

from steersman.errors import AbsentError, FieldConflictError, StaleObjectError
from steersman.kube import errors
from steersman.kube.answers import Asked, Cause
from steersman.kube.classify import error_from_status
from steersman.kube.errors import FieldOwner

APPLY = Asked("apply", "Deployment demo/web", "Deployment", "demo")


def refuse(
    code: int,
    message: str = "",
    reason: str = "",
    details: dict[str, Any] | None = None,
    *,
    asked: Asked = APPLY,
    retry_after: float | None = None,
) -> errors.ApiError:
    body = {"kind": "Status", "status": "Failure", "code": code, "message": message, "reason": reason}
    if details is not None:
        body["details"] = details
    return error_from_status(code, orjson.dumps(body), asked, retry_after=retry_after)


def causes(*pairs: tuple[str, str, str], kind: str = "", name: str = "web") -> dict[str, Any]:
    listed = [{"reason": reason, "field": field, "message": message} for reason, field, message in pairs]
    return {"name": name, "kind": kind, "causes": listed}


CLASSES: dict[str, tuple[errors.ApiError, type[errors.ApiError]]] = {
    "field conflict": (
        refuse(409, "Apply failed", "Conflict", causes(("FieldManagerConflict", ".a", 'conflict with "b"'))),
        errors.FieldConflict,
    ),
    "stale resourceVersion": (
        refuse(409, 'Operation cannot be fulfilled on x "y": the object has been modified', "Conflict"),
        errors.StaleObject,
    ),
    "uid of an absent object": (
        refuse(409, "uid mismatch: the provided object specified uid X, and no existing object was found", "Conflict"),
        errors.Recreated,
    ),
    "uid of another object": (
        refuse(422, "", "Invalid", causes(("FieldValueInvalid", "metadata.uid", "field is immutable"))),
        errors.Recreated,
    ),
    "uid of a delete": (
        refuse(409, "the UID in the precondition (a) does not match the UID in record (b)", "Conflict"),
        errors.Recreated,
    ),
    "resourceVersion of a delete": (
        refuse(409, "the ResourceVersion in the precondition (1) does not match", "Conflict"),
        errors.StaleObject,
    ),
    "quota race": (refuse(409, 'Operation cannot be fulfilled on resourcequotas "q": …', "Conflict"), errors.QuotaRace),
    "exists": (refuse(409, 'configmaps "a" already exists', "AlreadyExists"), errors.AlreadyExists),
    "namespace being deleted again": (
        refuse(409, "The system is ensuring all content is removed from this namespace.", "Conflict"),
        errors.NamespaceTerminating,
    ),
    "invalid": (
        refuse(422, "is invalid", "Invalid", causes(("FieldValueRequired", "spec.x", "Required value"))),
        errors.Invalid,
    ),
    "immutable": (
        refuse(422, "", "Invalid", causes(("FieldValueInvalid", "spec.selector", "field is immutable"))),
        errors.ImmutableField,
    ),
    "larger than etcd takes": (
        refuse(422, "", "Invalid", causes(("FieldValueTooLong", "[]", "Too long: may not be more than 1048576 bytes"))),
        errors.TooLarge,
    ),
    "larger than a request may be": (refuse(413, "Request entity too large: limit is 3145728"), errors.TooLarge),
    "too large, said by etcd": (refuse(500, "etcdserver: request is too large"), errors.TooLarge),
    "bad request": (refuse(400, "metadata.managedFields must be nil", "BadRequest"), errors.BadRequest),
    "no dry run": (
        refuse(400, 'admission webhook "x.y" does not support dry run', "BadRequest"),
        errors.DryRunUnsupported,
    ),
    "duplicate entries": (
        refuse(
            500, 'failed to create typed patch object (a/b; apps/v1, Kind=D): .e: duplicate entries for key [name="A"]'
        ),
        errors.TypedPatchRefused,
    ),
    "wrong base64": (
        refuse(500, "failed to convert new object (a/b; /v1, Kind=Secret) to proper version: illegal base64"),
        errors.TypedPatchRefused,
    ),
    "unauthorized": (refuse(401, "Unauthorized", "Unauthorized"), errors.Unauthorized),
    "rbac": (
        refuse(403, 'x is forbidden: User "u" cannot patch resource "pods" in API group "" in the namespace "n"'),
        errors.RbacDenied,
    ),
    "rbac escalation": (
        refuse(
            403, 'roles "r" is forbidden: user "u" is attempting to grant RBAC permissions not currently held:\n{…}'
        ),
        errors.RbacEscalation,
    ),
    "quota": (refuse(403, 'pods "p" is forbidden: exceeded quota: q, requested: pods=1'), errors.QuotaExceeded),
    "pod security": (
        refuse(403, 'pods "p" is forbidden: violates PodSecurity "restricted:latest": …'),
        errors.PodSecurityViolation,
    ),
    "terminating namespace": (
        refuse(403, "", "Forbidden", causes(("NamespaceTerminating", "metadata.namespace", "is being terminated"))),
        errors.NamespaceTerminating,
    ),
    "forbidden otherwise": (refuse(403, 'pods "p" is forbidden: error looking up service account'), errors.Forbidden),
    "no object": (refuse(404, "", "NotFound", {"name": "a", "kind": "configmaps"}), errors.NotFound),
    "no namespace": (refuse(404, "", "NotFound", {"name": "n", "kind": "namespaces"}), errors.NamespaceNotFound),
    "no resource": (
        refuse(404, "the server could not find the requested resource", "NotFound", {}),
        errors.UnknownResource,
    ),
    "no page": (error_from_status(404, b"404 page not found\n", APPLY), errors.UnknownResource),
    "gone": (refuse(410, "too old resource version", "Expired"), errors.Gone),
    "too many": (refuse(429, "", "TooManyRequests", {"retryAfterSeconds": 3}), errors.TooManyRequests),
    "webhook says no": (
        refuse(403, 'admission webhook "deny.example" denied the request: not here', "Forbidden"),
        errors.AdmissionDenied,
    ),
    "policy says no": (
        refuse(
            422, "deployments.apps \"x\" is forbidden: ValidatingAdmissionPolicy 'p' with binding 'b' denied request: r"
        ),
        errors.AdmissionDenied,
    ),
    "webhook down": (
        refuse(500, 'Internal error occurred: failed calling webhook "a.b": Post "https://svc.ns.svc:443/x"'),
        errors.WebhookUnavailable,
    ),
    "server error": (refuse(500, "etcdserver: leader changed"), errors.ServerError),
    "unavailable": (error_from_status(503, b"", APPLY), errors.ServerError),
    "timeout": (refuse(504, "request did not complete within the allotted timeout", "Timeout"), errors.ServerError),
    "method": (refuse(405, "the server does not allow this method", "MethodNotAllowed"), errors.Refused),
}


@pytest.mark.parametrize(("error", "expected"), CLASSES.values(), ids=CLASSES.keys())
def test_class(error: errors.ApiError, expected: type[errors.ApiError]) -> None:
    assert type(error) is expected
    assert error.message.startswith("apply Deployment demo/web: ")


TRANSIENT = (
    *(
        "quota race",
        "webhook down",
        "server error",
        "unavailable",
        "timeout",
        "too many",
        "gone",
        "no resource",
        "no page",
    ),
    *("stale resourceVersion", "uid of an absent object", "uid of another object", "uid of a delete"),
    "resourceVersion of a delete",
)


@pytest.mark.parametrize("name", CLASSES)
def test_what_passes_by_itself_is_no_failed_attempt(name: str) -> None:
    error, _ = CLASSES[name]
    assert error.transient == (name in TRANSIENT)
    assert error.retryable or not error.transient


REASONS = {
    "field conflict": "Conflict",
    "immutable": "ImmutableField",
    "invalid": "ManifestRefused",
    "duplicate entries": "ManifestRefused",
    "webhook says no": "ManifestRefused",
    "rbac": "AccessDenied",
    "quota": "AccessDenied",
    "terminating namespace": "NamespaceTerminating",
    "webhook down": "Unreachable",
    "server error": "Unreachable",
}


@pytest.mark.parametrize(("name", "reason"), REASONS.items())
def test_the_reason_a_condition_shows(name: str, reason: str) -> None:
    assert CLASSES[name][0].reason == reason


def test_layers_below_know_conflicts_and_absence_by_their_own_names() -> None:
    assert isinstance(CLASSES["field conflict"][0], FieldConflictError)
    assert isinstance(CLASSES["stale resourceVersion"][0], StaleObjectError)
    assert isinstance(CLASSES["uid of another object"][0], StaleObjectError)
    assert isinstance(CLASSES["no namespace"][0], AbsentError)
    assert not isinstance(CLASSES["no resource"][0], AbsentError)


OWNERS: dict[str, tuple[str, FieldOwner]] = {
    "an applier": ('conflict with "helm"', FieldOwner(".f", "helm", "Apply")),
    "an updater": ('conflict with "vi" using apps/v1', FieldOwner(".f", "vi", "Update", "", "apps/v1")),
    "an updater with time": (
        'conflict with "kubectl-edit" using v1 at 2026-11-21T02:12:16Z',
        FieldOwner(".f", "kubectl-edit", "Update", "", "v1"),
    ),
    "through a subresource": (
        'conflict with "kube-controller-manager" with subresource "scale" using apps/v1 at 2026-11-21T02:12:16Z',
        FieldOwner(".f", "kube-controller-manager", "Update", "scale", "apps/v1"),
    ),
    "words nobody knows": ("something else", FieldOwner(".f", "an unknown manager", "Update")),
}


@pytest.mark.parametrize(("message", "owner"), OWNERS.values(), ids=OWNERS.keys())
def test_who_owns_a_field(message: str, owner: FieldOwner) -> None:
    error = refuse(409, "Apply failed", "Conflict", causes(("FieldManagerConflict", ".f", message), ("Other", "", "x")))
    assert isinstance(error, errors.FieldConflict)
    assert owner in error.owners


def test_a_conflict_counts_what_it_does_not_show() -> None:
    listed = [("FieldManagerConflict", f".spec.f{number}", 'conflict with "other"') for number in range(5)]
    error = refuse(409, "Apply failed with 5 conflicts", "Conflict", causes(*listed))
    assert error.message == (
        "apply Deployment demo/web: 5 fields are held by others: "
        ".spec.f0 (other); .spec.f1 (other); .spec.f2 (other); +2 more"
    )


def test_rbac_names_verb_resource_and_user() -> None:
    error = refuse(
        403,
        'deployments.apps "web" is forbidden: User "system:serviceaccount:a:b" cannot patch resource "deployments" '
        'in API group "apps" in the namespace "demo"',
    )
    assert isinstance(error, errors.RbacDenied)
    assert (error.user, error.verb, error.resource, error.group) == (
        "system:serviceaccount:a:b",
        "patch",
        "deployments",
        "apps",
    )
    assert "may not patch deployments.apps in namespace demo" in error.message


def test_a_duplicate_key_is_named_with_the_way_out() -> None:
    error, _ = CLASSES["duplicate entries"]
    assert isinstance(error, errors.TypedPatchRefused)
    assert (error.path, error.duplicate_key) == (".e", '[name="A"]')
    assert "chart or its values" in error.hint


def test_a_webhook_that_is_down_is_named_with_its_service() -> None:
    error, _ = CLASSES["webhook down"]
    assert isinstance(error, errors.WebhookUnavailable)
    assert (error.gate, error.service) == ("a.b", "svc.ns.svc")


@pytest.mark.parametrize(("name", "gate"), [("webhook says no", "deny.example"), ("policy says no", "p")])
def test_who_denied_is_named(name: str, gate: str) -> None:
    error, _ = CLASSES[name]
    assert isinstance(error, errors.AdmissionDenied)
    assert error.gate == gate


@pytest.mark.parametrize(
    ("header", "body", "expected"), [(7.0, None, 7.0), (None, 3, 3), (None, None, None)], ids=["header", "body", "none"]
)
def test_how_long_to_wait(header: float | None, body: int | None, expected: float | None) -> None:
    details = {"retryAfterSeconds": body} if body else {}
    assert refuse(429, details=details, retry_after=header).answer.retry_after == expected


def test_long_values_are_left_out() -> None:
    dump = '{"Spec":{"Containers":[' + '"x",' * 400 + "]}}"
    error = refuse(422, "", "Invalid", causes(("FieldValueInvalid", "spec.template", f"Invalid value: {dump}: wrong")))
    assert error.message == "apply Deployment demo/web: invalid: spec.template: Invalid value: …: wrong"


SECRET = Asked("apply", "Secret demo/s", "Secret", "demo")


@pytest.mark.parametrize(
    "error",
    [
        refuse(500, "failed to create typed patch object (a/b; v1): .data.x: got &v.U{Value:hunter2}", asked=SECRET),
        refuse(422, 'Invalid value: "hunter2": bad', "Invalid", asked=SECRET),
        refuse(
            422, "", "Invalid", causes(("X", "data[a]", 'Invalid value: "say \\"hunter2\\"": must not')), asked=SECRET
        ),
    ],
    ids=["typed", "message", "cause"],
)
def test_values_of_secrets_are_not_shown(error: errors.ApiError) -> None:
    assert "hunter2" not in f"{error} {error.answer}"
    assert "***" in str(error)


def test_a_body_that_is_no_status_is_quoted() -> None:
    error = error_from_status(502, b"<html>Bad Gateway</html>", APPLY)
    assert error.message == "apply Deployment demo/web: <html>Bad Gateway</html>"
    assert error_from_status(503, b"", APPLY).message.endswith("refused with status 503")


def test_causes_are_kept_whole() -> None:
    error, _ = CLASSES["invalid"]
    assert error.causes == (Cause("FieldValueRequired", "spec.x", "Required value"),)
