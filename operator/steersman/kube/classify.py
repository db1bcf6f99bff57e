"""From a refusal of the API server to the error that says what it means.

One function, called by `kube.client` for every answer that is no success. The rules are a table read from the top; the
first that fits decides. Texts are matched only where the server gives nothing better (section 1 of the apply contract).
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace

import msgspec

from steersman.kube import errors
from steersman.kube.answers import Answer, Asked, Cause, brief, mask_values
from steersman.kube.immutable import immutable_causes


class _Cause(msgspec.Struct):
    reason: str = ""
    field: str = ""
    message: str = ""


class _Details(msgspec.Struct):
    name: str = ""
    kind: str = ""
    causes: list[_Cause] | None = None
    retryAfterSeconds: float = 0  # noqa: N815  (the server's spelling)


class _Status(msgspec.Struct):
    reason: str = ""
    message: str = ""
    details: _Details | None = None


_decoder = msgspec.json.Decoder(_Status)


def error_from_status(code: int, body: bytes, asked: Asked, *, retry_after: float | None = None) -> errors.ApiError:
    """The error for an answer with this status code and body. `retry_after` is the header, in seconds."""
    answer = read_answer(code, body, retry_after)
    if asked.kind == "Secret":
        answer = _without_values(answer)
    return _class_for(answer)(asked, answer)


def read_answer(code: int, body: bytes, retry_after: float | None = None) -> Answer:
    """The `Status` in a body; a body that is none (a proxy's page, `404 page not found`) becomes the message."""
    try:
        status = _decoder.decode(body)
    except msgspec.MsgspecError:
        return Answer(code, message=brief(body[:2000].decode("utf-8", "replace")), retry_after=retry_after)
    details = status.details or _Details()
    causes = tuple(Cause(cause.reason, cause.field, cause.message) for cause in details.causes or ())
    patience = retry_after if retry_after is not None else details.retryAfterSeconds or None
    return Answer(code, status.reason, status.message, causes, details.name, details.kind, patience)


def _without_values(answer: Answer) -> Answer:
    causes = tuple(replace(cause, message=mask_values(cause.message)) for cause in answer.causes)
    return replace(answer, message=mask_values(answer.message), causes=causes)


Test = Callable[[Answer], bool]


def _says(pattern: str) -> Test:
    compiled = re.compile(pattern)
    return lambda answer: compiled.search(answer.message) is not None


def _cause(*, reason: str = "", field: str = "") -> Test:
    def test(answer: Answer) -> bool:
        return any((not reason or c.reason == reason) and (not field or c.field == field) for c in answer.causes)

    return test


def _reason(reason: str) -> Test:
    return lambda answer: answer.reason == reason


def _page(answer: Answer) -> bool:
    """A 404 that is about the path, not about an object: a plain page, or a Status without a name."""
    return not answer.name and not answer.kind


def _immutable(answer: Answer) -> bool:
    return bool(immutable_causes(answer.kind, answer.causes))


def _anything(_answer: Answer) -> bool:
    return True


_DENIED = r'^admission webhook "|ValidatingAdmissionPolicy \'.*denied request'
_NO_SUCH_SHAPE = "^failed to create typed patch object|^failed to convert new object"

RULES: tuple[tuple[range, Test, type[errors.ApiError]], ...] = (
    (range(400, 401), _says("does not support dry run"), errors.DryRunUnsupported),
    (range(400, 500), _says(_DENIED), errors.AdmissionDenied),
    (range(400, 401), _anything, errors.BadRequest),
    (range(401, 402), _anything, errors.Unauthorized),
    (range(403, 404), _cause(reason="NamespaceTerminating"), errors.NamespaceTerminating),
    (range(403, 404), _says("exceeded quota:"), errors.QuotaExceeded),
    (range(403, 404), _says("violates PodSecurity"), errors.PodSecurityViolation),
    (range(403, 404), _says("attempting to grant RBAC permissions not currently held"), errors.RbacEscalation),
    (range(403, 404), _says(r'User ".*" cannot '), errors.RbacDenied),
    (range(403, 404), _anything, errors.Forbidden),
    (range(404, 405), lambda answer: answer.kind == "namespaces", errors.NamespaceNotFound),
    (range(404, 405), _page, errors.UnknownResource),
    (range(404, 405), _anything, errors.NotFound),
    (range(409, 410), _cause(reason="FieldManagerConflict"), errors.FieldConflict),
    (range(409, 410), _reason("AlreadyExists"), errors.AlreadyExists),
    (range(409, 410), _says("cannot be fulfilled on resourcequotas"), errors.QuotaRace),
    (range(409, 410), _says("uid mismatch|UID in (?:the )?precondition"), errors.Recreated),
    (range(409, 410), _says("ensuring all content is removed from this namespace"), errors.NamespaceTerminating),
    (range(409, 410), _anything, errors.StaleObject),
    (range(410, 411), _anything, errors.Gone),
    (range(413, 414), _anything, errors.TooLarge),
    (range(422, 423), _cause(field="metadata.uid"), errors.Recreated),
    (range(422, 423), _cause(reason="FieldValueTooLong", field="[]"), errors.TooLarge),
    (range(422, 423), _immutable, errors.ImmutableField),
    (range(422, 423), _anything, errors.Invalid),
    (range(429, 430), _anything, errors.TooManyRequests),
    (range(400, 500), _anything, errors.Refused),
    (range(500, 600), _says(_NO_SUCH_SHAPE), errors.TypedPatchRefused),
    (range(500, 600), _says("failed calling webhook"), errors.WebhookUnavailable),
    (range(500, 600), _says("etcdserver: request is too large|trying to send message larger"), errors.TooLarge),
    (range(500, 600), _anything, errors.ServerError),
)


def _class_for(answer: Answer) -> type[errors.ApiError]:
    for codes, test, error in RULES:
        if answer.code in codes and test(answer):
            return error
    return errors.ServerError  # a redirect or an informational answer: nothing the API server sends on its own
