"""Requests by verb, counted from the API server's audit log."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

WRITES = frozenset({"create", "update", "patch", "delete", "deletecollection"})


class AuditMark:
    """The place in the audit log where a measurement began."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._offset = path.stat().st_size

    def requests(self, agent: str) -> list[dict[str, Any]]:
        """The completed requests of a user agent (prefix) since the mark; a watch counts when it ends."""
        return [
            event
            for event in self._events()
            if event["stage"] == "ResponseComplete" and event.get("userAgent", "").startswith(agent)
        ]

    def by_verb(self, agent: str) -> Counter[str]:
        """How many requests of each verb."""
        return Counter(event["verb"] for event in self.requests(agent))

    def _events(self) -> Iterator[dict[str, Any]]:
        with self._path.open("rb") as log:
            log.seek(self._offset)
            for line in log:
                if line.endswith(b"\n"):
                    yield json.loads(line)


def is_lease(event: dict[str, Any]) -> bool:
    """Whether a request is about the Lease: the one write at rest that is meant."""
    return (event.get("objectRef") or {}).get("resource") == "leases"
