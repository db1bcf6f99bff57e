"""Secrets and ServiceAccounts that specs refer to, on the real API server: read once, and told of when they move."""

import asyncio
import base64
import json
from collections.abc import AsyncIterator

import pytest
from testenv.clients import Kubectl

from steersman.kube.accounts import service_account_token
from steersman.kube.client import KubeClient
from steersman.kube.configs import KubeConfigs
from steersman.kube.errors import NotFound

PATIENCE = 20.0


class Moves:
    """What was told."""

    def __init__(self) -> None:
        self.seen: set[tuple[str, str, str]] = set()
        self._news = asyncio.Event()

    def __call__(self, *name: str) -> None:
        kind, namespace, of = name
        self.seen.add((kind, namespace, of))
        self._news.set()

    async def until(self, *names: tuple[str, str, str]) -> None:
        async with asyncio.timeout(PATIENCE):
            while not self.seen >= set(names):
                self._news.clear()
                await self._news.wait()


@pytest.fixture
def moves() -> Moves:
    return Moves()


@pytest.fixture
async def configs(kube_client: KubeClient, moves: Moves) -> AsyncIterator[KubeConfigs]:
    made = KubeConfigs(kube_client, moves)
    yield made
    await made.stop()


def secret(name: str, value: str) -> dict:
    data = {"key": base64.b64encode(value.encode()).decode()}
    return {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": name}, "data": data}


def account(name: str, *pull_secrets: str, **annotations: str) -> dict:
    metadata = {"name": name, "annotations": annotations}
    secrets = [{"name": each} for each in pull_secrets]
    return {"apiVersion": "v1", "kind": "ServiceAccount", "metadata": metadata, "imagePullSecrets": secrets}


async def test_an_account_moves_with_its_pull_secrets(
    configs: KubeConfigs, moves: Moves, kubectl: Kubectl, namespace: str
) -> None:
    assert await configs.account(namespace, "puller") is None
    kubectl.apply(secret("pull", "1"), account("puller", "pull", role="r"), namespace=namespace)
    await moves.until(("ServiceAccount", namespace, "puller"))
    found = await configs.account(namespace, "puller")
    assert found is not None
    assert (found.pull_secrets, found.annotations["role"]) == (("pull",), "r")
    held = await configs.read("Secret", namespace, "pull")
    assert held is not None
    assert held.data == {"key": b"1"}
    configs.forget("Secret", namespace, "pull")
    moves.seen.clear()
    kubectl.apply(secret("pull", "2"), namespace=namespace)
    await moves.until(("Secret", namespace, "pull"), ("ServiceAccount", namespace, "puller"))
    kubectl("delete", "serviceaccount", "puller", "-n", namespace)
    moves.seen.clear()
    await moves.until(("ServiceAccount", namespace, "puller"))
    assert await configs.account(namespace, "puller") is None


async def test_a_token_of_an_account_is_for_its_audience(
    kube_client: KubeClient, kubectl: Kubectl, namespace: str
) -> None:
    kubectl.apply(account("federated"), namespace=namespace)
    token = await service_account_token(kube_client, namespace, "federated", "registry.example")
    payload = token.split(".")[1]
    claims = json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
    assert claims["aud"] == ["registry.example"]
    assert claims["sub"] == f"system:serviceaccount:{namespace}:federated"
    assert 0 < claims["exp"] - claims["iat"] <= 3600
    with pytest.raises(NotFound):
        await service_account_token(kube_client, namespace, "nobody", "registry.example")
