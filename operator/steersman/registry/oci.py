"""One OCI repository, read safely: tags, manifests and blobs, each bounded in time and size and checked by digest.

This wraps oras' `Registry`, whose request loop, token handling and retries do not fit an operator: it checks no
digest, has no timeout, sends credentials along, and sleeps. What stays of it is the client with its URLs; requests are
`http.HttpClient`'s and the authentication is ours. A client belongs to one host, repository and set of terms, and to
one thread at a time (`clients.ClientPool`). Nothing is retried here: `asking` does that without holding a thread.

Importing this module imports oras and requests, so it is done only when a chart is not in the cache.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import urlencode, urljoin

import msgspec
import requests
from oras.container import Container
from oras.provider import Registry

from steersman.errors import SourceError
from steersman.registry.access import Access, Limits
from steersman.registry.cache import digest_of
from steersman.registry.errors import ChartNotFound, DigestMismatch, TagNotFound, TooLarge, UnexpectedAnswer
from steersman.registry.http import WORTH_ANOTHER_TRY, HttpClient
from steersman.registry.manifest import ACCEPT, Descriptor
from steersman.registry.reach import Reach
from steersman.registry.reference import ChartReference, is_digest
from steersman.registry.tlsfiles import TlsPaths
from steersman.registry.tokencache import TokenCache
from steersman.registry.tokens import ScopedAuth
from steersman.registry.urls import origin_of


class _TagPage(msgspec.Struct, frozen=True):
    tags: list[str] | None = None


class RegistryClient(Registry):  # type: ignore[misc]  # oras has no types
    """Reads one repository."""

    def __init__(
        self,
        reference: ChartReference,
        access: Access,
        limits: Limits,
        tls: TlsPaths,
        reach: Reach,
        tokens: TokenCache,
    ) -> None:
        super().__init__(hostname=reference.api_host, insecure=access.insecure, tls_verify=tls.verify)
        self._place = reference.place
        self._limits = limits
        self._container = _container(reference)
        home = origin_of(f"{self.prefix}://{reference.api_host}")
        self._http = HttpClient(self._place, home, access, limits, tls, reach)
        self.auth = ScopedAuth(
            self._place,
            access.credential,
            plain_http=access.insecure,
            send=self._ask_token_service,
            tokens=tokens,
            terms=access,
        )

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
        return digest_of(self._http.read(response, f"the manifest of tag {tag}", self._limits.manifest_bytes))

    def tags(self) -> list[str]:
        """All tags of the repository."""
        url = f"{self.prefix}://{self._container.tags_url()}"
        absent = ChartNotFound(self._place, "the repository")
        return [tag for body in self._pages(url, "the list of tags", absent) for tag in self._tags_in(body)]

    def referrers(self, digest: str, artifact_type: str) -> list[bytes] | None:
        """Pages of the index of what refers to this manifest; None where the registry lacks the referrers API."""
        name = f"{self._container.registry}/v2/{self._container.api_prefix}"
        url = f"{self.prefix}://{name}/referrers/{digest}?{urlencode({'artifactType': artifact_type})}"
        what = "the list of referrers"
        try:
            return list(self._pages(url, what, ChartNotFound(self._place, what)))
        except (ChartNotFound, UnexpectedAnswer):
            return None

    def manifest(self, digest: str) -> bytes:
        """The manifest with this digest, verified."""
        response = self.do_request(self._manifest_url(digest), headers={"Accept": ACCEPT})
        _raise_if_absent(response, ChartNotFound(self._place, f"the manifest {digest}"))
        data = self._http.read(response, "the manifest", self._limits.manifest_bytes)
        self._verify(data, "the manifest", digest)
        return data

    def tagged(self, tag: str) -> bytes | None:
        """The manifest or index that a tag stands for now, whatever it is; None where there is no such tag."""
        response = self.do_request(self._manifest_url(tag), headers={"Accept": ACCEPT})
        if response.status_code == requests.codes.not_found:
            response.close()
            return None
        return self._http.read(response, f"the manifest of tag {tag}", self._limits.manifest_bytes)

    def blob(self, descriptor: Descriptor, what: str = "the chart layer", *, limit: int | None = None) -> bytes:
        """The blob that a verified manifest describes, verified by size and digest."""
        limit = self._limits.chart_bytes if limit is None else limit
        if descriptor.size > limit:
            raise TooLarge(self._place, f"{what} ({descriptor.size} bytes)", limit=limit)
        response = self.get_blob(self._container, descriptor.digest, stream=True)
        _raise_if_absent(response, ChartNotFound(self._place, f"the blob {descriptor.digest}"))
        try:
            data = self._http.read(response, what, descriptor.size)
        except TooLarge as error:
            got = f"longer than its {descriptor.size} bytes"
            raise DigestMismatch(self._place, what, wanted=descriptor.digest, got=got) from error
        self._verify(data, what, descriptor.digest)
        return data

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
        self._http.begin()
        response = self._http.follow(method, url, headers or {}, self.auth.get_auth_header)
        if (
            response.status_code in (401, 403)
            and origin_of(response.url) == self._http.home
            and self._may_try_again(response)
        ):
            response = self._http.follow(method, url, headers or {}, self.auth.get_auth_header)
        self._http.raise_for_status(response, anonymous=self.auth.is_anonymous)
        return response

    def close(self) -> None:
        """Close the connections."""
        self._http.close()

    def _pages(self, url: str, what: str, absent: SourceError) -> Iterator[bytes]:
        """The pages of a list, within bounds. Raises `absent` where there is none."""
        for _ in range(self._limits.tag_pages):
            response = self.do_request(url)
            _raise_if_absent(response, absent)
            yield self._http.read(response, what, self._limits.tag_list_bytes)
            following = response.links.get("next", {}).get("url")
            if not following:
                return
            url = urljoin(url, following)
            if origin_of(url) != self._http.home:
                raise UnexpectedAnswer(self._place, f"{what} continues on another host")
        raise TooLarge(self._place, what, limit=self._limits.tag_pages * self._limits.tag_list_bytes)

    def _may_try_again(self, refusal: requests.Response) -> bool:
        try:
            return self.auth.answer(refusal)
        finally:
            refusal.close()

    def _ask_token_service(
        self, method: str, url: str, headers: Mapping[str, str], parameters: Mapping[str, str]
    ) -> tuple[int, bytes]:
        """`tokens.Send`: no redirect is followed, so that credentials go where the registry said and no further."""
        content = {"data": parameters} if method == "POST" else {"params": parameters}
        response = self._http.send(method, url, headers, at_home=origin_of(url) == self._http.home, **content)
        if response.status_code in WORTH_ANOTHER_TRY:
            self._http.raise_for_status(response, anonymous=self.auth.is_anonymous)
        return response.status_code, self._http.read(response, "the token", self._limits.manifest_bytes)

    def _verify(self, data: bytes, what: str, digest: str) -> None:
        got = digest_of(data)
        if got != digest:
            raise DigestMismatch(self._place, what, wanted=digest, got=got)

    def _tags_in(self, body: bytes) -> list[str]:
        try:
            return msgspec.json.decode(body, type=_TagPage).tags or []
        except msgspec.DecodeError as error:
            raise UnexpectedAnswer(self._place, f"the list of tags is unreadable: {error}") from error

    def _manifest_url(self, reference: str) -> str:
        return f"{self.prefix}://{self._container.manifest_url(reference)}"


def _raise_if_absent(response: requests.Response, error: SourceError) -> None:
    if response.status_code == requests.codes.not_found:
        response.close()
        raise error


def _container(reference: ChartReference) -> Container:
    """oras' own parser takes a host only with a dot or a port, and a dotted path for one: so the parts are set."""
    container = Container("name", registry=reference.api_host)
    container.namespace, _, container.repository = reference.repository.rpartition("/")
    return container
