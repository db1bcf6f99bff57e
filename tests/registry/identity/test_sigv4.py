"""Signatures against vectors: the first two are AWS' own (get-vanilla and post-vanilla of its test suite for Signature
Version 4), the others were computed with botocore 1.44.8."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from steersman.registry.identity.sigv4 import AwsKeys, Scope, signed_headers

SECRET = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"
NOW = datetime(2015, 8, 30, 12, 36, tzinfo=UTC)
JSON = "application/x-amz-json-1.1"


@pytest.mark.parametrize(
    ("method", "url", "headers", "body", "token", "scope", "names", "signature"),
    [
        pytest.param(
            "GET",
            "https://example.amazonaws.com/",
            {},
            b"",
            "",
            Scope("us-east-1", "service"),
            "host;x-amz-date",
            "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31",
            id="get-vanilla",
        ),
        pytest.param(
            "POST",
            "https://example.amazonaws.com/",
            {},
            b"",
            "",
            Scope("us-east-1", "service"),
            "host;x-amz-date",
            "5da7c1a2acd57cee7505fc6676e4e544621c30862966e37dddb68e92efbe5d6b",
            id="post-vanilla",
        ),
        pytest.param(
            "POST",
            "https://api.ecr.eu-west-1.amazonaws.com/",
            {"Content-Type": JSON, "X-Amz-Target": "AmazonEC2ContainerRegistry_V20150921.GetAuthorizationToken"},
            b"{}",
            "session/token+==",
            Scope("eu-west-1", "ecr"),
            "content-type;host;x-amz-date;x-amz-security-token;x-amz-target",
            "497aba40e9e84dc71d69522c5b385790c255c0d9f8ee9ead2604648c21bf9a56",
            id="ecr-with-a-session",
        ),
        pytest.param(
            "POST",
            "https://api.ecr-public.us-east-1.amazonaws.com/",
            {"Content-Type": JSON, "X-Amz-Target": "SpencerFrontendService.GetAuthorizationToken"},
            b"{}",
            "",
            Scope("us-east-1", "ecr-public"),
            "content-type;host;x-amz-date;x-amz-target",
            "7f4ca0d963a87df3d01f6c4ab2257843501fb7772d9351b0a56f5eca8095cd59",
            id="ecr-public",
        ),
    ],
)
def test_vectors(
    method: str, url: str, headers: dict[str, str], body: bytes, token: str, scope: Scope, names: str, signature: str
) -> None:
    sent = signed_headers(method, url, headers, body, AwsKeys("AKIDEXAMPLE", SECRET, token), scope, NOW)
    assert sent["X-Amz-Date"] == "20150830T123600Z"
    assert sent.get("X-Amz-Security-Token", "") == token
    assert sent["Authorization"] == (
        f"AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/{scope.region}/{scope.service}/aws4_request, "
        f"SignedHeaders={names}, Signature={signature}"
    )


def test_repr_shows_no_secret() -> None:
    assert "hunter2" not in repr(AwsKeys("me", "hunter2", "hunter2"))
