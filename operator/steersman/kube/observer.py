"""`ports.Observer`: live objects of releases, from one stream per kind instead of a request per object.

The app layer makes one `KubeObserver(client, discovery)`; the controller tells it what each release owns (`track`,
`forget`), asks it for live objects (`live`), and is told which release to look at (`subscribe`): the labels on an
object name its HelmRelease. Streams start with the first object of their kind and end a while after the last.

What a stream has not shown is asked of the server: a missing object may have lost its label only, and nothing older
than our own last write counts (`note`, `expect`). An object read as absent stays so until an event says otherwise.
"""

from __future__ import annotations

import asyncio
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from itertools import groupby
from typing import TypeAlias

import orjson

from steersman.core.api.names import LABEL_NAME
from steersman.core.manifest.identity import KubernetesObject, ObjectId, ObjectRef, ref_of
from steersman.kube.client import KubeClient
from steersman.kube.discovery import Discovery
from steersman.kube.errors import UnknownKind, UnknownResource
from steersman.kube.feed import Feed, decoder_of
from steersman.kube.objects import Objects
from steersman.kube.resources import Resource
from steersman.kube.store import is_older

Wake: TypeAlias = Callable[[ObjectId, Mapping[str, str]], None]
"""Told that an object changed: its identity and labels."""

_KindKey: TypeAlias = tuple[str, str]


@dataclass(frozen=True, slots=True)
class ObserverSettings:
    """Seconds. `patience`: for a stream's first list, before objects are read one by one; `poll_every`: where nothing
    can be watched; `linger`: that a stream outlives the last object of its kind, since releases come and go."""

    patience: float = 10.0
    poll_every: float = 15.0
    linger: float = 60.0


@dataclass(slots=True)
class _Parked:
    """An object that is being applied: what the last event told meanwhile, and the version the answer gave."""

    writers: int = 0
    labels: Mapping[str, str] | None = None
    version: str = ""
    noted: str | None = None


class KubeObserver:
    """The cache. Stop it before closing the client."""

    def __init__(self, client: KubeClient, discovery: Discovery, settings: ObserverSettings | None = None) -> None:
        self._client = client
        self._settings = settings or ObserverSettings()
        self._objects = Objects(client)
        self._discovery = discovery
        self._feeds: dict[_KindKey, Feed] = {}
        self._owned: dict[tuple[str, str], frozenset[ObjectRef]] = {}
        self._claims: Counter[ObjectId] = (
            Counter()
        )  # an object that two releases claim is rare, and not for us to judge
        self._wanted: defaultdict[_KindKey, dict[ObjectId, ObjectRef]] = defaultdict(dict)
        self._floors: dict[ObjectId, str] = {}
        self._absent: set[ObjectId] = set()
        self._parked: dict[ObjectId, _Parked] = {}
        self._wakes: list[Wake] = []
        self._ending: dict[_KindKey, asyncio.TimerHandle] = {}
        self._stops: set[asyncio.Task[None]] = set()

    # --- what the controller says

    def subscribe(self, wake: Wake) -> None:
        """Call this for every change of a live object that may matter; never for our own writes."""
        self._wakes.append(wake)

    def track(self, owner: tuple[str, str], refs: Iterable[ObjectRef]) -> None:
        """The objects that the HelmRelease `owner` (namespace, name) owns now, in place of those before."""
        before, now = self._owned.get(owner, frozenset()), frozenset(refs)
        self._owned[owner] = now
        for ref in now - before:
            self._claim(ref)
        for ref in before - now:
            self._unclaim(ref)

    def forget(self, owner: tuple[str, str]) -> None:
        """This HelmRelease owns nothing any more."""
        self.track(owner, ())
        del self._owned[owner]

    @contextmanager
    def writing(self, identity: ObjectId) -> Iterator[None]:
        """While an apply of this object is under way its events wait: until the answer comes (`note`), nobody can tell
        which of them are our own."""
        parked = self._parked.setdefault(identity, _Parked())
        parked.writers += 1
        try:
            yield
        finally:
            parked.writers -= 1
            if not parked.writers:
                del self._parked[identity]
                if parked.labels is not None and parked.version != parked.noted:
                    self._wake(identity, parked.labels)

    def note(self, obj: KubernetesObject) -> None:
        """A live object as an apply left it: known from now on, and nothing older than it counts."""
        if not _is_labelled(obj):
            return  # no stream would ever tell of its changes
        ref = ref_of(obj)
        self._absent.discard(ref.id)
        if ref.id in self._parked:
            self._parked[ref.id].noted = obj["metadata"]["resourceVersion"]
        feed = self._feeds.get(_kind_of(ref))
        if feed is not None:  # a feed made later lists later, so it cannot see anything older
            feed.store.note(_decode(ref, obj))

    def expect(self, ref: ObjectRef, resource_version: str) -> None:
        """A write that `note` did not see left the object at this resourceVersion: older states do not count."""
        self._absent.discard(ref.id)
        self._floors[ref.id] = resource_version

    # --- what the controller asks

    async def live(self, refs: Sequence[ObjectRef]) -> dict[ObjectId, KubernetesObject | None]:
        """The newest known state of each object, trimmed (`kube.trim`); None: it does not exist.

        Costs no request for what the streams show. Raises KindUnavailable where a group does not answer."""
        feeds: list[tuple[Feed, list[ObjectRef]]] = []
        answers: dict[ObjectId, KubernetesObject | None] = {}
        for _, group in groupby(sorted(refs), key=_kind_of):
            same_kind = list(group)
            try:
                feed = await self._feed(same_kind[0])
            except UnknownKind:
                answers.update({ref.id: None for ref in same_kind})
                continue
            feed.cover(same_kind)
            feeds.append((feed, same_kind))
        unknown: list[tuple[Feed, ObjectRef]] = []
        for feed, same_kind in feeds:
            await feed.settle(patience=self._settings.patience)
            for ref in same_kind:
                if self._is_known(feed, ref):
                    answers[ref.id] = feed.store.get(ref.id)
                else:
                    unknown.append((feed, ref))
        if unknown:
            states = await asyncio.gather(*(self._read(feed, ref) for feed, ref in unknown))
            answers |= {ref.id: state for (_, ref), state in zip(unknown, states, strict=True)}
        return answers

    @property
    def silence(self) -> float:
        """Seconds since the most silent stream last heard anything: for the liveness probe."""
        return max((feed.silence for feed in self._feeds.values()), default=0.0)

    async def stop(self) -> None:
        """End all streams."""
        for timer in self._ending.values():
            timer.cancel()
        await asyncio.gather(*(feed.stop() for feed in self._feeds.values()), *self._stops)
        self._feeds.clear()

    # --- inside

    async def _feed(self, ref: ObjectRef) -> Feed:
        key = _kind_of(ref)
        feed = self._feeds.get(key)
        if feed is None:
            resource = await self._discovery.resolve(ref.api_version, ref.id.kind)
            # Another task may have made it during the wait.
            feed = self._feeds.get(key) or self._new_feed(resource)
            feed.cover(self._wanted[key].values())
        return feed

    def _new_feed(self, resource: Resource) -> Feed:
        key = resource.group, resource.kind

        async def poll(ref: ObjectRef) -> None:
            await self._read(feed, ref, tell=True)

        feed = Feed(
            self._client,
            resource,
            self._wanted[key],
            on_change=self._changed,
            on_removed=partial(self._removed, key),
            poll=poll,
            poll_every=self._settings.poll_every,
        )
        self._feeds[key] = feed
        return feed

    def _is_known(self, feed: Feed, ref: ObjectRef) -> bool:
        """Whether the state of an object, or its absence, is known without asking."""
        state = feed.store.get(ref.id)
        if not feed.hears_of(ref.id):
            return False
        if state is None:
            return ref.id in self._absent
        if is_older(state["metadata"].get("resourceVersion", ""), self._floors.get(ref.id, "")):
            return False
        self._floors.pop(ref.id, None)
        return True

    async def _read(self, feed: Feed, ref: ObjectRef, *, tell: bool = False) -> KubernetesObject | None:
        """Ask the server. `tell`: what is news is told to the subscribers."""
        before = feed.store.get(ref.id)
        try:
            live = await self._objects.get(feed.resource, ref.id.namespace, ref.id.name)
        except UnknownResource:
            live = None
        if live is None:
            if feed.store.get(ref.id) is before:  # not created by us in the meantime
                self._absent.add(ref.id)
                if before is not None:
                    feed.store.drop(ref.id, before["metadata"].get("resourceVersion", ""))
            return None
        state = _decode(ref, live)
        if _is_labelled(state):
            (feed.store.put if tell else feed.store.note)(state)
        return state

    def _changed(self, identity: ObjectId, old: KubernetesObject | None, new: KubernetesObject | None) -> None:
        if new is not None:
            news = identity in self._absent or old is not None or self._follows(identity)
            self._absent.discard(identity)
            if not news or (old is not None and _same(old, new)):
                return
        labels = ((new or old or {}).get("metadata") or {}).get("labels") or {}
        parked = self._parked.get(identity)
        if parked is None:
            self._wake(identity, labels)
        else:
            parked.labels = labels
            parked.version = new["metadata"].get("resourceVersion", "") if new is not None else ""

    def _wake(self, identity: ObjectId, labels: Mapping[str, str]) -> None:
        for wake in self._wakes:
            wake(identity, labels)

    def _follows(self, identity: ObjectId) -> bool:
        """Whether the stream of this object had its first list: what that list shows is no news to anybody."""
        feed = self._feeds.get((identity.group, identity.kind))
        return feed is not None and feed.hears_of(identity)

    def _removed(self, key: _KindKey) -> None:
        """The cluster serves the kind no more, and its objects went with it."""
        feed = self._feeds.pop(key, None)
        if feed is not None:
            feed.store.clear()

    def _claim(self, ref: ObjectRef) -> None:
        key = _kind_of(ref)
        self._claims[ref.id] += 1
        self._wanted[key][ref.id] = ref
        timer = self._ending.pop(key, None)
        if timer is not None:
            timer.cancel()
        if key in self._feeds:
            self._feeds[key].cover((ref,))

    def _unclaim(self, ref: ObjectRef) -> None:
        key = _kind_of(ref)
        self._claims[ref.id] -= 1
        if self._claims[ref.id]:
            return
        del self._claims[ref.id]
        del self._wanted[key][ref.id]
        if not self._wanted[key] and key in self._feeds:
            self._ending[key] = asyncio.get_running_loop().call_later(self._settings.linger, self._end, key)

    def _end(self, key: _KindKey) -> None:
        self._ending.pop(key, None)
        feed = self._feeds.pop(key, None)
        if feed is None:
            return
        self._absent = {each for each in self._absent if (each.group, each.kind) != key}
        self._floors = {each: floor for each, floor in self._floors.items() if (each.group, each.kind) != key}
        task = asyncio.create_task(feed.stop())
        self._stops.add(task)
        task.add_done_callback(self._stops.discard)


def _kind_of(ref: ObjectRef) -> _KindKey:
    return ref.id.group, ref.id.kind


def _decode(ref: ObjectRef, obj: KubernetesObject) -> KubernetesObject:
    """A whole object as the streams keep it."""
    return decoder_of(ref.api_version, *_kind_of(ref))(orjson.dumps(obj))


def _is_labelled(obj: KubernetesObject) -> bool:
    return LABEL_NAME in (obj["metadata"].get("labels") or {})


def _same(old: KubernetesObject, new: KubernetesObject) -> bool:
    """Whether nothing but the resourceVersion differs."""
    metadata = {**old["metadata"], "resourceVersion": new["metadata"].get("resourceVersion")}
    return {**old, "metadata": metadata} == new
