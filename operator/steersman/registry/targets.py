"""What is asked of an HTTP repository: a URL, whose credentials may go there, and what is known of it already.

Apart from `repository`, whose libraries an operator with a warm cache never needs. Called by `repository_charts`.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

from steersman.registry.access import Access
from steersman.registry.tokencache import TokenCache
from steersman.registry.urls import HttpUrl, Origin, origin_of

if TYPE_CHECKING:
    from steersman.registry.connections import Connections
    from steersman.registry.repository import RepositoryClient


class Validators(NamedTuple):
    """What a server gave to ask with, next time, whether anything changed."""

    etag: str = ""
    last_modified: str = ""

    def headers(self) -> dict[str, str]:
        """The conditions of a request; an ETag is the better one, where there is one."""
        if self.etag:
            return {"If-None-Match": self.etag}
        return {"If-Modified-Since": self.last_modified} if self.last_modified else {}


class Downloaded(NamedTuple):
    """What a file that was written holds."""

    validators: Validators
    digest: str


@dataclass(frozen=True, slots=True)
class Target:
    """What is asked for: the URL, and whose credentials may go there (`home`: the repository's URL)."""

    url: HttpUrl
    home: HttpUrl
    with_credentials: bool

    @classmethod
    def of(cls, url: str, access: Access, *, home: str = "") -> Target:
        """A URL on these terms; the repository is `home`, that of the terms, or else the URL's own host."""
        target = HttpUrl.parse(url)
        target.check_scheme(insecure=access.insecure)
        repository = HttpUrl.parse(access.home or home or url)
        at_home = origin_of(target.text) == origin_of(repository.text)
        # Never from TLS to plain text, not even where it was asked for.
        passed = access.pass_credentials and not (repository.scheme == "https" and target.scheme == "http")
        return cls(target, repository, at_home or passed)


@dataclass(frozen=True, slots=True)
class RepositoryEndpoint:
    """An origin and the terms. Implements `clients.Endpoint`; who may share a client is equal, whatever the place."""

    origin: Origin
    access: Access
    place: str = field(default="", compare=False)
    """`host:port/path`, as messages name what was asked for."""

    @classmethod
    def of(cls, target: Target, access: Access) -> RepositoryEndpoint:
        """Whom to ask for this target."""
        return cls(origin_of(target.url.text), access, target.url.place)

    @property
    def host(self) -> str:
        """`host:port`."""
        return f"{self.origin[1]}:{self.origin[2]}"

    def client(self, connections: Connections, tokens: TokenCache) -> RepositoryClient:
        """A client of this origin."""
        del tokens
        from steersman.registry.repository import RepositoryClient  # only here, with its libraries

        return RepositoryClient(self.origin, self.place, connections)
