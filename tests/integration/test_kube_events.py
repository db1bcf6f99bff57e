"""Events as the real API server takes them, and as kubectl shows them."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest
from testenv.clients import Kubectl

from steersman.core.manifest.identity import KubernetesObject
from steersman.kube.client import KubeClient
from steersman.kube.events import KubeEvents
from steersman.kube.objects import Objects
from steersman.kube.requests import Selection
from steersman.kube.resources import EVENTS


@pytest.fixture
async def events(kube_client: KubeClient) -> AsyncIterator[KubeEvents]:
    made = KubeEvents(kube_client, "test-instance")
    made.start()
    yield made
    await made.stop()


def subject(namespace: str, name: str) -> KubernetesObject:
    return {
        "apiVersion": "steersman.dev/v1alpha1",
        "kind": "HelmRelease",
        "metadata": {"name": name, "namespace": namespace, "uid": f"uid-of-{name}", "resourceVersion": "1"},
    }


async def sent(objects: Objects, namespace: str, name: str) -> list[dict[str, Any]]:
    found = await objects.select(Selection(EVENTS, namespace, fields=f"regarding.name={name}"))
    return found.items


async def test_an_event_is_about_the_release(
    events: KubeEvents, objects: Objects, kubectl: Kubectl, namespace: str
) -> None:
    events.publish(subject(namespace, "web"), kind="Warning", reason="InstallFailed", message="no such image")
    await events.stop()
    (event,) = await sent(objects, namespace, "web")
    assert (event["type"], event["reason"], event["note"]) == ("Warning", "InstallFailed", "no such image")
    assert event["reportingController"] == "steersman.dev/operator"
    assert event["regarding"]["kind"] == "HelmRelease"
    assert "no such image" in kubectl("get", "events", "-n", namespace).stdout


async def test_repeats_are_counted_on_one_event(events: KubeEvents, objects: Objects, namespace: str) -> None:
    for _ in range(10):
        events.publish(subject(namespace, "again"), kind="Normal", reason="Repeated", message="the same")
    await events.stop()
    (event,) = await sent(objects, namespace, "again")
    assert event["series"]["count"] == 8  # told at 2, 3, 5 and 8, the next time at 12
    assert events.dropped == 0


async def test_another_message_is_another_event(events: KubeEvents, objects: Objects, namespace: str) -> None:
    for message in ("one", "two"):
        events.publish(subject(namespace, "other"), kind="Normal", reason="Said", message=message)
    await events.stop()
    assert {event["note"] for event in await sent(objects, namespace, "other")} == {"one", "two"}


async def test_a_long_message_is_cut_and_not_refused(events: KubeEvents, objects: Objects, namespace: str) -> None:
    events.publish(subject(namespace, "long"), kind="Normal", reason="Long", message="ü" * 2000)
    await events.stop()
    (event,) = await sent(objects, namespace, "long")
    assert event["note"].endswith("…")


async def test_a_missing_namespace_stops_nothing(events: KubeEvents, objects: Objects, namespace: str) -> None:
    events.publish(subject("steersman-nowhere", "lost"), kind="Normal", reason="Lost", message="to nobody")
    events.publish(subject(namespace, "next"), kind="Normal", reason="Next", message="to somebody")
    await events.stop()
    assert len(await sent(objects, namespace, "next")) == 1


async def test_a_full_queue_drops_and_does_not_wait(kube_client: KubeClient, namespace: str) -> None:
    idle = KubeEvents(kube_client, "test-instance")
    for number in range(1100):
        idle.publish(subject(namespace, "flood"), kind="Normal", reason="Flood", message=str(number))
    assert idle.dropped == 100
    await asyncio.sleep(0)
