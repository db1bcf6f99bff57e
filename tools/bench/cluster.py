"""A thin client for the benchmarks: as little as can be between the measured work and the API server."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from contextlib import asynccontextmanager
from typing import Any, TypeVar

import aiohttp
import orjson
from testenv.instance import Instance

AT_ONCE = 16
_T = TypeVar("_T")


class Cluster:
    """Requests as the admin."""

    def __init__(self, session: aiohttp.ClientSession, server: str) -> None:
        self._session = session
        self._server = server

    async def request(self, method: str, path: str, body: Any = None, content_type: str = "application/json") -> Any:
        """One request; its JSON answer. Raises RuntimeError for anything but a success."""
        data = None if body is None else orjson.dumps(body)
        headers = {"Content-Type": content_type}
        async with self._session.request(method, self._server + path, data=data, headers=headers) as response:
            text = await response.read()
            if response.status >= 300:
                raise RuntimeError(f"{method} {path}: {response.status} {text[:300]!r}")
            return orjson.loads(text)

    async def apply(self, path: str, obj: dict[str, Any]) -> Any:
        """Server-side apply, as the floor does it."""
        return await self.request("PATCH", f"{path}?fieldManager=floor&force=true", obj, "application/apply-patch+yaml")

    async def watch(self, path: str) -> AsyncIterator[dict[str, Any]]:
        """The events of a kind, from what is there now on."""
        listed = await self.request("GET", path)
        for item in listed["items"]:
            yield item
        version = listed["metadata"]["resourceVersion"]
        url = f"{self._server}{path}?watch=true&resourceVersion={version}"
        async with self._session.get(url, timeout=aiohttp.ClientTimeout(total=None)) as response:
            async for line in response.content:
                yield orjson.loads(line)["object"]

    async def until_all(self, path: str, count: int, done: Callable[[dict[str, Any]], bool]) -> None:
        """Return when `count` objects of a kind are done."""
        finished: set[str] = set()
        async for obj in self.watch(path):
            name = obj["metadata"]["name"]
            finished = finished | {name} if done(obj) else finished - {name}
            if len(finished) >= count:
                return


@asynccontextmanager
async def connect(instance: Instance, agent: str) -> AsyncIterator[Cluster]:
    """A client of this instance under a user agent of its own."""
    tls = ssl.create_default_context(cafile=str(instance.ca_file))
    headers = {"Authorization": f"Bearer {instance.admin_token}", "User-Agent": agent}
    connector = aiohttp.TCPConnector(ssl=tls, limit=0)
    async with aiohttp.ClientSession(headers=headers, connector=connector, read_bufsize=2**24) as session:
        yield Cluster(session, instance.server)


async def side_by_side(work: Iterable[Callable[[], Awaitable[_T]]]) -> list[_T]:
    """Run everything, AT_ONCE at a time."""
    gate = asyncio.Semaphore(AT_ONCE)

    async def one(item: Callable[[], Awaitable[_T]]) -> _T:
        async with gate:
            return await item()

    return list(await asyncio.gather(*map(one, work)))
