"""The HTTP endpoints: /healthz (is this process of use), /readyz (has it begun), /metrics."""

from __future__ import annotations

from collections.abc import Callable

from aiohttp import web

from steersman.app.metrics import Metrics
from steersman.errors import SteersmanError


class AddressUnusable(SteersmanError):
    """The address of the endpoints is taken, or none of this machine."""


class HttpServer:
    """Serves the endpoints until stopped. `sick` and `unready` give the reason not to be well, "" when there is
    none."""

    def __init__(
        self, host: str, port: int, metrics: Metrics, *, sick: Callable[[], str], unready: Callable[[], str]
    ) -> None:
        self._host = host
        self._port = port
        self._metrics = metrics
        self._sick = sick
        self._unready = unready
        self._runner: web.AppRunner | None = None

    async def start(self) -> None:
        """Listen. Raises AddressUnusable."""
        app = web.Application()
        app.router.add_get("/healthz", self._healthz)
        app.router.add_get("/readyz", self._readyz)
        app.router.add_get("/metrics", self._render)
        self._runner = web.AppRunner(app, access_log=None)
        await self._runner.setup()
        try:
            await web.TCPSite(self._runner, self._host, self._port).start()
        except OSError as error:
            await self._runner.cleanup()
            raise AddressUnusable(
                f"cannot listen on {self._host}:{self._port}: {error.strerror or error}",
                hint="name another address with --http-host and --http-port",
            ) from error

    async def stop(self) -> None:
        """Stop listening."""
        if self._runner is not None:
            await self._runner.cleanup()

    async def _healthz(self, request: web.Request) -> web.Response:
        del request
        return _verdict(self._sick())

    async def _readyz(self, request: web.Request) -> web.Response:
        del request
        return _verdict(self._sick() or self._unready())

    async def _render(self, request: web.Request) -> web.Response:
        del request
        return web.Response(body=self._metrics.render(), headers={"Content-Type": "text/plain; version=0.0.4"})


def _verdict(problem: str) -> web.Response:
    return web.Response(status=503 if problem else 200, text=f"{problem or 'ok'}\n")
