"""Objects of APIs that the named Kubernetes does not serve: nobody can apply them. A check of ours.

Helm renders with the API versions its own libraries know, old ones among them and no kinds, so that templates which ask
the cluster may choose an old API in a lint only. Hence an object counts only if it is still there when the chart is
rendered with what that Kubernetes serves.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Final, TypeAlias

from steersman.core.lint.api_lifecycle import Lifecycle, gone_versions, lifecycle_of, replacements
from steersman.core.lint.model import Finding, Severity
from steersman.core.lint.objects import RenderedObject, crd_objects, rendered_objects
from steersman.core.lint.rendering import Rendering
from steersman.core.render.model import Capabilities

REMOVED_API: Final = "removed-api"

RenderAgain: TypeAlias = Callable[[Capabilities], Rendering | None]
"""Renders the chart with other capabilities; None where it does not render."""


@dataclass(frozen=True, slots=True)
class Kubernetes:
    """The version to check against, and whether the user named it."""

    capabilities: Capabilities
    version: tuple[int, int]
    named: bool


def check_removed_apis(rendering: Rendering, kubernetes: Kubernetes, again: RenderAgain) -> Iterator[Finding]:
    """Errors where the user named the version; else warnings, since the cluster may be an older one."""
    if not any(_removed(rendering, kubernetes.version)):
        return
    real = again(_served(kubernetes))
    if real is None:
        return
    severity = Severity.ERROR if kubernetes.named else Severity.WARNING
    for item, lifecycle in _removed(real, kubernetes.version):
        yield Finding(severity, item.path, _message(item, lifecycle), REMOVED_API)


def _removed(rendering: Rendering, version: tuple[int, int]) -> Iterator[tuple[RenderedObject, Lifecycle]]:
    for item in (*crd_objects(rendering), *rendered_objects(rendering)):
        lifecycle = lifecycle_of(item.api_version, item.kind)
        if lifecycle is not None and lifecycle.removed <= version:
            yield item, lifecycle


def _served(kubernetes: Kubernetes) -> Capabilities:
    gone = gone_versions(kubernetes.version)
    known = [name for name in kubernetes.capabilities.api_versions if name not in gone]
    return kubernetes.capabilities._replace(api_versions=(*known, *replacements(kubernetes.version)))


def _message(item: RenderedObject, lifecycle: Lifecycle) -> str:
    since = f"Kubernetes {_text(lifecycle.removed)} (deprecated in {_text(lifecycle.deprecated)})"
    advice = f"use {lifecycle.replacement}" if lifecycle.replacement else "nothing replaces it"
    return f"{item}: {item.api_version} is not served since {since}; {advice}"


def _text(version: tuple[int, int]) -> str:
    return f"{version[0]}.{version[1]}"
