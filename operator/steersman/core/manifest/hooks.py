"""Hooks: reading the `helm.sh/hook*` annotations of a manifest.

Called by `manifest.parse`; running hooks is the actions' work. An unknown event drops the whole object, as in Helm: it
is then neither hook nor manifest.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from steersman.core.golang.numbers import NumberRangeError, NumberSyntaxError, parse_int
from steersman.core.golang.runes import SPACE, lower

HOOK = "helm.sh/hook"
HOOK_WEIGHT = "helm.sh/hook-weight"
HOOK_DELETE_POLICY = "helm.sh/hook-delete-policy"
HOOK_OUTPUT_LOG_POLICY = "helm.sh/hook-output-log-policy"

_EVENTS = {
    event: event
    for event in (
        "pre-install",
        "post-install",
        "pre-delete",
        "post-delete",
        "pre-upgrade",
        "post-upgrade",
        "pre-rollback",
        "post-rollback",
        "test",
    )
} | {"test-success": "test"}


class HookAnnotations(NamedTuple):
    """What the annotations of one hook say."""

    events: tuple[str, ...]
    weight: int
    delete_policies: tuple[str, ...]
    output_log_policies: tuple[str, ...]


def is_hook(annotations: Mapping[str, str]) -> bool:
    """Whether the object asks to be a hook, with known events or not."""
    return HOOK in annotations


def read_hook(annotations: Mapping[str, str]) -> HookAnnotations | None:
    """The hook that the annotations declare; None when one of its events is unknown."""
    events = [_EVENTS.get(event) for event in _words(annotations.get(HOOK, ""))]
    known = tuple(event for event in events if event is not None)
    if len(known) < len(events):
        return None
    return HookAnnotations(
        events=known,
        weight=_weight(annotations.get(HOOK_WEIGHT, "")),
        delete_policies=_policies(annotations, HOOK_DELETE_POLICY),
        output_log_policies=_policies(annotations, HOOK_OUTPUT_LOG_POLICY),
    )


def _policies(annotations: Mapping[str, str], name: str) -> tuple[str, ...]:
    return _words(annotations[name]) if name in annotations else ()


def _words(text: str) -> tuple[str, ...]:
    return tuple(lower(word.strip(SPACE)) for word in text.split(","))


def _weight(text: str) -> int:
    try:
        return parse_int(text)
    except (NumberSyntaxError, NumberRangeError):
        return 0
