"""A token service as the distribution project documents it, for the real registry: `auth.token` with its key set.

It answers GET with Basic credentials and the OAuth2 form of POST (password, refresh_token), grants what a user may do
of what the scope asks for, signs with a key of its own, and remembers what it was asked.
"""

from __future__ import annotations

import base64
import json
import time
import uuid
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from registry.scripted import Reply, Request, ScriptedServer, serve

ISSUER = "the token service of the tests"
SERVICE = "the registry of the tests"
KEY_ID = "key-1"


@dataclass
class TokenService:
    """`users` are passwords by name; `pullers` may pull only; `refresh_tokens` are users by token."""

    server: ScriptedServer
    users: dict[str, str] = field(default_factory=lambda: {"me": "right", "puller": "pulls"})
    pullers: frozenset[str] = frozenset({"puller"})
    refresh_tokens: dict[str, str] = field(default_factory=dict)
    lifetime: int = 300
    key: ec.EllipticCurvePrivateKey = field(default_factory=lambda: ec.generate_private_key(ec.SECP256R1()))
    scheme: str = "http"

    @property
    def requests(self) -> list[Request]:
        return self.server.requests

    def settings(self, folder: Path) -> dict[str, Any]:
        """What a registry needs to know to trust this service."""
        numbers = self.key.public_key().public_numbers()
        x, y = (encoded(number.to_bytes(32, "big")) for number in (numbers.x, numbers.y))
        jwk = {"kty": "EC", "crv": "P-256", "use": "sig", "alg": "ES256", "kid": KEY_ID, "x": x, "y": y}
        jwks = folder / "jwks.json"
        jwks.write_text(json.dumps({"keys": [jwk]}))
        realm = f"{self.scheme}://{self.server.host}/token"
        return {"auth": {"token": {"realm": realm, "service": SERVICE, "issuer": ISSUER, "jwks": str(jwks)}}}

    def answer(self, request: Request) -> Reply:
        """A `registry.scripted.Script`."""
        if request.method == "POST":
            asked = parse_qs(request.body.decode())
            user = self._user_of_form({name: values[0] for name, values in asked.items()})
        else:
            asked = parse_qs(urlsplit(request.path).query)
            user = self._user_of_header(request.authorization)
        if user is None:
            return Reply(401, b'{"errors": [{"code": "UNAUTHORIZED", "message": "who are you?"}]}')
        scopes = [scope for value in asked.get("scope", []) for scope in value.split()]
        return Reply(200, json.dumps(self._token(user, scopes)).encode(), {"Content-Type": "application/json"})

    def _user_of_header(self, header: str) -> str | None:
        name, _, password = base64.b64decode(header.removeprefix("Basic ")).decode().partition(":")
        return name if self.users.get(name) == password else None

    def _user_of_form(self, form: Mapping[str, str]) -> str | None:
        if form["grant_type"] == "refresh_token":
            return self.refresh_tokens.get(form["refresh_token"])
        name = form.get("username", "")
        return name if self.users.get(name) == form.get("password") else None

    def _token(self, user: str, scopes: list[str]) -> dict[str, Any]:
        now = int(time.time())
        claims = {
            "iss": ISSUER,
            "sub": user,
            "aud": [SERVICE],
            "exp": now + self.lifetime,
            "nbf": now - 10,
            "iat": now,
            "jti": uuid.uuid4().hex,
            "access": [self._access(user, scope) for scope in scopes],
        }
        head = {"typ": "JWT", "alg": "ES256", "kid": KEY_ID}
        signed = ".".join(encoded(json.dumps(part).encode()) for part in (head, claims))
        r, s = decode_dss_signature(self.key.sign(signed.encode(), ec.ECDSA(hashes.SHA256())))
        token = f"{signed}.{encoded(r.to_bytes(32, 'big') + s.to_bytes(32, 'big'))}"
        issued = datetime.fromtimestamp(now, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        return {"token": token, "access_token": token, "expires_in": self.lifetime, "issued_at": issued}

    def _access(self, user: str, scope: str) -> dict[str, Any]:
        kind, name, actions = scope.split(":", 2)
        allowed = {"pull"} if user in self.pullers else {"pull", "push"}
        return {"type": kind, "name": name, "actions": [each for each in actions.split(",") if each in allowed]}


@contextmanager
def serve_tokens(certificate: tuple[Path, Path] | None = None) -> Iterator[TokenService]:
    """Run a token service for the duration of the block, with a certificate and key over TLS."""
    with serve(certificate) as server:
        service = TokenService(server, scheme="https" if certificate else "http")
        server.script = service.answer
        yield service


def encoded(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).decode().rstrip("=")
