"""Proving to a registry who we are.

The backends that come with oras read the machine's docker config, keep one token for every scope, send an expired token
again and let credentials travel to any host that asks. A `ScopedAuth` belongs to one client: to one registry, one
repository and one credential. It gives credentials only to that registry and to the token service which that registry
itself names, over TLS unless the user asked for plain HTTP. What it gets stands in the `TokenCache` that all clients
share: one request for a token however many threads need it, no request with a token that has expired, and a new token
when the registry refuses one.

Sources: the distribution project's token specification and its OAuth2 variant for refresh tokens (identity tokens).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Hashable, Mapping
from dataclasses import dataclass
from typing import TypeAlias
from urllib.parse import urlsplit

import msgspec
import requests

from steersman.registry.auth import Credential
from steersman.registry.decoding import UNREADABLE
from steersman.registry.errors import AccessDenied, UnexpectedAnswer
from steersman.registry.tokencache import Challenge, Token, TokenCache, expiry_of
from steersman.registry.urls import has_plain_host

Send: TypeAlias = Callable[[str, str, Mapping[str, str], Mapping[str, str]], tuple[int, bytes]]
"""(method, url, headers, parameters) → status and body, with the client's timeouts and caps, following no redirect."""

_SCHEME = re.compile(r"[\s,]*([A-Za-z][\w-]*)(?=[\s,]|$)")
_PARAMETER = re.compile(r'[\s,]*([A-Za-z][\w-]*)\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^",\s]+))')
_PREFERENCE = {"bearer": 0, "basic": 1}
_CLIENT_ID = "steersman"


class _TokenAnswer(msgspec.Struct, frozen=True):
    token: str | None = None
    access_token: str | None = None
    refresh_token: str | None = None
    expires_in: float | None = None
    issued_at: str | None = None

    @property
    def value(self) -> str:
        return self.token or self.access_token or ""


@dataclass(frozen=True, slots=True)
class _Service:
    """The part of a challenge that names a token service, checked."""

    realm: str
    service: str
    scope: str


class ScopedAuth:
    """Headers for one repository of one registry. Not safe for threads itself: it belongs to one client.

    Clients with equal `terms` (by default the credential) share what they find out through `tokens`."""

    def __init__(
        self,
        place: str,
        credential: Credential | None,
        *,
        plain_http: bool,
        send: Send,
        tokens: TokenCache | None = None,
        terms: Hashable = None,
    ) -> None:
        self._place = place
        self._credential = credential
        self._plain_http = plain_http
        self._send = send
        self._tokens = tokens or TokenCache()
        # By host too: a registry that names another one's token service must not be handed what that one gave us.
        self._terms = (place.partition("/")[0], (credential, plain_http) if terms is None else terms)
        self._given_token = credential.registry_token if credential is not None else ""
        self._sent = ""

    @property
    def is_anonymous(self) -> bool:
        """Whether no credential was given at all."""
        return self._credential is None

    def get_auth_header(self) -> dict[str, str]:
        """The header for the next request: none before the first challenge of the registry. May ask the token service
        for a new token where the last one has expired."""
        if self._given_token:
            self._sent = f"Bearer {self._given_token}"
        else:
            challenge = self._tokens.challenge((self._place, self._terms))
            self._sent = self._answer_to(challenge, refused="") if challenge else ""
        return {"Authorization": self._sent} if self._sent else {}

    def answer(self, response: requests.Response) -> bool:
        """Take up the challenge of a 401; True when there is something new to try. May ask the token service."""
        kind, parameters = parse_challenge(response.headers.get("WWW-Authenticate", ""))
        if kind not in ("bearer", "basic") or self._given_token:
            return False
        challenge = Challenge(kind, tuple(sorted(parameters.items())))
        refused = self._sent
        header = self._answer_to(challenge, refused)
        self._tokens.remember((self._place, self._terms), challenge)
        return bool(header) and header != refused

    def _answer_to(self, challenge: Challenge, refused: str) -> str:
        """The Authorization header that a challenge asks for, "" for none."""
        if challenge.kind == "basic":
            return self._credential.basic if self._credential is not None and self._credential.username else ""
        service = self._service(dict(challenge.parameters))
        key = (self._terms, service)
        # A token that was just refused has lost a right, or its service forgot it: only a new one can help.
        token = self._tokens.token(key, lambda: self._request_token(service), refused.removeprefix("Bearer "))
        return f"Bearer {token.value}"

    def _service(self, parameters: Mapping[str, str]) -> _Service:
        realm = parameters.get("realm", "")
        try:
            parts = urlsplit(realm)
            usable = has_plain_host(realm) and re.fullmatch(r"[!-~]+", realm) is not None
        except ValueError:  # brackets that do not match
            usable = False
        if not usable:
            raise UnexpectedAnswer(self._place, "it names no token service that is an address")
        if parts.scheme == "https" or (parts.scheme == "http" and self._plain_http):
            return _Service(realm, parameters.get("service", ""), parameters.get("scope", ""))
        raise UnexpectedAnswer(self._place, "its token service is not reached over TLS, so it gets no credentials")

    def _request_token(self, service: _Service) -> Token:
        asked = {name: value for name, value in (("service", service.service), ("scope", service.scope)) if value}
        if self._credential is not None and self._credential.identity_token:
            status, body = self._trade(service, asked, self._credential.identity_token)
        else:
            basic = self._credential.basic if self._credential is not None else ""
            status, body = self._send("GET", service.realm, {"Authorization": basic} if basic else {}, asked)
        if status != requests.codes.ok:
            problem = f"the token service {urlsplit(service.realm).hostname} answered {status}"
            raise AccessDenied(self._place, problem, status=status, anonymous=self.is_anonymous)
        answer = self._read(body)
        if answer.refresh_token and self._credential is not None and self._credential.identity_token:
            self._tokens.keep_identity(self._identity_key(service), answer.refresh_token)
        return Token(answer.value, expiry_of(answer.expires_in, answer.issued_at, self._tokens.clock))

    def _trade(self, service: _Service, asked: Mapping[str, str], given: str) -> tuple[int, bytes]:
        """Trade the identity token. A service may hand out a new one each time; the one that was given is tried when
        it does not take its own any more."""
        form = {"grant_type": "refresh_token", "client_id": _CLIENT_ID, **asked}
        newest = self._tokens.identity(self._identity_key(service)) or given
        status, body = self._send("POST", service.realm, {}, form | {"refresh_token": newest})
        if newest != given and 400 <= status < 500:
            self._tokens.keep_identity(self._identity_key(service), "")
            status, body = self._send("POST", service.realm, {}, form | {"refresh_token": given})
        return status, body

    def _identity_key(self, service: _Service) -> Hashable:
        return self._terms, service.realm, service.service

    def _read(self, body: bytes) -> _TokenAnswer:
        try:
            answer = msgspec.json.decode(body, type=_TokenAnswer)
        except UNREADABLE:
            # The cause is left out: it may quote the token.
            raise UnexpectedAnswer(self._place, "its token service sent unreadable JSON") from None
        # Whatever is no visible ASCII would be a second header, or none.
        if not answer.value or not re.fullmatch(r"[!-~]+", answer.value):
            raise UnexpectedAnswer(self._place, "its token service sent no token")
        return answer


def parse_challenge(header: str) -> tuple[str, dict[str, str]]:
    """The scheme (lower case) and parameters of the best challenge of a WWW-Authenticate header, which may hold
    several: Bearer, then Basic, then the first."""
    found: list[tuple[str, dict[str, str]]] = []
    position = 0
    while position < len(header):
        if found and (match := _PARAMETER.match(header, position)):
            name, quoted, bare = match.groups()
            found[-1][1].setdefault(name.lower(), re.sub(r"\\(.)", r"\1", quoted) if quoted is not None else bare)
        elif match := _SCHEME.match(header, position):
            found.append((match[1].lower(), {}))
        else:
            break
        position = match.end()
    return min(found, key=lambda challenge: _PREFERENCE.get(challenge[0], len(_PREFERENCE)), default=("", {}))
