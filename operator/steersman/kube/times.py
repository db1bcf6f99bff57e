"""The wall clock as the API writes it."""

from __future__ import annotations

from datetime import UTC, datetime


def micro_time() -> str:
    """Now, as a `metav1.MicroTime` (Leases, Events)."""
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
