"""kopf's part: it starts, handles signals and credentials, and watches our own kinds. Events go straight to the queue.

Only level-triggered `on.event` handlers: kopf keeps no state on objects, and retries, finalizers and status are ours.
"""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Awaitable, Callable, Collection, Iterator
from typing import Any

import kopf

from steersman.core.api.names import CHART_REPOSITORIES, GROUP, HELM_RELEASES, RELEASE_INVENTORIES, VERSION

EXIT_SECONDS = 10.0
"""How long the process may take to end once its work has."""

OnEvent = Callable[[str, dict[str, Any]], None]
"""Takes the event's type (ADDED, MODIFIED, DELETED; "" in the first list) and the object."""


def build_registry(
    on_release: OnEvent,
    on_inventory: OnEvent,
    on_repository: OnEvent,
    login: Callable[[], Awaitable[kopf.ConnectionInfo]],
) -> kopf.OperatorRegistry:
    """The handlers, in a registry of their own."""
    registry = kopf.OperatorRegistry()

    @kopf.on.event(GROUP, VERSION, HELM_RELEASES, registry=registry)
    async def helm_release(event: Any, **_: Any) -> None:
        on_release(event["type"] or "", event["object"])

    @kopf.on.event(GROUP, VERSION, RELEASE_INVENTORIES, registry=registry)
    async def release_inventory(event: Any, **_: Any) -> None:
        on_inventory(event["type"] or "", event["object"])

    @kopf.on.event(GROUP, VERSION, CHART_REPOSITORIES, registry=registry)
    async def chart_repository(event: Any, **_: Any) -> None:
        on_repository(event["type"] or "", event["object"])

    @kopf.on.login(registry=registry)
    async def connect(**_: Any) -> kopf.ConnectionInfo:
        return await login()

    return registry


def build_settings(grace: float) -> kopf.OperatorSettings:
    """kopf without what we do ourselves: no Events, no scanning of CRDs, no peering, quick retries. `grace`: how long
    our own work may take to end after a signal."""
    settings = kopf.OperatorSettings()
    settings.posting.enabled = False
    settings.scanning.disabled = True
    settings.peering.standalone = True
    settings.networking.error_backoffs = [1, 2, 5]
    settings.networking.request_timeout = 65
    settings.watching.server_timeout = 300
    settings.watching.client_timeout = 330
    settings.process.ultimate_exiting_timeout = grace + EXIT_SECONDS  # then kopf kills the process
    return settings


async def operate(registry: kopf.OperatorRegistry, settings: kopf.OperatorSettings, stop: asyncio.Event) -> None:
    """Run kopf until a signal or `stop`. What `kopf.operator` does, but for the tasks it takes for its own."""
    tasks = await kopf.spawn_tasks(
        registry=registry, settings=settings, standalone=True, clusterwide=True, stop_flag=stop
    )
    try:
        await kopf.run_tasks(tasks, ignored=_AllTasks())
    finally:
        for each in (signal.SIGINT, signal.SIGTERM):
            asyncio.get_running_loop().remove_signal_handler(each)  # a second signal ends the process at once


class _AllTasks(Collection["asyncio.Task[Any]"]):
    """The tasks kopf shall not care for when its own have ended: all. It takes those begun after its start for its own,
    waits five seconds for them, then cancels them: steps under way among them, and watches, which never end."""

    def __contains__(self, task: object) -> bool:
        return True

    def __iter__(self) -> Iterator[asyncio.Task[Any]]:
        return iter(asyncio.all_tasks())

    def __len__(self) -> int:
        return len(asyncio.all_tasks())
