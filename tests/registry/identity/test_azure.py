"""Azure's registries: federation, managed identities, and the registry's own exchange."""

from __future__ import annotations

import time
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest
from registry.identity.clouds import Cloud, Cluster, account, form, header, jwt, never

from steersman.registry.auth import Credential
from steersman.registry.errors import IdentityFailed
from steersman.registry.identity.azure import AzureIdentity
from steersman.registry.identity.exchange import Exchange
from steersman.registry.identity.model import Known

HOST = "charts.azurecr.io"
REFRESH = jwt({"exp": 2_000_000_000})
ENTRA = "POST /tenant-1/oauth2/v2.0/token"
IMDS = "GET /metadata/identity/oauth2/token"
REGISTRY = "POST /oauth2/exchange"
ANNOTATIONS = {Known.AZURE_CLIENT: "client-1", Known.AZURE_TENANT: "tenant-1"}


@pytest.fixture
def azure(a_cloud: Cloud) -> Cloud:
    a_cloud.answers(ENTRA, {"token_type": "Bearer", "expires_in": 3599, "access_token": "entra-token"})
    a_cloud.answers(IMDS, {"access_token": "machine-token", "expires_in": "86399"})
    a_cloud.answers(REGISTRY, {"refresh_token": REFRESH})
    return a_cloud


def identity(exchange: Exchange, azure: Cloud, **environment: str) -> AzureIdentity:
    hosts = {"AZURE_AUTHORITY_HOST": f"{azure.url}/", "AZURE_POD_IDENTITY_AUTHORITY_HOST": azure.url}
    return AzureIdentity(exchange, hosts | environment, registry_url=lambda host: azure.url)


async def test_a_service_account(exchange: Exchange, azure: Cloud, cluster: Cluster) -> None:
    issued = await identity(exchange, azure).credential(HOST, account(ANNOTATIONS), cluster.token)
    assert issued.credential == Credential(identity_token=REFRESH)
    assert issued.expires_at == 2_000_000_000
    assert cluster.audiences == ["api://AzureADTokenExchange"]
    assert form(azure.asked(ENTRA)) == {
        "client_id": "client-1",
        "client_assertion_type": "urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
        "client_assertion": "token-for-api://AzureADTokenExchange",
        "grant_type": "client_credentials",
        "scope": "https://containerregistry.azure.net/.default",
    }
    assert form(azure.asked(REGISTRY)) == {
        "grant_type": "access_token",
        "service": HOST,
        "tenant": "tenant-1",
        "access_token": "entra-token",
    }


async def test_the_operators_federated_token(exchange: Exchange, azure: Cloud, tmp_path: Path) -> None:
    file = tmp_path / "token"
    file.write_text("token-of-the-pod\n")
    ways = identity(
        exchange,
        azure,
        AZURE_TENANT_ID="tenant-1",
        AZURE_CLIENT_ID="client-1",
        AZURE_FEDERATED_TOKEN_FILE=str(file),
    )
    assert (await ways.credential(HOST, None, never)).credential == Credential(identity_token=REFRESH)
    assert form(azure.asked(ENTRA))["client_assertion"] == "token-of-the-pod"


async def test_a_managed_identity(exchange: Exchange, azure: Cloud) -> None:
    azure.answers(REGISTRY, {"refresh_token": "opaque"})
    issued = await identity(exchange, azure, AZURE_CLIENT_ID="client-1").credential("charts.azurecr.cn", None, never)
    assert issued.expires_at == pytest.approx(time.time() + 3600, abs=10)
    asked = azure.asked(IMDS)
    assert header(asked, "Metadata") == "true"
    assert parse_qs(urlsplit(asked.path).query) == {
        "api-version": ["2018-02-01"],
        "resource": ["https://containerregistry.azure.cn"],
        "client_id": ["client-1"],
    }
    assert form(azure.asked(REGISTRY)) == {
        "grant_type": "access_token",
        "service": "charts.azurecr.cn",
        "access_token": "machine-token",
    }


@pytest.mark.parametrize("missing", [Known.AZURE_CLIENT, Known.AZURE_TENANT])
async def test_a_service_account_without_its_ids_never_gets_the_operators(
    exchange: Exchange, azure: Cloud, cluster: Cluster, missing: str
) -> None:
    annotations = {key: value for key, value in ANNOTATIONS.items() if key != missing}
    ways = identity(exchange, azure, AZURE_CLIENT_ID="operators")
    with pytest.raises(IdentityFailed, match=f"ServiceAccount team/puller: it has no annotation {missing}"):
        await ways.credential(HOST, account(annotations), cluster.token)
    assert (azure.server.requests, cluster.audiences) == ([], [])


async def test_the_tenant_may_be_the_operators(exchange: Exchange, azure: Cloud, cluster: Cluster) -> None:
    ways = identity(exchange, azure, AZURE_TENANT_ID="tenant-1")
    await ways.credential(HOST, account({Known.AZURE_CLIENT: "client-1"}), cluster.token)
    assert azure.paths() == [ENTRA, REGISTRY]


async def test_a_tenant_is_no_path(exchange: Exchange, azure: Cloud, cluster: Cluster) -> None:
    annotations = {**ANNOTATIONS, Known.AZURE_TENANT: "../x?y"}
    with pytest.raises(IdentityFailed, match="the tenant id is none"):
        await identity(exchange, azure).credential(HOST, account(annotations), cluster.token)
    assert azure.server.requests == []


@pytest.mark.parametrize(
    ("key", "content", "text", "hint"),
    [
        pytest.param(
            ENTRA,
            {"error": "invalid_client", "error_description": "AADSTS70021: token-for-api://AzureADTokenExchange"},
            "Microsoft Entra token: 127.0.0.1 answered 401: invalid_client AADSTS70021: …",
            "federated credential",
            id="entra",
        ),
        pytest.param(
            REGISTRY,
            {"errors": [{"code": "UNAUTHORIZED"}]},
            "the registry's token exchange: 127.0.0.1 answered 401",
            "AcrPull",
            id="registry",
        ),
    ],
)
async def test_refusals(
    exchange: Exchange, azure: Cloud, cluster: Cluster, key: str, content: object, text: str, hint: str
) -> None:
    azure.answers(key, content, 401)
    with pytest.raises(IdentityFailed) as caught:
        await identity(exchange, azure).credential(HOST, account(ANNOTATIONS), cluster.token)
    assert text in caught.value.message
    assert hint in caught.value.hint
    assert "token-for" not in str(caught.value)


@pytest.mark.parametrize(
    ("host", "serves"),
    [
        (HOST, True),
        ("charts.azurecr.us", True),
        ("charts.westeurope.azurecr.io", True),
        ("charts.azurecr.io.evil.io", False),
        ("charts.azurecr.de", False),
        ("azurecr.io", False),
        ("charts.azurecr.io:444", False),
        ("evil.io/charts.azurecr.io", False),
    ],
)
def test_hosts(exchange: Exchange, azure: Cloud, host: str, serves: bool) -> None:
    assert identity(exchange, azure).serves(host) is serves
