"""`steersman run`: the process from its first request to its last. The next stop is `controller.reconcile`.

Lease first: until it is ours, nothing is watched and nothing written. Then the edges, the caches' first lists, kopf's
watches of our own kinds, and the workers. A lost Lease, SIGTERM, or the end of kopf ends all of it.
"""

from __future__ import annotations

import asyncio
import logging
import signal
from collections.abc import Mapping
from functools import partial
from typing import Any

import kopf

from steersman.actions.base import Edges
from steersman.app.http import HttpServer
from steersman.app.metrics import Metrics
from steersman.app.settings import Settings
from steersman.app.wiring import Wakes, Wiring, client_of, credentials_of, wire
from steersman.controller.cache import ReleaseCache, RepositoryCache
from steersman.controller.charts import Charts
from steersman.controller.desired import Resolver
from steersman.controller.handlers import build_registry, build_settings, operate
from steersman.controller.observe import Looker
from steersman.controller.queue import ObjectKey, Workers, WorkQueue
from steersman.controller.reconcile import Reconciler
from steersman.controller.releases import KubeHelmReleases
from steersman.controller.report import Reporter
from steersman.controller.repositories import KubeChartRepositories, RepositoryEdges, RepositoryReconciler
from steersman.controller.terms import Terms
from steersman.core.api.chartrepository import ChartRepository
from steersman.core.api.helmrelease import SpecError
from steersman.core.api.names import LABEL_NAME, LABEL_NAMESPACE
from steersman.core.manifest.identity import ObjectId
from steersman.errors import ClusterError
from steersman.kube.accounts import service_account_token
from steersman.kube.client import KubeClient
from steersman.kube.credentials import Credentials
from steersman.kube.lease import Lease, LeaseSettings
from steersman.kube.requests import Selection
from steersman.kube.resources import CHART_REPOSITORIES, HELM_RELEASES, RELEASE_INVENTORIES

_logger = logging.getLogger(__name__)

FIRST_LIST_SECONDS = 30.0


class LeaseLost(ClusterError):
    """The Lease could not be renewed in time, or was taken."""


async def run_operator(settings: Settings) -> None:
    """Run until told to stop. Raises LeaseLost, and other errors where it cannot begin."""
    main = asyncio.current_task()
    assert main is not None
    # Until kopf, which begins last, takes the signals over.
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, main.cancel)
    try:
        await _run(settings)
    except asyncio.CancelledError:
        _logger.info("stopped before it began")


async def _run(settings: Settings) -> None:
    metrics = Metrics()
    credentials = await credentials_of(settings)
    async with client_of(credentials, metrics) as client:
        operator = Operator(settings, client, credentials, metrics)
        http = HttpServer(settings.http_host, settings.http_port, metrics, sick=operator.sick, unready=operator.unready)
        await http.start()
        try:
            await operator.run()
        finally:
            await http.stop()


class Operator:
    """One operator process."""

    def __init__(self, settings: Settings, client: KubeClient, credentials: Credentials, metrics: Metrics) -> None:
        self._settings = settings
        self._client = client
        self._credentials = credentials
        self._metrics = metrics
        self._queue = WorkQueue()
        self._cache = ReleaseCache(self._on_unreferred)
        self._repository_queue = WorkQueue()
        self._repositories = RepositoryCache(self._on_unreferred)
        self._charts: Charts | None = None
        self._wiring: Wiring | None = None
        self._stop = asyncio.Event()
        self._ready = False
        self._lost = False
        metrics.gauge("steersman_releases", "HelmReleases that are known.", lambda: len(self._cache))
        metrics.gauge("steersman_repositories", "ChartRepositories that are known.", lambda: len(self._repositories))
        metrics.gauge("steersman_queue_length", "HelmReleases that wait for a worker.", lambda: len(self._queue))

    def sick(self) -> str:
        """Why this process should be replaced; "" while it is well."""
        silence = self._wiring.silence if self._wiring is not None else 0.0
        if silence > self._settings.silence:
            return f"a watch has heard nothing for {silence:.0f} s"
        return "the Lease was lost" if self._lost else ""

    def unready(self) -> str:
        """Why it does not work on releases yet; "" when it does."""
        return "" if self._ready else "waiting for the Lease, or for the first lists"

    async def run(self) -> None:
        """Hold the Lease and work until told to stop."""
        lease = Lease(self._client, LeaseSettings(self._settings.namespace, self._settings.identity))
        async with lease.hold(self._on_lost):
            wakes = Wakes(self._on_object, self._on_records, self._on_config)
            async with wire(self._settings, self._client, wakes, self._metrics) as wiring:
                self._wiring = wiring
                await self._work(wiring)
        if self._lost:
            name = f"{lease.settings.namespace}/{lease.settings.name}"
            raise LeaseLost(f"the Lease {name} was lost", hint="another process may hold it now")
        _logger.info("stopped")

    async def _work(self, wiring: Wiring) -> None:
        releases = KubeHelmReleases(wiring.objects, self._cache)
        terms = Terms(
            wiring.configs, self._repositories, wiring.identities, partial(service_account_token, self._client)
        )
        self._charts = Charts(wiring.sources, terms)
        resolver = Resolver(self._charts, wiring.configs, wiring.installation_key)
        edges = Edges(
            cluster=wiring.cluster,
            observer=wiring.observer,
            records=wiring.records,
            inventories=wiring.inventories,
            releases=releases,
            charts=None,
            renderer=wiring.renderer,
            clock=wiring.clock,
        )
        reconciler = Reconciler(
            self._queue,
            self._cache,
            Looker(edges, resolver, self._cache, wiring.facts),
            resolver,
            Reporter(releases, wiring.events, self._metrics),
            edges,
            may_go_on=lambda: self._ready and not self._lost,
        )
        repositories = RepositoryReconciler(
            self._repository_queue,
            self._repositories,
            RepositoryEdges(
                terms,
                wiring.sources,
                KubeChartRepositories(wiring.objects, self._repositories),
                wiring.events,
                wiring.clock,
                self._on_moved,
            ),
            may_go_on=lambda: self._ready and not self._lost,
        )
        await self._first_lists(wiring)
        # Each kind has workers of its own: repositories that are slow to answer hold up no release.
        crews = (
            Workers(self._queue, reconciler.reconcile, reconciler.crashed, concurrency=self._settings.concurrency),
            Workers(
                self._repository_queue,
                repositories.reconcile,
                repositories.crashed,
                concurrency=self._settings.concurrency,
            ),
        )
        self._ready = True
        for workers in crews:
            workers.start()
        _logger.info("working", extra={"releases": len(self._cache), "concurrency": self._settings.concurrency})
        try:
            await self._watch()
        finally:
            self._ready = False
            grace = 0.0 if self._lost else self._settings.grace
            await asyncio.gather(*(workers.stop(grace=grace) for workers in crews))

    async def _first_lists(self, wiring: Wiring) -> None:
        """What exists at the start, before anything is decided: a record's uid may be of a HelmRelease that lives."""
        for page in (await wiring.objects.select(Selection(RELEASE_INVENTORIES))).items:
            wiring.inventories.seen(page)
        for obj in (await wiring.objects.select(Selection(CHART_REPOSITORIES))).items:
            self._on_repository("", obj)
        for obj in (await wiring.objects.select(Selection(HELM_RELEASES))).items:
            self._on_release("", obj)
        try:
            await asyncio.wait_for(wiring.records.watched.synced.wait(), FIRST_LIST_SECONDS)
        except TimeoutError:
            _logger.warning("release records cannot be watched: they are listed at every look")

    async def _watch(self) -> None:
        """kopf, until it is told to stop by a signal or by us."""
        registry = build_registry(self._on_release, self._on_inventory, self._on_repository, self._login)
        await operate(registry, build_settings(self._settings.grace), self._stop)

    async def _login(self) -> kopf.ConnectionInfo:
        """kopf connects as we do."""
        connection = await self._credentials.connection()
        return kopf.ConnectionInfo(
            server=connection.server,
            ca_path=connection.ca_path or None,
            insecure=connection.insecure or None,
            scheme=connection.scheme or None,
            token=connection.token or None,
            certificate_path=connection.certificate_path or None,
            private_key_path=connection.key_path or None,
            proxy_url=connection.proxy or None,
        )

    def _on_lost(self) -> None:
        """Another process may write now: send nothing more and end."""
        self._lost = True
        self._client.halt("the Lease was lost")
        self._stop.set()

    def _on_release(self, event: str, obj: dict[str, Any]) -> None:
        metadata = obj["metadata"]
        key = ObjectKey(metadata["namespace"], metadata["name"])
        if event == "DELETED":
            self._cache.drop(key, metadata["uid"])
            self._queue.add(key)
            return
        try:
            if self._cache.put(obj):
                self._queue.add(key)
        except SpecError as error:
            _logger.warning("HelmRelease cannot be read", extra={"release": str(key), "problem": str(error)})

    def _on_inventory(self, event: str, obj: dict[str, Any]) -> None:
        assert self._wiring is not None
        touched = self._wiring.inventories.seen(obj, gone=event == "DELETED")
        if touched is not None:
            self._queue.add(ObjectKey(*touched))

    def _on_repository(self, event: str, obj: dict[str, Any]) -> None:
        metadata = obj["metadata"]
        key = ObjectKey(metadata["namespace"], metadata["name"])
        try:
            if event == "DELETED":
                self._repositories.drop(key, metadata["uid"])
            elif not self._repositories.put(obj):
                return
        except SpecError as error:
            _logger.warning("ChartRepository cannot be read", extra={"repository": str(key), "problem": str(error)})
            return
        self._repository_queue.add(key)
        for release in self._cache.naming(key):
            self._queue.add(release)

    def _on_moved(self, repository: ChartRepository) -> None:
        """A ChartRepository answers again, or serves something else."""
        keys = self._cache.naming(ObjectKey(repository.namespace, repository.name))
        releases = [release for key in keys if (release := self._cache.get(key)) is not None]
        if self._charts is not None:
            self._charts.moved(repository.spec.url, [release.uid for release in releases])
        for key in keys:
            self._queue.add(key)

    def _on_object(self, identity: ObjectId, labels: Mapping[str, str]) -> None:
        del identity
        key = ObjectKey(labels.get(LABEL_NAMESPACE, ""), labels.get(LABEL_NAME, ""))
        if self._cache.get(key) is not None:
            self._queue.add(key)

    def _on_records(self, namespace: str, name: str) -> None:
        for key in self._cache.with_records(namespace, name):
            self._queue.add(key)

    def _on_config(self, kind: str, namespace: str, name: str) -> None:
        for key in self._cache.referring_to(kind, namespace, name):
            self._queue.add(key)
        for repository in self._repositories.referring_to(kind, namespace, name):
            self._repository_queue.add(repository)
            for key in self._cache.naming(repository):
                self._queue.add(key)

    def _on_unreferred(self, kind: str, namespace: str, name: str) -> None:
        thing = kind, namespace, name
        if self._wiring is None or self._cache.referring_to(*thing) or self._repositories.referring_to(*thing):
            return
        self._wiring.configs.forget(*thing)
