"""Chart addresses: `oci://host[:port]/path/name`, with a tag or digest where the user wrote one.

The forms are Helm's (a tag, a digest, or both). The path rule is that of the OCI distribution specification; a host
without a dot or port is a host nevertheless, since the scheme says that one comes first.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from steersman.registry.errors import InvalidReference

_HOST = r"\[[0-9A-Fa-f:.]+\](?::\d{1,5})?|[A-Za-z0-9](?:[A-Za-z0-9.-]*[A-Za-z0-9])?(?::\d{1,5})?"
_URL = re.compile(
    rf"oci://(?P<host>{_HOST})"
    r"/(?P<repository>[^:@]+)(?::(?P<tag>[^@]*))?(?:@(?P<digest>.*))?"
)
_COMPONENT = r"[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*"
_REPOSITORY = re.compile(rf"{_COMPONENT}(?:/{_COMPONENT})*")
_TAG = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._-]{0,127}")
_DIGEST = re.compile(r"sha256:[0-9a-f]{64}")

_DOCKER_HUB_NAMES = frozenset({"docker.io", "index.docker.io"})
DOCKER_HUB_API = "registry-1.docker.io"


@dataclass(frozen=True, slots=True)
class ChartReference:
    """A repository on a host, with the tag and digest of the URL ("" for none)."""

    host: str
    repository: str
    tag: str = ""
    digest: str = ""

    @classmethod
    def parse(cls, url: str) -> ChartReference:
        """Read an `oci://` URL. Raises InvalidReference, saying which part is wrong."""
        match = _URL.fullmatch(url)
        if match is None:
            raise InvalidReference(url, "is not of the form oci://host/path/chart")
        repository, tag, digest = match["repository"], match["tag"], match["digest"]
        if not _REPOSITORY.fullmatch(repository):
            raise InvalidReference(url, f"has the path {repository!r}: registries take lower case, digits and . _ -")
        if tag is not None and not _TAG.fullmatch(tag):
            raise InvalidReference(url, f"has the tag {tag!r}, which no registry takes")
        if digest is not None and not is_digest(digest):
            raise InvalidReference(url, f"has the digest {digest!r}: sha256: and 64 hexadecimal digits are needed")
        return cls(match["host"].lower(), repository, tag or "", digest or "")

    @property
    def place(self) -> str:
        """`host/repository`, as messages name it."""
        return f"{self.host}/{self.repository}".rstrip("/")

    @property
    def api_host(self) -> str:
        """The host that serves the registry API: Docker Hub's is not the one in its names."""
        return DOCKER_HUB_API if self.host in _DOCKER_HUB_NAMES else self.host


def is_host(text: str) -> bool:
    """Whether this is a host as references have one, with its port where it has one."""
    return re.fullmatch(_HOST, text) is not None


def is_digest(text: str) -> bool:
    """Whether this is `sha256:` and 64 lower-case hexadecimal digits, the only algorithm Helm's registries use."""
    return _DIGEST.fullmatch(text) is not None


def tag_of_version(version: str) -> str:
    """The tag that `helm push` gives a version: tags have no `+`."""
    return version.replace("+", "_")


def version_of_tag(tag: str) -> str:
    """The version behind a tag of `helm push`. Versions have no `_`, so this is exact."""
    return tag.replace("_", "+")
