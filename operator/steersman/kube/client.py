"""One connection pool to the API server: sends requests, turns refusals into errors, repeats what is safe.

Everything in `kube` goes through one `KubeClient`; the app layer makes it with `KubeClient.open(credentials)`. It
knows nothing of kinds: paths and bodies come from `kube.requests`. An own thin layer over aiohttp and orjson, because
the kubernetes package costs several times the CPU and retries no PATCH.
"""

from __future__ import annotations

import asyncio
import io
import re
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any, TypeAlias
from weakref import WeakSet

import aiohttp
import msgspec
import orjson
from multidict import CIMultiDictProxy
from yarl import URL

from steersman import __version__
from steersman.errors import ClusterError
from steersman.kube.answers import Asked
from steersman.kube.classify import error_from_status
from steersman.kube.credentials import Credentials
from steersman.kube.errors import Halted, Unauthorized, Unreachable
from steersman.kube.requests import Request
from steersman.kube.retry import Retries, RetryPolicy

Meter: TypeAlias = Callable[[str, int, float], None]
"""Told of every answer: the verb of `Asked`, the status code (0: none came), seconds. Metrics hang here."""

WHOLE_BODY_LIMIT = 2**19

_TLS_OBJECT = re.compile(r" ssl:(<[^>]*>|\S+)")
"""What aiohttp puts into its messages that tells nobody anything."""


@dataclass(frozen=True, slots=True)
class ClientSettings:
    """Bounds of the client. `concurrency` counts requests under way; watches come on top."""

    concurrency: int = 32
    timeout: float = 65.0  # the API server itself gives up after 60 s
    connect_timeout: float = 10.0
    user_agent: str = f"steersman/{__version__}"
    retry: RetryPolicy = field(default_factory=RetryPolicy)


@dataclass(frozen=True, slots=True)
class Response:
    """A success."""

    status: int
    headers: CIMultiDictProxy[str]
    body: bytes

    def json(self) -> Any:
        """The body as plain data."""
        return orjson.loads(self.body)

    def warnings(self) -> tuple[str, ...]:
        """The texts of the `Warning:` headers (`299 - "text"`)."""
        return tuple(_warning_text(line) for line in self.headers.getall("Warning", ()))


class _Connector(aiohttp.TCPConnector):
    """Remembers its connections. One that ends in the middle of an answer, as every watch does, is closed with TLS's
    farewell, which waits for the other side and would outlive the event loop; aiohttp forgets such connections."""

    def __init__(self, **settings: Any) -> None:
        super().__init__(**settings)
        self._open: WeakSet[asyncio.Transport] = WeakSet()

    async def _create_connection(self, *arguments: Any) -> Any:
        protocol = await super()._create_connection(*arguments)
        if protocol.transport is not None:
            self._open.add(protocol.transport)
        return protocol

    async def hang_up(self) -> None:
        """Close what is still open at once."""
        for transport in list(self._open):
            transport.abort()
        await asyncio.sleep(0)
        await asyncio.sleep(0)  # the transport below TLS closes one turn of the loop after TLS's own


class KubeClient:
    """The pool. Close it, or use it as an async context manager."""

    def __init__(self, credentials: Credentials, settings: ClientSettings, meter: Meter | None) -> None:
        self.credentials = credentials
        self._settings = settings
        self._meter = meter
        self._slots = asyncio.Semaphore(settings.concurrency)
        self._halted = ""
        self._base = credentials.server
        self._headers = {"User-Agent": settings.user_agent}
        self._timeout = aiohttp.ClientTimeout(total=settings.timeout, sock_connect=settings.connect_timeout)
        self._connector = _Connector(limit=0)
        self._session = aiohttp.ClientSession(
            connector=self._connector,
            cookie_jar=aiohttp.DummyCookieJar(),
            timeout=self._timeout,
            # The server would gzip long answers: more CPU on both sides than the bytes are worth inside a cluster.
            auto_decompress=False,
            skip_auto_headers=("Accept-Encoding",),
        )

    @classmethod
    def open(
        cls, credentials: Credentials, settings: ClientSettings | None = None, *, meter: Meter | None = None
    ) -> KubeClient:
        """A client for these credentials. Needs a running event loop."""
        return cls(credentials, settings or ClientSettings(), meter)

    async def close(self) -> None:
        """Close all connections."""
        await self._session.close()
        await self._connector.hang_up()

    async def __aenter__(self) -> KubeClient:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    def halt(self, reason: str) -> None:
        """Send no more writes (but vital ones): another process may be writing now."""
        self._halted = reason

    def resume(self) -> None:
        """Write again."""
        self._halted = ""

    async def send(self, request: Request) -> Response:
        """The answer to a request. Raises an error of `kube.errors` for everything that is no success."""
        retries = Retries(self._settings.retry, repeatable=request.repeatable)
        renewed = False
        while True:
            try:
                return await self._attempt(request)
            except Unauthorized:
                if renewed:
                    raise
                renewed = True
                await self.credentials.renew()
                delay = 0.0
            except ClusterError as error:
                pause = retries.delay_after(error)
                if pause is None:
                    raise
                delay = pause
            await asyncio.sleep(delay)

    @asynccontextmanager
    async def stream(self, request: Request, *, silence: float) -> AsyncIterator[AsyncIterator[bytes]]:
        """The lines of a long answer (a watch). Ends, as Unreachable, after `silence` seconds without a byte."""
        bounds = aiohttp.ClientTimeout(sock_connect=self._settings.connect_timeout, sock_read=silence)
        try:
            async with await self._open(request, bounds) as response:
                if response.status >= 300:
                    if response.status == 401:
                        await self.credentials.renew()
                    raise self._refusal(response, await response.read(), request.asked)
                yield _lines(response.content)
        except (aiohttp.ClientError, TimeoutError) as error:
            raise _unreachable(request, error) from error

    async def _attempt(self, request: Request) -> Response:
        if self._halted and request.writes and not request.vital:
            raise Halted(request.asked, self._halted)
        async with self._slots:
            started = time.perf_counter()
            code = 0
            try:
                async with await self._open(request, self._timeout) as response:
                    body = await response.read()
                    code = response.status
            except (aiohttp.ClientError, TimeoutError) as error:
                raise _unreachable(request, error) from error
            finally:
                if self._meter is not None:
                    self._meter(request.asked.verb, code, time.perf_counter() - started)
        if code >= 300 and not (code == 304 and request.etag):
            raise self._refusal(response, body, request.asked)
        return Response(code, response.headers, body)

    async def _open(self, request: Request, bounds: aiohttp.ClientTimeout) -> aiohttp.ClientResponse:
        headers = {**self._headers, "Accept": request.accept}
        authorization = await self.credentials.authorization()
        if authorization:
            headers["Authorization"] = authorization
        if request.body is not None:
            headers["Content-Type"] = request.content_type
        if request.etag:
            headers["If-None-Match"] = request.etag
        return await self._session.request(
            request.method,
            URL(self._base + request.target, encoded=True),
            data=_payload(request.body),
            headers=headers,
            timeout=bounds,
            allow_redirects=False,
            ssl=self.credentials.tls,
            server_hostname=self.credentials.server_name,
            proxy=self.credentials.proxy,
        )

    def _refusal(self, response: aiohttp.ClientResponse, body: bytes, asked: Asked) -> ClusterError:
        return error_from_status(response.status, body, asked, retry_after=_retry_after(response.headers))


def _payload(body: bytes | None) -> bytes | io.BytesIO | None:
    """A large body in pieces: aiohttp would hold up the event loop for a whole one, and says so."""
    return io.BytesIO(body) if body is not None and len(body) > WHOLE_BODY_LIMIT else body


def decode_failure(asked: Asked, error: msgspec.MsgspecError) -> Unreachable:
    """A success whose body is not what the API promises: a proxy in between, most likely."""
    return Unreachable(asked, f"the answer is no Kubernetes JSON: {error}", sent=True)


def _unreachable(request: Request, error: Exception) -> Unreachable:
    # Only a connection that never came about is sure not to have carried the request.
    sent = not isinstance(error, aiohttp.ClientConnectorError | aiohttp.ConnectionTimeoutError)
    said = _TLS_OBJECT.sub("", str(error))
    return Unreachable(request.asked, said or type(error).__name__, sent=sent)


def _retry_after(headers: CIMultiDictProxy[str]) -> float | None:
    """`Retry-After` in seconds; the API server never sends the date form."""
    value = headers.get("Retry-After", "")
    return float(value) if value.isdecimal() else None


def _warning_text(line: str) -> str:
    """`299 - "some \\"text\\""` → `some "text"`."""
    _code, _, rest = line.partition(" ")
    _agent, _, quoted = rest.partition(" ")
    text = quoted.strip()
    if len(text) >= 2 and text[0] == '"':
        text = text[1 : text.rindex('"')]
    return text.replace('\\"', '"').replace("\\\\", "\\")


async def _lines(content: aiohttp.StreamReader) -> AsyncIterator[bytes]:
    """Newline-separated records of any length; a last one without its newline was cut off and is dropped."""
    rest = b""
    async for chunk in content.iter_any():
        *whole, rest = (rest + chunk).split(b"\n") if rest else chunk.split(b"\n")
        for line in whole:
            if line:
                yield line
