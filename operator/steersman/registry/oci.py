"""One OCI repository, read safely: tags, manifests and blobs, each bounded in time and size and checked by digest.

This wraps oras' `Registry`, whose request loop, token handling and retries do not fit an operator: it checks no
digest, has no timeout, sends credentials along, and sleeps. What stays of it is the client with its session and URLs;
`do_request` and the authentication are ours. A client belongs to one host, repository and set of terms, and to one
thread at a time (`clients.ClientPool`). Nothing is retried here: `source` does that without holding a thread.

Importing this module imports oras and requests, so `source` does it only when a chart is not in the cache.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any
from urllib.parse import urljoin, urlsplit

import msgspec
import requests
import urllib3
from oras.container import Container
from oras.provider import Registry

from steersman.errors import SourceError
from steersman.registry.access import Access, Limits
from steersman.registry.cache import digest_of
from steersman.registry.errors import (
    AccessDenied,
    ChartNotFound,
    DigestMismatch,
    RegistryUnavailable,
    TagNotFound,
    TooLarge,
    UnexpectedAnswer,
)
from steersman.registry.manifest import ACCEPT, Descriptor
from steersman.registry.problems import connection_problem, retry_after, tls_kind, tls_problem
from steersman.registry.reference import ChartReference, is_digest
from steersman.registry.tlsfiles import TlsPaths
from steersman.registry.tokens import ScopedAuth

_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_WORTH_ANOTHER_TRY = frozenset({408, 425, 429, 500, 502, 503, 504})
_MAX_REDIRECTS = 5
_CHUNK = 64 * 1024
_ERROR_BYTES = 16 * 1024
_ERROR_TEXT = 200


class _TagPage(msgspec.Struct, frozen=True):
    tags: list[str] | None = None


class _RegistryError(msgspec.Struct, frozen=True):
    code: str = ""
    message: str = ""


class _RegistryErrors(msgspec.Struct, frozen=True):
    errors: list[_RegistryError] = []


class RegistryClient(Registry):  # type: ignore[misc]  # oras has no types
    """Reads one repository."""

    def __init__(self, reference: ChartReference, access: Access, limits: Limits, tls: TlsPaths) -> None:
        super().__init__(hostname=reference.api_host, insecure=access.insecure, tls_verify=tls.verify)
        self._place = reference.place
        self._access = access
        self._limits = limits
        self._tls = tls
        self._container = _container(reference)
        self._origin = _origin(f"{self.prefix}://{reference.api_host}")
        self._deadline = 0.0
        # With trust_env, requests would add credentials of a .netrc file.
        self.session.trust_env = False
        if tls.verify is False:  # asked for by name: no warning at every request
            urllib3.disable_warnings(urllib3.exceptions.InsecureRequestWarning)
        self.auth = ScopedAuth(self._place, access.credential, plain_http=access.insecure, send=self._ask_token_service)

    def digest_of_tag(self, tag: str) -> str:
        """The digest that a tag stands for now. It is verified when the manifest is fetched by it."""
        url = self._manifest_url(tag)
        response = self.do_request(url, "HEAD", headers={"Accept": ACCEPT})
        _raise_if_absent(response, TagNotFound(self._place, tag))
        response.close()
        digest = response.headers.get("Docker-Content-Digest", "")
        if is_digest(digest):
            return digest
        # The header is optional in the specification.
        response = self.do_request(url, headers={"Accept": ACCEPT})
        return digest_of(self._read(response, f"the manifest of tag {tag}", self._limits.manifest_bytes))

    def tags(self) -> list[str]:
        """All tags of the repository."""
        found: list[str] = []
        url = f"{self.prefix}://{self._container.tags_url()}"
        for _ in range(self._limits.tag_pages):
            response = self.do_request(url)
            _raise_if_absent(response, ChartNotFound(self._place, "the repository"))
            body = self._read(response, "the list of tags", self._limits.tag_list_bytes)
            found += self._tags_in(body)
            following = response.links.get("next", {}).get("url")
            if not following:
                return found
            url = urljoin(url, following)
            if _origin(url) != self._origin:
                raise UnexpectedAnswer(self._place, "the list of tags continues on another host")
        raise TooLarge(self._place, "the list of tags", limit=self._limits.tag_pages * self._limits.tag_list_bytes)

    def manifest(self, digest: str) -> bytes:
        """The manifest with this digest, verified."""
        response = self.do_request(self._manifest_url(digest), headers={"Accept": ACCEPT})
        _raise_if_absent(response, ChartNotFound(self._place, f"the manifest {digest}"))
        data = self._read(response, "the manifest", self._limits.manifest_bytes)
        self._verify(data, "the manifest", digest)
        return data

    def blob(self, descriptor: Descriptor) -> bytes:
        """The blob that a verified manifest describes, verified by size and digest."""
        if descriptor.size > self._limits.chart_bytes:
            raise TooLarge(self._place, f"the chart ({descriptor.size} bytes)", limit=self._limits.chart_bytes)
        response = self.get_blob(self._container, descriptor.digest, stream=True)
        _raise_if_absent(response, ChartNotFound(self._place, f"the blob {descriptor.digest}"))
        try:
            data = self._read(response, "the chart layer", descriptor.size)
        except TooLarge as error:
            got = f"longer than its {descriptor.size} bytes"
            raise DigestMismatch(self._place, "the chart layer", wanted=descriptor.digest, got=got) from error
        self._verify(data, "the chart layer", descriptor.digest)
        return data

    def close(self) -> None:
        """Close the connections."""
        self.session.close()

    def do_request(
        self,
        url: str,
        method: str = "GET",
        *,
        headers: Mapping[str, str] | None = None,
        **_: Any,
    ) -> requests.Response:
        """One request with its redirects and, after a 401, a second one with a new proof of who we are.

        Returns answers of 2xx and 404 with the body still to be read; raises for all others. The rest of oras'
        signature (data, json, stream) is not used: this client only reads, and always in bounds.
        """
        self._deadline = time.monotonic() + self._limits.total_seconds
        response = self._follow(method, url, headers or {})
        if (
            response.status_code in (401, 403)
            and _origin(response.url) == self._origin
            and self._may_try_again(response)
        ):
            response = self._follow(method, url, headers or {})
        self._raise_for_status(response)
        return response

    def _may_try_again(self, refusal: requests.Response) -> bool:
        try:
            return self.auth.answer(refusal)
        finally:
            refusal.close()

    def _follow(self, method: str, url: str, headers: Mapping[str, str]) -> requests.Response:
        """Send, and follow redirects. Our credentials stay with the registry: storage behind it never sees them."""
        for _ in range(_MAX_REDIRECTS + 1):
            at_home = _origin(url) == self._origin
            response = self._send(method, url, {**headers, **(self.auth.get_auth_header() if at_home else {})})
            if response.status_code not in _REDIRECTS:
                return response
            response.close()
            url = urljoin(url, response.headers.get("Location", ""))
            if urlsplit(url).scheme != "https" and not self._access.insecure:
                raise UnexpectedAnswer(self._place, "it redirects to an address without TLS")
        raise UnexpectedAnswer(self._place, "it redirects in circles")

    def _send(self, method: str, url: str, headers: Mapping[str, str], **content: Any) -> requests.Response:
        at_home = _origin(url) == self._origin
        try:
            response: requests.Response = self.session.request(
                method,
                url,
                # Digests are of the bytes as stored, so no content coding may come between.
                headers={"Accept-Encoding": "identity", **headers},
                stream=True,
                allow_redirects=False,
                timeout=(self._limits.connect_seconds, min(self._limits.read_seconds, self._time_left())),
                verify=self._tls.verify,
                cert=self._tls.certificate if at_home else None,
                proxies=self._proxies(url),
                **content,
            )
        except requests.exceptions.SSLError as error:
            raise RegistryUnavailable(self._place, tls_problem(error), tls=tls_kind(error)) from error
        except (requests.RequestException, urllib3.exceptions.HTTPError) as error:
            raise RegistryUnavailable(self._place, connection_problem(error, url)) from error
        return response

    def _ask_token_service(
        self, method: str, url: str, headers: Mapping[str, str], parameters: Mapping[str, str]
    ) -> tuple[int, bytes]:
        """`tokens.Send`: no redirect is followed, so that credentials go where the registry said and no further."""
        content = {"data": parameters} if method == "POST" else {"params": parameters}
        response = self._send(method, url, headers, **content)
        if response.status_code in _WORTH_ANOTHER_TRY:
            self._raise_for_status(response)
        return response.status_code, self._read(response, "the token", self._limits.manifest_bytes)

    def _read(self, response: requests.Response, what: str, limit: int) -> bytes:
        """The body, at most `limit` bytes of it, before the deadline."""
        data = bytearray()
        try:
            while chunk := response.raw.read1(_CHUNK, decode_content=False):
                data += chunk
                if len(data) > limit:
                    raise TooLarge(self._place, what, limit=limit)
                self._time_left()
        except urllib3.exceptions.HTTPError as error:
            raise RegistryUnavailable(self._place, f"{what} broke off: {connection_problem(error, '')}") from error
        finally:
            response.close()
        return bytes(data)

    def _verify(self, data: bytes, what: str, digest: str) -> None:
        got = digest_of(data)
        if got != digest:
            raise DigestMismatch(self._place, what, wanted=digest, got=got)

    def _time_left(self) -> float:
        left = self._deadline - time.monotonic()
        if left <= 0:
            raise RegistryUnavailable(self._place, f"no whole answer within {self._limits.total_seconds:g} s")
        return left

    def _raise_for_status(self, response: requests.Response) -> None:
        status = response.status_code
        if 200 <= status < 300 or status == requests.codes.not_found:
            return
        said = self._error_text(response)
        if status in (401, 403):
            raise AccessDenied(self._place, said, status=status, anonymous=self.auth.is_anonymous)
        if status in _WORTH_ANOTHER_TRY:
            raise RegistryUnavailable(self._place, said, retry_after=retry_after(response))
        raise UnexpectedAnswer(self._place, said)

    def _error_text(self, response: requests.Response) -> str:
        """`status` and what the registry says about it, short and printable."""
        text = f"status {response.status_code}"
        try:
            body = self._read(response, "an error", _ERROR_BYTES)
            told = msgspec.json.decode(body, type=_RegistryErrors).errors
        except (msgspec.DecodeError, TooLarge, RegistryUnavailable):
            return text
        if not told:
            return text
        said = f"{text}: {told[0].code} {told[0].message}".strip()
        return "".join(character for character in said[:_ERROR_TEXT] if character.isprintable())

    def _tags_in(self, body: bytes) -> list[str]:
        try:
            return msgspec.json.decode(body, type=_TagPage).tags or []
        except msgspec.DecodeError as error:
            raise UnexpectedAnswer(self._place, f"the list of tags is unreadable: {error}") from error

    def _manifest_url(self, reference: str) -> str:
        return f"{self.prefix}://{self._container.manifest_url(reference)}"

    def _proxies(self, url: str) -> dict[str, str]:
        if self._access.proxy:
            return {"http": self._access.proxy, "https": self._access.proxy}
        return requests.utils.get_environ_proxies(url, no_proxy=None)


def _raise_if_absent(response: requests.Response, error: SourceError) -> None:
    if response.status_code == requests.codes.not_found:
        response.close()
        raise error


def _container(reference: ChartReference) -> Container:
    """oras' own parser takes a host only with a dot or a port, and a dotted path for one: so the parts are set."""
    container = Container("name", registry=reference.api_host)
    container.namespace, _, container.repository = reference.repository.rpartition("/")
    return container


def _origin(url: str) -> tuple[str, str, int | None]:
    parts = urlsplit(url)
    return parts.scheme, parts.hostname or "", parts.port or {"https": 443, "http": 80}.get(parts.scheme)
