"""Addresses of HTTP repositories and of charts in them, as Helm puts them together. Pure; called by the sources."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TypeAlias
from urllib.parse import urljoin, urlsplit, urlunsplit

from steersman.registry.errors import InvalidReference

Origin: TypeAlias = tuple[str, str, int | None]
"""Scheme, host and port."""

_SHOWN = 200
_SCHEMES = ("http", "https")
_NETLOC = re.compile(r"(?:[A-Za-z0-9._-]+|\[[0-9A-Fa-f:.]+\])(?::[0-9]*)?")
_CONTROLS = re.compile(r"[\x00-\x1f\x7f]")


@dataclass(frozen=True, slots=True)
class HttpUrl:
    """An `http(s)://` URL that can be asked for. Equal texts are equal addresses."""

    text: str
    scheme: str
    host: str
    """With the port, where there is one."""
    path: str

    @classmethod
    def parse(cls, url: str) -> HttpUrl:
        """Read a URL. Raises InvalidReference, saying what is wrong, without the query."""
        shown = url.partition("?")[0][:_SHOWN]
        try:
            parts = urlsplit(url)
            port = parts.port
        except ValueError as error:
            raise InvalidReference(shown, f"cannot be read: {error}") from error
        if "@" in parts.netloc:
            shown = f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}{parts.path}"[:_SHOWN]
            raise InvalidReference(shown, "holds a user name or password; give them as credentials")
        if parts.scheme not in _SCHEMES or not parts.hostname:
            raise InvalidReference(shown, "is not of the form https://host/path")
        if not url.isascii() or not url.isprintable() or " " in url or port == 0 or not has_plain_host(url):
            raise InvalidReference(shown, "has characters that URLs must escape, or an impossible port")
        host = parts.netloc.lower()
        return cls(url.partition("#")[0], parts.scheme, host, parts.path)

    @property
    def place(self) -> str:
        """`host/path`, as messages name it: a query may hold a signature."""
        return f"{self.host}{self.path}".rstrip("/")

    def check_scheme(self, *, insecure: bool) -> None:
        """Refuse plain HTTP unless it was asked for. Raises InvalidReference."""
        if self.scheme != "https" and not insecure:
            raise InvalidReference(
                f"{self.scheme}://{self.place}", "is without TLS, which must be asked for (`insecure: true`)"
            )


def resolve(base: str, reference: str) -> str:
    """The URL that an index at `base` means by `reference`: an absolute one as it is, any other within `base`, whose
    query it takes (`repo.ResolveReferenceURL`). Raises InvalidReference."""
    try:
        if urlsplit(reference).scheme:
            return reference
        parts = urlsplit(base)
        folder = parts._replace(path=parts.path.rstrip("/") + "/", query="", fragment="")
        joined = urlsplit(urljoin(urlunsplit(folder), reference))
    except ValueError as error:
        raise InvalidReference(reference.partition("?")[0][:_SHOWN], f"cannot be read: {error}") from error
    return urlunsplit(joined._replace(query=parts.query))


def has_plain_host(url: str) -> bool:
    """Whether all who read this URL find the same host in it. `https://a.example\\@b.example/` is of b.example for
    urllib.parse, which decides who gets credentials, and of a.example for urllib3, which connects."""
    return _NETLOC.fullmatch(urlsplit(url).netloc) is not None and not _CONTROLS.search(url)


def origin_of(url: str) -> Origin:
    """Scheme, host and port of a URL."""
    parts = urlsplit(url)
    return parts.scheme, parts.hostname or "", parts.port or {"https": 443, "http": 80}.get(parts.scheme)
