"""`.Capabilities` of the templates, and what Helm assumes of a cluster it does not see.

`default_capabilities` is for rendering without a cluster (the CLI, tests); the operator asks discovery instead.
"""

from __future__ import annotations

import re
from copy import copy
from typing import Any, ClassVar, Self

from steersman.core.golang.numbers import NumberRangeError, parse_uint
from steersman.core.golang.quote import quote
from steersman.core.golang.types import GoStruct, NamedList
from steersman.core.render.errors import KubeVersionError
from steersman.core.render.model import Capabilities

HELM_VERSION = "v4.3"
"""What Helm 4.3.1 built from its module says of itself. (The download page's binaries say v4.3.1; charts ask only for a
minimum.)"""

_KUBE_VERSION = "v1.37.0"
_KUBE_CLIENT_VERSION = "v1.37"
_GO_VERSION = "go1.26"
_VERSION = re.compile(r"\s*v?([0-9]+(?:\.[0-9]+)*)(.*)", re.ASCII | re.DOTALL)

# The API versions of client-go 0.37's scheme, in its order: group, versions.
_KNOWN_VERSIONS = (
    ("", "v1"),
    ("admissionregistration.k8s.io", "v1 v1alpha1 v1beta1"),
    ("internal.apiserver.k8s.io", "v1alpha1"),
    ("apps", "v1 v1beta1 v1beta2"),
    ("authentication.k8s.io", "v1 v1alpha1 v1beta1"),
    ("authorization.k8s.io", "v1 v1beta1"),
    ("autoscaling", "v1 v2"),
    ("batch", "v1 v1beta1"),
    ("certificates.k8s.io", "v1 v1beta1 v1alpha1"),
    ("coordination.k8s.io", "v1alpha2 v1beta1 v1"),
    ("discovery.k8s.io", "v1 v1beta1"),
    ("events.k8s.io", "v1 v1beta1"),
    ("extensions", "v1beta1"),
    ("flowcontrol.apiserver.k8s.io", "v1 v1beta1 v1beta2 v1beta3"),
    ("lifecycle.k8s.io", "v1alpha1"),
    ("networking.k8s.io", "v1 v1beta1"),
    ("node.k8s.io", "v1 v1alpha1 v1beta1"),
    ("policy", "v1 v1beta1"),
    ("rbac.authorization.k8s.io", "v1 v1beta1 v1alpha1"),
    ("resource.k8s.io", "v1 v1beta2 v1beta1 v1alpha3"),
    ("scheduling.k8s.io", "v1alpha3 v1beta1 v1"),
    ("storage.k8s.io", "v1beta1 v1 v1alpha1"),
    ("storagemigration.k8s.io", "v1 v1beta1"),
    ("apiextensions.k8s.io", "v1beta1 v1"),
)
DEFAULT_API_VERSIONS = tuple(
    f"{group}/{version}".lstrip("/") for group, versions in _KNOWN_VERSIONS for version in versions.split()
)


class VersionSet(NamedList):
    """`.Capabilities.APIVersions`."""

    __slots__ = ()
    go_type: ClassVar[str] = "common.VersionSet"
    go_element: ClassVar[str] = "string"
    go_methods: ClassVar[dict[str, str]] = {"Has": "has"}

    def has(self, version: str) -> bool:
        """Whether a `group/version` or `group/version/Kind` is listed, literally."""
        return version in self


class KubeVersion(GoStruct):
    """`.Capabilities.KubeVersion`. Constraints are checked against `text()`, which has no suffix (`v1.30.2`)."""

    go_type: ClassVar[str] = "common.KubeVersion"
    go_fields: ClassVar[tuple[str, ...]] = ("Version", "Major", "Minor")
    go_hidden: ClassVar[frozenset[str]] = frozenset({"normalizedVersion"})
    go_methods: ClassVar[dict[str, str]] = {"String": "text", "GitVersion": "git_version"}
    go_string_by_address: ClassVar[bool] = True

    def __init__(self, version: str, normalized: str, major: str, minor: str) -> None:
        self.Version = version
        self.Major = major
        self.Minor = minor
        self._normalized = normalized

    def printed_fields(self) -> dict[str, Any]:
        return {
            "Version": self.Version,
            "normalizedVersion": self._normalized,
            "Major": self.Major,
            "Minor": self.Minor,
        }

    def text(self) -> str:
        """The version without what a provider added."""
        return self._normalized or self.Version

    def git_version(self) -> str:
        """The whole version."""
        return self.Version

    def deep_copy(self) -> Self:
        return type(self)(self.Version, "", self.Major, self.Minor)


class BuildInfo(GoStruct):
    """`.Capabilities.HelmVersion`."""

    go_type: ClassVar[str] = "version.BuildInfo"
    go_fields: ClassVar[tuple[str, ...]] = ("Version", "GitCommit", "GitTreeState", "GoVersion", "KubeClientVersion")

    def __init__(self) -> None:
        self.Version = HELM_VERSION
        self.GitCommit = ""
        self.GitTreeState = ""
        self.GoVersion = _GO_VERSION
        self.KubeClientVersion = _KUBE_CLIENT_VERSION

    def json_fields(self) -> dict[str, Any]:
        """The tags of Helm's struct, which leave empty fields out."""
        named = {
            "version": self.Version,
            "git_commit": self.GitCommit,
            "git_tree_state": self.GitTreeState,
            "go_version": self.GoVersion,
        }
        return {name: value for name, value in named.items() if value} | {"kube_client_version": self.KubeClientVersion}


class CapabilitiesObject(GoStruct):
    """`.Capabilities`."""

    go_type: ClassVar[str] = "*common.Capabilities"
    go_fields: ClassVar[tuple[str, ...]] = ("KubeVersion", "APIVersions", "HelmVersion")

    def __init__(self, capabilities: Capabilities) -> None:
        self.KubeVersion = parse_kube_version(capabilities.kube_version)
        self.APIVersions = VersionSet(capabilities.api_versions)
        self.HelmVersion: Any = BuildInfo()

    def deep_copy(self) -> Self:
        made = copy(self)
        made.KubeVersion = self.KubeVersion.deep_copy()
        made.APIVersions = VersionSet(self.APIVersions)
        return made


def default_capabilities(kube_version: str = "", api_versions: tuple[str, ...] = ()) -> Capabilities:
    """What Helm assumes without a cluster, with another version and further API versions where given."""
    capabilities = Capabilities(_KUBE_VERSION, DEFAULT_API_VERSIONS + api_versions)
    return capabilities._replace(kube_version=kube_version) if kube_version else capabilities


def check_kube_version(flag: str) -> None:
    """Refuse a `--kube-version` that is no version. Raises KubeVersionError."""
    try:
        if flag:
            parse_kube_version(flag)
    except KubeVersionError as error:
        raise KubeVersionError(f"invalid kube version '{flag}': {error.message}") from error


def parse_kube_version(text: str) -> KubeVersion:
    """Read a version as Kubernetes writes it: `1.30`, `v1.30.2-gke.1`. Raises KubeVersionError."""
    match = _VERSION.fullmatch(text)
    if match is None:
        raise KubeVersionError(f"could not parse {quote(text)} as version")
    components = match[1].split(".")
    if len(components) < 2:
        raise KubeVersionError(f"illegal version string {quote(text)}")
    if components[0].startswith("0") and components[0] != "0":
        raise KubeVersionError(f"illegal zero-prefixed version component {quote(components[0])} in {quote(text)}")
    numbers = [_component(component, text) for component in components]
    version = text if text.startswith("v") else f"v{text}"
    return KubeVersion(version, f"v{'.'.join(numbers)}", numbers[0], numbers[1])


def _component(digits: str, text: str) -> str:
    """One number of a version. Raises KubeVersionError beyond uint64."""
    try:
        return str(parse_uint(digits))
    except NumberRangeError as error:
        raise KubeVersionError(
            f"illegal non-numeric version component {quote(digits)} in {quote(text)}: "
            f"strconv.ParseUint: parsing {quote(digits)}: value out of range"
        ) from error
