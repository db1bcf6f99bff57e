"""The language between the operator and its renderer process: plain data in frames, no code and no pickle.

A frame is four bytes of length, most significant first, and so many bytes of JSON: one of the messages below, told
apart by their `type`. Both sides check lengths before they read and types while they decode, so that garbage ends the
connection and nothing else.

One connection serves one render at a time:

    worker → Hello
    client → Render
        worker → NeedChart       client → ChartBytes      when the worker does not know the chart (any more)
        worker → Lookup          client → LookupResult    any number of times
    worker → Done | Failed
    supervisor → Died            when the worker process ended instead
"""

from __future__ import annotations

import struct
import sys
from collections.abc import Callable
from typing import Any, TypeAlias

import msgspec

from steersman import __version__
from steersman.core.golang.runes import scrub
from steersman.core.render.model import Rendered, RenderRequest
from steersman.errors import SteersmanError
from steersman.rendering.limits import RenderLimits

# What both sides must agree on: messages, engine, and the interpreter whose compiled templates are handed about.
VERSION = f"1/{__version__}/{sys.implementation.cache_tag}"

MAX_REQUEST_BYTES = 128 * 1024 * 1024
MAX_REPLY_BYTES = 256 * 1024 * 1024
_LENGTH = struct.Struct(">I")
HEADER_BYTES = _LENGTH.size


class ProtocolError(SteersmanError):
    """The other side sent what is no message of this protocol."""


class FrameTooLong(ProtocolError):
    """A message that the other side would refuse for its length."""


class Hello(msgspec.Struct, frozen=True, tag=True):
    """The first message on every connection."""

    version: str


class Render(msgspec.Struct, frozen=True, tag=True):
    """Render this; `request.chart_digest` is the sha256 of the archive."""

    request: RenderRequest
    limits: RenderLimits


class NeedChart(msgspec.Struct, frozen=True, tag=True):
    """The chart is not in this worker's memory."""


class ChartBytes(msgspec.Struct, frozen=True, tag=True):
    """The archive, and what an earlier worker made of it (None: nothing that is known)."""

    archive: bytes
    compiled: bytes | None


class Lookup(msgspec.Struct, frozen=True, tag=True):
    """The template function `lookup` asks the cluster."""

    api_version: str
    kind: str
    namespace: str
    name: str


class LookupResult(msgspec.Struct, frozen=True, tag=True):
    """The object, or the list, or `{}` where there is none; or why it could not be asked for."""

    found: dict[str, Any] = {}
    error: str = ""


class Done(msgspec.Struct, frozen=True, tag=True):
    """The render succeeded. `compiled` is there when the worker compiled the chart just now. With `retiring`, this was
    the process's last render."""

    rendered: Rendered
    compiled: bytes | None = None
    retiring: bool = False


class WireError(msgspec.Struct, frozen=True):
    """An error as data: `kind` is a name of the table in `errortable`, `fields` what that class carries."""

    kind: str
    message: str
    hint: str = ""
    fields: dict[str, Any] = {}


class Failed(msgspec.Struct, frozen=True, tag=True):
    """The render failed."""

    error: WireError
    retiring: bool = False


class Died(msgspec.Struct, frozen=True, tag=True):
    """The worker process ended before it answered; the supervisor says how."""

    how: str
    out_of_cpu_time: bool = False


ToWorker: TypeAlias = Render | ChartBytes | LookupResult
ToClient: TypeAlias = Hello | NeedChart | Lookup | Done | Failed | Died

_UNREADABLE = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)

_decode_for_worker: Callable[[bytes], ToWorker] = msgspec.json.Decoder(ToWorker).decode
_decode_for_client: Callable[[bytes], ToClient] = msgspec.json.Decoder(ToClient).decode


def _plain(value: object) -> object:
    """msgspec knows no subclasses of int and str; the engine's types have some."""
    match value:
        case int():
            return int(value)
        case str():
            return str(value)
    raise NotImplementedError(f"{type(value).__name__} cannot cross the socket")


_encode = msgspec.json.Encoder(enc_hook=_plain).encode


def frame(message: ToWorker | ToClient, limit: int) -> bytes:
    """A message as the bytes of its frame. Raises FrameTooLong."""
    try:
        body = _encode(message)
    except UnicodeEncodeError:
        body = _encode(_scrubbed(msgspec.to_builtins(message, enc_hook=_plain)))
    if len(body) > limit:
        raise FrameTooLong(f"a message of {len(body)} bytes, more than {limit}")
    return _LENGTH.pack(len(body)) + body


def body_length(header: bytes, limit: int) -> int:
    """The length of the body that follows this header. Raises ProtocolError beyond `limit`."""
    length: int = _LENGTH.unpack(header)[0]
    if length > limit:
        raise ProtocolError(f"a frame of {length} bytes, more than {limit}")
    return length


def message_for_worker(body: bytes) -> ToWorker:
    """Read what a client sent. Raises ProtocolError."""
    try:
        return _decode_for_worker(body)
    except _UNREADABLE as error:
        raise ProtocolError(f"no message of this protocol: {error}") from error


def message_for_client(body: bytes) -> ToClient:
    """Read what a worker sent. Raises ProtocolError."""
    try:
        return _decode_for_client(body)
    except _UNREADABLE as error:
        raise ProtocolError(f"no message of this protocol: {error}") from error


def _scrubbed(value: Any) -> Any:
    """Bytes that are no UTF-8 travel through the engine as surrogates, which JSON cannot hold: as Go does, U+FFFD."""
    match value:
        case str():
            return scrub(value)
        case dict():
            return {_scrubbed(key): _scrubbed(item) for key, item in value.items()}
        case list() | tuple():
            return [_scrubbed(item) for item in value]
    return value
