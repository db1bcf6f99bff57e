"""A proxy before the real API server that does what networks do: loses answers, refuses, cuts streams short.

`Faults` holds what happens to the next requests that fit; everything else passes through unchanged.
"""

from __future__ import annotations

import ssl
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

import aiohttp
from aiohttp import web
from testenv.instance import Instance

KUBECONFIG = """\
apiVersion: v1
kind: Config
current-context: proxy
clusters: [{{name: proxy, cluster: {{server: "{server}"}}}}]
users: [{{name: admin, user: {{token: "{token}"}}}}]
contexts: [{{name: proxy, context: {{cluster: proxy, user: admin}}}}]
"""

Kind = Literal["lose the request", "lose the answer", "answer", "cut", "hang"]


@dataclass
class Fault:
    """What happens to the next requests of this method whose path contains this text, `times` times.

    `cut` ends the answer after its first line; `answer` is given instead of the server's."""

    method: str
    path: str
    kind: Kind
    times: int = 1
    status: int = 500
    body: bytes = b""
    headers: dict[str, str] = field(default_factory=dict)


@dataclass
class Proxy:
    """A running proxy; `seen` are the requests that reached it, as `METHOD path?query`."""

    kubeconfig: Path
    faults: list[Fault] = field(default_factory=list)
    seen: list[str] = field(default_factory=list)

    def expect(self, method: str, path: str, kind: Kind, **rest: object) -> None:
        """Plan a fault."""
        self.faults.append(Fault(method, path, kind, **rest))  # type: ignore[arg-type]

    def count(self, method: str, path: str = "") -> int:
        """How many requests of this method and path came."""
        return sum(line.startswith(method) and path in line for line in self.seen)

    def next_fault(self, request: web.Request) -> Fault | None:
        for fault in self.faults:
            if fault.times and fault.method == request.method and fault.path in request.raw_path:
                fault.times -= 1
                return fault
        return None


@asynccontextmanager
async def proxied(control_plane: Instance, folder: Path) -> AsyncIterator[Proxy]:
    """Run a proxy before this control plane; its kubeconfig is the admin's."""
    proxy = Proxy(folder / "kubeconfig")
    tls = ssl.create_default_context(cafile=str(control_plane.ca_file))
    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(ssl=tls), auto_decompress=False) as session:
        application = web.Application(client_max_size=2**24)
        application.router.add_route("*", "/{path:.*}", _handler(proxy, session, control_plane.server))
        runner = web.AppRunner(application, shutdown_timeout=0.1)
        await runner.setup()
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        port = runner.addresses[0][1]
        text = KUBECONFIG.format(server=f"http://127.0.0.1:{port}", token=control_plane.admin_token)
        proxy.kubeconfig.write_text(text)
        try:
            yield proxy
        finally:
            await runner.cleanup()


def _handler(proxy: Proxy, session: aiohttp.ClientSession, server: str) -> Callable[[web.Request], web.StreamResponse]:
    async def handle(request: web.Request) -> web.StreamResponse:
        proxy.seen.append(f"{request.method} {request.raw_path}")
        fault = proxy.next_fault(request)
        kind = fault.kind if fault else ""
        if fault and kind == "answer":
            return web.Response(status=fault.status, body=fault.body, headers=fault.headers)
        if kind == "lose the request":
            return _hang_up(request)
        headers = {key: value for key, value in request.headers.items() if key.lower() != "host"}
        async with session.request(
            request.method, f"{server}{request.raw_path}", data=await request.read(), headers=headers
        ) as answer:
            if kind == "lose the answer":
                await answer.read()
                return _hang_up(request)
            return await _pass_on(request, answer, kind)

    return handle  # type: ignore[return-value]


async def _pass_on(request: web.Request, answer: aiohttp.ClientResponse, kind: str) -> web.StreamResponse:
    dropped = {"transfer-encoding", "content-length"}
    headers = [(key, value) for key, value in answer.headers.items() if key.lower() not in dropped]
    response = web.StreamResponse(status=answer.status, headers=dict(headers))
    await response.prepare(request)
    async for chunk in answer.content.iter_any():
        if kind == "cut":
            await response.write(chunk[: len(chunk) // 2])
            return _hang_up(request)
        if kind != "hang":
            await response.write(chunk)
    await response.write_eof()
    return response


def _hang_up(request: web.Request) -> web.StreamResponse:
    assert request.transport is not None
    request.transport.abort()
    return web.Response()
