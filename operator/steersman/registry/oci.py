"""One OCI repository, read safely: tags, manifests and blobs, each bounded in time and size and checked by digest.

Of oras, this uses the URLs of the registry API. Its `Registry` is not made for an operator: it checks no digest, has no
timeout, sends credentials along, and sleeps; requests are `http.HttpClient`'s and the authentication is `tokens`'.
Nothing is retried here: `asking` does that without holding a thread.

Importing this module imports oras and requests, so it is done only when a chart is not in the cache.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from urllib.parse import urlencode

import msgspec
import requests
from oras.container import Container

from steersman.errors import SourceError
from steersman.registry.cache import digest_of
from steersman.registry.connections import Connections
from steersman.registry.decoding import UNREADABLE
from steersman.registry.errors import ChartNotFound, DigestMismatch, TagNotFound, TooLarge, UnexpectedAnswer
from steersman.registry.http import WORTH_ANOTHER_TRY, HttpClient
from steersman.registry.manifest import ACCEPT, Descriptor
from steersman.registry.reference import ChartReference, is_digest
from steersman.registry.tokencache import TokenCache
from steersman.registry.tokens import ScopedAuth
from steersman.registry.urls import origin_of


class _TagPage(msgspec.Struct, frozen=True):
    tags: list[str] | None = None


class RegistryClient:
    """Reads one repository."""

    def __init__(self, reference: ChartReference, connections: Connections, tokens: TokenCache) -> None:
        access = connections.access
        self._place = reference.place
        self._limits = connections.limits
        self._scheme = "http" if access.insecure else "https"
        self._container = _container(reference)
        home = origin_of(f"{self._scheme}://{reference.api_host}")
        self._http = HttpClient(self._place, home, connections)
        self._auth = ScopedAuth(
            self._place,
            access.credential,
            plain_http=access.insecure,
            send=self._ask_token_service,
            tokens=tokens,
            terms=access,
        )

    def ping(self) -> None:
        """Ask for the API alone, which tells whether the credential is good."""
        response = self._request(self._url(f"{self._container.registry}/v2/"))
        _raise_if_absent(response, UnexpectedAnswer(self._place, "it has no registry API"))
        response.close()

    def digest_of_tag(self, tag: str) -> str:
        """The digest that a tag stands for now. It is verified when the manifest is fetched by it."""
        url = self._manifest_url(tag)
        response = self._request(url, "HEAD", accept=ACCEPT)
        _raise_if_absent(response, TagNotFound(self._place, tag))
        response.close()
        digest = response.headers.get("Docker-Content-Digest", "")
        if is_digest(digest):
            return digest
        # The header is optional in the specification.
        response = self._request(url, accept=ACCEPT)
        return digest_of(self._http.read(response, f"the manifest of tag {tag}", self._limits.manifest_bytes))

    def tags(self) -> list[str]:
        """All tags of the repository."""
        url = self._url(self._container.tags_url())
        absent = ChartNotFound(self._place, "the repository")
        found: list[str] = []
        for body in self._pages(url, "the list of tags", absent):
            found += self._tags_in(body)
            if len(found) > self._limits.tags:
                raise self._too_long("the list of tags", f"{self._limits.tags} tags")
        return found

    def referrers(self, digest: str, artifact_type: str) -> list[bytes] | None:
        """Pages of the index of what refers to this manifest; None where the registry lacks the referrers API."""
        name = f"{self._container.registry}/v2/{self._container.api_prefix}"
        url = f"{self._scheme}://{name}/referrers/{digest}?{urlencode({'artifactType': artifact_type})}"
        what = "the list of referrers"
        try:
            return list(self._pages(url, what, ChartNotFound(self._place, what)))
        except (ChartNotFound, UnexpectedAnswer):
            return None

    def manifest(self, digest: str) -> bytes:
        """The manifest with this digest, verified."""
        response = self._request(self._manifest_url(digest), accept=ACCEPT)
        _raise_if_absent(response, ChartNotFound(self._place, f"the manifest {digest}"))
        data = self._http.read(response, "the manifest", self._limits.manifest_bytes)
        self._verify(data, "the manifest", digest)
        return data

    def tagged(self, tag: str) -> bytes | None:
        """The manifest or index that a tag stands for now, whatever it is; None where there is no such tag."""
        response = self._request(self._manifest_url(tag), accept=ACCEPT)
        if response.status_code == requests.codes.not_found:
            response.close()
            return None
        return self._http.read(response, f"the manifest of tag {tag}", self._limits.manifest_bytes)

    def blob(self, descriptor: Descriptor, what: str = "the chart layer", *, limit: int | None = None) -> bytes:
        """The blob that a verified manifest describes, verified by size and digest."""
        limit = self._limits.chart_bytes if limit is None else limit
        if descriptor.size > limit:
            raise TooLarge(self._place, f"{what} ({descriptor.size} bytes)", limit=limit)
        response = self._request(self._url(self._container.get_blob_url(descriptor.digest)))
        _raise_if_absent(response, ChartNotFound(self._place, f"the blob {descriptor.digest}"))
        try:
            data = self._http.read(response, what, descriptor.size)
        except TooLarge as error:
            got = f"longer than its {descriptor.size} bytes"
            raise DigestMismatch(self._place, what, wanted=descriptor.digest, got=got) from error
        self._verify(data, what, descriptor.digest)
        return data

    def _request(self, url: str, method: str = "GET", *, accept: str = "") -> requests.Response:
        """One request with its redirects and, after a 401, a second one with a new proof of who we are.

        Returns answers of 2xx and 404 with the body still to be read; raises for all others.
        """
        headers = {"Accept": accept} if accept else {}
        self._http.begin()
        response = self._http.follow(method, url, headers, self._auth.get_auth_header)
        if (
            response.status_code in (401, 403)
            and origin_of(response.url) == self._http.home
            and self._may_try_again(response)
        ):
            response = self._http.follow(method, url, headers, self._auth.get_auth_header)
        self._http.raise_for_status(response, anonymous=self._auth.is_anonymous)
        return response

    def _pages(self, url: str, what: str, absent: SourceError) -> Iterator[bytes]:
        """The pages of a list, within bounds. Raises `absent` where there is none."""
        for _ in range(self._limits.tag_pages):
            response = self._request(url)
            _raise_if_absent(response, absent)
            yield self._http.read(response, what, self._limits.tag_list_bytes)
            following = response.links.get("next", {}).get("url")
            if not following:
                return
            url = self._http.joined(url, following, f"{what} continues")
            if origin_of(url) != self._http.home:
                raise UnexpectedAnswer(self._place, f"{what} continues on another host")
        raise self._too_long(what, f"{self._limits.tag_pages} pages")

    def _too_long(self, what: str, bound: str) -> UnexpectedAnswer:
        return UnexpectedAnswer(
            self._place, f"{what} has more than {bound}", hint="name an exact version, or pin the chart by its digest"
        )

    def _may_try_again(self, refusal: requests.Response) -> bool:
        try:
            return self._auth.answer(refusal)
        finally:
            refusal.close()

    def _ask_token_service(
        self, method: str, url: str, headers: Mapping[str, str], parameters: Mapping[str, str]
    ) -> tuple[int, bytes]:
        """`tokens.Send`: no redirect is followed, so that credentials go where the registry said and no further."""
        content = {"data": parameters} if method == "POST" else {"params": parameters}
        response = self._http.send(method, url, headers, at_home=origin_of(url) == self._http.home, **content)
        if response.status_code in WORTH_ANOTHER_TRY:
            self._http.raise_for_status(response, anonymous=self._auth.is_anonymous)
        return response.status_code, self._http.read(response, "the token", self._limits.manifest_bytes)

    def _verify(self, data: bytes, what: str, digest: str) -> None:
        got = digest_of(data)
        if got != digest:
            raise DigestMismatch(self._place, what, wanted=digest, got=got)

    def _tags_in(self, body: bytes) -> list[str]:
        try:
            return msgspec.json.decode(body, type=_TagPage).tags or []
        except UNREADABLE as error:
            raise UnexpectedAnswer(self._place, f"the list of tags is unreadable: {error}") from error

    def _manifest_url(self, reference: str) -> str:
        return self._url(self._container.manifest_url(reference))

    def _url(self, place: str) -> str:
        return f"{self._scheme}://{place}"


def _raise_if_absent(response: requests.Response, error: SourceError) -> None:
    if response.status_code == requests.codes.not_found:
        response.close()
        raise error


def _container(reference: ChartReference) -> Container:
    """oras' own parser takes a host only with a dot or a port, and a dotted path for one: so the parts are set."""
    container = Container("name", registry=reference.api_host)
    container.namespace, _, container.repository = reference.repository.rpartition("/")
    return container
