"""The operator's end of one connection to the renderer process. Used by `client`."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path

from steersman.rendering import protocol
from steersman.rendering.errors import RendererUnavailable
from steersman.rendering.protocol import Hello, ProtocolError

_HELLO_SECONDS = 30.0


class Connection:
    """Frames in and out. Closing it ends the worker process behind it."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer
        self._expiry: asyncio.TimerHandle | None = None
        self._early: asyncio.Task[protocol.ToClient] | None = None

    @classmethod
    async def open(cls, path: Path) -> Connection:
        """Connect and read the greeting. Raises RendererUnavailable, also for a renderer of another version."""
        try:
            connection = cls(*await asyncio.open_unix_connection(str(path)))
        except OSError as error:
            raise RendererUnavailable(f"the renderer at {path} cannot be reached: {error.strerror}") from error
        try:
            await connection._greet()
        except BaseException:
            connection.close()
            raise
        return connection

    async def send(self, message: protocol.ToWorker) -> None:
        """Send one message. Raises OSError when the other side is gone."""
        self._writer.write(protocol.frame(message, protocol.MAX_REQUEST_BYTES))
        await self._writer.drain()

    async def receive(self) -> protocol.ToClient:
        """The next message. Raises EOFError at the end of the stream, ProtocolError for garbage."""
        early, self._early = self._early, None
        return await (early or self._read())

    async def _read(self) -> protocol.ToClient:
        header = await self._reader.readexactly(protocol.HEADER_BYTES)
        length = protocol.body_length(header, protocol.MAX_REPLY_BYTES)
        return protocol.message_for_client(await self._reader.readexactly(length))

    def rest(self, seconds: float, expire: Callable[[], None]) -> None:
        """Nothing is asked for a while. Calls `expire` unless `resume` comes before that."""
        self._expiry = asyncio.get_running_loop().call_later(seconds, expire)
        # An idle worker says nothing; if something can be read all the same, it has ended.
        self._early = asyncio.create_task(self._read())
        self._early.add_done_callback(_note)

    def resume(self) -> bool:
        """Take the connection up again; False when the worker has ended meanwhile."""
        self._cancel_expiry()
        return self._early is None or not self._early.done()

    def close(self) -> None:
        """Hang up."""
        self._cancel_expiry()
        if self._early is not None:
            self._early.cancel()
        self._writer.close()

    async def _greet(self) -> None:
        try:
            async with asyncio.timeout(_HELLO_SECONDS):
                hello = await self.receive()
        except (TimeoutError, OSError, EOFError, ProtocolError) as error:
            raise RendererUnavailable("the renderer process does not greet") from error
        if not isinstance(hello, Hello) or hello.version != protocol.VERSION:
            found = hello.version if isinstance(hello, Hello) else type(hello).__name__
            raise RendererUnavailable(
                f"the renderer is of version {found}, this is {protocol.VERSION}",
                hint="run operator and renderer from the same image",
            )

    def _cancel_expiry(self) -> None:
        if self._expiry is not None:
            self._expiry.cancel()
            self._expiry = None


def _note(early: asyncio.Task[protocol.ToClient]) -> None:
    """See the exception, so that asyncio does not report it as lost: `resume` finds that the worker has ended."""
    if not early.cancelled():
        early.exception()
