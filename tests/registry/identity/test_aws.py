"""ECR: where keys come from, what is asked with them, and what a signature covers."""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
from pathlib import Path

import pytest
from registry.identity.clouds import Cloud, Cluster, account, cloud, form, header, never
from registry.scripted import Reply, Request

from steersman.registry.auth import Credential
from steersman.registry.errors import IdentityFailed
from steersman.registry.identity.aws import AwsIdentity
from steersman.registry.identity.aws_requests import registry_of, sts_endpoint
from steersman.registry.identity.exchange import Exchange
from steersman.registry.identity.model import Issued, Known

HOST = "123456789012.dkr.ecr.eu-west-1.amazonaws.com"
ROLE = "arn:aws:iam::123456789012:role/pull"
SECRET = "hunter2-secret-key"
ASSUMED = f"""<AssumeRoleWithWebIdentityResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/">
  <AssumeRoleWithWebIdentityResult>
    <Credentials>
      <AccessKeyId>ASIA1</AccessKeyId><SecretAccessKey>{SECRET}</SecretAccessKey>
      <SessionToken>session-token</SessionToken><Expiration>2026-11-29T12:00:00Z</Expiration>
    </Credentials>
  </AssumeRoleWithWebIdentityResult>
</AssumeRoleWithWebIdentityResponse>"""
KEYS = {"Code": "Success", "AccessKeyId": "ASIA1", "SecretAccessKey": SECRET, "Token": "session-token"}
PASSWORD = base64.b64encode(b"AWS:pass:word").decode()
AUTHORIZED = {"authorizationData": [{"authorizationToken": PASSWORD, "expiresAt": 1.8e9, "proxyEndpoint": "x"}]}
ISSUED = Issued(Credential("AWS", "pass:word"), 1.8e9)


def identity(exchange: Exchange, cloud: Cloud, **environment: str) -> AwsIdentity:
    return AwsIdentity(exchange, {"AWS_ENDPOINT_URL": cloud.url, **environment})


def check_signature(request: Request, service: str, region: str) -> None:
    """By the steps of AWS' documentation, from what came over the wire."""
    match = re.fullmatch(
        r"AWS4-HMAC-SHA256 Credential=ASIA1/(\d{8})/([^/]+)/([^/]+)/aws4_request, SignedHeaders=(\S+), Signature=(\S+)",
        request.authorization,
    )
    assert match is not None
    day, signed_region, signed_service, names, signature = match.groups()
    assert (signed_region, signed_service) == (region, service)
    assert {"host", "x-amz-date", "x-amz-target", "x-amz-security-token"} <= set(names.split(";"))
    lines = "".join(f"{name}:{header(request, name)}\n" for name in names.split(";"))
    canonical = f"{request.method}\n{request.path}\n\n{lines}\n{names}\n{hashlib.sha256(request.body).hexdigest()}"
    date, scope = header(request, "X-Amz-Date"), f"{day}/{region}/{service}/aws4_request"
    text = f"AWS4-HMAC-SHA256\n{date}\n{scope}\n{hashlib.sha256(canonical.encode()).hexdigest()}"
    key = b"AWS4" + SECRET.encode()
    for part in scope.split("/"):
        key = hmac.new(key, part.encode(), hashlib.sha256).digest()
    assert hmac.new(key, text.encode(), hashlib.sha256).hexdigest() == signature


class Aws(Cloud):
    """STS and ECR on one port: both are asked with `POST /`."""

    def __init__(self, other: Cloud) -> None:
        self.server = other.server
        self.replies = other.replies
        self.sts = Reply(200, ASSUMED.encode())
        self.answers("ecr", AUTHORIZED)
        other.server.script = self.script

    def script(self, request: Request) -> Reply:
        if self.key(request) != "POST /":
            return self.replies.get(self.key(request), Reply(404))
        return self.replies["ecr"] if header(request, "X-Amz-Target") else self.sts


@pytest.fixture
def aws(a_cloud: Cloud) -> Aws:
    return Aws(a_cloud)


async def test_a_service_account_with_a_role(exchange: Exchange, aws: Aws, cluster: Cluster) -> None:
    ways = identity(exchange, aws)
    assert await ways.credential(HOST, account({Known.AWS_ROLE: ROLE}), cluster.token) == ISSUED
    assert cluster.audiences == ["sts.amazonaws.com"]
    assume, authorize = aws.server.requests
    assert form(assume) == {
        "Action": "AssumeRoleWithWebIdentity",
        "Version": "2011-06-15",
        "RoleArn": ROLE,
        "RoleSessionName": "steersman-team-puller",
        "DurationSeconds": "3600",
        "WebIdentityToken": "token-for-sts.amazonaws.com",
    }
    assert assume.authorization == ""
    assert authorize.body == b"{}"
    assert header(authorize, "Content-Type") == "application/x-amz-json-1.1"
    assert header(authorize, "X-Amz-Target") == "AmazonEC2ContainerRegistry_V20150921.GetAuthorizationToken"
    check_signature(authorize, "ecr", "eu-west-1")


async def test_the_public_registry(exchange: Exchange, aws: Aws, cluster: Cluster) -> None:
    aws.answers("ecr", {"authorizationData": AUTHORIZED["authorizationData"][0]})
    ways = identity(exchange, aws)
    assert await ways.credential("public.ecr.aws", account({Known.AWS_ROLE: ROLE}), cluster.token) == ISSUED
    _, authorize = aws.server.requests
    assert header(authorize, "X-Amz-Target") == "SpencerFrontendService.GetAuthorizationToken"
    check_signature(authorize, "ecr-public", "us-east-1")


async def test_a_service_account_without_a_role_never_gets_the_operators(
    exchange: Exchange, aws: Aws, cluster: Cluster
) -> None:
    ways = identity(exchange, aws, AWS_ACCESS_KEY_ID="ASIA1", AWS_SECRET_ACCESS_KEY=SECRET)
    with pytest.raises(IdentityFailed, match="ServiceAccount team/puller: it has no annotation eks") as caught:
        await ways.credential(HOST, account({}), cluster.token)
    assert "annotate it with the ARN" in caught.value.hint
    assert (aws.server.requests, cluster.audiences) == ([], [])


async def test_the_operators_web_identity(exchange: Exchange, aws: Aws, tmp_path: Path) -> None:
    file = tmp_path / "token"
    file.write_text("token-of-the-pod\n")
    ways = identity(exchange, aws, AWS_ROLE_ARN=ROLE, AWS_WEB_IDENTITY_TOKEN_FILE=str(file))
    assert await ways.credential(HOST, None, never) == ISSUED
    sent = form(aws.server.requests[0])
    assert (sent["WebIdentityToken"], sent["RoleSessionName"]) == ("token-of-the-pod", "steersman")


async def test_keys_in_the_environment(exchange: Exchange, aws: Aws) -> None:
    keys = {"AWS_ACCESS_KEY_ID": "ASIA1", "AWS_SECRET_ACCESS_KEY": SECRET, "AWS_SESSION_TOKEN": "session-token"}
    assert await identity(exchange, aws, **keys).credential(HOST, None, never) == ISSUED
    (authorize,) = aws.server.requests
    check_signature(authorize, "ecr", "eu-west-1")


async def test_eks_pod_identity(exchange: Exchange, aws: Aws, tmp_path: Path) -> None:
    file = tmp_path / "token"
    file.write_text("token-of-the-pod")
    aws.answers("GET /v1/credentials", KEYS)
    ways = identity(
        exchange,
        aws,
        AWS_CONTAINER_CREDENTIALS_FULL_URI=f"{aws.url}/v1/credentials",
        AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE=str(file),
    )
    assert await ways.credential(HOST, None, never) == ISSUED
    assert aws.asked("GET /v1/credentials").authorization == "token-of-the-pod"


async def test_the_instance(exchange: Exchange, aws: Aws) -> None:
    aws.answers("PUT /latest/api/token", "imds-session")
    aws.answers("GET /latest/meta-data/iam/security-credentials/", "node-role\n")
    aws.answers("GET /latest/meta-data/iam/security-credentials/node-role", KEYS)
    ways = identity(exchange, aws, AWS_EC2_METADATA_SERVICE_ENDPOINT=aws.url)
    assert await ways.credential(HOST, None, never) == ISSUED
    session, *asked, _ = aws.server.requests
    assert header(session, "X-aws-ec2-metadata-token-ttl-seconds") == "300"
    assert [header(request, "X-aws-ec2-metadata-token") for request in asked] == ["imds-session"] * 2


async def test_each_service_has_an_endpoint_of_its_own(exchange: Exchange, aws: Aws, cluster: Cluster) -> None:
    with cloud() as sts:
        sts.answers("POST /", ASSUMED)
        environment = {"AWS_ENDPOINT_URL_STS": sts.url, "AWS_ENDPOINT_URL_ECR": f"{aws.url}/"}
        ways = AwsIdentity(exchange, environment)
        assert await ways.credential(HOST, account({Known.AWS_ROLE: ROLE}), cluster.token) == ISSUED
        assert (sts.paths(), aws.paths()) == (["POST /"], ["POST /"])


DENIED = (
    b"<ErrorResponse><Error><Code>AccessDenied</Code>"
    b"<Message>Not authorized to perform sts:AssumeRoleWithWebIdentity token-for-sts.amazonaws.com</Message></Error>"
    b"</ErrorResponse>"
)
NOT_ALLOWED = b'{"__type":"com.amazon#AccessDeniedException","Message":"not allowed: session-token"}'


@pytest.mark.parametrize(
    ("sts", "ecr", "text", "hint"),
    [
        pytest.param(
            Reply(403, DENIED),
            None,
            "STS AssumeRoleWithWebIdentity: 127.0.0.1 answered 403: AccessDenied Not authorized to perform "
            "sts:AssumeRoleWithWebIdentity …",
            "trust policy",
            id="role-refused",
        ),
        pytest.param(Reply(200, b"<a"), None, "its answer is not what this step gives", "", id="no-xml"),
        pytest.param(Reply(200, b"<a/>"), None, "its answer is not what this step gives", "", id="no-keys"),
        pytest.param(
            None,
            Reply(400, NOT_ALLOWED),
            "ECR GetAuthorizationToken: 127.0.0.1 answered 400: AccessDeniedException not allowed: …",
            "ecr:GetAuthorizationToken",
            id="no-right",
        ),
        pytest.param(None, Reply(200, b"hunter2"), "its answer is not what this step gives", "", id="no-json"),
        pytest.param(None, Reply(200, b'{"authorizationData": []}'), "its answer has no token", "", id="no-token"),
    ],
)
async def test_refusals(
    exchange: Exchange, aws: Aws, cluster: Cluster, sts: Reply | None, ecr: Reply | None, text: str, hint: str
) -> None:
    aws.sts = sts or aws.sts
    aws.replies["ecr"] = ecr or aws.replies["ecr"]
    with pytest.raises(IdentityFailed) as caught:
        await identity(exchange, aws).credential(HOST, account({Known.AWS_ROLE: ROLE}), cluster.token)
    assert caught.value.message.startswith("no credentials from aws: ")
    assert text in caught.value.message
    assert hint in caught.value.hint
    assert not re.search("hunter2|token-for|session-token", str(caught.value))


@pytest.mark.parametrize(
    ("environment", "text"),
    [
        pytest.param(
            {"AWS_CONTAINER_CREDENTIALS_FULL_URI": "http://example.com/x"}, "neither https://", id="foreign-agent"
        ),
        pytest.param({"AWS_EC2_METADATA_DISABLED": "true"}, "AWS_EC2_METADATA_DISABLED", id="nothing"),
        pytest.param(
            {"AWS_ROLE_ARN": ROLE, "AWS_WEB_IDENTITY_TOKEN_FILE": "/nowhere"},
            "the file in AWS_WEB_IDENTITY_TOKEN_FILE: cannot be read: No such file",
            id="no-file",
        ),
    ],
)
async def test_an_environment_without_an_identity(
    exchange: Exchange, aws: Aws, environment: dict[str, str], text: str
) -> None:
    with pytest.raises(IdentityFailed, match=text):
        await identity(exchange, aws, **environment).credential(HOST, None, never)
    assert aws.server.requests == []


async def test_a_machine_that_is_none_of_amazons(exchange: Exchange, aws: Aws) -> None:
    ways = identity(exchange, aws, AWS_EC2_METADATA_SERVICE_ENDPOINT="http://127.0.0.1:1")
    with pytest.raises(IdentityFailed, match=r"the instance's metadata \(IMDSv2\): connection failed") as caught:
        await ways.credential(HOST, None, never)
    assert "give the operator an IAM role" in caught.value.hint


@pytest.mark.parametrize(
    ("host", "region", "endpoint"),
    [
        pytest.param(HOST, "eu-west-1", "https://api.ecr.eu-west-1.amazonaws.com", id="usual"),
        pytest.param(
            "123456789012.dkr.ecr.cn-north-1.amazonaws.com.cn",
            "cn-north-1",
            "https://api.ecr.cn-north-1.amazonaws.com.cn",
            id="china",
        ),
        pytest.param(
            "123456789012.dkr.ecr-fips.us-east-1.amazonaws.com",
            "us-east-1",
            "https://ecr-fips.us-east-1.amazonaws.com",
            id="fips",
        ),
        pytest.param(
            "123456789012.dkr-ecr.us-east-1.on.aws", "us-east-1", "https://ecr.us-east-1.api.aws", id="dual-stack"
        ),
        pytest.param("public.ecr.aws", "us-east-1", "https://api.ecr-public.us-east-1.amazonaws.com", id="public"),
        *(
            pytest.param(host, "", "", id=host)
            for host in (
                f"{HOST}.evil.io",
                f"{HOST}:5000",
                f"x.{HOST}",
                "12345678901.dkr.ecr.eu-west-1.amazonaws.com",
                "123456789012.dkr.ecr.eu-west-1.evil.amazonaws.com.io",
                "123456789012.dkr.ecr.a/b.amazonaws.com",
                "public.ecr.aws.evil.io",
                "docker.io",
            )
        ),
    ],
)
def test_hosts(host: str, region: str, endpoint: str) -> None:
    found = registry_of(host)
    assert (found.region, found.endpoint) == (region, endpoint) if found else endpoint == ""


def test_endpoints_of_sts() -> None:
    assert sts_endpoint("eu-west-1") == "https://sts.eu-west-1.amazonaws.com"
    assert sts_endpoint("cn-north-1") == "https://sts.cn-north-1.amazonaws.com.cn"
