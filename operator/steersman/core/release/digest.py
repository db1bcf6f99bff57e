"""Digests: of a record's content, to notice that somebody changed it; of values, to notice that they changed.

A record's digest covers what an action wrote once and for all: chart, values, manifest, hooks. Its state, times and the
hooks' runs may change, also by Helm (an upgrade at a prompt marks our revision superseded), and Helm passes every
number through a 64-bit float when it does: numbers count by their value as such a float.

Values may hold passwords, and digests of them are shown in status: they are HMACs under a key of the installation.
"""

from __future__ import annotations

import hmac
import json
from collections.abc import Mapping
from hashlib import sha256
from typing import Any

import orjson

from steersman.core.release.model import Release, ReleaseHook


def record_digest(release: Release) -> str:
    """`sha256:…` of what the revision consists of."""
    chart = release.chart
    content = {
        "name": release.name,
        "namespace": release.namespace,
        "revision": release.revision,
        "chart": {"name": chart.name, "version": chart.version, "values": _numbers(chart.values)},
        "config": _numbers(release.config),
        "manifest": release.manifest,
        "hooks": [_hook(hook) for hook in release.hooks],
    }
    return f"sha256:{sha256(_canonical(content)).hexdigest()}"


def values_digest(values: Mapping[str, Any], key: bytes) -> str:
    """`hmac-sha256:…` of values under the installation's key."""
    return f"hmac-sha256:{hmac.new(key, _canonical(values), sha256).hexdigest()}"


def _hook(hook: ReleaseHook) -> dict[str, Any]:
    return {
        "name": hook.name,
        "kind": hook.kind,
        "path": hook.path,
        "manifest": hook.manifest,
        "events": hook.events,
        "weight": hook.weight,
        "policies": (hook.delete_policies, hook.output_log_policies),
    }


def _canonical(value: Any) -> bytes:
    """JSON with sorted keys. What orjson refuses (huge integers, bytes that are no text) Python's own writer takes; the
    texts of the two never meet, because one value always goes the same way."""
    try:
        return orjson.dumps(value, option=orjson.OPT_SORT_KEYS)
    except TypeError:
        return json.dumps(value, sort_keys=True, separators=(",", ":")).encode("ascii")


def _numbers(value: Any) -> Any:
    """The value with its numbers as they are after a passage through Go's float64."""
    if isinstance(value, Mapping):
        return {key: _numbers(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_numbers(item) for item in value]
    if isinstance(value, bool) or not isinstance(value, int | float):
        return value
    number = float(value)
    return int(number) if number.is_integer() else number
