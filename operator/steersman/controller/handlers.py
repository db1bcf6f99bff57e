"""kopf's part: it starts, handles signals and credentials, and watches our own kinds. Events go straight to the queue.

Only level-triggered `on.event` handlers: kopf keeps no state on objects, and retries, finalizers and status are ours.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

import kopf

from steersman.core.api.names import GROUP, HELM_RELEASES, RELEASE_INVENTORIES, VERSION

OnEvent = Callable[[str, dict[str, Any]], None]
"""Takes the event's type (ADDED, MODIFIED, DELETED; "" in the first list) and the object."""


def build_registry(
    on_release: OnEvent, on_inventory: OnEvent, login: Callable[[], Awaitable[kopf.ConnectionInfo]]
) -> kopf.OperatorRegistry:
    """The handlers, in a registry of their own."""
    registry = kopf.OperatorRegistry()

    @kopf.on.event(GROUP, VERSION, HELM_RELEASES, registry=registry)
    async def helm_release(event: Any, **_: Any) -> None:
        on_release(event["type"] or "", event["object"])

    @kopf.on.event(GROUP, VERSION, RELEASE_INVENTORIES, registry=registry)
    async def release_inventory(event: Any, **_: Any) -> None:
        on_inventory(event["type"] or "", event["object"])

    @kopf.on.login(registry=registry)
    async def connect(**_: Any) -> kopf.ConnectionInfo:
        return await login()

    return registry


def build_settings() -> kopf.OperatorSettings:
    """kopf without what we do ourselves: no Events, no scanning of CRDs, no peering, quick retries."""
    settings = kopf.OperatorSettings()
    settings.posting.enabled = False
    settings.scanning.disabled = True
    settings.peering.standalone = True
    settings.networking.error_backoffs = [1, 2, 5]
    settings.networking.request_timeout = 65
    settings.watching.server_timeout = 300
    settings.watching.client_timeout = 330
    settings.process.ultimate_exiting_timeout = 30
    return settings
