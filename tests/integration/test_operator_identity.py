"""Workload identity from the real API server: tokens of ServiceAccounts for an audience, judged by TokenReview.

The registry and the cloud are scripted; what they are shown, the API server itself says who it is of.
"""

from __future__ import annotations

from collections.abc import Iterator
from urllib.parse import parse_qs

import pytest
from cli.support import CHART, MANIFEST, TAGS
from integration.operating import Bench, ReleaseHandle, operating
from registry.scripted import Reply, Request, ScriptedServer, contents, serve, sha256
from testenv.instance import Instance

DENIED = b"<ErrorResponse><Error><Code>AccessDenied</Code><Message>Not authorized</Message></Error></ErrorResponse>"
ECR = "oci://123456789012.dkr.ecr.eu-west-1.amazonaws.com/charts/demo"


@pytest.fixture(scope="module")
def sts() -> Iterator[ScriptedServer]:
    """AWS' token service, which refuses everybody."""
    with serve() as server:
        server.script = lambda request: Reply(403, DENIED)
        yield server


@pytest.fixture(scope="module")
def bench(
    own_control_plane: Instance, tmp_path_factory: pytest.TempPathFactory, sts: ScriptedServer
) -> Iterator[Bench]:
    environment = {"AWS_ENDPOINT_URL_STS": f"http://{sts.host}"}
    with operating(own_control_plane, tmp_path_factory.mktemp("bench"), environment=environment) as bench:
        yield bench


def service_account(bench: Bench, namespace: str, annotations: dict[str, str]) -> None:
    metadata = {"name": "puller", "annotations": annotations}
    bench.kubectl.apply({"apiVersion": "v1", "kind": "ServiceAccount", "metadata": metadata}, namespace=namespace)


def user_of(bench: Bench, token: str, audience: str) -> str:
    """Whom the API server takes this token for, "" for nobody."""
    if not token:
        return ""
    review = {
        "apiVersion": "authentication.k8s.io/v1",
        "kind": "TokenReview",
        "spec": {"token": token, "audiences": [audience]},
    }
    answer = bench.instance.api.request("POST", "/apis/authentication.k8s.io/v1/tokenreviews", body=review)
    status = answer.json()["status"]
    return str(status["user"]["username"]) if status.get("authenticated") else ""


def test_a_registry_that_trusts_the_cluster(bench: Bench, release: ReleaseHandle) -> None:
    shown: set[str] = set()
    works = contents(MANIFEST, CHART, TAGS)

    def script(request: Request) -> Reply:
        shown.add(request.authorization)
        token = request.authorization.removeprefix("Bearer ")
        if user_of(bench, token, "charts") == f"system:serviceaccount:{release.namespace}:puller":
            return works(request)
        return Reply(401, headers={"WWW-Authenticate": 'Basic realm="the cluster"'})

    with serve() as registry:
        registry.script = script
        chart = {"url": registry.url, "digest": sha256(MANIFEST), "insecure": True}
        service_account(bench, release.namespace, {})
        release.apply({**chart, "serviceAccountName": "puller"})
        refused = release.wait_condition("Ready", "False")
        assert "access denied" in refused["message"]
        assert shown == {""}
        service_account(bench, release.namespace, {"steersman.dev/registry-audience": "charts"})
        release.wait_ready(1)
        (token,) = shown - {""}
        assert user_of(bench, token.removeprefix("Bearer "), "https://kubernetes.default.svc") == ""


def test_a_cloud_is_shown_a_token_for_it_and_its_refusal_is_told(
    bench: Bench, release: ReleaseHandle, sts: ScriptedServer
) -> None:
    role = "arn:aws:iam::123456789012:role/pull"
    service_account(bench, release.namespace, {"eks.amazonaws.com/role-arn": role})
    release.apply({"url": ECR, "version": "1.2.3", "provider": "aws", "serviceAccountName": "puller"})
    refused = release.wait_condition("Ready", "False")
    assert (
        "123456789012.dkr.ecr.eu-west-1.amazonaws.com: no credentials from aws: STS AssumeRoleWithWebIdentity: "
        "127.0.0.1 answered 403: AccessDenied Not authorized"
    ) in refused["message"]
    assert "trust policy" in refused["message"]
    form = parse_qs(sts.requests[-1].body.decode())
    assert form["RoleArn"] == [role]
    (token,) = form["WebIdentityToken"]
    assert user_of(bench, token, "sts.amazonaws.com") == f"system:serviceaccount:{release.namespace}:puller"
    assert token not in bench.operator.log.read_text()
