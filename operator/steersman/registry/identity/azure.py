"""Azure Container Registry: a token of Microsoft Entra, then a refresh token of the registry, used as identity token.

The Entra token comes, for a ServiceAccount, by federation: its token for the application in its annotations. For the
operator itself by the variables that Azure's workload identity sets in its pod, else from the machine's managed
identity (IMDS).
"""

from __future__ import annotations

import asyncio
import re
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import NamedTuple
from urllib.parse import quote, urlencode

import msgspec

from steersman.registry.auth import Credential
from steersman.registry.errors import IdentityFailed
from steersman.registry.identity.exchange import Exchange
from steersman.registry.identity.model import (
    Account,
    Issued,
    Known,
    Request,
    ServiceAccountToken,
    Step,
    decode,
    expiry_of_jwt,
)

PROVIDER = "azure"
_TOKEN_AUDIENCE = "api://AzureADTokenExchange"  # noqa: S105 - an audience
_ASSERTION = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
_METADATA = "http://169.254.169.254"
_TENANT = re.compile(r"[A-Za-z0-9.-]+")
_REFRESH_SECONDS = 3600.0
_FORM = {"Content-Type": "application/x-www-form-urlencoded"}

FEDERATE = Step(
    PROVIDER,
    "Microsoft Entra token",
    "check client and tenant id, and that the application has a federated credential for this ServiceAccount",
)
METADATA = Step(
    PROVIDER,
    "the machine's managed identity (IMDS)",
    "give the operator's ServiceAccount a workload identity, or the nodes a managed identity",
    machine=True,
)
REGISTRY = Step(PROVIDER, "the registry's token exchange", "give the identity the role AcrPull on the registry")


class _Cloud(NamedTuple):
    """One of Azure's clouds: where its identities are, and what its registries are called there."""

    authority: str
    registries: str


_CLOUDS = {
    ".azurecr.io": _Cloud("https://login.microsoftonline.com", "https://containerregistry.azure.net"),
    ".azurecr.cn": _Cloud("https://login.chinacloudapi.cn", "https://containerregistry.azure.cn"),
    ".azurecr.us": _Cloud("https://login.microsoftonline.us", "https://containerregistry.azure.us"),
}
_HOST = re.compile(r"[a-z0-9-]+(?:\.[a-z0-9-]+)?(?P<cloud>\.azurecr\.(?:io|cn|us))")


class _Token(msgspec.Struct, frozen=True):
    access_token: str


class _Refresh(msgspec.Struct, frozen=True):
    refresh_token: str


class AzureIdentity:
    """Implements `model.CloudIdentity`. `registry_url` gives the address of a registry's host."""

    def __init__(
        self,
        exchange: Exchange,
        environment: Mapping[str, str],
        registry_url: Callable[[str], str] = "https://{}".format,
    ) -> None:
        self._exchange = exchange
        self._environment = environment
        self._registry_url = registry_url

    def serves(self, host: str) -> bool:
        """Whether this is a host of Azure Container Registry."""
        return _HOST.fullmatch(host) is not None

    async def credential(self, host: str, account: Account | None, token: ServiceAccountToken) -> Issued:
        """A refresh token of the registry, for some hours."""
        match = _HOST.fullmatch(host)
        assert match is not None, "the broker asked `serves`"
        cloud = _CLOUDS[match["cloud"]]
        tenant, access = await self._entra(cloud, account, token)
        body = await self._exchange.ask(exchange_at_registry(self._registry_url(host), host, tenant, access))
        refresh = decode(REGISTRY, body, _Refresh).refresh_token
        ends = expiry_of_jwt(refresh) or time.time() + _REFRESH_SECONDS
        return Issued(Credential(identity_token=refresh), ends)

    async def _entra(self, cloud: _Cloud, account: Account | None, token: ServiceAccountToken) -> tuple[str, str]:
        """The tenant, where it is known, and a token for registries."""
        known = self._environment
        tenant, client = known.get("AZURE_TENANT_ID", ""), known.get("AZURE_CLIENT_ID", "")
        if account is not None:
            tenant = account.annotation(Known.AZURE_TENANT) or tenant
            client = _required(account, Known.AZURE_CLIENT, account.annotation(Known.AZURE_CLIENT))
            tenant = _required(account, Known.AZURE_TENANT, tenant)
            assertion = await token(_TOKEN_AUDIENCE)
        elif file := known.get("AZURE_FEDERATED_TOKEN_FILE", ""):
            assertion = await _read(file)
        else:
            base = known.get("AZURE_POD_IDENTITY_AUTHORITY_HOST", _METADATA).rstrip("/")
            body = await self._exchange.ask(managed_identity(base, cloud.registries, client))
            return tenant, decode(METADATA, body, _Token).access_token
        if not _TENANT.fullmatch(tenant):
            raise IdentityFailed(PROVIDER, FEDERATE.name, "the tenant id is none", hint=FEDERATE.hint)
        authority = known.get("AZURE_AUTHORITY_HOST") or cloud.authority
        body = await self._exchange.ask(federate(authority, tenant, client, cloud.registries, assertion))
        return tenant, decode(FEDERATE, body, _Token).access_token


def federate(authority: str, tenant: str, client: str, resource: str, assertion: str) -> Request:
    """A token of Entra, for the token of a ServiceAccount."""
    form = {
        "client_id": client,
        "client_assertion_type": _ASSERTION,
        "client_assertion": assertion,
        "grant_type": "client_credentials",
        "scope": f"{resource}/.default",
    }
    url = f"{authority.rstrip('/')}/{tenant}/oauth2/v2.0/token"
    return Request(FEDERATE, "POST", url, _FORM, urlencode(form).encode(), (assertion,))


def managed_identity(base: str, resource: str, client: str) -> Request:
    """A token of Entra, of the machine's identity: the one of `client` where it has several."""
    query = {"api-version": "2018-02-01", "resource": resource} | ({"client_id": client} if client else {})
    url = f"{base}/metadata/identity/oauth2/token?{urlencode(query, quote_via=quote)}"
    return Request(METADATA, "GET", url, {"Metadata": "true"})


def exchange_at_registry(url: str, host: str, tenant: str, access: str) -> Request:
    """A refresh token of the registry, for a token of Entra."""
    form = {"grant_type": "access_token", "service": host, "access_token": access}
    body = urlencode(form | ({"tenant": tenant} if tenant else {})).encode()
    return Request(REGISTRY, "POST", f"{url}/oauth2/exchange", _FORM, body, (access,))


def _required(account: Account, key: str, value: str) -> str:
    if not value:
        raise IdentityFailed(
            PROVIDER,
            account.place,
            f"it has no annotation {key}",
            hint="annotate it with the id of the application"
            if key == Known.AZURE_CLIENT
            else "annotate it with the id of the tenant",
        )
    return value


async def _read(path: str) -> str:
    try:
        return (await asyncio.to_thread(Path(path).read_text, "utf-8")).strip()
    except (OSError, UnicodeDecodeError) as error:
        problem = error.strerror if isinstance(error, OSError) else "it is no text"
        raise IdentityFailed(
            PROVIDER, "the file in AZURE_FEDERATED_TOKEN_FILE", f"cannot be read: {problem}"
        ) from error
