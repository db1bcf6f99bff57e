"""Chart URLs: which are read, and what is said of the others."""

from __future__ import annotations

import pytest

from steersman.registry.errors import InvalidReference
from steersman.registry.reference import ChartReference, is_digest, tag_of_version, version_of_tag

DIGEST = "sha256:" + "a" * 64


@pytest.mark.parametrize(
    ("url", "reference"),
    [
        pytest.param("oci://ghcr.io/org/charts/web", ChartReference("ghcr.io", "org/charts/web"), id="plain"),
        pytest.param("oci://127.0.0.1:5000/web", ChartReference("127.0.0.1:5000", "web"), id="port"),
        pytest.param("oci://[::1]:5000/web", ChartReference("[::1]:5000", "web"), id="ipv6"),
        pytest.param("oci://localhost/web", ChartReference("localhost", "web"), id="host-without-dot"),
        pytest.param("oci://GHCR.io/org/web", ChartReference("ghcr.io", "org/web"), id="host-case"),
        pytest.param("oci://r.io/my.org/web:1.2.3_4", ChartReference("r.io", "my.org/web", "1.2.3_4"), id="tag"),
        pytest.param(f"oci://r.io/web@{DIGEST}", ChartReference("r.io", "web", "", DIGEST), id="digest"),
        pytest.param(f"oci://r.io/web:1.0.0@{DIGEST}", ChartReference("r.io", "web", "1.0.0", DIGEST), id="both"),
    ],
)
def test_reads(url: str, reference: ChartReference) -> None:
    assert ChartReference.parse(url) == reference


@pytest.mark.parametrize(
    ("url", "problem"),
    [
        pytest.param("https://r.io/web.tgz", "not of the form", id="scheme"),
        pytest.param("oci://r.io", "not of the form", id="no-path"),
        pytest.param("oci:///web", "not of the form", id="no-host"),
        pytest.param("oci://user:secret@r.io/web", "not of the form", id="user-info"),
        pytest.param("oci://r.io/Web", "has the path 'Web'", id="upper-case"),
        pytest.param("oci://r.io/a//web", "has the path", id="empty-element"),
        pytest.param("oci://r.io/../web", "has the path", id="dots"),
        pytest.param("oci://r.io/web?x=1", "has the path", id="query"),
        pytest.param("oci://r.io/web:", "has the tag", id="empty-tag"),
        pytest.param("oci://r.io/web:1.0+x", "has the tag", id="plus-in-tag"),
        pytest.param("oci://r.io/web@sha256:abc", "has the digest", id="short-digest"),
        pytest.param("oci://r.io/web@sha512:" + "a" * 128, "has the digest", id="other-algorithm"),
    ],
)
def test_refuses(url: str, problem: str) -> None:
    with pytest.raises(InvalidReference, match="chart URL") as caught:
        ChartReference.parse(url)
    assert problem in caught.value.message
    assert caught.value.url == url


@pytest.mark.parametrize(
    ("host", "api_host"),
    [("docker.io", "registry-1.docker.io"), ("index.docker.io", "registry-1.docker.io"), ("r.io", "r.io")],
)
def test_docker_hub_serves_its_api_elsewhere(host: str, api_host: str) -> None:
    assert ChartReference(host, "org/web").api_host == api_host


def test_tags_stand_for_versions() -> None:
    assert tag_of_version("1.2.3+build.5") == "1.2.3_build.5"
    assert version_of_tag("1.2.3_build.5") == "1.2.3+build.5"


def test_only_lower_case_sha256_is_a_digest() -> None:
    assert is_digest(DIGEST)
    assert not is_digest(DIGEST.upper())
    assert not is_digest(DIGEST + "\n")
