"""One connection of a worker process: takes requests, renders, answers, until the client hangs up or a limit breaks.

Runs in a process of its own that `worker` forked, with blocking sockets and nothing else to do. The engine is an
argument: `engine.CoreEngine` in earnest, anything that renders in tests.
"""

from __future__ import annotations

import contextlib
import hashlib
import socket
import sys
import traceback
from collections import OrderedDict
from collections.abc import Callable
from typing import Any, Generic, Protocol, TypeAlias, TypeVar

from steersman.core.render.model import Rendered, RenderRequest
from steersman.core.template.funcs.registry import FunctionError
from steersman.errors import SteersmanError
from steersman.rendering import protocol
from steersman.rendering.errortable import to_wire
from steersman.rendering.guard import Guard, LimitBroken
from steersman.rendering.limits import RenderLimits
from steersman.rendering.protocol import (
    ChartBytes,
    Done,
    Failed,
    FrameTooLong,
    Hello,
    Lookup,
    LookupResult,
    NeedChart,
    ProtocolError,
    Render,
)  # fmt: skip

LookupCall: TypeAlias = Callable[[str, str, str, str], dict[str, Any]]
"""(apiVersion, kind, namespace, name) → the object, a list, or {}. Raises LookupFailed."""

_ChartT = TypeVar("_ChartT")
_AnswerT = TypeVar("_AnswerT", ChartBytes, LookupResult)

_MAX_CHARTS = 64


class LookupFailed(FunctionError):
    """The cluster could not be asked. It fails the render; the client, which knows the cause, raises that instead."""


class Engine(Protocol[_ChartT]):
    """What renders. Loaded charts are kept and rendered again and again."""

    def load(self, archive: bytes, compiled: bytes | None) -> _ChartT:
        """Make a chart ready. `compiled` came from `compiled` for the same archive; None or junk is fine."""
        ...

    def render(self, chart: _ChartT, request: RenderRequest, lookup: LookupCall) -> Rendered:
        """Render it, and leave it as it was."""
        ...

    def compiled(self, chart: _ChartT) -> bytes | None:
        """What would save the next worker work; None when it has been handed out already."""
        ...


class Disconnected(Exception):
    """The client hung up: nobody waits for an answer any more."""


class Session(Generic[_ChartT]):
    """Serves one client."""

    def __init__(self, connection: socket.socket, engine: Engine[_ChartT], guard: Guard) -> None:
        self._connection = connection
        self._engine = engine
        self._guard = guard
        self._charts: OrderedDict[str, _ChartT] = OrderedDict()

    def serve(self) -> None:
        """Answer requests until the client is gone or this process should not go on."""
        try:
            self._send(Hello(protocol.VERSION))
            go_on = True
            while go_on:
                go_on = self._answer(self._receive())
        except Disconnected:
            return

    def _answer(self, message: protocol.ToWorker) -> bool:
        """Answer one request. Whether this process may take another one."""
        if not isinstance(message, Render):
            raise ProtocolError(f"{type(message).__name__} where a Render was due")
        reply: Done | Failed
        try:
            with self._guard.watch(message.limits):
                reply = self._done(message)
                # Written within the limits: what the engine shares by reference is spelt out here.
                answer = protocol.frame(reply, protocol.MAX_REPLY_BYTES)
        except (LimitBroken, Exception) as error:  # noqa: BLE001  # a bug of the engine is one failed render, too
            reply = self._failed(error, message.limits)
            answer = protocol.frame(reply, protocol.MAX_REPLY_BYTES)
        self._send_frame(answer)
        return not reply.retiring

    def _done(self, message: Render) -> Done:
        chart = self._chart(message.request.chart_digest)
        rendered = self._engine.render(chart, message.request, self._lookup)
        if _text_size(rendered) > message.limits.output_bytes:
            raise LimitBroken(message.limits.output())
        return Done(rendered, self._engine.compiled(chart), retiring=self._guard.is_worn())

    def _failed(self, error: BaseException, limits: RenderLimits) -> Failed:
        """What to say of an error, and whether to go on: not after one that may have struck anywhere."""
        match error:
            case LimitBroken():
                return Failed(to_wire(error.error), retiring=True)
            case FrameTooLong():
                return Failed(to_wire(limits.output()), retiring=True)
            case Disconnected() | ProtocolError():
                raise error
            case SteersmanError():
                return Failed(to_wire(error), retiring=self._guard.is_worn())
            case _:
                log_trace(error)
                return Failed(to_wire(error), retiring=True)

    def _chart(self, digest: str) -> _ChartT:
        """The chart of this digest, from memory or else from the client."""
        known = self._charts.get(digest)
        if known is not None:
            self._charts.move_to_end(digest)
            return known
        sent = self._ask(NeedChart(), ChartBytes)
        if f"sha256:{hashlib.sha256(sent.archive).hexdigest()}" != digest:
            raise ProtocolError("a chart archive of another digest")
        chart = self._charts[digest] = self._engine.load(sent.archive, sent.compiled)
        if len(self._charts) > _MAX_CHARTS:
            self._charts.popitem(last=False)
        return chart

    def _lookup(self, api_version: str, kind: str, namespace: str, name: str) -> dict[str, Any]:
        result = self._ask(Lookup(api_version, kind, namespace, name), LookupResult)
        if result.error:
            raise LookupFailed(result.error)
        return result.found

    def _ask(self, question: NeedChart | Lookup, kind: type[_AnswerT]) -> _AnswerT:
        self._send(question)
        answer = self._receive()
        if not isinstance(answer, kind):
            raise ProtocolError(f"{type(answer).__name__} where a {kind.__name__} was due")
        return answer

    def _send(self, message: protocol.ToClient) -> None:
        self._send_frame(protocol.frame(message, protocol.MAX_REPLY_BYTES))

    def _send_frame(self, data: bytes) -> None:
        try:
            self._connection.sendall(data)
        except OSError as error:
            raise Disconnected from error

    def _receive(self) -> protocol.ToWorker:
        header = self._read(protocol.HEADER_BYTES)
        return protocol.message_for_worker(self._read(protocol.body_length(header, protocol.MAX_REQUEST_BYTES)))

    def _read(self, size: int) -> bytes:
        data = bytearray(size)
        view = memoryview(data)
        while view:
            try:
                count = self._connection.recv_into(view)
            except OSError as error:
                raise Disconnected from error
            if not count:
                raise Disconnected
            view = view[count:]
        return bytes(data)


def log_trace(error: BaseException) -> None:
    """Where the code went wrong, to standard error; without the error's text, which may hold values."""
    # Where standard error is a file, this process may not write to it (`guard`).
    with contextlib.suppress(OSError):
        traceback.print_tb(error.__traceback__)
        sys.stderr.flush()


def _text_size(rendered: Rendered) -> int:
    return len(rendered.manifest) + len(rendered.notes) + sum(len(hook.text) for hook in rendered.hooks)
