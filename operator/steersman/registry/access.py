"""How to reach one registry: what a HelmRelease's chart fields, or the flags of a command, say besides the URL."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from steersman.registry.auth import Credential


@dataclass(frozen=True, slots=True)
class Tls:
    """PEM texts: the authorities to trust instead of the system's, and our own certificate. `skip_verify` believes any
    certificate; `minimum_version` is the oldest version to speak ("1.2" or "1.3"; "": 1.2)."""

    ca: bytes = b""
    certificate: bytes = b""
    key: bytes = field(default=b"", repr=False)
    skip_verify: bool = False
    minimum_version: str = ""


@dataclass(frozen=True, slots=True)
class Access:
    """The terms of access. Two releases with equal terms share downloads, tokens and connections.

    `insecure` means plain HTTP. `proxy` is a proxy URL ("": as the environment says); it may hold a password.
    `home` is the URL of the HTTP repository whose charts are meant ("": the chart's own host): credential and client
    certificate go to its scheme, host and port alone, or, with `pass_credentials`, also to where its index says that
    charts are. They never follow a redirect to another place.
    """

    credential: Credential | None = field(default=None, repr=False)
    insecure: bool = False
    tls: Tls = Tls()
    proxy: str = field(default="", repr=False)
    pass_credentials: bool = False
    home: str = ""

    def without_credential(self) -> Access:
        """How the other side is reached, whoever asks."""
        return replace(self, credential=None)


@dataclass(frozen=True, slots=True)
class Limits:
    """Bounds of one request."""

    connect_seconds: float = 10.0
    read_seconds: float = 15.0
    """The longest silence within an answer."""
    total_seconds: float = 120.0
    """The longest time for a whole answer, redirects and token included."""
    manifest_bytes: int = 4 * 1024 * 1024
    tag_list_bytes: int = 4 * 1024 * 1024
    tag_pages: int = 1000
    tags: int = 200_000
    chart_bytes: int = 32 * 1024 * 1024
    index_bytes: int = 80 * 1024 * 1024
    provenance_bytes: int = 1024 * 1024

    @property
    def question_seconds(self) -> float:
        """The longest time for all that one question takes: a token, a manifest and a blob; the pages of a list."""
        return 3 * self.total_seconds
