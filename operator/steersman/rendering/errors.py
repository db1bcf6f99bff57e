"""How a render can end other than by the chart's own fault.

SteersmanError
├── InvalidInput
│   └── RenderLimitExceeded   the chart took more time, memory or output than a render may
└── RendererError             the renderer process
    ├── RendererUnavailable   it cannot be started or reached, or is of another version
    └── RenderCrashed         it died or talked nonsense during this render
"""

from __future__ import annotations

from typing import Literal, TypeAlias

from steersman.errors import InvalidInput, SteersmanError

Limit: TypeAlias = Literal["wall time", "CPU time", "memory", "output", "recursion", "chart size"]


class RenderLimitExceeded(InvalidInput):
    """One render broke a limit and was ended. The same chart with the same values would break it again."""

    reason = "RenderLimitExceeded"

    def __init__(self, limit: Limit, allowed: str) -> None:
        super().__init__(
            f"rendering was ended: it exceeded the limit on {limit} ({allowed})",
            hint="look for an endless loop or recursion in the chart",
        )
        self.limit = limit
        self.allowed = allowed


class RendererError(SteersmanError):
    """The renderer process failed, not the chart."""

    retryable = True
    reason = "RenderFailed"


class RendererUnavailable(RendererError):
    """No renderer process can be had now."""

    transient = True


class RenderCrashed(RendererError):
    """The renderer process ended during this render, or answered what the protocol does not know."""
