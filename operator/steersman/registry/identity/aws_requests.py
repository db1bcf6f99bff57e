"""The requests that `aws` sends, built, and their answers, read. No I/O."""

from __future__ import annotations

import base64
import re
from datetime import datetime
from typing import NamedTuple
from urllib.parse import quote, urlencode
from xml.etree import ElementTree

import msgspec

from steersman.registry.auth import Credential
from steersman.registry.errors import IdentityFailed
from steersman.registry.identity.model import Issued, Request, Step, decode
from steersman.registry.identity.sigv4 import AwsKeys, Scope, signed_headers

ASSUME_ROLE = Step(
    "aws",
    "STS AssumeRoleWithWebIdentity",
    "check the role's ARN, and that its trust policy names the cluster's OIDC provider, the audience sts.amazonaws.com "
    "and this ServiceAccount",
)
CONTAINER = Step(
    "aws",
    "the container's credentials",
    "check the pod identity association of the operator's ServiceAccount",
    machine=True,
)
INSTANCE = Step(
    "aws",
    "the instance's metadata (IMDSv2)",
    "give the operator an IAM role: by its ServiceAccount, a pod identity association, or the node's instance profile",
    machine=True,
)
AUTHORIZATION = Step(
    "aws", "ECR GetAuthorizationToken", "allow the role ecr:GetAuthorizationToken, and pulling from the repository"
)

_PUBLIC_HOST = "public.ecr.aws"
_PUBLIC_REGION = "us-east-1"
_PRIVATE_HOST = re.compile(
    r"\d{12}\.dkr[.-]ecr(?P<fips>-fips)?\.(?P<region>[a-z0-9-]+)\."
    r"(?P<domain>amazonaws\.com|amazonaws\.com\.cn|amazonaws\.eu|on\.aws|on\.amazonwebservices\.com\.cn)"
)
_DUAL_STACK = {"on.aws": "api.aws", "on.amazonwebservices.com.cn": "api.amazonwebservices.com.cn"}
_XML = "{https://sts.amazonaws.com/doc/2011-06-15/}"
_SESSION_SECONDS = 3600
_NAME_LENGTH = 64


class EcrRegistry(NamedTuple):
    """What the name of a registry's host says."""

    region: str
    endpoint: str
    is_public: bool = False


class _Keys(msgspec.Struct, frozen=True, rename="pascal"):
    access_key_id: str
    secret_access_key: str
    token: str = ""


class _Authorization(msgspec.Struct, frozen=True, rename="camel"):
    authorization_token: str
    expires_at: float


class _Authorizations(msgspec.Struct, frozen=True, rename="camel"):
    authorization_data: list[_Authorization] | _Authorization


def registry_of(host: str) -> EcrRegistry | None:
    """The registry of this host, None where it is none of ECR."""
    if host == _PUBLIC_HOST:
        return EcrRegistry(_PUBLIC_REGION, f"https://api.ecr-public.{_PUBLIC_REGION}.amazonaws.com", is_public=True)
    match = _PRIVATE_HOST.fullmatch(host)
    if match is None:
        return None
    region, domain, fips = match["region"], match["domain"], match["fips"] or ""
    if domain in _DUAL_STACK:
        return EcrRegistry(region, f"https://ecr{fips}.{region}.{_DUAL_STACK[domain]}")
    return EcrRegistry(region, f"https://{'ecr-fips' if fips else 'api.ecr'}.{region}.{domain}")


def sts_endpoint(region: str) -> str:
    """The regional endpoint of STS."""
    return f"https://sts.{region}.amazonaws.com{'.cn' if region.startswith('cn-') else ''}"


def assume_role(endpoint: str, role: str, name: str, token: str) -> Request:
    """Keys of a role, for the token of a ServiceAccount. This action is not signed."""
    form = {
        "Action": "AssumeRoleWithWebIdentity",
        "Version": "2011-06-15",
        "RoleArn": role,
        "RoleSessionName": re.sub(r"[^\w+=,.@-]", "-", name, flags=re.ASCII)[:_NAME_LENGTH],
        "DurationSeconds": str(_SESSION_SECONDS),
        "WebIdentityToken": token,
    }
    headers = {"Content-Type": "application/x-www-form-urlencoded", "Accept": "application/xml"}
    return Request(ASSUME_ROLE, "POST", f"{endpoint.rstrip('/')}/", headers, urlencode(form).encode(), (token,))


def read_assumed_role(body: bytes) -> AwsKeys:
    """The keys in the answer to `assume_role`."""
    try:
        found = ElementTree.fromstring(body).find(f".//{_XML}Credentials")  # noqa: S314 - of AWS, and bounded
    except ElementTree.ParseError:
        found = None
    values = {} if found is None else {child.tag.removeprefix(_XML): child.text or "" for child in found}
    keys = AwsKeys(*(values.get(name, "") for name in ("AccessKeyId", "SecretAccessKey", "SessionToken")))
    if not (keys.access_key and keys.secret_key and keys.token):
        raise IdentityFailed(ASSUME_ROLE.provider, ASSUME_ROLE.name, "its answer is not what this step gives")
    return keys


def container_keys(url: str, token: str) -> Request:
    """Keys from the agent of EKS Pod Identity, or of ECS."""
    return Request(CONTAINER, "GET", url, {"Authorization": token} if token else {}, secrets=(token,))


def instance_token(base: str) -> Request:
    """IMDSv2: a session."""
    return Request(INSTANCE, "PUT", f"{base}/latest/api/token", {"X-aws-ec2-metadata-token-ttl-seconds": "300"})


def instance_roles(base: str, token: str) -> Request:
    """The role of the instance profile."""
    headers = {"X-aws-ec2-metadata-token": token}
    return Request(INSTANCE, "GET", f"{base}/latest/meta-data/iam/security-credentials/", headers, secrets=(token,))


def instance_keys(base: str, token: str, role: str) -> Request:
    """Its keys."""
    url = f"{base}/latest/meta-data/iam/security-credentials/{quote(role, safe='')}"
    return Request(INSTANCE, "GET", url, {"X-aws-ec2-metadata-token": token}, secrets=(token,))


def read_keys(step: Step, body: bytes) -> AwsKeys:
    """The keys in an answer of an agent or of the instance."""
    keys = decode(step, body, _Keys)
    return AwsKeys(keys.access_key_id, keys.secret_access_key, keys.token)


def authorization(registry: EcrRegistry, endpoint: str, keys: AwsKeys, now: datetime) -> Request:
    """A password for the registry."""
    target = (
        "SpencerFrontendService.GetAuthorizationToken"
        if registry.is_public
        else "AmazonEC2ContainerRegistry_V20150921.GetAuthorizationToken"
    )
    scope = Scope(registry.region, "ecr-public" if registry.is_public else "ecr")
    url, body = f"{endpoint.rstrip('/')}/", b"{}"
    headers = signed_headers(
        "POST", url, {"Content-Type": "application/x-amz-json-1.1", "X-Amz-Target": target}, body, keys, scope, now
    )
    return Request(AUTHORIZATION, "POST", url, headers, body, (keys.secret_key, keys.token))


def read_authorization(body: bytes) -> Issued:
    """The user and password in the answer to `authorization`."""
    answer = decode(AUTHORIZATION, body, _Authorizations).authorization_data
    data = answer if isinstance(answer, _Authorization) else next(iter(answer), None)
    try:
        pair = base64.b64decode(data.authorization_token if data else "", validate=True).decode()
    except ValueError:  # no base64, or no UTF-8
        pair = ""
    username, _, password = pair.partition(":")
    if data is None or not password:
        raise IdentityFailed(AUTHORIZATION.provider, AUTHORIZATION.name, "its answer has no token")
    return Issued(Credential(username, password), data.expires_at)
