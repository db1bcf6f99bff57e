"""A thousand pulls from servers that fail in every way there is: what arrives is right, or there is an error of ours.

Each pull, from a registry or an HTTP repository, has a chart, a place and credentials of its own. Two of five answers
are wrong somehow. At the end nothing in the cache is damaged, nothing was written elsewhere, and no other host has seen
credentials.
"""

from __future__ import annotations

import asyncio
import os
import sys
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from typing import Any

import pytest
from packing import packed
from registry.faults import FAULTS
from registry.scripted import Reply, Request, ScriptedServer, contents, manifest_of, serve, sha256

from steersman.errors import SourceError
from steersman.registry.access import Access, Limits
from steersman.registry.auth import Credential
from steersman.registry.cache import ChartCache
from steersman.registry.reach import Reach
from steersman.registry.resilience import RetryPolicy
from steersman.registry.source import ChartSources

PULLS = 1000
AT_ONCE = 24
FAULTY = 0.4
SECRET = "hunter2"


@dataclass
class Pull:
    """One chart, and the right answers about it."""

    number: int
    chart: bytes
    manifest: bytes

    @property
    def repository(self) -> str:
        return f"charts/p{self.number}"

    @property
    def digest(self) -> str:
        return sha256(self.manifest)

    def answer(self, request: Request) -> Reply:
        """What a registry says, or an HTTP repository at `/http/charts/…`."""
        if request.path == f"/http/{self.repository}/index.yaml":
            return Reply(200, self.index.encode(), {"ETag": f'"{self.number}"'})
        if request.path == f"/http/{self.repository}/chart.tgz":
            return Reply(200, self.chart)
        return contents(self.manifest, self.chart, ("1.0.0", "0.9.0"), repository=self.repository)(request)

    @property
    def index(self) -> str:
        entry = f"{{name: web, version: 1.0.0, apiVersion: v2, urls: [chart.tgz], digest: {sha256(self.chart)[7:]}}}"
        return f"apiVersion: v1\nentries:\n  web:\n  - {entry}\n"


def make_pull(number: int) -> Pull:
    rng = Random(number)
    values = rng.randbytes(rng.randrange(60_000)).hex() if number % 7 else "small"
    chart = packed({"Chart.yaml": f"apiVersion: v2\nname: p{number}\nversion: 1.0.0\n", "values.yaml": values})
    return Pull(number, chart, manifest_of(chart))


@dataclass
class Registry:
    """Answers right or wrong; which, depends on the seed, the path and how often it was asked for."""

    seed: str
    pulls: list[Pull]
    other: str
    asked: Counter[str] = field(default_factory=Counter)
    faults: Counter[str] = field(default_factory=Counter)

    def __call__(self, request: Request) -> Reply:
        self.asked[request.path] += 1
        rng = Random(f"{self.seed} {request.path} {self.asked[request.path]}")
        pull = self.pulls[int(request.path.split("/")[3].removeprefix("p"))]
        good = pull.answer(request)
        if SECRET not in request_text(request) and rng.random() < 0.9:
            return Reply(401, headers={"WWW-Authenticate": 'Basic realm="registry"'})
        if rng.random() > FAULTY:
            return good
        name = rng.choice(list(FAULTS))
        self.faults[name] += 1
        return FAULTS[name](request, good, self.other, rng)


@dataclass
class Elsewhere:
    """Where redirects lead: storage that has the right bytes, or does not."""

    pulls: list[Pull]

    def __call__(self, request: Request) -> Reply:
        rng = Random(request.path)
        good = self.pulls[int(request.path.split("/")[3].removeprefix("p"))].answer(request)
        if rng.random() < 0.4:
            return Reply(401, headers={"WWW-Authenticate": 'Basic realm="give me all you have"'})
        return good if rng.random() < 0.6 else Reply(200, b"something else")


def request_text(request: Request) -> str:
    """All that a request says, credentials in the open."""
    import base64

    scheme, _, rest = request.authorization.partition(" ")
    opened = base64.b64decode(rest).decode("latin-1") if scheme == "Basic" else rest
    return f"{request.path} {dict(request.headers)} {request.body!r} {opened}"


_watched: list[set[str]] = []


def _hook(event: str, arguments: tuple[Any, ...]) -> None:
    if not _watched:
        return
    if event == "open":
        path, _, flags = arguments
        if isinstance(path, str) and flags & (os.O_WRONLY | os.O_RDWR | os.O_CREAT):
            _watched[-1].add(path)
    elif event in ("os.mkdir", "os.rename", "os.link", "os.symlink"):
        _watched[-1].update(str(argument) for argument in arguments[:2] if isinstance(argument, str | Path))


@contextmanager
def files_written() -> Iterator[set[str]]:
    """The paths that this process opens for writing, makes or renames in the block."""
    if not hasattr(sys, "_steersman_watched"):
        sys.addaudithook(_hook)  # which stays for good: it is deaf outside of such blocks
        sys._steersman_watched = True  # type: ignore[attr-defined]
    _watched.append(set())
    try:
        yield _watched[-1]
    finally:
        _watched.pop()


@pytest.fixture
async def patient(tmp_path: Path) -> AsyncIterator[ChartSources]:
    limits = Limits(connect_seconds=2, read_seconds=0.15, total_seconds=1, manifest_bytes=4096, chart_bytes=1_000_000)
    retry = RetryPolicy(attempts=3, first_seconds=0.01, longest_seconds=0.1)
    shared = ChartSources(
        ChartCache(tmp_path / "cache"), limits=limits, retry=retry, reach=Reach(local=True), threads=AT_ONCE
    )
    yield shared
    await shared.close()


async def pull_once(sources: ChartSources, server: ScriptedServer, pull: Pull) -> bytes | SourceError:
    """By digest, or by a version or range that stands for it; from the registry or an HTTP repository. Any error but
    ours fails the test."""
    home = f"http://{server.host}/http/{pull.repository}"
    credential = Credential(f"user{pull.number}", f"{SECRET}-{pull.number}")
    source = sources.source(Access(credential=credential, insecure=True, home=home))
    url = f"oci://{server.host}/{pull.repository}"
    try:
        match pull.number % 5:
            case 0:
                return await source.fetch(url, pull.digest)
            case 1:
                resolved = await source.resolve(url, "1.0.0")
            case 2:
                resolved = await source.resolve(url, ">=0.1")
            case 3:
                return await source.fetch(f"{home}/chart.tgz", sha256(pull.chart))
            case _:
                resolved = await source.resolve(home, "^1", name="web")
        return await source.fetch(resolved.url, resolved.digest)
    except SourceError as error:
        return error


@pytest.mark.slow
async def test_a_thousand_faulty_pulls(patient: ChartSources, tmp_path: Path) -> None:
    pulls = [make_pull(number) for number in range(PULLS)]
    gate = asyncio.Semaphore(AT_ONCE)
    with serve() as server, serve() as elsewhere, files_written() as written:
        registry = Registry("2026", pulls, elsewhere.host)
        server.script, elsewhere.script = registry, Elsewhere(pulls)

        async def one(pull: Pull) -> bytes | SourceError:
            async with gate:
                return await pull_once(patient, server, pull)

        outcomes = await asyncio.gather(*(one(pull) for pull in pulls))

    arrived = [pull for pull, outcome in zip(pulls, outcomes, strict=True) if isinstance(outcome, bytes)]
    failed = [outcome for outcome in outcomes if isinstance(outcome, SourceError)]
    assert all(outcomes[pull.number] == pull.chart for pull in arrived)
    assert len(arrived) > PULLS // 4
    assert len(failed) > PULLS // 4
    assert min(registry.faults[name] for name in FAULTS) >= 10  # every way to fail was tried
    for error in failed:
        assert error.message
        assert error.hint
        assert SECRET not in f"{error} {error!r}"

    entries = [path for path in (tmp_path / "cache" / "charts-v1").rglob("*") if path.is_file()]
    assert [path for path in entries if sha256(path.read_bytes()) != f"sha256:{path.name}"] == []
    assert len(entries) >= len(arrived)
    assert [path for path in written if not path.startswith(f"{tmp_path}/cache")] == []

    assert len(elsewhere.requests) > 10
    assert [request for request in elsewhere.requests if SECRET in request_text(request)] == []
    assert [request for request in elsewhere.requests if request.authorization] == []
    shown = [request for request in server.requests if SECRET in request_text(request)]
    assert len(shown) > PULLS
    # Each repository has seen the credentials that are for it and no others.
    assert all(f"{SECRET}-{request.path.split('/')[3].removeprefix('p')}" in request_text(request) for request in shown)
