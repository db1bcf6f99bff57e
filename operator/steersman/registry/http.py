"""Requests to one place, bounded and careful: what clients of registries and of HTTP repositories are made of.

Every answer has a deadline and a byte cap. Redirects are followed here, so that credentials and the client certificate
go to the origin (scheme, host, port) they are for and to no other. Addresses are checked as they are connected to
(`connections`). Errors of requests and urllib3 become ours; nothing is retried here: `asking` does that without holding
a thread.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Iterator, Mapping
from typing import Any
from urllib.parse import urljoin, urlsplit

import msgspec
import requests
import urllib3

from steersman.registry.connections import Connections
from steersman.registry.decoding import UNREADABLE
from steersman.registry.errors import REGISTRY, AccessDenied, RegistryUnavailable, TooLarge, UnexpectedAnswer
from steersman.registry.problems import (
    connection_problem,
    proxy_problem,
    proxy_refused,
    retry_after,
    tls_kind,
    tls_problem,
)
from steersman.registry.urls import Origin, has_plain_host, origin_of

_REDIRECTS = frozenset({301, 302, 303, 307, 308})
WORTH_ANOTHER_TRY = frozenset({408, 425, 429, 500, 502, 503, 504})
_MAX_REDIRECTS = 5
_CHUNK = 64 * 1024
_ERROR_BYTES = 16 * 1024
_ERROR_TEXT = 200


class _Told(msgspec.Struct, frozen=True):
    code: str = ""
    message: str = ""


class _ErrorBody(msgspec.Struct, frozen=True):
    errors: list[_Told] = []


class HttpClient:
    """Requests on one set of terms. `place` names the other side in messages, `noun` what it is; `home` is the origin
    that credentials are for."""

    def __init__(self, place: str, home: Origin, connections: Connections, *, noun: str = REGISTRY) -> None:
        self.place = place
        self._noun = noun
        self.home = home
        self._connections = connections
        self._limits = connections.limits
        self._deadline = 0.0

    def begin(self) -> None:
        """The time for one answer, redirects and token included, begins now."""
        self._deadline = self._connections.deadline()

    def follow(
        self,
        method: str,
        url: str,
        headers: Mapping[str, str],
        credentials: Callable[[], Mapping[str, str]],
        *,
        home: Origin | None = None,
    ) -> requests.Response:
        """Send, and follow redirects. `credentials` are headers for the origin `home` (the client's own when left out)
        and stay with it: storage behind a registry never sees them."""
        home = self.home if home is None else home
        for _ in range(_MAX_REDIRECTS + 1):
            at_home = origin_of(url) == home
            response = self.send(method, url, {**headers, **(credentials() if at_home else {})}, at_home=at_home)
            if response.status_code not in _REDIRECTS:
                return response
            response.close()
            url = self.joined(url, response.headers.get("Location", ""), "it redirects")
            if urlsplit(url).scheme != "https" and not self._connections.access.insecure:
                raise UnexpectedAnswer(self.place, "it redirects to an address without TLS")
        raise UnexpectedAnswer(self.place, "it redirects in circles")

    def send(
        self, method: str, url: str, headers: Mapping[str, str], *, at_home: bool, **content: Any
    ) -> requests.Response:
        """One request; the body of the answer is still to be read. Our certificate is shown `at_home` only."""
        self._connections.reach.check_url(self.place, url)
        status = 0
        try:
            response: requests.Response = self._connections.session.request(
                method,
                url,
                # Digests are of the bytes as stored, so no content coding may come between.
                headers={"Accept-Encoding": "identity", **headers},
                stream=True,
                allow_redirects=False,
                timeout=(self._limits.connect_seconds, min(self._limits.read_seconds, self.time_left())),
                verify=self._connections.tls.verify,
                cert=self._connections.tls.certificate if at_home else None,
                proxies=self._connections.proxies(url),
                **content,
            )
            status = response.status_code
        except requests.exceptions.ProxyError as error:
            proxy = self._connections.proxy_shown(url)
            raise self._unavailable(proxy_problem(error, proxy), proxy=True) from error
        except requests.exceptions.SSLError as error:
            raise self._unavailable(tls_problem(error), tls=tls_kind(error)) from error
        except (requests.RequestException, urllib3.exceptions.HTTPError) as error:
            raise self._unavailable(connection_problem(error, url)) from error
        finally:
            self._connections.meter.registry_answered(status)
        return response

    def joined(self, url: str, location: str, doing: str) -> str:
        """Where an answer sends us. Raises UnexpectedAnswer where that is no address of the web; `doing` says what the
        other side does."""
        try:
            target = urljoin(url, location)
            usable = origin_of(target)[0] in ("http", "https") and has_plain_host(target)
        except ValueError:  # brackets that do not match, a port that is none
            usable = False
        if not usable:
            raise UnexpectedAnswer(self.place, f"{doing} to something that is no address")
        return target

    def read(self, response: requests.Response, what: str, limit: int) -> bytes:
        """The body, at most `limit` bytes of it, before the deadline."""
        return b"".join(self.chunks(response, what, limit))

    def chunks(self, response: requests.Response, what: str, limit: int) -> Iterator[bytes]:
        """The body piece by piece, at most `limit` bytes of it, before the deadline."""
        size = 0
        try:
            while chunk := response.raw.read1(_CHUNK, decode_content=False):
                size += len(chunk)
                if size > limit:
                    raise TooLarge(self.place, what, limit=limit)
                self.time_left()
                yield chunk
        except urllib3.exceptions.HTTPError as error:
            raise self._unavailable(f"{what} broke off: {connection_problem(error, '')}") from error
        finally:
            response.close()
            self._connections.meter.received(size)

    def raise_for_status(
        self, response: requests.Response, *, anonymous: bool, fine: Collection[int] = (404,), only_for: str = ""
    ) -> None:
        """Return for 2xx and what else is `fine`, raise for all others. Credentials that are `only_for` another host
        were not sent."""
        status = response.status_code
        if 200 <= status < 300 or status in fine:
            return
        if status == requests.codes.proxy_authentication_required:
            response.close()
            raise self._unavailable(proxy_refused(self._connections.proxy_shown(response.url)), proxy=True)
        said = self._error_text(response)
        if status in (401, 403):
            raise AccessDenied(self.place, said, status=status, anonymous=anonymous, noun=self._noun, only_for=only_for)
        if status in WORTH_ANOTHER_TRY:
            raise self._unavailable(said, retry_after=retry_after(response))
        raise UnexpectedAnswer(self.place, said)

    def time_left(self) -> float:
        """Seconds until the deadline. Raises RegistryUnavailable when it has passed."""
        left = self._deadline - time.monotonic()
        if left <= 0:
            raise self._unavailable(f"no whole answer within {self._limits.total_seconds:g} s")
        return left

    def _unavailable(self, problem: str, **more: Any) -> RegistryUnavailable:
        return RegistryUnavailable(self.place, problem, noun=self._noun, **more)

    def _error_text(self, response: requests.Response) -> str:
        """`status` and what the other side says about it in a registry's way, short and printable."""
        text = f"status {response.status_code}"
        try:
            body = self.read(response, "an error", _ERROR_BYTES)
            told = msgspec.json.decode(body, type=_ErrorBody).errors
        except (*UNREADABLE, TooLarge, RegistryUnavailable):
            return text
        if not told:
            return text
        said = f"{text}: {told[0].code} {told[0].message}".strip()
        return "".join(character for character in said[:_ERROR_TEXT] if character.isprintable())
