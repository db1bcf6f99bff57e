"""Google's registries: the metadata server, federation, and service accounts of Google."""

from __future__ import annotations

import json
import time

import pytest
from registry.identity.clouds import Cloud, Cluster, account, header, never

from steersman.registry.auth import Credential
from steersman.registry.errors import IdentityFailed
from steersman.registry.identity.exchange import Exchange
from steersman.registry.identity.gcp import Endpoints, GcpIdentity
from steersman.registry.identity.model import Known

HOST = "europe-docker.pkg.dev"
PROVIDER = "projects/123/locations/global/workloadIdentityPools/pool/providers/cluster"
EMAIL = "puller@project.iam.gserviceaccount.com"
OWN = "GET /computeMetadata/v1/instance/service-accounts/default/token"
IMPERSONATE = f"POST /v1/projects/-/serviceAccounts/{EMAIL}:generateAccessToken"


@pytest.fixture
def google(a_cloud: Cloud) -> Cloud:
    a_cloud.answers(OWN, {"access_token": "own-token", "expires_in": 3599, "token_type": "Bearer"})
    a_cloud.answers("POST /v1/token", {"access_token": "federated-token", "expires_in": 3600})
    a_cloud.answers(IMPERSONATE, {"accessToken": "impersonated-token", "expireTime": "2033-05-18T03:33:20Z"})
    for path, text in (
        ("project/project-id", "project"),
        ("instance/attributes/cluster-location", "europe-west1"),
        ("instance/attributes/cluster-name", "cluster"),
    ):
        a_cloud.answers(f"GET /computeMetadata/v1/{path}", text)
    return a_cloud


@pytest.fixture
def identity(exchange: Exchange, google: Cloud) -> GcpIdentity:
    endpoints = Endpoints(sts=google.url, iam=google.url)
    return GcpIdentity(exchange, {"GCE_METADATA_HOST": google.server.host}, endpoints)


async def test_the_operators_own_identity(identity: GcpIdentity, google: Cloud) -> None:
    issued = await identity.credential(HOST, None, never)
    assert issued.credential == Credential("oauth2accesstoken", "own-token")
    assert issued.expires_at == pytest.approx(time.time() + 3599, abs=10)
    assert header(google.asked(OWN), "Metadata-Flavor") == "Google"


async def test_federation(identity: GcpIdentity, google: Cloud, cluster: Cluster) -> None:
    issued = await identity.credential(HOST, account({Known.GCP_PROVIDER: PROVIDER}), cluster.token)
    assert issued.credential == Credential("oauth2accesstoken", "federated-token")
    assert issued.expires_at == pytest.approx(time.time() + 3600, abs=10)
    assert cluster.audiences == [f"//iam.googleapis.com/{PROVIDER}"]
    assert google.paths() == ["POST /v1/token"]
    assert json.loads(google.asked("POST /v1/token").body) == {
        "audience": f"//iam.googleapis.com/{PROVIDER}",
        "grantType": "urn:ietf:params:oauth:grant-type:token-exchange",
        "requestedTokenType": "urn:ietf:params:oauth:token-type:access_token",
        "scope": "https://www.googleapis.com/auth/cloud-platform",
        "subjectToken": f"token-for-//iam.googleapis.com/{PROVIDER}",
        "subjectTokenType": "urn:ietf:params:oauth:token-type:jwt",
    }


async def test_a_service_account_of_google(identity: GcpIdentity, google: Cloud, cluster: Cluster) -> None:
    annotations = {Known.GCP_PROVIDER: PROVIDER, Known.GCP_ACCOUNT: EMAIL}
    issued = await identity.credential(HOST, account(annotations), cluster.token)
    assert issued.credential == Credential("oauth2accesstoken", "impersonated-token")
    assert issued.expires_at == 2_000_000_000
    asked = google.asked(IMPERSONATE)
    assert asked.authorization == "Bearer federated-token"
    assert json.loads(asked.body) == {"scope": ["https://www.googleapis.com/auth/cloud-platform"]}


async def test_the_pool_of_a_gke_cluster(identity: GcpIdentity, google: Cloud, cluster: Cluster) -> None:
    await identity.credential(HOST, account({}), cluster.token)
    assert cluster.audiences == ["project.svc.id.goog"]
    url = "https://container.googleapis.com/v1/projects/project/locations/europe-west1/clusters/cluster"
    sent = json.loads(google.asked("POST /v1/token").body)
    assert sent["audience"] == f"identitynamespace:project.svc.id.goog:{url}"
    assert sent["subjectToken"] == "token-for-project.svc.id.goog"
    assert OWN not in google.paths()


@pytest.mark.parametrize(
    ("annotations", "text"),
    [
        pytest.param({Known.GCP_PROVIDER: "pool"}, f"annotation {Known.GCP_PROVIDER} is not of the form", id="pool"),
        pytest.param(
            {Known.GCP_PROVIDER: PROVIDER, Known.GCP_ACCOUNT: "a/b"},
            f"annotation {Known.GCP_ACCOUNT} is not of the form",
            id="account",
        ),
    ],
)
async def test_annotations_that_name_nothing(
    identity: GcpIdentity, cluster: Cluster, annotations: dict[str, str], text: str
) -> None:
    with pytest.raises(IdentityFailed, match=text):
        await identity.credential(HOST, account(annotations), cluster.token)


async def test_a_refusal_names_the_step(identity: GcpIdentity, google: Cloud, cluster: Cluster) -> None:
    google.answers("POST /v1/token", {"error": "invalid_grant", "error_description": "bad audience"}, 400)
    with pytest.raises(IdentityFailed) as caught:
        await identity.credential(HOST, account({Known.GCP_PROVIDER: PROVIDER}), cluster.token)
    assert caught.value.message == (
        "no credentials from gcp: STS token exchange: 127.0.0.1 answered 400: invalid_grant bad audience"
    )
    error = {"error": {"code": 403, "message": "Permission denied on federated-token", "status": "PERMISSION_DENIED"}}
    google.answers("POST /v1/token", {"access_token": "federated-token"})
    google.answers(IMPERSONATE, error, 403)
    annotations = {Known.GCP_PROVIDER: PROVIDER, Known.GCP_ACCOUNT: EMAIL}
    with pytest.raises(IdentityFailed, match="answered 403: PERMISSION_DENIED Permission denied on …") as caught:
        await identity.credential(HOST, account(annotations), cluster.token)
    assert "roles/iam.workloadIdentityUser" in caught.value.hint


@pytest.mark.parametrize(
    ("host", "serves"),
    [
        (HOST, True),
        ("gcr.io", True),
        ("eu.gcr.io", True),
        ("gcr.io.evil.io", False),
        ("evilgcr.io", False),
        ("a.b.gcr.io", False),
        ("europe-docker.pkg.dev:444", False),
    ],
)
def test_hosts(identity: GcpIdentity, host: str, serves: bool) -> None:
    assert identity.serves(host) is serves
