"""HTTP with the clouds' endpoints: bounded in time and size, tried again while that may help, following no redirect.

Errors name the step and what the endpoint said about it, and never a token.
"""

from __future__ import annotations

import asyncio
import random
import ssl
import urllib.request
from urllib.parse import urlsplit

import aiohttp
import msgspec

from steersman.registry.decoding import UNREADABLE
from steersman.registry.errors import IdentityFailed, IdentityUnavailable
from steersman.registry.identity.model import Request

_WORTH_ANOTHER_TRY = frozenset({408, 425, 429, 500, 502, 503, 504})
_MAX_BYTES = 256 * 1024
_SHOWN = 300
_SHORTEST_SECRET = 8


class _Problem(msgspec.Struct, frozen=True):
    """How the clouds tell what is wrong, all ways in one."""

    error: msgspec.Raw = msgspec.Raw(b"")
    error_description: str = ""
    message: str = ""
    Message: str = ""
    type: str = msgspec.field(name="__type", default="")


class _GoogleError(msgspec.Struct, frozen=True):
    status: str = ""
    message: str = ""


class Exchange:
    """Sends requests of steps. One per process; `close` ends its connections."""

    def __init__(self, *, seconds: float = 10.0, attempts: int = 3, first_pause: float = 0.3) -> None:
        self._timeout = aiohttp.ClientTimeout(total=seconds, connect=seconds / 3)
        self._attempts = attempts
        self._first_pause = first_pause
        self._session: aiohttp.ClientSession | None = None

    async def ask(self, request: Request) -> bytes:
        """The body of a good answer. Raises IdentityFailed, IdentityUnavailable."""
        for attempt in range(1, self._attempts):
            try:
                return await self._send(request)
            except IdentityUnavailable:
                await asyncio.sleep(_pause(self._first_pause * 2**attempt))
        return await self._send(request)

    async def close(self) -> None:
        """Close all connections."""
        if self._session is not None:
            await self._session.close()
            self._session = None

    async def _send(self, request: Request) -> bytes:
        if self._session is None:
            # Nothing is taken from the environment but the proxy: aiohttp would add credentials of a .netrc file.
            connector = aiohttp.TCPConnector(ssl=_trust())
            self._session = aiohttp.ClientSession(
                connector=connector, timeout=self._timeout, cookie_jar=aiohttp.DummyCookieJar()
            )
        try:
            async with self._session.request(
                request.method,
                request.url,
                headers={"User-Agent": "steersman", **request.headers},
                data=request.body or None,
                allow_redirects=False,
                proxy=_proxy(request.url),
            ) as response:
                body = await _body(response)
        except TimeoutError as error:
            raise _unavailable(request, "no answer in time") from error
        except (aiohttp.ClientError, OSError, ValueError) as error:
            raise _unavailable(request, _connection_problem(error)) from None
        if response.status == 200:
            if len(body) > _MAX_BYTES:
                raise IdentityFailed(request.step.provider, request.step.name, "its answer is too large")
            return body
        problem = f"{urlsplit(request.url).hostname} answered {response.status}{_told(body, request.secrets)}"
        if response.status in _WORTH_ANOTHER_TRY:
            raise _unavailable(request, problem)
        raise IdentityFailed(request.step.provider, request.step.name, problem, hint=request.step.hint)


def _trust() -> ssl.SSLContext:
    """The system's authorities (SSL_CERT_FILE included), and where it has no bundle of them, those of requests."""
    context = ssl.create_default_context()
    if ssl.get_default_verify_paths().cafile is None:
        from requests.utils import DEFAULT_CA_BUNDLE_PATH

        context.load_verify_locations(DEFAULT_CA_BUNDLE_PATH)
    return context


def _pause(longest: float) -> float:
    return random.uniform(0, longest)  # noqa: S311 - so that many do not come back together


async def _body(response: aiohttp.ClientResponse) -> bytes:
    """The body, one byte more than the bound at most."""
    body = bytearray()
    async for chunk in response.content.iter_chunked(16 * 1024):
        body += chunk
        if len(body) > _MAX_BYTES:
            break
    return bytes(body)


def _unavailable(request: Request, problem: str) -> IdentityUnavailable:
    step = request.step
    origin = "/".join(request.url.split("/", 3)[:3])
    hint = step.hint if step.machine else f"see whether {origin} can be reached from the operator; it is tried again"
    return IdentityUnavailable(step.provider, step.name, problem, hint=hint)


def _connection_problem(error: Exception) -> str:
    """What happened, without the URL that aiohttp puts into its texts."""
    if isinstance(error, aiohttp.ClientConnectorDNSError):
        return "its name cannot be resolved"
    if isinstance(error, ssl.SSLError | aiohttp.ClientSSLError):
        return "TLS failed: no authority that is trusted here signed its certificate, or it speaks no TLS"
    cause = getattr(error, "os_error", error)
    text = getattr(cause, "strerror", "") or type(cause).__name__
    return f"connection failed ({text})"


def _told(body: bytes, secrets: tuple[str, ...]) -> str:
    """What the endpoint says is wrong, short, printable and without what it was sent."""
    text = _message(body)
    for secret in secrets:
        if len(secret) >= _SHORTEST_SECRET:
            text = text.replace(secret, "…")
    text = "".join(character if character.isprintable() else " " for character in text[:_SHOWN]).strip()
    return f": {text}" if text else ""


def _message(body: bytes) -> str:
    try:
        problem = msgspec.json.decode(body, type=_Problem)
        error = msgspec.json.decode(problem.error, type=str | _GoogleError) if problem.error else ""
    except UNREADABLE:
        return _xml_message(body)
    if isinstance(error, _GoogleError):
        return f"{error.status} {error.message}".strip()
    said = problem.error_description or problem.message or problem.Message
    return " ".join(part for part in (error or problem.type.rpartition("#")[2], said) if part)


def _xml_message(body: bytes) -> str:
    """`<Code>` and `<Message>` of an error of AWS."""
    text = body.decode("utf-8", "replace")
    found = [text.partition(f"<{tag}>")[2].partition(f"</{tag}>")[0] for tag in ("Code", "Message")]
    return " ".join(part for part in found if part)


def _proxy(url: str) -> str | None:
    """The proxy that the operator's environment names for a public endpoint. Metadata services are never proxied."""
    parts = urlsplit(url)
    if parts.scheme != "https" or urllib.request.proxy_bypass(parts.netloc):
        return None
    return urllib.request.getproxies().get("https")
