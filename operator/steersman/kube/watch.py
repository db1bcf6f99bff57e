"""One list-and-watch stream: keeps a `Store` equal to a selection of the cluster's objects.

Level-based: after any gap it lists again or goes on from the last resourceVersion, so whoever reads the store misses
nothing for good. It ends only by being cancelled, or with an error that waiting does not cure (Forbidden,
UnknownResource), which its owner answers: `kube.feed` for objects of releases, `Watched` for kinds the controller
follows itself.
"""

from __future__ import annotations

import asyncio
import logging
import random
import time
from collections.abc import Callable
from contextlib import suppress

import msgspec

from steersman.errors import ClusterError
from steersman.kube import requests
from steersman.kube.answers import Asked
from steersman.kube.classify import error_from_status
from steersman.kube.client import KubeClient, decode_failure
from steersman.kube.errors import ApiError, BadRequest, Forbidden, Gone, TooManyRequests, UnknownResource
from steersman.kube.objects import read_list
from steersman.kube.requests import Selection
from steersman.kube.store import OnChange, Store
from steersman.kube.trim import Decode, Trim, metadata_only, trimmed

log = logging.getLogger(__name__)

WATCH_SECONDS = (300, 600)
"""How long one watch may run: spread, so that streams do not come back together."""
SILENCE_LIMIT = 150.0
"""Seconds without a byte after which a stream counts as dead: bookmarks come about once a minute."""
SHORTEST_WATCH = 1.0
LONGEST_PAUSE = 30.0
FORBIDDEN_TRIES = 5
"""How often a stream that was allowed before is tried again, within about half a minute, when it is forbidden: an API
server that has just started refuses everybody until it knows its RBAC objects."""
ASK_AGAIN_AFTER = 60.0
"""Seconds until `Watched` tries a stream again that was refused."""

INCURABLE = (Forbidden, UnknownResource, BadRequest)
"""Errors that end a stream: its owner decides."""


class _Event(msgspec.Struct):
    type: str
    object: msgspec.Raw


class _Version(msgspec.Struct):
    resourceVersion: str = ""  # noqa: N815


class _Versioned(msgspec.Struct):
    metadata: _Version = msgspec.field(default_factory=_Version)


class _Status(msgspec.Struct):
    code: int = 500


_event_decoder = msgspec.json.Decoder(_Event)
_version_decoder = msgspec.json.Decoder(_Versioned)
_status_decoder = msgspec.json.Decoder(_Status)


class WatchStream:
    """A stream into a store. `synced` is set once the store holds a whole list."""

    def __init__(
        self,
        client: KubeClient,
        selection: Selection,
        store: Store,
        decode: Decode,
        *,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.selection = selection
        self.synced = asyncio.Event()
        self._client = client
        self._store = store
        self._decode = decode
        self._clock = clock
        self._heard_at = clock()
        self._version = ""
        self._failures = 0

    @property
    def silence(self) -> float:
        """Seconds since the last event, bookmark or list."""
        return self._clock() - self._heard_at

    async def run(self) -> None:
        """Keep the store up to date until cancelled. Raises one of INCURABLE, also Forbidden, once it is certain."""
        while True:
            started = self._clock()
            try:
                if not self._version:
                    await self._list()
                await self._watch()
            except Forbidden as error:
                if not self.synced.is_set() or self._failures >= FORBIDDEN_TRIES:
                    raise
                log.info("%s", error)
                await asyncio.sleep(self._pause(None))
            except INCURABLE:
                raise
            except Gone:
                self._version = ""
            except ClusterError as error:
                log.info("%s", error)
                await asyncio.sleep(self._pause(error))
            else:
                if self._clock() - started < SHORTEST_WATCH:
                    await asyncio.sleep(self._pause(None))

    async def _list(self) -> None:
        listing = await read_list(self._client, self.selection, self._decode)
        self._store.replace(self.selection, listing.items, listing.resource_version)
        self._version = listing.resource_version
        self._heard()
        self.synced.set()

    async def _watch(self) -> None:
        request = requests.watching(self.selection, self._version, random.randint(*WATCH_SECONDS))  # noqa: S311
        async with self._client.stream(request, silence=SILENCE_LIMIT) as lines:
            async for line in lines:
                try:
                    self._take(_event_decoder.decode(line))
                except msgspec.MsgspecError as error:
                    raise decode_failure(request.asked, error) from error
                self._heard()

    def _take(self, event: _Event) -> None:
        if event.type == "BOOKMARK":
            self._version = _version_decoder.decode(event.object).metadata.resourceVersion
            return
        if event.type == "ERROR":
            raise self._error(event)
        obj = self._decode(event.object)
        self._version = obj["metadata"]["resourceVersion"]
        if event.type == "DELETED":
            self._store.drop(self._store.identify(obj), self._version)
        else:
            self._store.put(obj)

    def _error(self, event: _Event) -> ApiError:
        code = _status_decoder.decode(event.object).code
        return error_from_status(code, bytes(event.object), Asked("watch", str(self.selection)))

    def _heard(self) -> None:
        self._heard_at = self._clock()
        self._failures = 0

    def _pause(self, error: ClusterError | None) -> float:
        if isinstance(error, TooManyRequests) and error.answer.retry_after:
            return error.answer.retry_after * random.uniform(1.0, 1.5)  # noqa: S311
        self._failures += 1
        ceiling = min(2.0 ** min(self._failures, 10) / 2, LONGEST_PAUSE)
        return random.uniform(ceiling / 2, ceiling)  # noqa: S311


class Watched:
    """A store with its stream, for a kind the caller follows for itself: start it, read `store`, stop it.

    `trim` says what of each object is kept (`trim.trimmed`, or `trim.whole` for kinds of our own); of a metadata_only
    selection it is the metadata."""

    def __init__(
        self, client: KubeClient, selection: Selection, on_change: OnChange | None = None, *, trim: Trim = trimmed
    ) -> None:
        resource = selection.resource
        decode = (metadata_only if selection.metadata_only else trim)(resource.api_version, resource.kind)
        self.store = Store(resource.group, resource.kind, on_change)
        self.failed: ClusterError | None = None
        """Why the stream is refused now."""
        self._stream = WatchStream(client, selection, self.store, decode)
        self._task: asyncio.Task[None] | None = None

    @property
    def silence(self) -> float:
        """Seconds since the last event, bookmark or list; 0 while the stream is refused and has nothing to hear."""
        return self._stream.silence if self.failed is None else 0.0

    @property
    def synced(self) -> asyncio.Event:
        """Set once the store holds a whole list."""
        return self._stream.synced

    def start(self) -> None:
        """Start the stream in the background."""
        self._task = asyncio.create_task(self._run(), name=f"watch {self._stream.selection}")

    async def stop(self) -> None:
        """End it."""
        if self._task is not None:
            self._task.cancel()
            with suppress(asyncio.CancelledError):
                await self._task

    async def _run(self) -> None:
        said = False
        while True:
            try:
                self.failed = None
                await self._stream.run()
            except ClusterError as error:
                self.failed = error
                log.log(logging.DEBUG if said else logging.WARNING, "%s; tried again every minute", error)
                said = True
            await asyncio.sleep(ASK_AGAIN_AFTER * random.uniform(0.75, 1.0))  # noqa: S311
