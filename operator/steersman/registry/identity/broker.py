"""The one place that the controller asks for credentials of a workload identity.

Credentials are kept until shortly before they end. However many releases need the same one at the same time, it is
exchanged once.
"""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import NamedTuple

from steersman.registry.auth import Credential
from steersman.registry.errors import IdentityFailed
from steersman.registry.identity.aws import AwsIdentity
from steersman.registry.identity.azure import AzureIdentity
from steersman.registry.identity.exchange import Exchange
from steersman.registry.identity.gcp import GcpIdentity
from steersman.registry.identity.generic import GenericIdentity
from steersman.registry.identity.model import Account, CloudIdentity, Issued, ServiceAccountToken

# Time for a download that begins with the credential, and for clocks that differ.
_MARGIN_SECONDS = 300.0
_MARGIN_SHARE = 0.2
_MAX_KEPT = 4096


class _Key(NamedTuple):
    provider: str
    host: str
    account: Account | None


@dataclass(frozen=True, slots=True)
class _Kept:
    credential: Credential
    until: float


class WorkloadIdentities:
    """One per process, used on its event loop. `environment` is where the clouds' own variables are read from."""

    def __init__(
        self,
        environment: Mapping[str, str] | None = None,
        *,
        providers: Mapping[str, CloudIdentity] | None = None,
        exchange: Exchange | None = None,
        now: Callable[[], float] = time.time,
    ) -> None:
        environment = os.environ if environment is None else environment
        self._exchange = exchange or Exchange()
        self._now = now
        self._providers = providers or {
            "aws": AwsIdentity(self._exchange, environment),
            "azure": AzureIdentity(self._exchange, environment),
            "gcp": GcpIdentity(self._exchange, environment),
            "generic": GenericIdentity(),
        }
        self._kept: dict[_Key, _Kept] = {}
        self._flights: dict[_Key, asyncio.Task[Credential]] = {}

    async def credential(
        self, provider: str, host: str, account: Account | None, token: ServiceAccountToken
    ) -> Credential:
        """The credential of this identity for the registry `host`. `account` None is the operator's own identity;
        `token` asks the API server for a token of the ServiceAccount. Raises IdentityFailed, and what `token` raises.
        """
        key = _Key(provider, host, account)
        kept = self._kept.get(key)
        if kept is not None and kept.until > self._now():
            return kept.credential
        flight = self._flights.get(key)
        if flight is None:
            flight = asyncio.get_running_loop().create_task(self._issue(key, token))
            self._flights[key] = flight
            flight.add_done_callback(lambda done: self._landed(key, done))
        return await asyncio.shield(flight)

    async def close(self) -> None:
        """End what is under way, and all connections."""
        flights = list(self._flights.values())
        for flight in flights:
            flight.cancel()
        await asyncio.gather(*flights, return_exceptions=True)
        await self._exchange.close()

    async def _issue(self, key: _Key, token: ServiceAccountToken) -> Credential:
        identity = self._providers[key.provider]
        if not identity.serves(key.host):
            raise IdentityFailed(
                key.provider, key.host, "this is no registry of that cloud", hint="correct provider, or the chart's URL"
            )
        try:
            issued = await identity.credential(key.host, key.account, token)
        except IdentityFailed as error:
            error.message = f"{key.host}: {error.message}"
            raise
        self._keep(key, issued)
        return issued.credential

    def _keep(self, key: _Key, issued: Issued) -> None:
        now = self._now()
        if len(self._kept) >= _MAX_KEPT:
            self._kept = {key: kept for key, kept in self._kept.items() if kept.until > now}
        left = issued.expires_at - now
        self._kept[key] = _Kept(issued.credential, issued.expires_at - min(_MARGIN_SECONDS, left * _MARGIN_SHARE))

    def _landed(self, key: _Key, done: asyncio.Task[Credential]) -> None:
        del self._flights[key]
        if not done.cancelled():
            done.exception()  # seen: every caller may have been cancelled meanwhile
