"""The ServiceAccount's own token, where its annotation says that registries may have it."""

from __future__ import annotations

import time

import pytest
from registry.identity.clouds import Cluster, account, jwt, never

from steersman.registry.auth import Credential
from steersman.registry.errors import IdentityFailed
from steersman.registry.identity.generic import GenericIdentity
from steersman.registry.identity.model import Known, expiry_of_jwt


@pytest.mark.parametrize(
    ("audience", "asked"), [("host", "r.io:5000"), ("zot", "zot")], ids=["the-host", "an-audience"]
)
async def test_the_token_is_for_the_audience(cluster: Cluster, audience: str, asked: str) -> None:
    issued = await GenericIdentity().credential("r.io:5000", account({Known.AUDIENCE: audience}), cluster.token)
    assert issued.credential == Credential(registry_token=f"token-for-{asked}")
    assert issued.expires_at == pytest.approx(time.time() + 600, abs=10)


async def test_it_ends_when_the_token_ends() -> None:
    async def token(audience: str) -> str:
        return jwt({"exp": 2_000_000_000, "aud": [audience]})

    issued = await GenericIdentity().credential("r.io", account({Known.AUDIENCE: "host"}), token)
    assert issued.expires_at == 2_000_000_000


async def test_without_the_annotation_no_token_is_asked_for() -> None:
    for who in (account({}), None):
        with pytest.raises(IdentityFailed, match=r"no annotation steersman\.dev/registry-audience"):
            await GenericIdentity().credential("r.io", who, never)


@pytest.mark.parametrize("token", ["", "a.b", "a.b.c", "a.!!!.c", jwt({}), jwt({"exp": "soon"})])
def test_tokens_that_do_not_say_when_they_end(token: str) -> None:
    assert expiry_of_jwt(token) is None
