"""The edges that actions call, as Protocols. `kube`, `storage`, `registry` and `rendering` implement them; tests may
pass implementations of their own. No I/O happens here."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal, Protocol

from steersman.core.manifest.identity import KubernetesObject, ObjectId, ObjectRef
from steersman.core.release.model import Release
from steersman.core.render.model import Capabilities, Rendered, RenderRequest

Propagation = Literal["Background", "Foreground", "Orphan"]


@dataclass(frozen=True, slots=True)
class Applied:
    """The API server's answer to an apply: the live object, whether it was created, and its `Warning:` headers."""

    object: KubernetesObject
    created: bool
    warnings: tuple[str, ...] = ()


class Cluster(Protocol):
    """The API server, for objects of releases. Every method raises errors of `kube.errors` (all `ClusterError`s)."""

    async def capabilities(self) -> Capabilities:
        """Version and API versions, as templates see them (cached discovery)."""
        ...

    async def is_namespaced(self, ref: ObjectRef) -> bool:
        """Whether the kind lives in namespaces. Raises UnknownKind when discovery does not know it (after a refresh)."""
        ...

    async def get(self, ref: ObjectRef) -> KubernetesObject | None:
        """The live object, None when there is none."""
        ...

    async def apply(self, obj: KubernetesObject, *, force: bool, dry_run: bool = False) -> Applied:
        """Server-side apply of the whole intent under the field manager `steersman`, fieldValidation Strict.

        `metadata.uid` and `metadata.resourceVersion` in `obj` are preconditions. Retries lost connections, 429 and 5xx
        within bounds; a no-op costs no write."""
        ...

    async def delete(
        self, ref: ObjectRef, *, uid: str | None = None, resource_version: str | None = None,
        propagation: Propagation = "Background",
    ) -> bool:
        """DELETE with preconditions. False when the object (or that uid) is gone already."""
        ...

    async def refresh_discovery(self) -> None:
        """Forget what discovery said; the next question asks the server again."""
        ...


class Observer(Protocol):
    """Live objects of releases from watches: what health is judged by."""

    async def live(self, refs: Sequence[ObjectRef]) -> dict[ObjectId, KubernetesObject | None]:
        """The newest known state of each object (None: does not exist), at least as new as our own last apply."""
        ...


class ReleaseStore(Protocol):
    """Helm-compatible release records."""

    async def history(self, namespace: str, name: str) -> tuple[Release, ...]:
        """All revisions of a release, oldest first. Raises RecordUnreadable for a damaged one."""
        ...

    async def create(self, release: Release) -> Release:
        """POST a new revision. Raises RecordExists when that revision is there already."""
        ...

    async def update(self, release: Release) -> Release:
        """PUT with resourceVersion. Raises RecordConflict when somebody wrote meanwhile."""
        ...

    async def delete(self, release: Release) -> None:
        """Delete one revision; absent is fine."""
        ...


class ChartSource(Protocol):
    """Charts by digest."""

    async def fetch(self, url: str, digest: str) -> bytes:
        """The chart archive of this OCI manifest digest, verified; from the cache without any request."""
        ...


class Renderer(Protocol):
    """The renderer process."""

    async def render(self, request: RenderRequest, chart: bytes) -> Rendered:
        """Render one chart. Raises the core's ChartError, ValuesError, TemplateError…, or RenderLimitExceeded."""
        ...


class Clock(Protocol):
    """Time comes from here, so that tests can set it."""

    def now(self) -> datetime:
        """The present moment, UTC."""
        ...


class Events(Protocol):
    """Kubernetes Events on a HelmRelease."""

    def publish(self, subject: KubernetesObject, *, kind: Literal["Normal", "Warning"], reason: str, message: str) -> None:
        """Send one Event in the background; a repeat of the same within a while is aggregated."""
        ...


