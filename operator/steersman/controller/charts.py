"""Which chart a HelmRelease means now: from its fields to a digest, verified, without asking twice.

What a version stands for is kept for an interval and shared by all releases that ask the same on the same terms. Where
the source cannot be asked, a release whose chart is known for this very spec goes on with that one: what runs stays as
it is, and the problem is told beside it. `controller.desired` adds the values; `controller.terms` says where and how.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import TypeAlias

from steersman.actions.base import problem_of
from steersman.controller.queue import aside
from steersman.controller.terms import OCI, Location, RepositorySuspended, Terms, retold
from steersman.core.api.chart import DEFAULT_CHART_INTERVAL
from steersman.core.api.conditions import ConditionType, Reason, find_condition
from steersman.core.api.helmrelease import HelmRelease
from steersman.core.plan.attempt import retry_pause
from steersman.core.plan.observed import Problem
from steersman.core.verification import Verification
from steersman.errors import SteersmanError
from steersman.ports import Resolved
from steersman.registry.access import Access
from steersman.registry.errors import AccessDenied, RegistryNotAllowed
from steersman.registry.source import ChartSources

SWEEP_FROM = 256
"""Answers from which on the expired ones are dropped, again each time as many have come."""

_Question: TypeAlias = tuple[str, str, str, str, Access]
"""A chart's or repository's URL, the chart's name in it, version and version filter, and the terms of access."""


@dataclass(frozen=True, slots=True)
class Chosen:
    """The chart. `ask_again` is when the answer ends (None: never), `problem` why the source could not be asked.
    `index` is the URL of the repository that said where the chart is ("": not known, or nobody had to)."""

    chart: Resolved
    repository: str = ""
    verified: str = ""
    ask_again: datetime | None = None
    problem: Problem | None = None
    index: str = ""


class Versions:
    """What versions stand for, for an interval each."""

    def __init__(self) -> None:
        self._answers: dict[_Question, tuple[Resolved, datetime]] = {}
        self._sweep_at = SWEEP_FROM

    def get(self, question: _Question, now: datetime) -> tuple[Resolved, datetime] | None:
        """The answer that still holds, and until when."""
        known = self._answers.get(question)
        return known if known is not None and now < known[1] else None

    def drop(self, url: str) -> None:
        """Forget what versions of charts at this URL, or in this repository, stand for."""
        self._answers = {key: kept for key, kept in self._answers.items() if key[0] != url}

    def keep(self, question: _Question, answer: Resolved, until: datetime, now: datetime) -> None:
        """Keep an answer."""
        self._answers[question] = (answer, until)
        if len(self._answers) > self._sweep_at:
            self._answers = {key: kept for key, kept in self._answers.items() if now < kept[1]}
            self._sweep_at = max(SWEEP_FROM, 2 * len(self._answers))


@dataclass(frozen=True, slots=True)
class _Failure:
    """A question that got no answer: to this URL and on these terms it is not put again before `until`."""

    url: str
    access: Access
    generation: int
    problem: Problem
    until: datetime
    times: int


class Charts:
    """Chooses charts."""

    def __init__(self, sources: ChartSources, terms: Terms) -> None:
        self._sources = sources
        self._terms = terms
        self._versions = Versions()
        self._known: dict[str, tuple[int, Chosen]] = {}
        self._failures: dict[str, _Failure] = {}
        self._asked_anew: dict[str, str] = {}
        self._verified: dict[tuple[str, str, Verification], str] = {}

    def forget(self, release_uid: str) -> None:
        """Drop what is kept for a HelmRelease that is gone."""
        self._known.pop(release_uid, None)
        self._failures.pop(release_uid, None)
        self._asked_anew.pop(release_uid, None)

    def moved(self, url: str, release_uids: Iterable[str]) -> None:
        """The repository at this URL answers again, or serves something else: the next look of these HelmReleases asks
        it."""
        self._versions.drop(url)
        for uid in release_uids:
            self._failures.pop(uid, None)

    async def choose(self, release: HelmRelease, now: datetime) -> Chosen | Problem:
        """The chart, or why it cannot be told."""
        location: Location | None = None
        try:
            location = self._terms.locate(release)
            chosen = await self._choose(release, location, now)
        except SteersmanError as error:
            problem = problem_of(error) if location is None else retold(problem_of(error), location)
            stays = _may_stay(problem) and not isinstance(error, RepositorySuspended)
            stays = stays or isinstance(error, RegistryNotAllowed)
            return (await self._stay(release, problem, location) if stays else None) or problem
        if chosen.problem is None:
            self._known[release.uid] = (release.generation, chosen)
            self._failures.pop(release.uid, None)
        return chosen

    async def archive(self, release: HelmRelease, url: str, digest: str) -> bytes:
        """The bytes of a chart that was chosen. Terms are read only where the cache does not have them."""
        kept = await self._sources.source(Access(insecure=url.startswith("http://"))).kept(url, digest)
        if kept is not None:
            return kept
        location = self._terms.locate(release)
        if location.suspended:
            raise _suspended(location)
        access = await self._terms.access(location)
        source = self._sources.source(_terms_at(url, location, access, self._index_of(release, url)))
        try:
            async with aside():
                # Into the cache: bytes that waited for their place again would fill the memory.
                await source.fetch(url, digest)
        except AccessDenied as denied:
            error = await self._terms.explained(denied, location)
            if error is denied:
                raise
            raise error from denied
        return await source.fetch(url, digest)

    def retold(self, release: HelmRelease, problem: Problem) -> Problem:
        """A problem of fetching, in the words of whoever says the terms."""
        try:
            return retold(problem, self._terms.locate(release))
        except SteersmanError:
            return problem

    async def _choose(self, release: HelmRelease, location: Location, now: datetime) -> Chosen:
        if location.suspended:
            known = self._chart_before(release)
            if known is None:
                raise _suspended(location)
            return replace(known, ask_again=None, verified=await self._verified_before(known.chart, location))
        verification = await self._terms.verification(location)
        pinned = self._pinned(release, location)
        if pinned is not None and (verification is None or self._key(pinned, verification) in self._verified):
            verified = "" if verification is None else self._verified[self._key(pinned, verification)]
            return Chosen(pinned, location.repository, verified, index=self._index_of(release, pinned.url))
        access = await self._terms.access(location)
        anew = self._is_asked_anew(release)
        held = None if anew else self._held(release, location, access, verification, now)
        if held is not None:
            return held
        try:
            chart, until = pinned, None
            if chart is None:
                chart, until = await self._ask(release, location, access, now, anew=anew)
            index = location.url if pinned is None else self._index_of(release, chart.url)
            verified = await self._verify(chart, location, access, verification, index)
        except SteersmanError as failure:
            error = await self._terms.explained(failure, location)
            self._failed(release, access, retold(problem_of(error), location), location, now)
            if error is failure:
                raise
            raise error from failure
        return Chosen(chart, location.repository, verified, until, index=index)

    def _pinned(self, release: HelmRelease, location: Location) -> Resolved | None:
        """The chart where the spec says its digest and all know where it is; None where somebody must be asked."""
        digest = release.spec.chart.digest
        if digest is None:
            return None
        if location.chart_url:
            return Resolved(location.chart_url, "", digest)
        known = self._chart_before(release)
        if known is None or known.chart.digest != digest:
            return None
        # Where credentials may be passed on, the index of now must say to whom.
        if location.fields.pass_credentials and known.index != location.url:
            return None
        return replace(known.chart, version="")

    async def _ask(
        self, release: HelmRelease, location: Location, access: Access, now: datetime, *, anew: bool
    ) -> tuple[Resolved, datetime | None]:
        """What the spec's version means: as it was told within the interval, else (or where that is wanted `anew`) as
        the source says now."""
        chart, interval = release.spec.chart, self._interval(release, location)
        source = self._sources.source(access)
        max_age = 0.0 if anew else interval
        if chart.digest is not None:
            version = chart.version or ""
            async with aside():
                url = await source.locate(location.url, location.name, chart.digest, version, max_age=max_age)
            return Resolved(url, "", chart.digest), None
        question = (location.url, location.name, chart.version or "", chart.version_filter or "", access)
        known = self._versions.get(question, now)
        if known is not None and not anew:
            return known
        async with aside():
            chosen = await source.resolve(
                location.url,
                chart.version or "",
                chart.version_filter or "",
                name=location.name,
                max_age=max_age,
            )
        # The index is older than this answer, perhaps: all charts of a repository are looked at anew together.
        age = source.index_age(location.url) if location.is_index else 0.0
        until = now + timedelta(seconds=max(interval - age, 1.0))
        self._versions.keep(question, chosen, until, now)
        return chosen, until

    async def _verify(
        self, chart: Resolved, location: Location, access: Access, verification: Verification | None, index: str
    ) -> str:
        """By whose signature the chart is, "" where none is asked for. Raises VerificationFailed."""
        if verification is None:
            return ""
        key = self._key(chart, verification)
        known = self._verified.get(key)
        if known is None:
            async with aside():
                source = self._sources.source(_terms_at(chart.url, location, access, index))
                known = (await source.verify(chart.url, chart.digest, verification)).by
            if len(self._verified) >= 4 * SWEEP_FROM:
                self._verified.clear()
            self._verified[key] = known
        return known

    async def _verified_before(self, chart: Resolved, location: Location) -> str:
        """By whose signature a chart of a suspended repository is, "" where none is asked for. Raises
        RepositorySuspended where that is not known: nobody can be asked for the signature."""
        verification = await self._terms.verification(location)
        if verification is None:
            return ""
        source = self._sources.source(Access(insecure=chart.url.startswith("http://")))
        found = await source.verified_before(chart.url, chart.digest, verification)
        if found is None:
            raise _suspended(location, "nobody can be asked for the signature that is demanded")
        return found.by

    def _key(self, chart: Resolved, verification: Verification) -> tuple[str, str, Verification]:
        return chart.url, chart.digest, verification

    async def _stay(self, release: HelmRelease, problem: Problem, location: Location | None) -> Chosen | None:
        """The chart that the release has for this spec, with the problem beside it; None where it may not be used: a
        signature that is asked for must hold on the terms of now."""
        known = self._chart_before(release)
        if known is None:
            return None
        failure = self._failures.get(release.uid)
        again = failure.until if failure is not None and failure.problem == problem else None
        stays = replace(known, ask_again=again, problem=problem)
        if location is None:
            return None if known.verified else stays
        if location.fields.verify is None:
            return stays
        try:
            verification = await self._terms.verification(location)
            access = await self._terms.access(location)
            return replace(stays, verified=await self._verify(known.chart, location, access, verification, known.index))
        except SteersmanError:
            return None

    def _index_of(self, release: HelmRelease, url: str) -> str:
        """Whose index said that the release's chart is at this URL, "" where this process does not know."""
        known = self._known.get(release.uid)
        return known[1].index if known is not None and known[1].chart.url == url else ""

    def _chart_before(self, release: HelmRelease) -> Chosen | None:
        """What this very spec meant when it could last be told: to this process, or by the status."""
        known = self._known.get(release.uid)
        if known is not None:
            return known[1] if known[0] == release.generation else None
        source = release.status.source
        released = find_condition(release.status.conditions, ConditionType.RELEASED)
        if source is None or not source.digest or released is None or released.status != "True":
            return None
        if released.observed_generation != release.generation:
            return None
        return Chosen(Resolved(source.url, source.version, source.digest), source.repository, source.verified)

    def _held(
        self,
        release: HelmRelease,
        location: Location,
        access: Access,
        verification: Verification | None,
        now: datetime,
    ) -> Chosen | None:
        """The chart from before, while the pause after a failed question lasts. Not where a signature is demanded that
        it was not found to have: `_stay` looks for that."""
        failure, known = self._failures.get(release.uid), self._chart_before(release)
        if failure is None or known is None or not _may_stay(failure.problem):
            return None
        asked = location.url, access, release.generation
        if (failure.url, failure.access, failure.generation) != asked or now >= failure.until:
            return None
        held = replace(known, ask_again=failure.until, problem=failure.problem)
        if verification is None:
            return held
        verified = self._verified.get(self._key(known.chart, verification))
        return None if verified is None else replace(held, verified=verified)

    def _failed(
        self, release: HelmRelease, access: Access, problem: Problem, location: Location, now: datetime
    ) -> None:
        before = self._failures.get(release.uid)
        times = before.times + 1 if before is not None and before.generation == release.generation else 1
        pause = min(retry_pause(times, None), timedelta(seconds=self._interval(release, location)))
        self._failures[release.uid] = _Failure(location.url, access, release.generation, problem, now + pause, times)

    def _is_asked_anew(self, release: HelmRelease) -> bool:
        """Whether an annotation asks for a look that nobody took yet. Once for each value."""
        asked = release.requests().reconcile_at
        handled = release.status.last_handled.reconcile_at if release.status.last_handled is not None else ""
        if asked in ("", handled, self._asked_anew.get(release.uid)):
            return False
        self._asked_anew[release.uid] = asked
        return True

    def _interval(self, release: HelmRelease, location: Location) -> float:
        return release.spec.chart.interval_seconds(location.interval or DEFAULT_CHART_INTERVAL)


def _terms_at(url: str, location: Location, access: Access, index: str) -> Access:
    """These terms, for a chart at `url`, which `index` named. One that is known from before may be where the spec no
    longer says: there, nobody is told who we are. Charts of an index are held apart by the terms' `home`, and what is
    passed on goes to where this very repository placed the chart."""
    if url == location.chart_url:
        return access
    if location.is_index and not url.startswith(OCI):
        return access if index == location.url else replace(access, pass_credentials=False)
    return replace(access, credential=None, tls=replace(access.tls, certificate=b"", key=b""))


def _may_stay(problem: Problem) -> bool:
    """Whether a release may go on with the chart it has: where the source is away, not where a chart is refused. One
    whose registry is not allowed any more is away too."""
    return problem.retryable and problem.reason in (Reason.SOURCE_NOT_READY, Reason.CHART_INVALID)


def _suspended(location: Location, problem: str = "the chart is not here yet") -> RepositorySuspended:
    return RepositorySuspended(
        f"ChartRepository {location.namespace}/{location.repository} is suspended, and {problem}",
        hint="set its spec.suspend to false",
    )
