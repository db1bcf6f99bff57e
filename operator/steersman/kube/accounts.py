"""Tokens of ServiceAccounts, by the TokenRequest API: what workload identity shows to a cloud.

`registry.identity` asks for them through the controller; nothing of them is kept here.
"""

from __future__ import annotations

from typing import Any

import orjson

from steersman.kube.answers import Asked
from steersman.kube.client import KubeClient
from steersman.kube.errors import Unreachable
from steersman.kube.requests import Request
from steersman.kube.resources import SERVICE_ACCOUNTS

TOKEN_SECONDS = 600
"""The shortest life that the API server allows."""


async def service_account_token(client: KubeClient, namespace: str, name: str, audience: str) -> str:
    """A short-lived token of this ServiceAccount for this audience. Raises an error of `kube.errors`."""
    asked = Asked.of("create a token of", SERVICE_ACCOUNTS.ref(namespace, name))
    wanted: dict[str, Any] = {
        "apiVersion": "authentication.k8s.io/v1",
        "kind": "TokenRequest",
        "spec": {"audiences": [audience], "expirationSeconds": TOKEN_SECONDS},
    }
    target = SERVICE_ACCOUNTS.path(namespace, name, "token")
    answer = (await client.send(Request("POST", target, asked, body=orjson.dumps(wanted)))).json()
    token = answer.get("status", {}).get("token") if isinstance(answer, dict) else None
    if not isinstance(token, str) or not token:
        raise Unreachable(asked, "the answer holds no token", sent=True)
    return token
