"""What a HelmRelease asks for, resolved: the chart (`controller.charts`), and values from their sources to the final
values.

Answers are kept per release while nothing they depend on moved, so that a look costs neither a request nor a hash.
"""

from __future__ import annotations

import asyncio
import hmac
from dataclasses import dataclass, replace
from datetime import datetime
from hashlib import sha256
from typing import Any

from steersman.actions.base import problem_of
from steersman.controller.charts import Charts
from steersman.core.api.conditions import Reason
from steersman.core.api.helmrelease import HelmRelease
from steersman.core.api.spec import ValuesReference
from steersman.core.api.status import ValuesSource
from steersman.core.plan.observed import Desired, Problem
from steersman.core.release.digest import values_digest
from steersman.core.values.layers import release_values
from steersman.core.values.sources import require_values
from steersman.errors import SteersmanError
from steersman.ports import ChartArchives, ConfigData, Configs, Resolved

LARGE_VALUES = 64 * 1024
"""Bytes of values that are read in a thread."""

_SOURCE_REASONS = (Reason.SOURCE_NOT_READY, Reason.DIGEST_MISMATCH, Reason.VERIFICATION_FAILED)


@dataclass(frozen=True, slots=True)
class _Memo:
    """The last answer for one HelmRelease, and what it was given for."""

    key: tuple[Any, ...]
    desired: Desired


class Resolver:
    """Resolves specs. `installation_key` keys the digests of values."""

    def __init__(self, charts: Charts, configs: Configs, installation_key: bytes) -> None:
        self._charts = charts
        self._configs = configs
        self._key = installation_key
        self._memos: dict[str, _Memo] = {}

    def forget(self, release_uid: str) -> None:
        """Drop what is kept for a HelmRelease that is gone."""
        self._memos.pop(release_uid, None)
        self._charts.forget(release_uid)

    def archives(self, release: HelmRelease) -> ChartArchives:
        """The charts as this release may reach them."""
        return _Archives(self._charts, release)

    def retold(self, release: HelmRelease, problem: Problem) -> Problem:
        """A problem of fetching a chart, in the words of whoever says the terms."""
        return self._charts.retold(release, problem) if problem.reason in _SOURCE_REASONS else problem

    async def resolve(self, release: HelmRelease, now: datetime) -> Desired | Problem:
        """What the spec asks for now, or why that cannot be told."""
        chosen = await self._charts.choose(release, now)
        if isinstance(chosen, Problem):
            return chosen
        try:
            configs = [await self._config(release, ref) for ref in release.spec.values_from]
            desired = await self._desired(release, chosen.chart, configs)
        except SteersmanError as error:
            return problem_of(error)
        return replace(
            desired,
            chart_repository=chosen.repository,
            chart_verified=chosen.verified,
            ask_again=chosen.ask_again,
            source_problem=chosen.problem,
        )

    async def _config(self, release: HelmRelease, ref: ValuesReference) -> ConfigData | None:
        found = await self._configs.read(ref.kind, release.namespace, ref.name)
        require_values(ref, release.namespace, None if found is None else found.data)
        return found

    async def _desired(self, release: HelmRelease, chart: Resolved, configs: list[ConfigData | None]) -> Desired:
        versions = tuple(config.resource_version if config else "" for config in configs)
        key = (release.generation, chart, versions)
        memo = self._memos.get(release.uid)
        if memo is not None and memo.key == key:
            return memo.desired
        size = sum(len(value) for config in configs if config is not None for value in config.data.values())
        if size < LARGE_VALUES:
            desired = self._merge(release, chart, configs)
        else:  # reading and hashing take long enough to hold up the Lease and every other release
            desired = await asyncio.to_thread(self._merge, release, chart, configs)
        self._memos[release.uid] = _Memo(key, desired)
        return desired

    def _merge(self, release: HelmRelease, chart: Resolved, configs: list[ConfigData | None]) -> Desired:
        values = release_values(release, [None if config is None else config.data for config in configs])
        sources = [
            ValuesSource(kind=ref.kind, name=ref.name, resource_version=config.resource_version if config else "")
            for ref, config in zip(release.spec.values_from, configs, strict=True)
        ]
        digest = values_digest(values, self._key)
        return Desired(
            chart_url=chart.url,
            chart_digest=chart.digest,
            chart_version=chart.version,
            values=values,
            values_digest=digest,
            values_from=tuple(sources),
            input_digest=self._input(chart.digest, digest),
        )

    def _input(self, chart_digest: str, digest_of_values: str) -> str:
        """40 hexadecimal digits: a label value is at most 63 characters."""
        text = f"{chart_digest}\n{digest_of_values}".encode()
        return hmac.new(self._key, text, sha256).hexdigest()[:40]


class _Archives:
    """`ports.ChartArchives` of one release."""

    def __init__(self, charts: Charts, release: HelmRelease) -> None:
        self._charts = charts
        self._release = release

    async def fetch(self, url: str, digest: str) -> bytes:
        """The chart archive of this digest."""
        return await self._charts.archive(self._release, url, digest)
