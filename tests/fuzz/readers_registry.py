"""Targets: what registries and repositories say, from the bytes on the wire to the chart that is meant."""

from __future__ import annotations

import http.client
import io
import json
from collections.abc import Iterator
from typing import Any, cast

import requests
from fuzz.strategies import SEPARATOR, as_json, joined, json_like, parts_of, soup
from fuzz.target import Target
from hypothesis import strategies as st
from registry.scripted import CHART, manifest_of, sha256
from requests.adapters import HTTPAdapter
from urllib3 import HTTPResponse

from steersman.errors import SteersmanError
from steersman.registry.access import Access, Limits
from steersman.registry.auth import Credential
from steersman.registry.connections import Connections
from steersman.registry.manifest import (
    CONFIG_TYPE,
    CONTENT_TYPE,
    INDEX_TYPE,
    LEGACY_CONTENT_TYPE,
    MANIFEST_TYPE,
    PROVENANCE_TYPE,
    listed_manifests,
    only_chart,
    parse_manifest,
)
from steersman.registry.metering import Unmetered
from steersman.registry.oci import RegistryClient
from steersman.registry.reach import Reach
from steersman.registry.reference import ChartReference
from steersman.registry.tlsfiles import TlsFiles
from steersman.registry.tokencache import TokenCache
from steersman.registry.versions import choose_tag

_MANIFEST = manifest_of()
_HOME = "r.io"
_SECRET = "hunter2"


def _manifest(data: bytes) -> None:
    """As a chart, as an index, and as one of several manifests that an index lists."""
    for read in (listed_manifests, parse_manifest):
        try:
            read(data, "r.io/web")
        except SteersmanError:
            continue
    only_chart([data, _MANIFEST, *parts_of(data, 3)], "r.io/web")


def _tags(data: bytes) -> None:
    """Tags, a version and a filter; JSON gives whole characters only."""
    tags, version, version_filter = (part.decode("utf-8", "replace") for part in parts_of(data, 3))
    assert choose_tag(tags.split("\n"), version, version_filter, "r.io/web") in tags


class _Wire(HTTPAdapter):
    """Answers each request with the next of these texts, whatever was asked, as http.client and urllib3 read it."""

    def __init__(self, answers: Iterator[bytes]) -> None:
        super().__init__()
        self._answers = answers

    def send(self, request: requests.PreparedRequest, *arguments: Any, **options: Any) -> requests.Response:
        at_home = (request.url or "").startswith(f"https://{_HOME}/")
        assert at_home or "Authorization" not in request.headers or "/token" in (request.url or "")
        raw = http.client.HTTPResponse(cast("Any", _Socket(next(self._answers, b""))), method=request.method)
        try:
            raw.begin()
        except (OSError, http.client.HTTPException) as error:
            raise requests.ConnectionError(error) from error
        response = HTTPResponse(
            body=cast("Any", raw), headers=dict(raw.headers), status=raw.status, preload_content=False,
            decode_content=False, request_method=request.method, original_response=cast("Any", raw),
        )  # fmt: skip
        return self.build_response(request, response)


class _Socket:
    def __init__(self, data: bytes) -> None:
        self._data = data

    def makefile(self, mode: str) -> io.BufferedReader:
        del mode
        return io.BufferedReader(cast("Any", io.BytesIO(self._data)))


def _answers(data: bytes) -> None:
    """Answers of a registry, one after another, to all that is asked of it. Credentials go nowhere else."""
    access = Access(credential=Credential("me", _SECRET))
    limits = Limits(manifest_bytes=4096, tag_list_bytes=4096, tag_pages=5, tags=100)
    connections = Connections(access, limits, TlsFiles().paths(access.tls), Reach(), Unmetered())
    wire = _Wire(iter(data.split(SEPARATOR)))
    connections.session.mount("https://", wire)
    connections.session.mount("http://", wire)
    connections.begin()
    client = RegistryClient(ChartReference(_HOME, "web"), connections, TokenCache())
    content = parse_manifest(_MANIFEST, _HOME).content
    for ask in (
        client.tags, lambda: client.digest_of_tag("1.0.0"), lambda: client.manifest(sha256(_MANIFEST)),
        lambda: client.blob(content),
    ):  # fmt: skip
        try:
            ask()
        except SteersmanError as error:
            assert _SECRET not in str(error)
    connections.close()


_KINDS = [MANIFEST_TYPE, INDEX_TYPE, CONFIG_TYPE, CONTENT_TYPE, LEGACY_CONTENT_TYPE, PROVENANCE_TYPE]
_KEYS = [
    "schemaVersion", "mediaType", "config", "layers", "digest", "size", "manifests", "artifactType", "annotations",
    sha256(CHART), sha256(b""), "sha256:", *_KINDS,
]  # fmt: skip
_descriptor = st.fixed_dictionaries(
    {
        "mediaType": st.sampled_from(_KINDS),
        "digest": st.sampled_from([sha256(CHART), "sha256:x", ""]),
        "size": st.integers(-1, 99),
    },
    optional={"artifactType": st.sampled_from(_KINDS)},
)
_manifests = st.fixed_dictionaries(
    {"schemaVersion": st.just(2), "config": _descriptor, "layers": st.lists(_descriptor, max_size=4)},
    optional={"manifests": st.lists(_descriptor, max_size=4), "mediaType": st.sampled_from(_KINDS)},
).map(as_json)
_MANIFEST_WORDS = (*(as_json(key) for key in _KEYS), b":", b",", b"{", b"}", b"[", b"]", b"null", b"1e400", b"-1")

_VERSION_WORDS = (
    b"1.0.0", b"v1.2", b"2.0.0-rc.1", b"1.0.0_x", b"\n", b">=", b"<", b"^", b"~", b"||", b" - ", b"*", b"x", b".", b"-",
    b"+", b"latest", SEPARATOR, b"(", b")", b"[0-9]+", b"\\d{1000}", b"999999999999999999999",
)  # fmt: skip

_HEADERS = (
    b"Content-Length: 5\r\n", b"Content-Length: -5\r\n", b"Transfer-Encoding: chunked\r\n", b"Location: /v2/\r\n",
    b"Location: https://evil.example/x\r\n", b"Location: http://r.io/x\r\n", b"Location: https://[::\r\n",
    b"Location: //\r\n", b"Location: ftp://r.io:x/\r\n", b"Location: http://169.254.169.254/\r\n",
    b'Link: </v2/web/tags/list?n=1>; rel="next"\r\n', b'Link: <https://evil.example/>; rel="next"\r\n',
    b'Link: <https://[>; rel="next"\r\n', b"Link: <>;;=,\r\n", b"Retry-After: 1\r\n", b"Retry-After: x\r\n",
    b"Retry-After: Wed, 21 Oct 99999999999999999999 07:28:00 GMT\r\n", b"Content-Length: 5, 6\r\n",
    b"Retry-After: Wed, 99 Foo 2026 99:99:99 GMT\r\n", b'WWW-Authenticate: Bearer realm="https://t.io/token"\r\n',
    b'WWW-Authenticate: Basic realm="x"\r\n', b"WWW-Authenticate: Bearer realm=\"https://[\"\r\n",
    f"Docker-Content-Digest: {sha256(_MANIFEST)}\r\n".encode(), b"Content-Encoding: gzip\r\n", b": \r\n", b" x\r\n",
    b"Set-Cookie: a=b\r\n",
)  # fmt: skip
_BODIES = (
    _MANIFEST, CHART, b'{"tags":["1.0.0"]}', b'{"tags":null}', b'{"token":"t"}', b"{", b"", b"5\r\nhello\r\n0\r\n\r\n",
    b"ffffffffffff\r\n", b"-1\r\n", b'{"errors":[{"code":"A","message":"\\u001b[2J"}]}',
)  # fmt: skip
_status = st.sampled_from([200, 200, 200, 206, 301, 302, 307, 401, 403, 404, 429, 500, 503, 99, 1000]).map(
    lambda status: f"HTTP/1.1 {status} x\r\n".encode()
)
_answer = st.builds(
    lambda status, headers, body: b"".join([status, *headers, b"\r\n", body]),
    _status | soup((b"HTTP/1.1 200 OK\r\n", b"HTTP/9.9", b"220 smtp", b"\r\n")),
    st.lists(st.sampled_from(_HEADERS), max_size=4),
    st.sampled_from(_BODIES) | st.binary(max_size=20),
)

TARGETS = (
    Target(
        "oci-manifest", _manifest, _manifests | json_like(_KEYS).map(as_json) | soup(_MANIFEST_WORDS), _MANIFEST_WORDS
    ),
    Target(
        "tags",
        _tags,
        joined(
            st.lists(soup(_VERSION_WORDS[:5], 2), max_size=8).map(b"\n".join),
            soup(_VERSION_WORDS, 6),
            soup(_VERSION_WORDS[-5:], 3) | st.just(b""),
        ),
        _VERSION_WORDS,
    ),
    Target(
        "registry-answer",
        _answers,
        st.lists(_answer, max_size=6).map(SEPARATOR.join),
        (
            *_HEADERS,
            *_BODIES,
            b"HTTP/1.1 200 OK\r\n",
            b"HTTP/1.1 302 x\r\n",
            b"\r\n",
            SEPARATOR,
            json.dumps(_HOME).encode(),
        ),
    ),
)
