"""From a ServiceAccount to a chart: what the clouds' exchanges gave is what their registries want.

The registries have their real names and challenges; a proxy leads to the server that plays them.
"""

from __future__ import annotations

import base64
import datetime
import json
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import NamedTuple

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from registry.identity.clouds import Cloud, Cluster, account, form
from registry.identity.test_aws import ASSUMED, AUTHORIZED, HOST, ROLE
from registry.proxying import proxy_to
from registry.scripted import CHART, REPOSITORY, Reply, Request, ScriptedServer, contents, manifest_of, serve, sha256

from steersman.registry.access import Access, Tls
from steersman.registry.identity.aws import AwsIdentity
from steersman.registry.identity.azure import AzureIdentity
from steersman.registry.identity.broker import WorkloadIdentities
from steersman.registry.identity.exchange import Exchange
from steersman.registry.identity.gcp import Endpoints, GcpIdentity
from steersman.registry.identity.model import CloudIdentity, Known
from steersman.registry.source import ChartSources

MANIFEST = manifest_of()
GOOGLE = "europe-docker.pkg.dev"
AZURE = "charts.azurecr.io"
PROVIDER = "projects/1/locations/global/workloadIdentityPools/pool/providers/cluster"


class Case(NamedTuple):
    host: str
    annotations: dict[str, str]
    challenge: str
    authorization: str
    """What the registry wants in the end."""


def basic(pair: str) -> str:
    return f"Basic {base64.b64encode(pair.encode()).decode()}"


CASES = {
    "aws": Case(HOST, {Known.AWS_ROLE: ROLE}, f'Basic realm="https://{HOST}/",service="ecr"', basic("AWS:pass:word")),
    "gcp": Case(
        GOOGLE,
        {Known.GCP_PROVIDER: PROVIDER},
        f'Bearer realm="https://{GOOGLE}/v2/token",service="{GOOGLE}",scope="repository:{REPOSITORY}:pull"',
        "Bearer pull-token",
    ),
    "azure": Case(
        AZURE,
        {Known.AZURE_CLIENT: "client", Known.AZURE_TENANT: "tenant"},
        f'Bearer realm="https://{AZURE}/oauth2/token",service="{AZURE}",scope="repository:{REPOSITORY}:pull"',
        "Bearer pull-token",
    ),
}


@pytest.fixture
def a_cloud(a_cloud: Cloud) -> Cloud:
    a_cloud.answers("POST /tenant/oauth2/v2.0/token", {"access_token": "entra-token"})
    a_cloud.answers("POST /oauth2/exchange", {"refresh_token": "acr-refresh-token"})
    a_cloud.answers("POST /v1/token", {"access_token": "google-token"})
    answer = a_cloud.server.script

    def script(request: Request) -> Reply:
        if request.path != "/":
            return answer(request)
        is_ecr = any(name.lower() == "x-amz-target" for name in request.headers)
        return Reply(200, json.dumps(AUTHORIZED).encode() if is_ecr else ASSUMED.encode())

    a_cloud.server.script = script
    return a_cloud


@pytest.fixture
async def identities(a_cloud: Cloud, exchange: Exchange) -> AsyncIterator[WorkloadIdentities]:
    providers: dict[str, CloudIdentity] = {
        "aws": AwsIdentity(exchange, {"AWS_ENDPOINT_URL": a_cloud.url}),
        "azure": AzureIdentity(exchange, {"AZURE_AUTHORITY_HOST": a_cloud.url}, lambda host: a_cloud.url),
        "gcp": GcpIdentity(exchange, {}, Endpoints(a_cloud.url, a_cloud.url)),
    }
    shared = WorkloadIdentities({}, providers=providers, exchange=exchange)
    yield shared
    await shared.close()


@pytest.fixture
def authority(tmp_path: Path) -> Path:
    """A certificate that signs itself, for all of the registries; its key is beside it."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "registries of a test")])
    now = datetime.datetime.now(datetime.UTC)
    names = x509.SubjectAlternativeName([x509.DNSName(case.host) for case in CASES.values()])
    certificate = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(hours=1))
        .not_valid_after(now + datetime.timedelta(hours=1))
        .add_extension(names, critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    path = tmp_path / "tls.crt"
    path.write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    path.with_suffix(".key").write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    return path


@pytest.fixture
def trust(authority: Path) -> Tls:
    return Tls(ca=authority.read_bytes())


@pytest.fixture
def registry(authority: Path) -> Iterator[ScriptedServer]:
    with serve((authority, authority.with_suffix(".key"))) as server:
        yield server


def play(case: Case, server: ScriptedServer) -> None:
    """Let the server be this registry, its token service included."""
    works = contents(MANIFEST)

    def script(request: Request) -> Reply:
        if request.path.startswith("/v2/token"):
            good = request.authorization == basic("oauth2accesstoken:google-token")
            return Reply(200, b'{"token": "pull-token"}') if good else Reply(401)
        if request.path == "/oauth2/token":
            sent = form(request)
            good = (sent["grant_type"], sent["refresh_token"]) == ("refresh_token", "acr-refresh-token")
            return Reply(200, b'{"access_token": "pull-token"}') if good else Reply(401)
        if request.authorization == case.authorization:
            return works(request)
        return Reply(401, headers={"WWW-Authenticate": case.challenge})

    server.script = script


@pytest.mark.parametrize("provider", CASES)
async def test_a_chart_by_the_identity_of_a_service_account(
    provider: str,
    identities: WorkloadIdentities,
    cluster: Cluster,
    registry: ScriptedServer,
    trust: Tls,
    sources: ChartSources,
) -> None:
    case = CASES[provider]
    play(case, registry)
    credential = await identities.credential(provider, case.host, account(case.annotations), cluster.token)
    with proxy_to(registry.host) as proxy:
        access = Access(credential, tls=trust, proxy=proxy.url)
        found = await sources.source(access).fetch(f"oci://{case.host}/{REPOSITORY}", sha256(MANIFEST))
    assert found == CHART
    assert set(proxy.asked) == {f"{case.host}:443"}
    assert len(cluster.audiences) == 1
