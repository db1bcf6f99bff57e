"""Elastic Container Registry: keys of an IAM role, then a password for the registry.

Keys come, for a ServiceAccount, from STS (AssumeRoleWithWebIdentity with its token and the role in its annotation); for
the operator itself from where AWS' own libraries look, in their order and by their variables: keys in the environment,
a web identity, the container's credentials (EKS Pod Identity), the instance's metadata (IMDSv2).
"""

from __future__ import annotations

import asyncio
import re
import time
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path

from steersman.registry.errors import IdentityFailed
from steersman.registry.identity import aws_requests as requests
from steersman.registry.identity.exchange import Exchange
from steersman.registry.identity.model import Account, Issued, Known, ServiceAccountToken
from steersman.registry.identity.sigv4 import AwsKeys

PROVIDER = "aws"
_STS_AUDIENCE = "sts.amazonaws.com"
_METADATA = "http://169.254.169.254"
# What the SDKs allow for plain HTTP: the addresses of ECS and of the EKS Pod Identity agent, and loopback.
_CONTAINER_HOSTS = re.compile(
    r"http://(169\.254\.170\.2|169\.254\.170\.23|\[fd00:ec2::23\]|127\.0\.0\.1|localhost)[:/]"
)


class AwsIdentity:
    """Implements `model.CloudIdentity`."""

    def __init__(self, exchange: Exchange, environment: Mapping[str, str]) -> None:
        self._exchange = exchange
        self._environment = environment

    def serves(self, host: str) -> bool:
        """Whether this is a host of ECR, private or public."""
        return requests.registry_of(host) is not None

    async def credential(self, host: str, account: Account | None, token: ServiceAccountToken) -> Issued:
        """User `AWS` and a password for twelve hours."""
        registry = requests.registry_of(host)
        assert registry is not None, "the broker asked `serves`"
        keys = await self._keys(registry.region, account, token)
        own = "AWS_ENDPOINT_URL_ECR_PUBLIC" if registry.is_public else "AWS_ENDPOINT_URL_ECR"
        endpoint = self._endpoint(own, registry.endpoint)
        now = datetime.fromtimestamp(time.time(), UTC)
        body = await self._exchange.ask(requests.authorization(registry, endpoint, keys, now))
        return requests.read_authorization(body)

    async def _keys(self, region: str, account: Account | None, token: ServiceAccountToken) -> AwsKeys:
        if account is None:
            return await self._own_keys(region)
        role = account.annotation(Known.AWS_ROLE)
        if not role:
            raise IdentityFailed(
                PROVIDER,
                account.place,
                f"it has no annotation {Known.AWS_ROLE}",
                hint="annotate it with the ARN of an IAM role that trusts the cluster's OIDC provider",
            )
        name = f"steersman-{account.namespace}-{account.name}"
        return await self._assume(region, role, name, await token(_STS_AUDIENCE))

    async def _own_keys(self, region: str) -> AwsKeys:
        known = self._environment
        if known.get("AWS_ACCESS_KEY_ID") and known.get("AWS_SECRET_ACCESS_KEY"):
            return AwsKeys(
                known["AWS_ACCESS_KEY_ID"], known["AWS_SECRET_ACCESS_KEY"], known.get("AWS_SESSION_TOKEN", "")
            )
        if known.get("AWS_ROLE_ARN") and known.get("AWS_WEB_IDENTITY_TOKEN_FILE"):
            name = known.get("AWS_ROLE_SESSION_NAME", "steersman")
            token = await _read("AWS_WEB_IDENTITY_TOKEN_FILE", known["AWS_WEB_IDENTITY_TOKEN_FILE"])
            return await self._assume(region, known["AWS_ROLE_ARN"], name, token)
        if url := self._container_url():
            body = await self._exchange.ask(requests.container_keys(url, await self._container_token()))
            return requests.read_keys(requests.CONTAINER, body)
        return await self._instance_keys()

    async def _assume(self, region: str, role: str, name: str, token: str) -> AwsKeys:
        # The cluster's own region where it is known: its endpoint is near, and enabled for the account.
        region = self._environment.get("AWS_REGION") or self._environment.get("AWS_DEFAULT_REGION") or region
        endpoint = self._endpoint("AWS_ENDPOINT_URL_STS", requests.sts_endpoint(region))
        body = await self._exchange.ask(requests.assume_role(endpoint, role, name, token))
        return requests.read_assumed_role(body)

    def _container_url(self) -> str:
        relative = self._environment.get("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI", "")
        url = f"http://169.254.170.2{relative}" if relative else ""
        url = url or self._environment.get("AWS_CONTAINER_CREDENTIALS_FULL_URI", "")
        if url and not url.startswith("https://") and not _CONTAINER_HOSTS.match(url):
            raise IdentityFailed(
                PROVIDER,
                "AWS_CONTAINER_CREDENTIALS_FULL_URI",
                "it is neither https:// nor an address of this machine",
                hint="correct the environment of the operator",
            )
        return url

    async def _container_token(self) -> str:
        file = self._environment.get("AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE", "")
        if file:
            return await _read("AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE", file)
        return self._environment.get("AWS_CONTAINER_AUTHORIZATION_TOKEN", "")

    async def _instance_keys(self) -> AwsKeys:
        if self._environment.get("AWS_EC2_METADATA_DISABLED", "").lower() == "true":
            raise IdentityFailed(
                PROVIDER,
                "credentials",
                "the environment names none and forbids to ask the instance (AWS_EC2_METADATA_DISABLED)",
                hint=requests.INSTANCE.hint,
            )
        base = self._environment.get("AWS_EC2_METADATA_SERVICE_ENDPOINT", _METADATA).rstrip("/")
        token = (await self._exchange.ask(requests.instance_token(base))).decode("ascii", "replace").strip()
        listed = (await self._exchange.ask(requests.instance_roles(base, token))).decode("utf-8", "replace")
        role = next(iter(listed.split()), "")
        body = await self._exchange.ask(requests.instance_keys(base, token, role))
        return requests.read_keys(requests.INSTANCE, body)

    def _endpoint(self, variable: str, default: str) -> str:
        return self._environment.get(variable) or self._environment.get("AWS_ENDPOINT_URL") or default


async def _read(variable: str, path: str) -> str:
    try:
        return (await asyncio.to_thread(Path(path).read_text, "utf-8")).strip()
    except (OSError, UnicodeDecodeError) as error:
        problem = error.strerror if isinstance(error, OSError) else "it is no text"
        raise IdentityFailed(PROVIDER, f"the file in {variable}", f"cannot be read: {problem}") from error
