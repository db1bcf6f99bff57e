"""`ports.Events`: Kubernetes Events on a HelmRelease, sent in the background.

The app layer makes one `KubeEvents(client, instance)` and starts it; the controller calls `publish`, which never waits
and never fails. A repeat (same object, reason and message) within `SERIES_WINDOW` becomes a count on the Event that is
there, written when the series grows by half, so that a loop makes a handful of writes and not one each time. What does
not fit in the queue is dropped and counted: Events are a courtesy, conditions hold the truth.
"""

from __future__ import annotations

import asyncio
import hashlib
import logging
import time
from collections import OrderedDict
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Literal

from steersman.core.manifest.identity import KubernetesObject
from steersman.errors import AbsentError, ClusterError
from steersman.kube import requests
from steersman.kube.client import KubeClient
from steersman.kube.resources import EVENTS
from steersman.kube.times import micro_time

log = logging.getLogger(__name__)

CONTROLLER = "steersman.dev/operator"
QUEUE_LIMIT = 1000
SERIES_LIMIT = 4096
SERIES_WINDOW = 600.0
NOTE_LIMIT = 1024
"""The API server refuses a longer note."""

EventType = Literal["Normal", "Warning"]


@dataclass(frozen=True, slots=True)
class _Key:
    uid: str
    type: str
    reason: str
    note: str


@dataclass(slots=True)
class _Series:
    """One Event in the cluster: how often it happened, and how often we told."""

    name: str
    namespace: str
    started_at: float
    count: int = 1
    told: int = 1

    def is_due(self) -> bool:
        return self.count >= self.told * 1.5


class KubeEvents:
    """The queue and its sender."""

    def __init__(self, client: KubeClient, instance: str, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._client = client
        self._instance = instance
        self._clock = clock
        self._queue: asyncio.Queue[requests.Request] = asyncio.Queue(QUEUE_LIMIT)
        self._series: OrderedDict[_Key, _Series] = OrderedDict()
        self._task: asyncio.Task[None] | None = None
        self.dropped = 0

    def start(self) -> None:
        """Send in the background from now on."""
        self._task = asyncio.create_task(self._run(), name="events")

    async def stop(self, *, patience: float = 2.0) -> None:
        """Send what is queued, for so many seconds, and end."""
        if self._task is None:
            return
        with suppress(TimeoutError):
            await asyncio.wait_for(self._queue.join(), patience)
        self._task.cancel()
        with suppress(asyncio.CancelledError):
            await self._task

    def publish(self, subject: KubernetesObject, *, kind: EventType, reason: str, message: str) -> None:
        """Queue one Event about this object."""
        metadata = subject["metadata"]
        key = _Key(metadata.get("uid", ""), kind, reason, _clipped(message))
        series = self._series.get(key)
        if series is None or self._clock() - series.started_at > SERIES_WINDOW:
            series = self._begin(key, metadata)
            self._put(requests.create(EVENTS, self._event(subject, key, series)))
            return
        series.count += 1
        if series.is_due():
            series.told = series.count
            self._put(self._count(series))

    def _begin(self, key: _Key, metadata: dict[str, Any]) -> _Series:
        started = time.time_ns()
        digest = hashlib.blake2b(f"{key}{started}".encode(), digest_size=8).hexdigest()
        series = _Series(f"{metadata['name'][:200]}.{digest}", metadata.get("namespace") or "default", self._clock())
        self._series[key] = series
        self._series.move_to_end(key)
        if len(self._series) > SERIES_LIMIT:
            self._series.popitem(last=False)
        return series

    def _event(self, subject: KubernetesObject, key: _Key, series: _Series) -> KubernetesObject:
        metadata = subject["metadata"]
        return {
            "apiVersion": EVENTS.api_version,
            "kind": EVENTS.kind,
            "metadata": {"name": series.name, "namespace": series.namespace},
            "eventTime": micro_time(),
            "type": key.type,
            "reason": key.reason,
            "action": "Reconcile",
            "note": key.note,
            "reportingController": CONTROLLER,
            "reportingInstance": self._instance[:128],
            "regarding": {
                "apiVersion": subject.get("apiVersion", ""),
                "kind": subject.get("kind", ""),
                "namespace": metadata.get("namespace") or "",
                "name": metadata["name"],
                "uid": metadata.get("uid", ""),
                "resourceVersion": metadata.get("resourceVersion", ""),
            },
        }

    def _count(self, series: _Series) -> requests.Request:
        change = {"series": {"count": series.count, "lastObservedTime": micro_time()}}
        return requests.patch(EVENTS, series.namespace, series.name, change)

    def _put(self, request: requests.Request) -> None:
        try:
            self._queue.put_nowait(request)
        except asyncio.QueueFull:
            self.dropped += 1
            log.log(logging.WARNING if self.dropped == 1 else logging.DEBUG, "events are dropped: the queue is full")

    async def _run(self) -> None:
        while True:
            request = await self._queue.get()
            try:
                await self._client.send(request)
            except AbsentError:
                pass  # the Event expired, or its namespace went
            except ClusterError as error:
                self.dropped += 1
                log.info("an event was not written: %s", error)
            finally:
                self._queue.task_done()


def _clipped(message: str) -> str:
    """The API server counts bytes."""
    encoded = message.encode()
    if len(encoded) <= NOTE_LIMIT:
        return message
    return encoded[: NOTE_LIMIT - 3].decode("utf-8", "ignore") + "…"
