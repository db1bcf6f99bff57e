"""Proving to a registry who we are: our backend for oras' `Registry.auth`.

The backends that come with oras read the machine's docker config, keep one token for every scope, send an expired token
again and let credentials travel to any host that asks. This one belongs to one registry, one repository and one
credential; it keeps a token per scope, replaces it when the registry refuses it, and gives credentials only to that
registry and to the token service which that registry itself names, over TLS unless the user asked for plain HTTP.

Sources: the distribution project's token specification and its OAuth2 variant for refresh tokens (identity tokens).
"""

from __future__ import annotations

import base64
import re
from collections.abc import Callable, Mapping
from typing import Any, TypeAlias
from urllib.parse import urlsplit

import msgspec
import requests
from oras.auth.base import AuthBackend

from steersman.registry.auth import Credential
from steersman.registry.errors import AccessDenied, UnexpectedAnswer

Send: TypeAlias = Callable[[str, str, Mapping[str, str], Mapping[str, str]], tuple[int, bytes]]
"""(method, url, headers, parameters) → status and body, with the client's timeouts and caps, following no redirect."""

_SCHEME = re.compile(r"\s*([A-Za-z]+)\s+")
_PARAMETER = re.compile(r'([A-Za-z_]+)\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^",\s]+))')
_CLIENT_ID = "steersman"


class _TokenAnswer(msgspec.Struct, frozen=True):
    token: str | None = None
    access_token: str | None = None


class ScopedAuth(AuthBackend):  # type: ignore[misc]  # oras has no types
    """Headers for one repository of one registry. Not safe for threads: it belongs to one client."""

    def __init__(self, place: str, credential: Credential | None, *, plain_http: bool, send: Send) -> None:
        super().__init__()
        self._place = place
        self._credential = credential
        self._plain_http = plain_http
        self._send = send
        self._tokens: dict[str, str] = {}
        self._header: dict[str, str] = {}
        if credential is not None and credential.registry_token:
            self._header = _bearer(credential.registry_token)

    @property
    def is_anonymous(self) -> bool:
        """Whether no credential was given at all."""
        return self._credential is None

    def load_configs(self, container: Any, configs: list[str] | None = None) -> None:
        """Nothing: credentials are given, never looked up here."""

    def get_auth_header(self) -> dict[str, str]:
        """The header that worked last, none before the first challenge."""
        return self._header

    def answer(self, response: requests.Response) -> bool:
        """Take up the challenge of a 401; True when there is something new to try. May ask the token service."""
        kind, parameters = parse_challenge(response.headers.get("WWW-Authenticate", ""))
        match kind:
            case "bearer":
                header = self._bearer_header(parameters)
            case "basic":
                header = self._basic_header()
            case _:
                return False
        changed = bool(header) and header != self._header
        self._header = header
        return changed

    def _basic_header(self) -> dict[str, str]:
        credential = self._credential
        if credential is None or not credential.username:
            return {}
        pair = f"{credential.username}:{credential.password}".encode()
        return {"Authorization": f"Basic {base64.b64encode(pair).decode()}"}

    def _bearer_header(self, parameters: Mapping[str, str]) -> dict[str, str]:
        scope = parameters.get("scope", "")
        known = self._tokens.get(scope)
        # A token that was just refused has expired (or lost a right): only a new one can help.
        if known is None or self._header == _bearer(known):
            self._tokens[scope] = known = self._request_token(parameters)
        return _bearer(known)

    def _request_token(self, parameters: Mapping[str, str]) -> str:
        realm = self._checked_realm(parameters.get("realm", ""))
        asked = {name: parameters[name] for name in ("service", "scope") if parameters.get(name)}
        credential = self._credential
        if credential is not None and credential.identity_token:
            form = {"grant_type": "refresh_token", "client_id": _CLIENT_ID, "refresh_token": credential.identity_token}
            status, body = self._send("POST", realm, {}, form | asked)
        else:
            status, body = self._send("GET", realm, self._basic_header(), asked)
        if status != requests.codes.ok:
            problem = f"the token service {urlsplit(realm).hostname} answered {status}"
            raise AccessDenied(self._place, problem, status=status, anonymous=self.is_anonymous)
        return self._token_in(body)

    def _checked_realm(self, realm: str) -> str:
        scheme = urlsplit(realm).scheme
        if scheme == "https" or (scheme == "http" and self._plain_http):
            return realm
        raise UnexpectedAnswer(self._place, "its token service is not reached over TLS, so it gets no credentials")

    def _token_in(self, body: bytes) -> str:
        try:
            answer = msgspec.json.decode(body, type=_TokenAnswer)
        except msgspec.DecodeError:
            # The cause is left out: it may quote the token.
            raise UnexpectedAnswer(self._place, "its token service sent unreadable JSON") from None
        token = answer.token or answer.access_token
        if not token:
            raise UnexpectedAnswer(self._place, "its token service sent no token")
        return token


def parse_challenge(header: str) -> tuple[str, dict[str, str]]:
    """The scheme (lower case) and parameters of the first usable challenge of a WWW-Authenticate header."""
    match = _SCHEME.match(header)
    if match is None:
        return header.strip().lower(), {}
    found = _PARAMETER.findall(header, match.end())
    return match[1].lower(), {name.lower(): re.sub(r"\\(.)", r"\1", quoted) or bare for name, quoted, bare in found}


def _bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}
