"""Answers that must be whole in time. Called by `connections`.

The timeouts of sockets are those of one read: a server that sends a byte now and then is never silent for that long,
and would hold a thread for ever, in the head of an answer most of all, which http.client reads in one call.
"""

from __future__ import annotations

import io
import socket
import time
from http.client import HTTPResponse
from typing import TYPE_CHECKING, Any, cast

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer


def response_within(seconds: float) -> type[HTTPResponse]:
    """A class for http.client's connections, whose answers take no longer than this from the first byte of the head to
    the last one of the body; a read beyond it raises TimeoutError."""

    class Response(HTTPResponse):
        def __init__(self, sock: socket.socket, *arguments: Any, **options: Any) -> None:
            super().__init__(cast("socket.socket", _Timed(sock, seconds)), *arguments, **options)

    return Response


class _Timed:
    """As much of a socket as HTTPResponse wants."""

    def __init__(self, sock: socket.socket, seconds: float) -> None:
        self._sock = sock
        self._seconds = seconds

    def makefile(self, mode: str) -> io.BufferedReader:
        """The one thing that is asked of it."""
        del mode
        return io.BufferedReader(_Reader(self._sock, self._seconds))


class _Reader(io.RawIOBase):
    def __init__(self, sock: socket.socket, seconds: float) -> None:
        super().__init__()
        self._sock = sock
        self._file = sock.makefile("rb", buffering=0)  # keeps the socket open for as long as somebody reads
        self._silence = sock.gettimeout()
        self._end = time.monotonic() + seconds

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: WriteableBuffer) -> int | None:
        left = self._end - time.monotonic()
        if left <= 0:
            raise TimeoutError("the answer takes too long")
        self._sock.settimeout(left if self._silence is None else min(left, self._silence))
        return self._file.readinto(buffer)

    def close(self) -> None:
        self._file.close()
        super().close()
