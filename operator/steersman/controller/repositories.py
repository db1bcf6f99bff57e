"""The loop of one ChartRepository: ask it, say in its status what came out, come back after its interval.

An HTTP repository is asked for its index (conditionally), a registry whether it takes the credentials. HelmReleases do
not wait for this: they ask on the same terms, share what was answered, and are told here when a repository answers
again or serves something else. A status is written only when it says something new.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

import msgspec

from steersman.actions.base import problem_of
from steersman.controller.cache import RepositoryCache
from steersman.controller.queue import ObjectKey, WorkQueue, aside
from steersman.controller.terms import Terms, location_of, retold
from steersman.core.api.chartrepository import ChartRepository, ChartRepositoryStatus
from steersman.core.api.conditions import ConditionType, find_condition
from steersman.core.api.names import API_VERSION, CHART_REPOSITORY
from steersman.core.plan.attempt import retry_pause
from steersman.core.plan.observed import Problem
from steersman.core.plan.repository import Answer, looked_at, progressing, suspended
from steersman.errors import AbsentError, SteersmanError
from steersman.kube.objects import Objects
from steersman.kube.resources import CHART_REPOSITORIES
from steersman.ports import Clock, Events
from steersman.registry.errors import REGISTRY, REPOSITORY, RegistryUnavailable
from steersman.registry.source import ChartSources

_logger = logging.getLogger(__name__)

CRASH_PAUSE = 30.0
TOLD_AFTER = 1.0
"""Seconds after which a first look that takes longer is told of."""


class KubeChartRepositories:
    """Writes the status of ChartRepositories. Every answer goes into the cache, so that our own write is known before
    its event comes back."""

    def __init__(self, objects: Objects, cache: RepositoryCache) -> None:
        self._objects = objects
        self._cache = cache

    async def write_status(self, repository: ChartRepository, status: ChartRepositoryStatus) -> None:
        """Write the whole status by server-side apply, with resourceVersion. The object being gone is fine."""
        intent = {
            "apiVersion": API_VERSION,
            "kind": CHART_REPOSITORY,
            "metadata": {
                "name": repository.name,
                "namespace": repository.namespace,
                "uid": repository.uid,
                "resourceVersion": repository.resource_version,
            },
            "status": status.to_dict(),
        }
        try:
            self._cache.put(await self._objects.apply_status(CHART_REPOSITORIES, intent))
        except AbsentError:
            return


@dataclass(frozen=True, slots=True)
class RepositoryEdges:
    """What the loop reaches the world through. `moved` is told of a repository that answers again or serves something
    else."""

    terms: Terms
    sources: ChartSources
    repositories: KubeChartRepositories
    events: Events
    clock: Clock
    moved: Callable[[ChartRepository], None]


class RepositoryReconciler:
    """Reconciles ChartRepositories, one call of `reconcile` at a time for each key (the queue sees to it)."""

    def __init__(
        self, queue: WorkQueue, cache: RepositoryCache, edges: RepositoryEdges, may_go_on: Callable[[], bool]
    ) -> None:
        self._queue = queue
        self._cache = cache
        self._edges = edges
        self._may_go_on = may_go_on
        self._failures: dict[ObjectKey, int] = {}
        self._logged: dict[ObjectKey, Problem] = {}

    async def reconcile(self, key: ObjectKey) -> None:
        """Ask one ChartRepository and tell what came out."""
        repository = self._cache.get(key)
        if repository is None or not self._may_go_on():
            self._failures.pop(key, None)
            self._logged.pop(key, None)
            self._queue.forget(key)
            return
        try:
            pause = await self._reconcile(key, repository)
        except SteersmanError as error:  # the status could not be written
            _logger.warning("status not written", extra={"repository": str(key), "problem": error.message})
            pause = CRASH_PAUSE if not error.transient else 1.0
        if pause is None:
            self._queue.forget(key)
        else:
            self._queue.add_at(key, asyncio.get_running_loop().time() + pause)

    def crashed(self, key: ObjectKey, error: Exception) -> None:
        """A bug: said once with its trace, and the key is tried again later."""
        _logger.error("reconcile crashed", extra={"repository": str(key)}, exc_info=error)
        self._queue.add_at(key, asyncio.get_running_loop().time() + CRASH_PAUSE)

    async def _reconcile(self, key: ObjectKey, repository: ChartRepository) -> float | None:
        """The seconds after which to look again, None for never."""
        if repository.spec.suspend:
            await self._write(repository, suspended(repository, self._now()))
            return None
        answer = await self._answer(repository)
        asked, repository = repository, self._cache.get(key) or repository  # its status was perhaps just written
        if (asked.uid, asked.generation) != (repository.uid, repository.generation):
            return 0.0  # the answer is about what it said before
        now, interval = self._now(), repository.spec.interval_seconds()
        if not isinstance(answer, Problem):
            self._failures.pop(key, None)
            self._logged.pop(key, None)
            await self._tell(repository, answer, now)
            return interval
        failures = self._failures.get(key, 0) + 1
        self._failures[key] = failures
        self._log(key, answer)
        await self._tell(repository, answer, now)
        return min(retry_pause(failures, None).total_seconds(), interval)

    async def _answer(self, repository: ChartRepository) -> Answer | Problem:
        asking = asyncio.create_task(self._ask(repository))
        try:
            done, _ = await asyncio.wait({asking}, timeout=TOLD_AFTER)
            if not done and not repository.status.conditions:
                await self._write(repository, progressing(repository, self._now()))
            return await asking
        except SteersmanError as error:
            location = location_of(repository)
            explained = await self._edges.terms.explained(error, location)
            return retold(problem_of(explained), location, by_repository=True)
        finally:
            asking.cancel()

    async def _ask(self, repository: ChartRepository) -> Answer:
        location, seconds = location_of(repository), repository.spec.timeout_seconds()
        # Keys and identities that cannot be used are told here and not by the first HelmRelease.
        await self._edges.terms.verification(location)
        source = self._edges.sources.source(await self._edges.terms.access(location))
        try:
            async with aside(), asyncio.timeout(seconds):
                if repository.spec.is_oci:
                    await source.ping(location.url)
                    return Answer()
                index = await source.index(location.url)
        except TimeoutError as error:
            problem = f"no whole answer within spec.timeout, {seconds:g} s"
            noun = REGISTRY if repository.spec.is_oci else REPOSITORY
            raise RegistryUnavailable(location.url.partition("://")[2], problem, noun=noun) from error
        return Answer(len(index), source.index_digest(location.url))

    async def _tell(self, repository: ChartRepository, answer: Answer | Problem, now: datetime) -> None:
        before = find_condition(repository.status.conditions, ConditionType.READY)
        status = looked_at(repository, answer, now)
        if isinstance(answer, Problem):
            await self._write(repository, status)
            if before is None or (before.status, before.reason) != ("False", answer.reason.value):
                self._edges.events.publish(
                    repository.raw, kind="Warning", reason=answer.reason.value, message=answer.message
                )
            return
        was_ready = before is not None and before.status == "True"
        moved = not was_ready or (status.digest, status.url) != (repository.status.digest, repository.status.url)
        await self._write(repository, status)
        if moved:
            _logger.info("repository answers", extra={"repository": f"{repository.namespace}/{repository.name}"})
            self._edges.moved(repository)

    def _log(self, key: ObjectKey, problem: Problem) -> None:
        """One line when the problem is another than before."""
        if self._logged.get(key) != problem:
            self._logged[key] = problem
            fields = {"repository": str(key), "reason": problem.reason.value, "problem": problem.message}
            _logger.warning("repository does not answer", extra=fields)

    async def _write(self, repository: ChartRepository, status: ChartRepositoryStatus) -> None:
        if msgspec.to_builtins(status) != msgspec.to_builtins(repository.status):
            await self._edges.repositories.write_status(repository, status)

    def _now(self) -> datetime:
        return self._edges.clock.now()
