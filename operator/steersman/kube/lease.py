"""The one Lease that says which process writes.

The app layer runs `hold()` around everything that writes. Optimistic concurrency by resourceVersion is the only lock:
two who take an expired Lease at the same moment write the same resourceVersion, and one gets 409. Expiry is judged by
our own clock since we last saw the record change, never by comparing clocks of machines. A holder that could not renew
in time must assume that another one took over: `on_lost` is called, and with it goes the right to send
(`KubeClient.halt`).
"""

from __future__ import annotations

import asyncio
import logging
import random
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, replace
from typing import Any

from steersman.core.manifest.identity import KubernetesObject
from steersman.errors import AbsentError, ClusterError, StaleObjectError
from steersman.kube import requests
from steersman.kube.client import KubeClient
from steersman.kube.errors import AlreadyExists
from steersman.kube.requests import Request
from steersman.kube.resources import LEASES
from steersman.kube.times import micro_time

log = logging.getLogger(__name__)

RETRY_PAUSE = 1.0


class LeaseTaken(ClusterError):
    """Another process holds the Lease now."""

    def __init__(self, name: str, holder: str) -> None:
        super().__init__(f"lease {name} is held by {holder}")


@dataclass(frozen=True, slots=True)
class LeaseSettings:
    """`identity` must be this process's alone. `duration` is written into the Lease; a holder gives up `deadline`
    seconds after its last renewal, so that it has stopped before others may start."""

    namespace: str
    identity: str
    name: str = "steersman"
    duration: int = 15
    renew_every: float = 5.0
    deadline: float = 10.0


class Lease:
    """Our place in the queue for one Lease."""

    def __init__(
        self, client: KubeClient, settings: LeaseSettings, *, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._client = client
        self.settings = settings
        self._clock = clock
        self._seen: KubernetesObject | None = None
        self._seen_at = 0.0
        self._renewed_at = float("-inf")

    @property
    def held(self) -> bool:
        """Whether we hold it, by our own clock."""
        return self._clock() - self._renewed_at < self.settings.deadline

    @asynccontextmanager
    async def hold(self, on_lost: Callable[[], None]) -> AsyncIterator[None]:
        """Wait for the Lease, hold it while the body runs, release it after. `on_lost` is called once, when it can no
        longer be said that we hold it; the body has to end then."""
        await self.acquire()
        keeper = asyncio.create_task(self._keep(on_lost), name=f"lease {self.settings.name}")
        try:
            yield
        finally:
            keeper.cancel()
            with suppress(asyncio.CancelledError):
                await keeper
            await self.release()

    async def acquire(self) -> None:
        """Wait until we hold it."""
        waits_for = ""
        while True:
            try:
                if await self._try() and self.held:  # an answer that took too long is worth nothing
                    log.info("holding lease %s as %s", self.settings.name, self.settings.identity)
                    return
            except ClusterError as error:
                log.warning("%s", error)
            holder = self._spec.get("holderIdentity") or ""
            if holder != waits_for:
                log.info("waiting for lease %s, held by %s", self.settings.name, holder)
                waits_for = holder
            await asyncio.sleep(self.settings.renew_every * random.uniform(0.5, 1.0))  # noqa: S311

    async def release(self) -> None:
        """Give it up, so that the next holder need not wait for it to expire. Never raises ClusterError."""
        if not self.held or self._seen is None:
            return
        self._renewed_at = float("-inf")
        try:
            await self._replace(self._seen, holder="", duration=1)
        except ClusterError as error:
            log.info("lease %s is left to expire: %s", self.settings.name, error)

    async def _keep(self, on_lost: Callable[[], None]) -> None:
        while True:
            await asyncio.sleep(self.settings.renew_every)
            left = self.settings.deadline - (self._clock() - self._renewed_at)
            try:
                async with asyncio.timeout(max(left, 0.0)):
                    await self._renew()
            except (ClusterError, TimeoutError) as error:
                log.warning("lost lease %s: %s", self.settings.name, str(error) or "not renewed in time")
                self._renewed_at = float("-inf")
                on_lost()
                return

    async def _renew(self) -> None:
        """Try until it works; another holder or a refusal ends it. The caller's deadline bounds it."""
        while True:
            try:
                if await self._try():
                    return
            except ClusterError as error:
                if not error.transient:
                    raise
                await asyncio.sleep(RETRY_PAUSE)
            else:
                raise LeaseTaken(self.settings.name, self._spec.get("holderIdentity") or "nobody")

    async def _try(self) -> bool:
        """One attempt to take or renew it. False where another one holds it or was faster."""
        # Counted from before the request: others count from when they see the write, which is later.
        asked_at = self._clock()
        if self._spec.get("holderIdentity") != self.settings.identity:
            await self._look()
        try:
            if self._seen is None:
                self._saw(await self._send(requests.create(LEASES, self._first_record())))
            elif self._is_free():
                await self._replace(self._seen, holder=self.settings.identity, duration=self.settings.duration)
            else:
                return False
        except (AlreadyExists, StaleObjectError):
            # Somebody else's write, or an earlier one of ours whose answer was lost: the record tells.
            await self._look()
            if self._spec.get("holderIdentity") != self.settings.identity:
                return False
        self._renewed_at = asked_at
        return True

    def _is_free(self) -> bool:
        holder = self._spec.get("holderIdentity")
        if not holder or holder == self.settings.identity:
            return True
        duration = self._spec.get("leaseDurationSeconds") or self.settings.duration
        return bool(self._clock() - self._seen_at > duration)

    async def _look(self) -> None:
        try:
            live = await self._send(requests.get(LEASES, self.settings.namespace, self.settings.name))
        except AbsentError:
            self._seen = None
        else:
            self._saw(live)

    def _saw(self, lease: KubernetesObject) -> None:
        if self._seen is None or self._seen["metadata"]["resourceVersion"] != lease["metadata"]["resourceVersion"]:
            self._seen_at = self._clock()
        self._seen = lease

    @property
    def _spec(self) -> dict[str, Any]:
        return (self._seen or {}).get("spec") or {}

    def _first_record(self) -> KubernetesObject:
        now = micro_time()
        return {
            "apiVersion": LEASES.api_version,
            "kind": LEASES.kind,
            "metadata": {"name": self.settings.name, "namespace": self.settings.namespace},
            "spec": {
                "holderIdentity": self.settings.identity,
                "leaseDurationSeconds": self.settings.duration,
                "acquireTime": now,
                "renewTime": now,
                "leaseTransitions": 0,
            },
        }

    async def _replace(self, lease: KubernetesObject, *, holder: str, duration: int) -> None:
        now = micro_time()
        spec = {**(lease.get("spec") or {}), "leaseDurationSeconds": duration, "renewTime": now}
        if spec.get("holderIdentity") != holder:
            spec |= {"acquireTime": now, "leaseTransitions": (spec.get("leaseTransitions") or 0) + 1}
        spec["holderIdentity"] = holder
        self._saw(await self._send(requests.replace(LEASES, {**lease, "spec": spec})))

    async def _send(self, request: Request) -> KubernetesObject:
        answer: KubernetesObject = (await self._client.send(replace(request, vital=True))).json()
        return answer
