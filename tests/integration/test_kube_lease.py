"""The Lease on the real API server: one holder at a time, handed over at once when released, taken when it expires."""

import asyncio
from collections.abc import Callable

import pytest
from testenv.clients import Kubectl

from steersman.kube.client import KubeClient
from steersman.kube.errors import Halted
from steersman.kube.lease import Lease, LeaseSettings
from steersman.kube.objects import Objects
from steersman.kube.resources import CONFIG_MAPS, LEASES


class Clock:
    """A clock that is moved by hand."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def lease(
    request: pytest.FixtureRequest, kube_client: KubeClient, namespace: str, clock: Clock
) -> Callable[[str], Lease]:
    """Makes candidates for one Lease of this test, which share a clock."""
    name = request.node.name.replace("_", "-").replace("[", "-").rstrip("]")[:60].strip("-")

    def make(identity: str) -> Lease:
        settings = LeaseSettings(namespace, identity, name=name, renew_every=0.05)
        return Lease(kube_client, settings, clock=clock)

    return make


async def holder(objects: Objects, namespace: str, lease: Lease) -> str:
    live = await objects.get(LEASES, namespace, lease.settings.name)
    assert live is not None
    identity: str = live["spec"].get("holderIdentity") or ""
    return identity


async def test_it_is_made_held_and_released(lease: Callable[[str], Lease], objects: Objects, namespace: str) -> None:
    first = lease("first")
    async with first.hold(lambda: None):
        assert first.held
        assert await holder(objects, namespace, first) == "first"
    assert not first.held
    assert await holder(objects, namespace, first) == ""


async def test_a_released_lease_is_taken_at_once(
    lease: Callable[[str], Lease], objects: Objects, namespace: str
) -> None:
    first, second = lease("first"), lease("second")
    await first.acquire()
    await first.release()
    await second.acquire()
    live = await objects.get(LEASES, namespace, second.settings.name)
    assert live is not None
    assert live["spec"]["holderIdentity"] == "second"
    assert live["spec"]["leaseTransitions"] == 2


async def test_a_held_lease_is_waited_for(lease: Callable[[str], Lease]) -> None:
    first, second = lease("first"), lease("second")
    await first.acquire()
    waiting = asyncio.create_task(second.acquire())
    await asyncio.sleep(0.3)
    assert not waiting.done()
    await first.release()
    await waiting
    assert second.held


async def test_a_lease_nobody_renews_is_taken_after_its_duration(
    lease: Callable[[str], Lease], objects: Objects, namespace: str, clock: Clock
) -> None:
    first, second = lease("first"), lease("second")
    await first.acquire()
    waiting = asyncio.create_task(second.acquire())
    clock.now += 14
    await asyncio.sleep(0.3)
    assert not waiting.done()
    clock.now += 16  # counted from when the second one first saw the record
    await waiting
    assert await holder(objects, namespace, second) == "second"
    assert not first.held


async def test_two_that_take_an_expired_lease_at_once_do_not_both_get_it(
    lease: Callable[[str], Lease], objects: Objects, namespace: str, clock: Clock
) -> None:
    await lease("gone").acquire()
    rivals = [lease(f"rival-{number}") for number in range(4)]
    takers = [asyncio.create_task(rival.acquire()) for rival in rivals]
    await asyncio.sleep(0.3)
    clock.now += 16
    await asyncio.wait(takers, return_when=asyncio.FIRST_COMPLETED)
    await asyncio.sleep(0.2)
    held = [rival.settings.identity for rival in rivals if rival.held]
    assert len(held) == 1
    assert await holder(objects, namespace, rivals[0]) == held[0]
    for taker in takers:
        taker.cancel()


async def test_a_holder_that_was_replaced_hears_of_it_and_sends_no_more(
    lease: Callable[[str], Lease], kube_client: KubeClient, kubectl: Kubectl, objects: Objects, namespace: str
) -> None:
    lost = asyncio.Event()

    def on_lost() -> None:
        kube_client.halt("the lease was lost")
        lost.set()

    first = lease("first")
    async with first.hold(on_lost):
        change = '{"spec":{"holderIdentity":"usurper"}}'
        kubectl("patch", "lease", first.settings.name, "-n", namespace, "--type=merge", "-p", change)
        async with asyncio.timeout(20):
            await lost.wait()
        assert not first.held
        body = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "late", "namespace": namespace}}
        with pytest.raises(Halted):
            await objects.create(CONFIG_MAPS, body)
        assert await objects.get(CONFIG_MAPS, namespace, "late") is None
    assert await holder(objects, namespace, first) == "usurper"
