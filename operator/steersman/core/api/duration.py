"""Durations as Go writes them (`5m`, `1h30m`, `1.5s`), the form every duration of a HelmRelease has.

The API server refuses other texts (`PATTERN`, CEL); here they become seconds. Units smaller than a millisecond make no
sense for a cluster and are not accepted, as in Flux.
"""

from __future__ import annotations

import re

PATTERN = r"^([0-9]+(\.[0-9]+)?(ms|s|m|h))+$"

_PART = re.compile(r"([0-9]+(?:\.[0-9]+)?)(ms|s|m|h)")
_WHOLE = re.compile(PATTERN)
_SECONDS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0}


def seconds(text: str) -> float:
    """`1h30m` → 5400.0. Raises ValueError for anything else than a duration."""
    if not _WHOLE.fullmatch(text):
        raise ValueError(f"{text!r} is no duration: write it like 30s, 5m or 1h30m")
    return sum(float(number) * _SECONDS[unit] for number, unit in _PART.findall(text))
