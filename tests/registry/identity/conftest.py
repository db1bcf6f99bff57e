"""Fixtures of the tests of workload identities."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator

import pytest
from registry.identity.clouds import Cloud, Cluster, cloud

from steersman.registry.identity.exchange import Exchange


@pytest.fixture
def a_cloud() -> Iterator[Cloud]:
    with cloud() as serving:
        yield serving


@pytest.fixture
def cluster() -> Cluster:
    return Cluster()


@pytest.fixture
async def exchange() -> AsyncIterator[Exchange]:
    shared = Exchange(seconds=2, attempts=3, first_pause=0.01)
    yield shared
    await shared.close()
