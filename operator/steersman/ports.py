"""The edges that actions call, as Protocols. `kube`, `storage`, `registry` and `rendering` implement them; tests may
pass implementations of their own. No I/O happens here."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Literal, Protocol, TypeAlias

from steersman.core.manifest.identity import KubernetesObject, ObjectId, ObjectRef

if TYPE_CHECKING:  # the command line, which needs one or two of these, pays for what it imports at every start
    from steersman.core.api.helmrelease import HelmRelease
    from steersman.core.api.inventory import Inventory
    from steersman.core.api.status import HelmReleaseStatus
    from steersman.core.release.model import Release
    from steersman.core.render.model import Capabilities, Rendered, RenderRequest
    from steersman.core.verification import Verification, Verified

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
        """Whether the kind lives in namespaces. Raises UnknownKind when discovery, refreshed, does not know it."""
        ...

    async def knows(self, ref: ObjectRef) -> bool:
        """Whether discovery has the kind. Raises Unreachable while its group is stale: then nobody knows."""
        ...

    async def get(self, ref: ObjectRef) -> KubernetesObject | None:
        """The live object, None when there is none."""
        ...

    async def list(self, ref: ObjectRef) -> KubernetesObject:
        """All objects of the kind in the namespace of `ref` ("": everywhere), as the list object of the API."""
        ...

    async def apply(self, obj: KubernetesObject, *, force: bool, dry_run: bool = False) -> Applied:
        """Server-side apply of the whole intent under the field manager `steersman`, fieldValidation Strict.

        `metadata.uid` and `metadata.resourceVersion` in `obj` are preconditions. Retries lost connections, 429 and 5xx
        within bounds; a no-op costs no write."""
        ...

    async def delete(
        self,
        ref: ObjectRef,
        *,
        uid: str | None = None,
        resource_version: str | None = None,
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

    def track(self, owner: tuple[str, str], refs: Iterable[ObjectRef]) -> None:
        """The objects that the HelmRelease `owner` (namespace, name) owns now: their streams are kept running."""
        ...

    def forget(self, owner: tuple[str, str]) -> None:
        """This HelmRelease owns nothing any more."""
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


@dataclass(frozen=True, slots=True)
class Resolved:
    """What a version or range stands for now: the version ("" where only a digest was asked for) and the digest."""

    url: str
    version: str
    digest: str


class InventoryStore(Protocol):
    """ReleaseInventories. Pages, owner reference and finalizer are its business."""

    async def read(self, release: HelmRelease) -> Inventory | None:
        """The inventory of a HelmRelease, None when there is none."""
        ...

    async def write(self, inventory: Inventory) -> Inventory:
        """Create it, or write the pages that changed, with resourceVersion. Raises InventoryConflict."""
        ...

    async def delete(self, inventory: Inventory) -> None:
        """Drop the finalizers and delete every page; absent is fine."""
        ...


class HelmReleases(Protocol):
    """Writes to the HelmRelease itself."""

    async def add_finalizer(self, release: HelmRelease) -> None:
        """Put our finalizer on it, with resourceVersion."""
        ...

    async def drop_finalizer(self, release: HelmRelease) -> None:
        """Take our finalizer off; the object being gone is fine."""
        ...

    async def write_status(self, release: HelmRelease, status: HelmReleaseStatus) -> None:
        """Write the whole status, with resourceVersion. The object being gone is fine."""
        ...


@dataclass(frozen=True, slots=True)
class ConfigData:
    """A ConfigMap or Secret, decoded."""

    resource_version: str
    data: Mapping[str, bytes] = field(repr=False)


@dataclass(frozen=True, slots=True)
class AccountData:
    """A ServiceAccount: the names of its image pull secrets, and its annotations."""

    resource_version: str
    uid: str
    pull_secrets: tuple[str, ...]
    annotations: Mapping[str, str]


class Configs(Protocol):
    """ConfigMaps, Secrets and ServiceAccounts that specs refer to, cached by resourceVersion and kept current by
    watches."""

    async def read(self, kind: Literal["ConfigMap", "Secret"], namespace: str, name: str) -> ConfigData | None:
        """The object, None where there is none."""
        ...

    async def account(self, namespace: str, name: str) -> AccountData | None:
        """The ServiceAccount, None where there is none."""
        ...


class ChartArchives(Protocol):
    """Charts as one release may reach them."""

    async def fetch(self, url: str, digest: str) -> bytes:
        """The chart archive of this digest, checked; from the cache without any request."""
        ...


class ChartSource(Protocol):
    """Charts by digest."""

    async def resolve(self, url: str, version: str = "", version_filter: str = "", *, name: str = "") -> Resolved:
        """The digest that an exact version, or the highest version in a range, has now. With `name`, `url` is a
        repository of charts. Asks the other side."""
        ...

    async def fetch(self, url: str, digest: str) -> bytes:
        """The chart archive of this digest (of the OCI manifest, or of the archive itself where it comes by HTTP),
        verified; from the cache without any request."""
        ...

    async def verify(self, url: str, digest: str, verification: Verification) -> Verified:
        """By whom the chart of this digest is signed, where that is as demanded."""
        ...


Lookup: TypeAlias = Callable[[str, str, str, str], Awaitable[KubernetesObject]]
"""(apiVersion, kind, namespace, name) → the object, the list where `name` is "", or {} where there is none. What it may
see is the caller's to decide. Raises a SteersmanError where the cluster could not be asked: then the render fails."""


class Renderer(Protocol):
    """The renderer process."""

    async def render(self, request: RenderRequest, chart: bytes, lookup: Lookup | None = None) -> Rendered:
        """Render one chart; the files of its crds/ come with it.

        `lookup` answers the template function of that name; without it, as in `helm template`, nothing is found.
        Raises the core's ChartError, ValuesError, TemplateError…, or RenderLimitExceeded."""
        ...


class Clock(Protocol):
    """Time comes from here, so that tests can set it."""

    def now(self) -> datetime:
        """The present moment, UTC."""
        ...


class Events(Protocol):
    """Kubernetes Events on a HelmRelease."""

    def publish(
        self, subject: KubernetesObject, *, kind: Literal["Normal", "Warning"], reason: str, message: str
    ) -> None:
        """Send one Event in the background; a repeat of the same within a while is aggregated."""
        ...
