"""Rendering, as the operator and the CLI see it: the `ports.Renderer` that talks to the renderer process.

Each render has a worker process for itself while it lasts; workers are kept between renders, with the charts they have
compiled, and dropped when they say that they are worn, when they fail, or when nobody needed them for a while. A
failure of a worker is a failure of one render.
"""

from __future__ import annotations

import asyncio
import hashlib
from dataclasses import dataclass
from types import TracebackType

from steersman import ports
from steersman.core.render.model import Rendered, RenderRequest
from steersman.errors import SteersmanError
from steersman.rendering.compiled import CompiledCharts
from steersman.rendering.connection import Connection
from steersman.rendering.errors import RenderCrashed
from steersman.rendering.errortable import from_wire
from steersman.rendering.limits import RenderLimits
from steersman.rendering.process import Endpoint
from steersman.rendering.protocol import (
    ChartBytes,
    Died,
    Done,
    Failed,
    Hello,
    Lookup,
    LookupResult,
    NeedChart,
    ProtocolError,
    Render,
)  # fmt: skip

DEFAULT_WORKERS = 1
DEFAULT_IDLE_SECONDS = 300.0
# The worker ends a render by itself; this much later we do.
_GRACE_SECONDS = 3.0
# Bytes from which on hashing leaves the event loop.
_LARGE_CHART = 1024 * 1024


@dataclass(slots=True)
class _Job:
    """One render: what is sent, what the worker may ask for, and the error of a lookup that failed."""

    message: Render
    chart: bytes
    lookup: ports.Lookup | None
    lookup_error: SteersmanError | None = None

    @property
    def chart_digest(self) -> str:
        return self.message.request.chart_digest


class RendererClient:
    """Renders charts in worker processes, at most `workers` at a time; more wait their turn. `allow_jinja` is the
    operator's word, which holds for every render."""

    def __init__(
        self,
        endpoint: Endpoint,
        *,
        limits: RenderLimits | None = None,
        compiled: CompiledCharts | None = None,
        workers: int = DEFAULT_WORKERS,
        idle_seconds: float = DEFAULT_IDLE_SECONDS,
        allow_jinja: bool = False,
    ) -> None:
        self._endpoint = endpoint
        self._limits = limits or RenderLimits()
        self._compiled = compiled
        self._allow_jinja = allow_jinja
        self._slots = asyncio.Semaphore(workers)
        self._idle: list[Connection] = []
        self._idle_seconds = idle_seconds

    async def __aenter__(self) -> RendererClient:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    async def render(self, request: RenderRequest, chart: bytes, lookup: ports.Lookup | None = None) -> Rendered:
        """Render one chart. The digest of `chart` is computed here; the one in the request is not relied upon."""
        if len(chart) > self._limits.chart_bytes:
            raise self._limits.chart_size()
        digest = await _digest(chart)
        asked = request._replace(chart_digest=digest, allow_jinja=self._allow_jinja)
        job = _Job(Render(asked, self._limits), chart, lookup)
        async with self._slots:
            reply = await self._run(job)
        if isinstance(reply, Failed):
            # Templates cannot go on after a failed lookup, and its own error says whether another try may help.
            raise job.lookup_error or from_wire(reply.error)
        if reply.compiled is not None and self._compiled is not None:
            await asyncio.to_thread(self._compiled.put, digest, reply.compiled)
        return reply.rendered

    async def close(self) -> None:
        """Drop all workers and end the renderer, if it is ours. Renders that run fail."""
        while self._idle:
            self._idle.pop().close()
        await self._endpoint.close()

    async def _run(self, job: _Job) -> Done | Failed:
        connection = await self._connection()
        keep = False
        try:
            async with asyncio.timeout(self._limits.wall_seconds + _GRACE_SECONDS):
                reply = await self._converse(connection, job)
            keep = not reply.retiring
        except TimeoutError as error:
            raise self._limits.wall_time() from error
        except ProtocolError as error:
            raise RenderCrashed(f"the renderer process sent {error.message}") from error
        except (OSError, EOFError) as error:
            raise RenderCrashed("the renderer process ended without an answer") from error
        finally:
            # Closed in any other case, cancellation included: that ends the worker, whatever it is doing.
            if keep:
                self._give_back(connection)
            else:
                connection.close()
        return reply

    async def _converse(self, connection: Connection, job: _Job) -> Done | Failed:
        await connection.send(job.message)
        while True:
            match await connection.receive():
                case Done() | Failed() as reply:
                    return reply
                case NeedChart():
                    await connection.send(await self._chart(job))
                case Lookup() as question:
                    await connection.send(await _look_up(job, question))
                case Died(out_of_cpu_time=True):
                    raise self._limits.cpu_time()
                case Died(how=how):
                    raise RenderCrashed(f"the renderer process ended by {how} during this render")
                case Hello():
                    raise ProtocolError("a second Hello")

    async def _chart(self, job: _Job) -> ChartBytes:
        compiled = await asyncio.to_thread(self._compiled.get, job.chart_digest) if self._compiled else None
        return ChartBytes(job.chart, compiled)

    async def _connection(self) -> Connection:
        while self._idle:
            connection = self._idle.pop()
            if connection.resume():
                return connection
            connection.close()
        return await Connection.open(await self._endpoint.socket_path())

    def _give_back(self, connection: Connection) -> None:
        self._idle.append(connection)
        connection.rest(self._idle_seconds, lambda: self._expire(connection))

    def _expire(self, connection: Connection) -> None:
        self._idle.remove(connection)
        connection.close()


async def _digest(chart: bytes) -> str:
    if len(chart) < _LARGE_CHART:
        return _sha256(chart)
    return await asyncio.to_thread(_sha256, chart)


def _sha256(data: bytes) -> str:
    return f"sha256:{hashlib.sha256(data).hexdigest()}"


async def _look_up(job: _Job, question: Lookup) -> LookupResult:
    if job.lookup is None:
        return LookupResult()
    try:
        return LookupResult(await job.lookup(question.api_version, question.kind, question.namespace, question.name))
    except SteersmanError as error:
        job.lookup_error = error
        return LookupResult(error=str(error))
