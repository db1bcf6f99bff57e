"""What the ways to a credential have in common: whose identity it is, what came out, and what a step of the way is."""

from __future__ import annotations

import base64
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple, Protocol, TypeAlias, TypeVar

import msgspec

from steersman.registry.auth import Credential
from steersman.registry.decoding import UNREADABLE
from steersman.registry.errors import IdentityFailed

_Answer = TypeVar("_Answer")

ServiceAccountToken: TypeAlias = Callable[[str], Awaitable[str]]
"""audience → a token of the ServiceAccount for it (the TokenRequest API)."""


class Known:
    """Annotations of ServiceAccounts that say which identity they stand for, in the clouds' own words, or Flux's."""

    AWS_ROLE = "eks.amazonaws.com/role-arn"
    GCP_ACCOUNT = "iam.gke.io/gcp-service-account"
    GCP_PROVIDER = "gcp.auth.fluxcd.io/workload-identity-provider"
    AZURE_CLIENT = "azure.workload.identity/client-id"
    AZURE_TENANT = "azure.workload.identity/tenant-id"
    AUDIENCE = "steersman.dev/registry-audience"


_ANNOTATIONS = frozenset(value for name, value in vars(Known).items() if name.isupper())


@dataclass(frozen=True, slots=True)
class Account:
    """A ServiceAccount, as far as it matters here. Equal ones get the same credential."""

    namespace: str
    name: str
    uid: str = ""
    annotations: tuple[tuple[str, str], ...] = ()

    @classmethod
    def of(cls, namespace: str, name: str, annotations: Mapping[str, str], uid: str = "") -> Account:
        """An account with those of its annotations that mean something here."""
        known = sorted((key, value) for key, value in annotations.items() if key in _ANNOTATIONS and value)
        return cls(namespace, name, uid, tuple(known))

    def annotation(self, key: str) -> str:
        """The annotation, "" for none."""
        return dict(self.annotations).get(key, "")

    @property
    def place(self) -> str:
        """How messages name it."""
        return f"ServiceAccount {self.namespace}/{self.name}"


@dataclass(frozen=True, slots=True)
class Issued:
    """A credential, and the time (seconds since 1970) it ends at."""

    credential: Credential
    expires_at: float


class CloudIdentity(Protocol):
    """One way from an identity to a credential."""

    def serves(self, host: str) -> bool:
        """Whether this is a registry of that cloud: no other host may get what comes out."""
        ...

    async def credential(self, host: str, account: Account | None, token: ServiceAccountToken) -> Issued:
        """A new credential for the registry `host`. `account` is whose identity is meant, None for the operator's own.
        Raises IdentityFailed."""
        ...


class Step(NamedTuple):
    """One exchange, as messages name it, and what to do when it is refused; where it is with this `machine`, also when
    nobody answers: then this is none of that cloud."""

    provider: str
    name: str
    hint: str
    machine: bool = False


@dataclass(frozen=True, slots=True)
class Request:
    """An HTTP request of one step. `secrets` are texts in it that no message may show."""

    step: Step
    method: str
    url: str
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    body: bytes = field(default=b"", repr=False)
    secrets: tuple[str, ...] = field(default=(), repr=False)


def decode(step: Step, body: bytes, kind: type[_Answer]) -> _Answer:
    """The answer of a step. Raises IdentityFailed, which does not quote it."""
    try:
        return msgspec.json.decode(body, type=kind)
    except UNREADABLE:
        raise IdentityFailed(step.provider, step.name, "its answer is not what this step gives") from None


class _Claims(msgspec.Struct, frozen=True):
    exp: float = 0.0


def expiry_of_jwt(token: str) -> float | None:
    """When a JSON web token ends, None where it does not say. Its signature is for others to check."""
    parts = token.split(".")
    if len(parts) != 3:  # header, claims, signature
        return None
    try:
        payload = base64.urlsafe_b64decode(parts[1] + "=" * (-len(parts[1]) % 4))
        return msgspec.json.decode(payload, type=_Claims).exp or None
    except (ValueError, *UNREADABLE):
        return None
