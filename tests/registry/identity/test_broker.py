"""Credentials are exchanged once, kept, and never for a host that is not the cloud's."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, field

import pytest
from registry.identity.clouds import Cloud, account, never

from steersman.registry.auth import Credential
from steersman.registry.errors import IdentityFailed
from steersman.registry.identity.broker import WorkloadIdentities
from steersman.registry.identity.exchange import Exchange
from steersman.registry.identity.model import Account, Issued, Known, ServiceAccountToken


@dataclass
class Identity:
    """Implements `CloudIdentity`: numbered passwords for an hour."""

    now: float = 1000.0
    asked: list[tuple[str, Account | None]] = field(default_factory=list)
    go: asyncio.Event = field(default_factory=asyncio.Event)
    failing: bool = False

    def serves(self, host: str) -> bool:
        return host.endswith(".cloud")

    async def credential(self, host: str, account: Account | None, token: ServiceAccountToken) -> Issued:
        self.asked.append((host, account))
        await self.go.wait()
        if self.failing:
            raise IdentityFailed("cloud", "step", "no")
        return Issued(Credential("user", f"password-{len(self.asked)}"), self.now + 3600)


@pytest.fixture
def identity() -> Identity:
    identity = Identity()
    identity.go.set()
    return identity


@pytest.fixture
async def identities(identity: Identity) -> AsyncIterator[WorkloadIdentities]:
    shared = WorkloadIdentities({}, providers={"cloud": identity}, now=lambda: identity.now)
    yield shared
    await shared.close()


async def test_a_credential_is_kept_until_shortly_before_it_ends(
    identity: Identity, identities: WorkloadIdentities
) -> None:
    async def password() -> str:
        return (await identities.credential("cloud", "r.cloud", None, never)).password

    assert [await password() for _ in range(3)] == ["password-1"] * 3
    identity.now += 3299
    assert await password() == "password-1"
    identity.now += 2
    assert await password() == "password-2"


async def test_two_hundred_at_once_make_one_exchange(identity: Identity, identities: WorkloadIdentities) -> None:
    identity.go.clear()
    asking = [asyncio.create_task(identities.credential("cloud", "r.cloud", None, never)) for _ in range(200)]
    await asyncio.sleep(0)
    asking[0].cancel()  # one that gives up leaves the exchange to the others
    identity.go.set()
    found = await asyncio.gather(*asking, return_exceptions=True)
    assert {each.password for each in found[1:] if isinstance(each, Credential)} == {"password-1"}
    assert len(identity.asked) == 1


async def test_every_host_and_account_has_its_own(identity: Identity, identities: WorkloadIdentities) -> None:
    one, other = account({Known.AWS_ROLE: "a"}), account({Known.AWS_ROLE: "b"})
    same = account({Known.AWS_ROLE: "a", "unrelated": "x"})
    for host, who in (("r.cloud", None), ("q.cloud", None), ("r.cloud", one), ("r.cloud", other), ("r.cloud", same)):
        await identities.credential("cloud", host, who, never)
    assert identity.asked == [("r.cloud", None), ("q.cloud", None), ("r.cloud", one), ("r.cloud", other)]


async def test_a_failure_names_the_host_and_is_not_kept(identity: Identity, identities: WorkloadIdentities) -> None:
    identity.failing = True
    with pytest.raises(IdentityFailed, match=r"^r\.cloud: no credentials from cloud: step: no$"):
        await identities.credential("cloud", "r.cloud", None, never)
    identity.failing = False
    assert (await identities.credential("cloud", "r.cloud", None, never)).password == "password-2"


async def test_another_host_gets_nothing(identity: Identity, identities: WorkloadIdentities) -> None:
    with pytest.raises(IdentityFailed, match="this is no registry of that cloud"):
        await identities.credential("cloud", "r.cloud.evil.io", None, never)
    assert identity.asked == []


async def test_the_clouds_are_known_by_their_names(a_cloud: Cloud, exchange: Exchange) -> None:
    a_cloud.answers("GET /computeMetadata/v1/instance/service-accounts/default/token", {"access_token": "token"})
    identities = WorkloadIdentities({"GCE_METADATA_HOST": a_cloud.server.host}, exchange=exchange)
    found = await identities.credential("gcp", "gcr.io", None, never)
    assert found == Credential("oauth2accesstoken", "token")
    for provider in ("aws", "azure", "gcp"):
        with pytest.raises(IdentityFailed, match=f"no credentials from {provider}: r.io: this is no registry"):
            await identities.credential(provider, "r.io", None, never)
    await identities.close()
