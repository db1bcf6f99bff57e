"""`spec.chart` of a HelmRelease: which chart, from where, on which terms.

A chart is named by its own URL, or by a repository and a name; the repository by its URL, or by a ChartRepository,
which then brings the terms of access. `controller.terms` turns all three into one thing.
"""

from __future__ import annotations

from typing import Annotated, ClassVar, Final, Literal

from msgspec import Meta

from steersman.core.api import duration
from steersman.core.api.access import NO_TERMS, AccessFields, access_checks
from steersman.core.api.base import ApiStruct, Checked, Rule, check
from steersman.core.api.leaves import (
    ChartName,
    ChartUrl,
    Digest,
    Interval,
    Name,
    RepositoryUrl,
    VersionFilter,
    VersionRange,
)

DEFAULT_CHART_INTERVAL: Final = 600.0

RepositoryKind = Literal["ChartRepository"]


class RepositoryReference(ApiStruct, frozen=True, kw_only=True):
    """An object that describes a repository."""

    kind: Annotated[
        RepositoryKind,
        Meta(description="Kind of the object. ChartRepository: one in the HelmRelease's namespace."),
    ] = "ChartRepository"
    name: Annotated[Name, Meta(description="Name of the object.")]


_REPOSITORY_CHECKS: tuple[Checked, ...] = (
    (
        Rule(
            "has(self.url) != has(self.ref)",
            "{path} must have `url` or `ref`, and not both: set the repository's URL, or the name of a ChartRepository",
        ),
        lambda it: (it.url is None) != (it.ref is None),
    ),
)


class RepositorySpec(ApiStruct, frozen=True, kw_only=True):
    """The repository that a chart is in."""

    rules: ClassVar[tuple[Rule, ...]] = tuple(rule for rule, _ in _REPOSITORY_CHECKS)

    url: Annotated[
        RepositoryUrl | None,
        Meta(
            description="Where the repository is: https://host/path that has an index.yaml, or oci://registry/path "
            "that the chart is under. http:// needs `insecure`."
        ),
    ] = None
    ref: Annotated[
        RepositoryReference | None,
        Meta(description="A ChartRepository, which brings URL, credentials, TLS, proxy and verification with it."),
    ] = None

    def __post_init__(self) -> None:
        """The rules once more, for an object that never saw an API server."""
        check(self, _REPOSITORY_CHECKS)


_ADDRESS = "(has(self.url) ? self.url : has(self.repository) && has(self.repository.url) ? self.repository.url : '')"
_IS_ARCHIVE = "(has(self.url) && !self.url.startsWith('oci://'))"

_CHART_CHECKS: tuple[Checked, ...] = (
    (
        Rule(
            "has(self.url) != has(self.repository)",
            "{path} must have `url` or `repository`, and not both: set {path}.url to the chart's own URL (oci://…, "
            "https://….tgz), or {path}.repository and {path}.name",
        ),
        lambda it: (it.url is None) != (it.repository is None),
    ),
    (
        Rule(
            "has(self.repository) == has(self.name)",
            "{path}.name is the chart's name in {path}.repository: set both, or remove it where {path}.url names the "
            "chart",
            ".name",
        ),
        lambda it: (it.repository is None) == (it.name is None),
    ),
    (
        Rule(
            f"has(self.digest) || has(self.version) || {_IS_ARCHIVE}",
            "{path} needs `digest` or `version`: set {path}.digest to pin the chart (the digest that `helm push` "
            "prints, or the sha256 of the .tgz), or {path}.version to follow a version or range",
        ),
        lambda it: it.digest is not None or it.version is not None or it.is_archive,
    ),
    (
        Rule(
            f"!has(self.versionFilter) || (has(self.version) && !has(self.digest) && !{_IS_ARCHIVE})",
            "{path}.versionFilter chooses among the versions of a range: set {path}.version to a range and leave "
            "{path}.digest out, or remove {path}.versionFilter",
            ".versionFilter",
        ),
        lambda it: it.version_filter is None or (it.version is not None and it.digest is None and not it.is_archive),
    ),
    (
        Rule(
            f"!has(self.repository) || !has(self.repository.ref) || {NO_TERMS}",
            "{path}.repository.ref names a ChartRepository, which brings its own terms of access: remove secretRef, "
            "certSecretRef, proxySecretRef, insecure, minTLSVersion, passCredentials, provider, serviceAccountName and "
            "verify from {path}, and set them on the ChartRepository",
            ".repository",
        ),
        lambda it: it.repository is None or it.repository.ref is None or not it.has_terms,
    ),
    *access_checks(_ADDRESS),
)


class ChartSpec(AccessFields, frozen=True, kw_only=True):
    """Which chart, from where, on which terms."""

    rules: ClassVar[tuple[Rule, ...]] = tuple(rule for rule, _ in _CHART_CHECKS)

    url: Annotated[
        ChartUrl | None,
        Meta(
            description="Where the chart is: oci://registry/path/chart, without tag or digest, or the URL of its "
            "archive, https://….tgz. http:// needs `insecure`. Either this or `repository`.",
        ),
    ] = None
    repository: Annotated[
        RepositorySpec | None,
        Meta(description="The repository that the chart `name` is in. Either this or `url`."),
    ] = None
    name: Annotated[ChartName | None, Meta(description="Name of the chart in `repository`.")] = None
    digest: Annotated[
        Digest | None,
        Meta(
            description="What the chart must be (sha256:…): digest of its OCI manifest, or of the .tgz for https://. "
            "Anything else is refused and nothing is applied. With `version` too, the chart's own version must satisfy "
            "it.",
        ),
    ] = None
    version: Annotated[
        VersionRange | None,
        Meta(
            description="Version or range (`1.2.3`, `1.x`, `>=1.2 <2`). It is resolved to a digest, shown in status, "
            "anew every `interval`. With the URL of an archive, what is there must satisfy it.",
        ),
    ] = None
    version_filter: Annotated[
        VersionFilter | None,
        Meta(
            description="Regular expression (RE2) that a version must match to be considered, besides satisfying "
            "the range.",
        ),
    ] = None
    interval: Annotated[
        Interval | None,
        Meta(
            description="How often it is asked what `version` means now; 10m when left out, or the ChartRepository's "
            "interval. Equal sources share one request. Without meaning for an oci:// chart with `digest`.",
        ),
    ] = None

    def __post_init__(self) -> None:
        """The rules once more, for a HelmRelease that never saw an API server."""
        check(self, _CHART_CHECKS)

    @property
    def address(self) -> str:
        """The URL that the spec itself gives, of the chart or of its repository; "" where a ChartRepository does."""
        return self.url or (self.repository is not None and self.repository.url) or ""

    @property
    def is_archive(self) -> bool:
        """Whether the chart is named by the URL of a .tgz."""
        return self.url is not None and not self.url.startswith("oci://")

    @property
    def repository_name(self) -> str:
        """Name of the ChartRepository, "" where none is named."""
        return self.repository.ref.name if self.repository is not None and self.repository.ref is not None else ""

    @property
    def shown(self) -> str:
        """The chart as people are told of it: its URL, or its name and its repository."""
        if self.url is not None:
            return self.url
        return f"{self.name} of {self.address or f'ChartRepository {self.repository_name}'}"

    def interval_seconds(self, default: float = DEFAULT_CHART_INTERVAL) -> float:
        """How often a range or tag is resolved anew."""
        return default if self.interval is None else duration.seconds(self.interval)
