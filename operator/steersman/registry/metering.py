"""What is counted about charts and whom they come from. `app.metrics` counts; commands count nothing."""

from __future__ import annotations

from typing import Protocol


class Meter(Protocol):
    """Called from several threads. Nothing here names a host or a chart: there is no bound to those."""

    def chart_asked(self, *, kept: bool) -> None:
        """A chart was wanted by its digest, and was in the cache or not."""
        ...

    def registry_answered(self, status: int) -> None:
        """A request to a registry or repository was answered with this status (0: it was not)."""
        ...

    def received(self, size: int) -> None:
        """So many bytes of an answer's body have come."""
        ...


class Unmetered:
    """Counts nothing."""

    def chart_asked(self, *, kept: bool) -> None:
        """Nothing."""

    def registry_answered(self, status: int) -> None:
        """Nothing."""

    def received(self, size: int) -> None:
        """Nothing."""
