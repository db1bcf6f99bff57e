"""What the tests of workload identities share: a cloud on loopback, and a cluster that hands out tokens."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from urllib.parse import parse_qsl

from registry.scripted import Reply, Request, ScriptedServer, serve

from steersman.registry.identity.model import Account

NEVER = "a token that must not be asked for"


class Cloud:
    """Answers by `METHOD /path` (the query is left out); what is not there is refused with 404."""

    def __init__(self, server: ScriptedServer) -> None:
        self.server = server
        self.replies: dict[str, Reply] = {}
        server.script = lambda request: self.replies.get(self.key(request), Reply(404, b"no such path"))

    @staticmethod
    def key(request: Request) -> str:
        return f"{request.method} {request.path.partition('?')[0]}"

    @property
    def url(self) -> str:
        return f"http://{self.server.host}"

    def answers(self, key: str, content: object, status: int = 200) -> None:
        body = content.encode() if isinstance(content, str) else json.dumps(content).encode()
        self.replies[key] = Reply(status, body)

    def asked(self, key: str) -> Request:
        """The one request of this kind."""
        (found,) = [request for request in self.server.requests if self.key(request) == key]
        return found

    def paths(self) -> list[str]:
        return [self.key(request) for request in self.server.requests]


@contextmanager
def cloud() -> Iterator[Cloud]:
    with serve() as server:
        yield Cloud(server)


def account(annotations: Mapping[str, str], name: str = "puller") -> Account:
    return Account.of("team", name, annotations)


def form(request: Request) -> dict[str, str]:
    assert header(request, "Content-Type") == "application/x-www-form-urlencoded"
    return dict(parse_qsl(request.body.decode(), strict_parsing=True))


def header(request: Request, name: str) -> str:
    return {key.lower(): value for key, value in request.headers.items()}.get(name.lower(), "")


def jwt(claims: Mapping[str, object]) -> str:
    parts = ({"alg": "none"}, claims)
    encoded = [base64.urlsafe_b64encode(json.dumps(part).encode()).decode().rstrip("=") for part in parts]
    return ".".join([*encoded, "signature"])


class Cluster:
    """`model.ServiceAccountToken`: hands out `token for AUDIENCE`."""

    def __init__(self) -> None:
        self.audiences: list[str] = []

    async def token(self, audience: str) -> str:
        self.audiences.append(audience)
        return f"token-for-{audience}"


async def never(audience: str) -> str:
    """Where no ServiceAccount is named, none is asked."""
    raise AssertionError(audience)
