"""AWS Signature Version 4, as AWS documents it, for POST and GET requests whose path and query need no encoding.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import NamedTuple
from urllib.parse import urlsplit

_ALGORITHM = "AWS4-HMAC-SHA256"


@dataclass(frozen=True, slots=True)
class AwsKeys:
    """Keys of an IAM identity; `token` belongs to keys that end."""

    access_key: str
    secret_key: str = field(repr=False)
    token: str = field(default="", repr=False)


class Scope(NamedTuple):
    """Where a signature is good."""

    region: str
    service: str


def signed_headers(
    method: str, url: str, headers: Mapping[str, str], body: bytes, keys: AwsKeys, scope: Scope, now: datetime
) -> dict[str, str]:
    """The headers to send: those given, and the ones that sign them. `now` is in UTC."""
    moment = now.strftime("%Y%m%dT%H%M%SZ")
    sent = {**headers, "X-Amz-Date": moment} | ({"X-Amz-Security-Token": keys.token} if keys.token else {})
    parts = urlsplit(url)
    signed = {name.lower(): value.strip() for name, value in sent.items()} | {"host": parts.netloc}
    names = ";".join(sorted(signed))
    canonical = "\n".join(
        (
            method,
            parts.path or "/",
            parts.query,
            *(f"{name}:{signed[name]}" for name in sorted(signed)),
            "",
            names,
            hashlib.sha256(body).hexdigest(),
        )
    )
    credential_scope = f"{moment[:8]}/{scope.region}/{scope.service}/aws4_request"
    to_sign = "\n".join((_ALGORITHM, moment, credential_scope, hashlib.sha256(canonical.encode()).hexdigest()))
    key = f"AWS4{keys.secret_key}".encode()
    for part in (moment[:8], scope.region, scope.service, "aws4_request"):
        key = hmac.digest(key, part.encode(), "sha256")
    signature = hmac.digest(key, to_sign.encode(), "sha256").hex()
    authorization = (
        f"{_ALGORITHM} Credential={keys.access_key}/{credential_scope}, SignedHeaders={names}, Signature={signature}"
    )
    return {**sent, "Authorization": authorization}
