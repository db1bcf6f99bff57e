"""Every way in which the API server refuses, or cannot be reached: the `ClusterError` part of the error tree.

    ClusterError
    ├── Unreachable               no answer: not connected, connection lost, timed out; `sent`: perhaps carried out
    ├── Halted                    this process lost its Lease and sends no more writes
    ├── CredentialsUnusable       no kubeconfig, context, token or certificate to ask with
    ├── UnknownKind               discovery does not list the kind
    ├── KindUnavailable           its API group cannot be asked now (aggregated API down): unknown, not absent
    └── ApiError                  an answer; carries `asked` and `answer`
        ├── BadRequest            400 and other requests that can never be right
        │   ├── DryRunUnsupported     a webhook with side effects stands in the way of dry runs
        │   └── TypedPatchRefused     500: the intent does not fit the schema; `path`, `duplicate_key`
        ├── Unauthorized          401
        ├── Forbidden             403
        │   ├── RbacDenied            `user`, `verb`, `resource`, `group`
        │   ├── RbacEscalation        granting more than one holds
        │   ├── QuotaExceeded
        │   ├── PodSecurityViolation
        │   └── NamespaceTerminating
        ├── NotFound              404: the object (AbsentError)
        │   └── NamespaceNotFound
        ├── UnknownResource       404: the path; discovery is older than the server
        ├── FieldConflict         409 (FieldConflictError): `owners` of the fields
        ├── StaleObject           409 (StaleObjectError): another resourceVersion
        ├── Recreated             409 or 422 (StaleObjectError): another uid, or no object
        ├── AlreadyExists         409
        ├── QuotaRace             409
        ├── Gone                  410: relist
        ├── TooLarge              the request or the stored object
        ├── Invalid               422: `causes`
        │   └── ImmutableField        `immutable`: the causes that only recreating the object cures
        ├── AdmissionDenied       a webhook or an admission policy said no; `gate`
        ├── WebhookUnavailable    a webhook could not be asked; `gate`, `service`
        ├── TooManyRequests       429: `answer.retry_after`
        ├── ServerError           other 5xx
        └── Refused               any other 4xx

Section 1 of the apply contract ("Error classes") says what each means for a release; `kube.classify` makes them. Layers
that may not know `kube` catch the bases in `steersman.errors`. `retryable`: the same may succeed later without new
input; `transient`: something outside answered badly, and trying again soon is no failed attempt.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import ClassVar

from steersman.errors import AbsentError, ClusterError, FieldConflictError, NotJudged, StaleObjectError
from steersman.kube.answers import Answer, Asked, Cause, brief
from steersman.kube.immutable import immutable_causes

SHOWN = 3
"""How many causes a message spells out before it counts the rest."""


class Unreachable(ClusterError):
    """No answer came. `sent` is True where the request may have been carried out all the same."""

    retryable = True
    transient = True

    def __init__(self, asked: Asked, reason: str, *, sent: bool) -> None:
        self.asked = asked
        self.sent = sent
        super().__init__(f"{asked}: no answer from the API server: {reason}", hint="tried again by itself")


class Halted(ClusterError):
    """Another process holds the Lease now: this one must not write."""

    retryable = True
    transient = True

    def __init__(self, asked: Asked, reason: str) -> None:
        self.asked = asked
        super().__init__(f"{asked}: not sent: {reason}")


class CredentialsUnusable(ClusterError):
    """The configuration names no way to reach and to prove oneself to a cluster."""

    reason = "AccessDenied"


class UnknownKind(ClusterError):
    """The cluster does not serve this kind, as far as discovery knows after a refresh."""

    reason = "ManifestRefused"
    retryable = True

    def __init__(self, api_version: str, kind: str) -> None:
        self.api_version = api_version
        self.kind = kind
        super().__init__(
            f"the cluster knows no kind {kind} in {api_version}",
            hint="install its CustomResourceDefinition, or use a version the cluster serves",
        )


class KindUnavailable(ClusterError):
    """The group of this kind cannot be listed now; its objects may well exist."""

    retryable = True
    transient = True

    def __init__(self, api_version: str, kind: str) -> None:
        self.api_version = api_version
        self.kind = kind
        super().__init__(
            f"the API {api_version} of kind {kind} does not answer now",
            hint="see the Available condition of its APIService",
        )


class ApiError(ClusterError):
    """An answer of the API server that is no success."""

    advice: ClassVar[str] = ""

    def __init__(self, asked: Asked, answer: Answer) -> None:
        self.asked = asked
        self.answer = answer
        self.read(answer)
        super().__init__(f"{asked}: {self.describe()}", hint=self.advise())

    @property
    def code(self) -> int:
        """The HTTP status code."""
        return self.answer.code

    @property
    def causes(self) -> tuple[Cause, ...]:
        """`details.causes` of the answer."""
        return self.answer.causes

    def read(self, answer: Answer) -> None:
        """Take the fields of this class out of the answer."""

    def describe(self) -> str:
        """What happened, for the message."""
        return brief(self.answer.message) or f"refused with status {self.answer.code}"

    def advise(self) -> str:
        """What to do next, for the hint."""
        return self.advice


class BadRequest(ApiError):
    """The request can never be right."""

    reason = "ManifestRefused"


class DryRunUnsupported(BadRequest, NotJudged):
    """A mutating or validating webhook with side effects forbids dry runs of this object."""

    advice = "the webhook declares side effects: no diff can be had for this object"


class TypedPatchRefused(BadRequest):
    """The intent does not fit the kind's schema: an unknown field, a wrong type, a list key given twice.

    `path` is the field (".spec.containers[name="c"].env"), `duplicate_key` the key given twice (`[name="A"]`) or "".
    """

    _FIELD = re.compile(r"\): (?P<path>\.[^ ]*): (?P<problem>.*)", re.DOTALL)
    _KEY = re.compile(r"duplicate entries for key (\[.*\])", re.DOTALL)

    def read(self, answer: Answer) -> None:
        field = self._FIELD.search(answer.message)
        key = self._KEY.search(answer.message)
        self.path = field["path"] if field else ""
        self.problem = brief(field["problem"]) if field else brief(answer.message)
        self.duplicate_key = key[1] if key else ""

    def describe(self) -> str:
        if self.duplicate_key:
            return f"{self.path} holds more than one entry with the key {self.duplicate_key}"
        return f"{self.path}: {self.problem}" if self.path else self.problem

    def advise(self) -> str:
        if self.duplicate_key:
            return "take the duplicate out of the chart or its values"
        return "correct the chart or its values"


class Unauthorized(ApiError):
    """The credentials are not accepted (any more)."""

    reason = "AccessDenied"
    retryable = True
    advice = "see that the operator's token or certificate is valid"


class Forbidden(ApiError):
    """403; may succeed later, when somebody grants it. Worth slow retries only."""

    reason = "AccessDenied"
    retryable = True
    advice = "grant it, or change what is asked for"


class RbacDenied(Forbidden):
    """RBAC says no to `user` for `verb` on `resource`, `group`."""

    _TEXT = re.compile(
        r'User "(?P<user>[^"]*)" cannot (?P<verb>\S+) (?:resource|path) "(?P<resource>[^"]*)"'
        r'(?: in API group "(?P<group>[^"]*)")?'
    )

    def read(self, answer: Answer) -> None:
        found = self._TEXT.search(answer.message)
        self.user = found["user"] if found else ""
        self.verb = found["verb"] if found else self.asked.verb
        self.resource = found["resource"] if found else ""
        self.group = (found["group"] or "") if found else ""

    def describe(self) -> str:
        resource = f"{self.resource}.{self.group}" if self.group else self.resource
        where = f" in namespace {self.asked.namespace}" if self.asked.namespace else ""
        return f"{self.user or 'the operator'} may not {self.verb} {resource}{where}"

    def advise(self) -> str:
        return f'grant verb "{self.verb}" on "{self.resource}" in API group "{self.group}" to {self.user or "it"}'


class RbacEscalation(Forbidden):
    """The release grants permissions that the operator itself does not hold."""

    advice = "give the operator these permissions first, or the verbs escalate and bind"


class QuotaExceeded(Forbidden):
    """A ResourceQuota is used up."""

    advice = "raise the ResourceQuota or ask for less"


class PodSecurityViolation(Forbidden):
    """Pod Security admission refuses the pod."""

    advice = "adapt the pod to the namespace's Pod Security level"


class NamespaceTerminating(Forbidden):
    """The namespace is being deleted: nothing can be created in it."""

    reason = "NamespaceTerminating"
    advice = "waits until the namespace is gone"


class NotFound(ApiError, AbsentError):
    """The object does not exist."""


class NamespaceNotFound(NotFound):
    """The object's namespace does not exist."""

    reason = "ManifestRefused"
    retryable = True
    advice = "create it; for the release's own namespace, spec.install.createNamespace does it"

    def describe(self) -> str:
        return f"namespace {self.answer.name or self.asked.namespace} does not exist"


class UnknownResource(ApiError):
    """The server serves no such path: the kind was removed, or is not served yet."""

    retryable = True
    transient = True

    def describe(self) -> str:
        return "the API server does not serve this resource"


@dataclass(frozen=True, slots=True)
class FieldOwner:
    """Who holds a field that we want to set. `operation` is Apply or Update, `api_version` known for Update only."""

    field: str
    manager: str
    operation: str
    subresource: str = ""
    api_version: str = ""

    def __str__(self) -> str:
        through = f" through {self.subresource}" if self.subresource else ""
        return f"{self.field} ({self.manager}{through})"


class FieldConflict(ApiError, FieldConflictError):
    """Fields of the intent are held, with other values, by the `owners`."""

    advice = "let the other manager give it up, or set spec.apply.conflicts to Force"
    _TEXT = re.compile(
        r'conflict with "(?P<manager>(?:[^"\\]|\\.)*)"(?: with subresource "(?P<subresource>[^"]*)")?'
        r"(?: using (?P<version>\S+))?"
    )

    def read(self, answer: Answer) -> None:
        self.owners = tuple(self._owner(cause) for cause in answer.causes if cause.reason == "FieldManagerConflict")

    def _owner(self, cause: Cause) -> FieldOwner:
        found = self._TEXT.search(cause.message)
        if found is None:
            return FieldOwner(cause.field, "an unknown manager", "Update")
        # The server names the version only where the other entry is an Update.
        version = found["version"] or ""
        operation = "Update" if version else "Apply"
        return FieldOwner(cause.field, found["manager"], operation, found["subresource"] or "", version)

    def summary(self) -> str:
        """The fields and who holds them."""
        return some(map(str, self.owners))

    def describe(self) -> str:
        fields = "1 field is" if len(self.owners) == 1 else f"{len(self.owners)} fields are"
        return f"{fields} held by others: {self.summary()}"


class StaleObject(ApiError, StaleObjectError):
    """The resourceVersion sent is not the live one: somebody wrote meanwhile."""

    def describe(self) -> str:
        return "the object was changed meanwhile"


class Recreated(ApiError, StaleObjectError):
    """The uid sent is not the live one: somebody deleted, and perhaps recreated, the object."""

    def describe(self) -> str:
        return "the object was deleted or recreated by somebody else"


class AlreadyExists(ApiError):
    """A create met an object of that name."""

    reason = "Conflict"

    def describe(self) -> str:
        return "it exists already"


class QuotaRace(ApiError):
    """Several creates counted against one ResourceQuota at the same moment."""

    retryable = True
    transient = True


class Gone(ApiError):
    """The resourceVersion or continue token is too old: list again."""

    retryable = True
    transient = True


class TooLarge(ApiError):
    """The request, or the object it makes, is larger than the API server or etcd takes."""

    reason = "ManifestRefused"
    advice = "make the object smaller or split it: about 1 MiB is the limit"


class Invalid(ApiError):
    """The object is refused by validation."""

    reason = "ManifestRefused"
    advice = "correct the chart or its values"

    def describe(self) -> str:
        return f"invalid: {some(map(str, self.causes))}" if self.causes else super().describe()


class ImmutableField(Invalid):
    """The change touches fields that cannot change on a living object."""

    reason = "ImmutableField"
    advice = ""

    def read(self, answer: Answer) -> None:
        self.immutable = immutable_causes(answer.kind, answer.causes)

    def describe(self) -> str:
        return f"cannot be changed in place: {some(map(str, self.immutable))}"


class AdmissionDenied(ApiError):
    """The webhook or ValidatingAdmissionPolicy `gate` refuses the object."""

    reason = "ManifestRefused"
    advice = "change what it refuses, or ask whoever runs it"
    _TEXT = re.compile(r"(?:admission webhook \"([^\"]*)\" denied|ValidatingAdmissionPolicy '([^']*)')")

    def read(self, answer: Answer) -> None:
        found = self._TEXT.search(answer.message)
        self.gate = (found[1] or found[2]) if found else ""


class WebhookUnavailable(ApiError, NotJudged):
    """The webhook `gate`, served by `service`, could not be asked, and its failurePolicy is Fail."""

    retryable = True
    transient = True
    _GATE = re.compile(r'failed calling webhook "([^"]*)"')
    _SERVICE = re.compile(r'https://([^/"?:]+)')

    def read(self, answer: Answer) -> None:
        gate = self._GATE.search(answer.message)
        service = self._SERVICE.search(answer.message)
        self.gate = gate[1] if gate else ""
        self.service = service[1] if service else ""

    def advise(self) -> str:
        return f"see whether {self.service or 'the service behind it'} has ready endpoints"


class TooManyRequests(ApiError):
    """The API server asks for patience; `answer.retry_after` says for how long. Never a failed attempt."""

    retryable = True
    transient = True


class ServerError(ApiError):
    """The API server failed; the outcome of a write is unknown."""

    retryable = True
    transient = True


class Refused(ApiError):
    """Any other 4xx."""

    reason = "ManifestRefused"


def some(texts: Iterable[str]) -> str:
    """The first texts in one line, and how many more there are."""
    every = list(texts)
    shown = "; ".join(every[:SHOWN])
    return f"{shown}; +{len(every) - SHOWN} more" if len(every) > SHOWN else shown
