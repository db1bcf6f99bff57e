"""What a HelmRelease asks for, resolved: chart reference to digest, values from their sources to the final values.

Answers are kept per release while nothing they depend on moved, so that a look costs neither a request nor a hash.
"""

from __future__ import annotations

import asyncio
import hmac
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Any, TypeAlias

from steersman.actions.base import problem_of
from steersman.core.api.helmrelease import HelmRelease
from steersman.core.api.spec import ValuesReference
from steersman.core.api.status import ValuesSource
from steersman.core.plan.observed import Desired, Problem
from steersman.core.release.digest import values_digest
from steersman.core.values.layers import release_values
from steersman.core.values.sources import require_values
from steersman.errors import InvalidInput, SteersmanError
from steersman.ports import ChartSource, ConfigData, Configs, Resolved
from steersman.registry.access import Access
from steersman.registry.auth import credential_from_secret
from steersman.registry.errors import InvalidCredentials
from steersman.registry.reference import ChartReference
from steersman.registry.source import ChartSources


class SecretMissing(InvalidInput):
    """The Secret with the registry's credentials does not exist."""

    reason = "SourceNotReady"


LARGE_VALUES = 64 * 1024
"""Bytes of values that are read in a thread."""
SWEEP_FROM = 256
"""Answers about versions from which on the expired ones are dropped, again each time as many have come."""

_Question: TypeAlias = tuple[str, str, str, Access]
"""A chart's URL, version and version filter, and the terms of access."""


@dataclass(frozen=True, slots=True)
class _Memo:
    """The last answer for one HelmRelease, and what it was given for."""

    key: tuple[Any, ...]
    desired: Desired


class _Versions:
    """What versions stand for, for an interval each, shared by all releases that ask the same on the same terms."""

    def __init__(self) -> None:
        self._answers: dict[_Question, tuple[Resolved, datetime]] = {}
        self._sweep_at = SWEEP_FROM

    def get(self, question: _Question, now: datetime) -> tuple[Resolved, datetime] | None:
        """The answer that still holds, and until when."""
        known = self._answers.get(question)
        return known if known is not None and now < known[1] else None

    def keep(self, question: _Question, answer: Resolved, until: datetime, now: datetime) -> datetime:
        self._answers[question] = (answer, until)
        if len(self._answers) > self._sweep_at:
            self._answers = {key: kept for key, kept in self._answers.items() if now < kept[1]}
            self._sweep_at = max(SWEEP_FROM, 2 * len(self._answers))
        return until


class Resolver:
    """Resolves specs. `installation_key` keys the digests of values."""

    def __init__(self, sources: ChartSources, configs: Configs, installation_key: bytes) -> None:
        self._sources = sources
        self._configs = configs
        self._key = installation_key
        self._memos: dict[str, _Memo] = {}
        self._versions = _Versions()

    def forget(self, release_uid: str) -> None:
        """Drop what is kept for a HelmRelease that is gone."""
        self._memos.pop(release_uid, None)

    async def source(self, release: HelmRelease) -> ChartSource:
        """The charts as this release may reach them. Raises SourceError, SecretMissing."""
        return self._sources.source(await self._access(release))

    async def resolve(self, release: HelmRelease, now: datetime) -> Desired | Problem:
        """What the spec asks for now, or why that cannot be told."""
        try:
            chart, ask_again = await self._chart(release, now)
            configs = [await self._config(release, ref) for ref in release.spec.values_from]
            desired = await self._desired(release, chart, configs)
            return desired if desired.ask_again == ask_again else replace(desired, ask_again=ask_again)
        except SteersmanError as error:
            return problem_of(error)

    async def _access(self, release: HelmRelease) -> Access:
        chart = release.spec.chart
        if chart.url is None or chart.is_archive:
            raise InvalidInput("spec.chart.url is no oci:// URL, which is all that this version can reach")
        if chart.secret_ref is None:
            return Access(insecure=chart.insecure)
        secret = await self._configs.read("Secret", release.namespace, chart.secret_ref.name)
        if secret is None:
            raise SecretMissing(
                f"spec.chart.secretRef names Secret {release.namespace}/{chart.secret_ref.name}, which does not exist",
                hint="create it; it is noticed at once",
            )
        try:
            credential = credential_from_secret(secret.data, ChartReference.parse(chart.url))
        except InvalidCredentials as error:
            error.message = f"Secret {release.namespace}/{chart.secret_ref.name}: {error.message}"
            raise
        return Access(credential=credential, insecure=chart.insecure)

    async def _chart(self, release: HelmRelease, now: datetime) -> tuple[Resolved, datetime | None]:
        """The chart, and until when that answer holds (None: for ever)."""
        chart = release.spec.chart
        assert chart.url is not None
        if chart.digest is not None:
            return Resolved(chart.url, "", chart.digest), None
        access = await self._access(release)
        key = (chart.url, chart.version or "", chart.version_filter or "", access)
        known = self._versions.get(key, now)
        if known is not None:
            return known
        resolved = await self._sources.source(access).resolve(
            chart.url, chart.version or "", chart.version_filter or ""
        )
        return resolved, self._versions.keep(key, resolved, now + timedelta(seconds=chart.interval_seconds()), now)

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
