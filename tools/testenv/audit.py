"""Counts requests from the audit log of an instance: who asked the API server for what since a mark.

For tests of write budgets and of silence, and for the benchmarks. The API server logs every request once at the level
Metadata; of a watch the start counts, since its end may come at any time.
"""

import json
import time
import uuid
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from testenv.api import Api
from testenv.errors import TestenvError

READS = frozenset({"get", "list", "watch"})
PATIENCE = 10.0


@dataclass(frozen=True)
class Request:
    """One request as the API server saw it. For what is no resource (/version), `resource` and so on are empty."""

    agent: str
    user: str
    verb: str
    resource: str
    subresource: str
    namespace: str
    name: str
    code: int
    uri: str

    @property
    def writes(self) -> bool:
        return self.verb not in READS

    @property
    def product(self) -> str:
        """The user agent up to the first slash: `helm`, `kube-scheduler`, `steersman`."""
        return self.agent.partition("/")[0]


@dataclass(frozen=True)
class Requests:
    """What was asked in a stretch of the log; the filters narrow it down and can be chained."""

    all: tuple[Request, ...]

    def __iter__(self) -> Iterator[Request]:
        return iter(self.all)

    def __len__(self) -> int:
        return len(self.all)

    def by(self, agent: str) -> "Requests":
        """Of clients whose user agent starts like this."""
        return Requests(tuple(each for each in self.all if each.agent.startswith(agent)))

    def within(self, namespace: str) -> "Requests":
        return Requests(tuple(each for each in self.all if each.namespace == namespace))

    def of(self, resource: str) -> "Requests":
        return Requests(tuple(each for each in self.all if each.resource == resource))

    def writes(self) -> "Requests":
        return Requests(tuple(each for each in self.all if each.writes))

    def by_verb(self) -> Counter[str]:
        return Counter(each.verb for each in self.all)

    def by_agent_and_verb(self) -> Counter[tuple[str, str]]:
        return Counter((each.product, each.verb) for each in self.all)


class Audit:
    """Reads one audit log from marks on."""

    def __init__(self, log: Path, api: Api) -> None:
        self._log = log
        self._api = api

    def mark(self) -> int:
        """A place in the log: what was answered before this call lies before it."""
        agent = f"audit-mark/{uuid.uuid4()}"
        before = self._log.stat().st_size
        self._api.request("GET", "/version", agent=agent)
        deadline = time.monotonic() + PATIENCE
        while time.monotonic() < deadline:
            position = self._find(agent.encode(), before)
            if position is not None:
                return position
            time.sleep(0.01)
        raise TestenvError(f"the mark never showed up in {self._log}: the API server logs no requests")

    def since(self, mark: int) -> Requests:
        """Everything asked after the mark and answered before this call."""
        end = self.mark()
        with self._log.open("rb") as file:
            file.seek(mark)
            text = file.read(end - mark)
        return Requests(tuple(_requests(text)))

    def _find(self, needle: bytes, start: int) -> int | None:
        """Where the line with the needle ends."""
        with self._log.open("rb") as file:
            file.seek(start)
            text = file.read()
        found = text.find(needle)
        newline = text.find(b"\n", found)
        return None if found < 0 or newline < 0 else start + newline + 1


def _requests(text: bytes) -> Iterator[Request]:
    seen: set[str] = set()
    for line in text.splitlines():
        event = json.loads(line)
        if event.get("userAgent", "").startswith("audit-mark/") or not _begins(event, seen):
            continue
        yield _request(event)


def _begins(event: dict[str, Any], seen: set[str]) -> bool:
    """Whether the event is the first of its request: a long-running one is logged at its start and at its end."""
    if event["stage"] == "ResponseComplete" and event["verb"] == "watch":
        return False
    first = event["auditID"] not in seen
    seen.add(event["auditID"])
    return first


def _request(event: dict[str, Any]) -> Request:
    target = event.get("objectRef", {})
    return Request(
        agent=event.get("userAgent", ""),
        user=event["user"].get("username", ""),
        verb=event["verb"],
        resource=target.get("resource", ""),
        subresource=target.get("subresource", ""),
        namespace=target.get("namespace", ""),
        name=target.get("name", ""),
        code=event.get("responseStatus", {}).get("code", 0),
        uri=event["requestURI"],
    )
