"""Google's Artifact Registry and Container Registry: an access token is the password of the user `oauth2accesstoken`.

For the operator itself it comes from the metadata server, which on GKE knows the operator's ServiceAccount. For another
ServiceAccount its token is exchanged at Google's STS: for the workload identity provider that an annotation names, else
for the pool of the GKE cluster that the metadata server describes; and, where the annotation of GKE names a Google
service account, once more for a token of that one.
"""

from __future__ import annotations

import re
import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

import msgspec

from steersman.registry.auth import Credential
from steersman.registry.errors import IdentityFailed
from steersman.registry.identity.exchange import Exchange
from steersman.registry.identity.model import Account, Issued, Known, Request, ServiceAccountToken, Step, decode

PROVIDER = "gcp"
_USERNAME = "oauth2accesstoken"
_HOSTS = re.compile(r"(?:[a-z0-9-]+\.)?gcr\.io|[a-z0-9-]+\.pkg\.dev")
_SCOPE = "https://www.googleapis.com/auth/cloud-platform"
_POOL_PROVIDER = re.compile(
    r"projects/\d{1,30}/locations/global/workloadIdentityPools/[^/]{1,100}/providers/[^/]{1,100}"
)
_EMAIL = re.compile(r"[A-Za-z0-9._-]+@[A-Za-z0-9.-]+")

METADATA = Step(
    PROVIDER,
    "the metadata server",
    "outside of Google's cloud, annotate the ServiceAccount with " + Known.GCP_PROVIDER + " and name it in the spec",
    machine=True,
)
FEDERATE = Step(
    PROVIDER,
    "STS token exchange",
    "check that the workload identity pool trusts this cluster and maps this ServiceAccount",
)
IMPERSONATE = Step(
    PROVIDER,
    "IAM generateAccessToken",
    f"check {Known.GCP_ACCOUNT}, and that the ServiceAccount has roles/iam.workloadIdentityUser on it",
)


@dataclass(frozen=True, slots=True)
class Endpoints:
    """Google's services."""

    sts: str = "https://sts.googleapis.com"
    iam: str = "https://iamcredentials.googleapis.com"


class _Token(msgspec.Struct, frozen=True):
    access_token: str
    expires_in: float = 300.0


class _Impersonated(msgspec.Struct, frozen=True, rename="camel"):
    access_token: str
    expire_time: datetime


class GcpIdentity:
    """Implements `model.CloudIdentity`."""

    def __init__(self, exchange: Exchange, environment: Mapping[str, str], endpoints: Endpoints | None = None) -> None:
        self._exchange = exchange
        self._metadata = (
            f"http://{environment.get('GCE_METADATA_HOST') or 'metadata.google.internal'}/computeMetadata/v1"
        )
        self._endpoints = endpoints or Endpoints()

    def serves(self, host: str) -> bool:
        """Whether this is a host of Artifact Registry or Container Registry."""
        return _HOSTS.fullmatch(host) is not None

    async def credential(self, host: str, account: Account | None, token: ServiceAccountToken) -> Issued:
        """An access token, for an hour or less."""
        del host  # the token is for all registries that the identity may use
        if account is None:
            found = decode(METADATA, await self._ask_metadata("instance/service-accounts/default/token"), _Token)
            return _issued(found.access_token, time.time() + found.expires_in)
        federated = await self._federated(account, token)
        email = account.annotation(Known.GCP_ACCOUNT)
        if not email:
            return _issued(federated.access_token, time.time() + federated.expires_in)
        if not _EMAIL.fullmatch(email):
            raise _bad_annotation(account, Known.GCP_ACCOUNT, "NAME@PROJECT.iam.gserviceaccount.com")
        body = await self._exchange.ask(impersonate(self._endpoints.iam, email, federated.access_token))
        own = decode(IMPERSONATE, body, _Impersonated)
        return _issued(own.access_token, own.expire_time.timestamp())

    async def _federated(self, account: Account, token: ServiceAccountToken) -> _Token:
        provider = account.annotation(Known.GCP_PROVIDER)
        if provider:
            if not _POOL_PROVIDER.fullmatch(provider):
                form = "projects/NUMBER/locations/global/workloadIdentityPools/POOL/providers/PROVIDER"
                raise _bad_annotation(account, Known.GCP_PROVIDER, form)
            audience = wanted = f"//iam.googleapis.com/{provider}"
        else:
            project, location, cluster = [
                (await self._ask_metadata(path)).decode("utf-8", "replace").strip()
                for path in (
                    "project/project-id",
                    "instance/attributes/cluster-location",
                    "instance/attributes/cluster-name",
                )
            ]
            wanted = f"{project}.svc.id.goog"
            url = f"https://container.googleapis.com/v1/projects/{project}/locations/{location}/clusters/{cluster}"
            audience = f"identitynamespace:{wanted}:{url}"
        body = await self._exchange.ask(federate(self._endpoints.sts, audience, await token(wanted)))
        return decode(FEDERATE, body, _Token)

    async def _ask_metadata(self, path: str) -> bytes:
        url = f"{self._metadata}/{path}"
        return await self._exchange.ask(Request(METADATA, "GET", url, {"Metadata-Flavor": "Google"}))


def federate(endpoint: str, audience: str, token: str) -> Request:
    """Exchange a ServiceAccount's token for one of Google's (RFC 8693)."""
    content = {
        "audience": audience,
        "grantType": "urn:ietf:params:oauth:grant-type:token-exchange",
        "requestedTokenType": "urn:ietf:params:oauth:token-type:access_token",
        "scope": _SCOPE,
        "subjectToken": token,
        "subjectTokenType": "urn:ietf:params:oauth:token-type:jwt",
    }
    headers = {"Content-Type": "application/json"}
    return Request(FEDERATE, "POST", f"{endpoint}/v1/token", headers, msgspec.json.encode(content), (token,))


def impersonate(endpoint: str, email: str, token: str) -> Request:
    """A token of a Google service account."""
    url = f"{endpoint}/v1/projects/-/serviceAccounts/{email}:generateAccessToken"
    headers = {"Content-Type": "application/json", "Authorization": f"Bearer {token}"}
    return Request(IMPERSONATE, "POST", url, headers, msgspec.json.encode({"scope": [_SCOPE]}), (token,))


def _issued(token: str, expires_at: float) -> Issued:
    return Issued(Credential(_USERNAME, token), expires_at)


def _bad_annotation(account: Account, key: str, form: str) -> IdentityFailed:
    return IdentityFailed(PROVIDER, account.place, f"its annotation {key} is not of the form {form}")
