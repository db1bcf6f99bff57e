"""How the live objects of one kind reach the observer: by a wide watch, by a watch per namespace, or by polling.

One `Feed` per kind that releases own; `kube.observer` makes and ends them. It begins with one stream over all
namespaces, selected by our label; where RBAC forbids that it takes a stream per namespace of interest, and where that
is forbidden too (or the kind has no `watch` verb) it reads each object of interest every few seconds. Each
step down is said once.
"""

from __future__ import annotations

import asyncio
import logging
import random
from collections.abc import Awaitable, Callable, Coroutine, Iterable, Mapping
from contextlib import suppress
from functools import lru_cache, partial
from typing import Any

from steersman.core.api.names import LABEL_NAME
from steersman.core.manifest.identity import ObjectId, ObjectRef
from steersman.errors import ClusterError
from steersman.kube.client import KubeClient
from steersman.kube.errors import ApiError, Forbidden, UnknownResource
from steersman.kube.requests import Selection
from steersman.kube.resources import Resource
from steersman.kube.store import OnChange, Store
from steersman.kube.trim import Decode, metadata_only, trimmed
from steersman.kube.watch import WatchStream

log = logging.getLogger(__name__)

METADATA_KINDS: frozenset[tuple[str, str]] = frozenset(
    {
        ("", "ConfigMap"),
        ("", "Endpoints"),
        ("", "LimitRange"),
        ("", "Secret"),
        ("", "ServiceAccount"),
        ("admissionregistration.k8s.io", "MutatingWebhookConfiguration"),
        ("admissionregistration.k8s.io", "ValidatingWebhookConfiguration"),
        ("discovery.k8s.io", "EndpointSlice"),
        ("networking.k8s.io", "IngressClass"),
        ("networking.k8s.io", "NetworkPolicy"),
        ("node.k8s.io", "RuntimeClass"),
        ("rbac.authorization.k8s.io", "ClusterRole"),
        ("rbac.authorization.k8s.io", "ClusterRoleBinding"),
        ("rbac.authorization.k8s.io", "Role"),
        ("rbac.authorization.k8s.io", "RoleBinding"),
        ("scheduling.k8s.io", "PriorityClass"),
        ("storage.k8s.io", "CSIDriver"),
        ("storage.k8s.io", "StorageClass"),
    }
)
"""Kinds without a status: health asks only whether they exist."""

EVERYWHERE = ""


@lru_cache(maxsize=512)
def decoder_of(api_version: str, group: str, kind: str) -> Decode:
    """How objects of a kind are kept: by their metadata alone where nothing else tells of health."""
    return (metadata_only if (group, kind) in METADATA_KINDS else trimmed)(api_version, kind)


class Feed:
    """Live objects of one kind.

    `wanted` are those that releases own, kept current by the observer. `poll` reads one object into the store, with a
    GET, every `poll_every` seconds at the most. `on_removed` is called when the cluster serves the kind no more: this
    feed is of no use then."""

    def __init__(
        self,
        client: KubeClient,
        resource: Resource,
        wanted: Mapping[ObjectId, ObjectRef],
        *,
        on_change: OnChange,
        on_removed: Callable[[], None],
        poll: Callable[[ObjectRef], Awaitable[None]],
        poll_every: float,
    ) -> None:
        self.resource = resource
        self.store = Store(resource.group, resource.kind, on_change)
        self._client = client
        self._on_removed = on_removed
        self._poll = poll
        self._poll_every = poll_every
        self._wanted = wanted
        self._covered: set[str] = set()
        self._wide = "watch" in resource.verbs and "list" in resource.verbs
        self._polled = not self._wide
        self._streams: dict[str, WatchStream] = {}
        self._tasks: dict[str, asyncio.Task[None]] = {}

    def cover(self, refs: Iterable[ObjectRef]) -> None:
        """See to it that changes of these objects are heard of."""
        self._covered.update(ref.id.namespace for ref in refs)
        if self._polled:
            self._start("poll", self._poll_forever)
        elif self._wide:
            self._follow(EVERYWHERE)
        else:
            for namespace in self._covered:
                self._follow(namespace)

    def hears_of(self, identity: ObjectId) -> bool:
        """Whether changes of this object come here by themselves: by a stream that is in step, or by polling."""
        if self._polled:
            return identity in self._wanted
        stream = self._streams.get(EVERYWHERE if self._wide else identity.namespace)
        return stream is not None and stream.synced.is_set()

    async def settle(self, *, patience: float) -> None:
        """Wait until every stream has its first list, or gave up, for so many seconds."""
        with suppress(TimeoutError):
            async with asyncio.timeout(patience):
                while unsynced := [name for name, stream in self._streams.items() if not stream.synced.is_set()]:
                    name = unsynced[0]
                    synced = asyncio.create_task(self._streams[name].synced.wait())
                    try:
                        await asyncio.wait({synced, self._tasks[name]}, return_when=asyncio.FIRST_COMPLETED)
                    finally:
                        synced.cancel()

    @property
    def silence(self) -> float:
        """The longest silence of its streams, in seconds."""
        return max((stream.silence for stream in self._streams.values()), default=0.0)

    async def stop(self) -> None:
        """End all streams."""
        tasks = list(self._tasks.values())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        self._tasks.clear()
        self._streams.clear()

    def _start(self, name: str, run: Callable[[], Coroutine[Any, Any, None]]) -> None:
        if name not in self._tasks:
            task = self._tasks[name] = asyncio.create_task(run(), name=f"feed {self.resource} {name}")
            task.add_done_callback(partial(self._ended, name))

    def _ended(self, name: str, task: asyncio.Task[None]) -> None:
        """A bug must not leave a feed that is deaf for good: the next question starts the stream anew."""
        if not task.cancelled() and (bug := task.exception()) is not None:
            log.error("the stream of %s ended", self.resource, exc_info=bug)
            self._abandon(name)

    def _follow(self, namespace: str) -> None:
        if namespace in self._tasks:
            return
        kind = self.resource
        bare = (kind.group, kind.kind) in METADATA_KINDS
        selection = Selection(kind, namespace, labels=LABEL_NAME, metadata_only=bare)
        decode = decoder_of(kind.api_version, kind.group, kind.kind)
        stream = self._streams[namespace] = WatchStream(self._client, selection, self.store, decode)
        self._start(namespace, partial(self._run, namespace, stream))

    async def _run(self, namespace: str, stream: WatchStream) -> None:
        """One stream, until it is refused for good."""
        try:
            await stream.run()
        except UnknownResource:
            self._abandon(namespace)
            self._on_removed()
        except ApiError as error:
            self._abandon(namespace)
            self._step_down(error)

    def _abandon(self, namespace: str) -> None:
        self._streams.pop(namespace, None)
        self._tasks.pop(namespace, None)

    def _step_down(self, error: ApiError) -> None:
        if self._wide and self.resource.namespaced and isinstance(error, Forbidden):
            log.warning("%s; watched in each namespace instead", error)
        elif not self._polled:
            self._polled = True
            log.warning("%s; its objects are read every %.0f s instead", error, self._poll_every)
        self._wide = False
        self.cover(())

    async def _poll_forever(self) -> None:
        while True:
            await asyncio.sleep(self._poll_every * random.uniform(0.75, 1.0))  # noqa: S311
            for ref in sorted(self._wanted.values()):
                try:
                    await self._poll(ref)
                except ClusterError as error:
                    log.info("%s", error)
