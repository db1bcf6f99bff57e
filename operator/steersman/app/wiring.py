"""The edges, built from settings: one client, one cluster view, one observer, the stores, the sources, the renderer.

`controller.operator` asks for them once it holds the Lease and says what each may call back.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime

from steersman.app.metrics import Metrics
from steersman.app.settings import Settings
from steersman.core.manifest.identity import ObjectId
from steersman.kube.client import KubeClient
from steersman.kube.cluster import KubeCluster
from steersman.kube.configs import KubeConfigs
from steersman.kube.credentials import Credentials
from steersman.kube.discovery import Discovery
from steersman.kube.events import KubeEvents
from steersman.kube.facts import ClusterFacts, installation_key
from steersman.kube.objects import Objects
from steersman.kube.observer import KubeObserver
from steersman.registry.cache import ChartCache
from steersman.registry.identity.broker import WorkloadIdentities
from steersman.registry.reach import Reach
from steersman.registry.source import ChartSources
from steersman.rendering.client import RendererClient
from steersman.rendering.compiled import CompiledCharts
from steersman.rendering.process import ChildProcess, Sidecar
from steersman.storage.cached_inventories import CachedInventories
from steersman.storage.cached_records import CachedRecords
from steersman.storage.inventory import InventoryStorage
from steersman.storage.secrets import SecretStore


class SystemClock:
    """`ports.Clock`: the machine's."""

    def now(self) -> datetime:
        """The present moment, UTC."""
        return datetime.now(UTC)


@dataclass(frozen=True, slots=True)
class Wakes:
    """Whom the edges tell what moved: an object of a release (by its labels), the records of a release (namespace,
    name), an object that specs refer to (kind, namespace, name)."""

    on_object: Callable[[ObjectId, Mapping[str, str]], None]
    on_records: Callable[[str, str], None]
    on_config: Callable[[str, str, str], None]


@dataclass(frozen=True, slots=True)
class Wiring:
    """Everything the controller reaches the world through."""

    objects: Objects
    cluster: KubeCluster
    observer: KubeObserver
    records: CachedRecords
    inventories: CachedInventories
    configs: KubeConfigs
    facts: ClusterFacts
    sources: ChartSources
    identities: WorkloadIdentities
    renderer: RendererClient
    events: KubeEvents
    clock: SystemClock
    installation_key: bytes

    @property
    def silence(self) -> float:
        """Seconds since the most silent watch last heard anything."""
        return max(self.observer.silence, self.configs.silence, self.records.watched.silence)


async def credentials_of(settings: Settings) -> Credentials:
    """From the kubeconfig that was named, else from the pod's ServiceAccount. KUBECONFIG is never followed."""
    if settings.kubeconfig is not None:
        return await Credentials.from_kubeconfig(str(settings.kubeconfig), settings.context or None)
    return await Credentials.in_cluster()


def client_of(credentials: Credentials, metrics: Metrics) -> KubeClient:
    """The one connection pool."""
    return KubeClient.open(credentials, meter=metrics.request_done)


@asynccontextmanager
async def wire(settings: Settings, client: KubeClient, wakes: Wakes, metrics: Metrics) -> AsyncIterator[Wiring]:
    """Build the edges and start what runs in the background; stop it all at the end, whatever stopping one of them
    says."""
    wiring = await _build(settings, client, wakes, metrics)
    async with AsyncExitStack() as stack:
        stack.push_async_callback(wiring.sources.close)
        stack.push_async_callback(wiring.identities.close)
        for part in (wiring.records.watched, wiring.configs, wiring.observer, wiring.events):
            stack.push_async_callback(part.stop)
        stack.push_async_callback(wiring.renderer.close)
        wiring.records.watched.start()
        wiring.events.start()
        yield wiring


async def _build(settings: Settings, client: KubeClient, wakes: Wakes, metrics: Metrics) -> Wiring:
    objects, clock = Objects(client), SystemClock()
    discovery = Discovery(client)
    observer = KubeObserver(client, discovery)
    observer.subscribe(wakes.on_object)
    facts = ClusterFacts(objects)
    await facts.load()
    renderer = RendererClient(
        Sidecar(settings.renderer_socket) if settings.renderer_socket else ChildProcess(),
        compiled=CompiledCharts(settings.cache_dir),
        workers=settings.renderers,
        allow_jinja=settings.enable_jinja_charts,
    )
    sources = ChartSources(
        ChartCache(settings.cache_dir, max_bytes=settings.cache_bytes),
        reach=Reach(settings.allowed_registries, local=settings.allow_local_registries),
        meter=metrics,
    )
    metrics.gauge("steersman_chart_cache_bytes", "Size of the chart cache.", lambda: sources.cache_bytes)
    metrics.gauge(
        "steersman_registry_circuits_open",
        "Registries and repositories that are not asked now, because they failed again and again.",
        lambda: sources.open_circuits,
    )
    return Wiring(
        objects=objects,
        cluster=KubeCluster(client, discovery=discovery, witness=observer),
        observer=observer,
        records=CachedRecords(client, SecretStore(objects, clock), wakes.on_records),
        inventories=CachedInventories(InventoryStorage(objects)),
        configs=KubeConfigs(client, wakes.on_config),
        facts=facts,
        sources=sources,
        identities=WorkloadIdentities(),
        renderer=renderer,
        events=KubeEvents(client, settings.identity),
        clock=clock,
        installation_key=await installation_key(objects, settings.namespace),
    )
