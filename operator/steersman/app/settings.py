"""What `steersman run` may be told, by flags or by environment (`STEERSMAN_…`). Plain data; `cli.run` fills it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Settings:
    """Settings of the operator. Times are seconds, sizes bytes."""

    kubeconfig: Path | None = None
    """None: the ServiceAccount of the pod."""
    context: str = ""
    namespace: str = "steersman-system"
    """Where the operator keeps its Lease and its installation key."""
    identity: str = ""
    """Name of this process in the Lease."""
    concurrency: int = 16
    """HelmReleases, and ChartRepositories, that are worked on at the same moment."""
    http_host: str = "127.0.0.1"
    http_port: int = 8080
    cache_dir: Path = Path("/var/cache/steersman")
    cache_bytes: int = 2 * 1024**3
    renderer_socket: Path | None = None
    """Socket of a renderer that runs beside this process; None: a child of this process."""
    renderers: int = 1
    """Charts that are rendered at the same moment, each in a process of its own."""
    enable_jinja_charts: bool = False
    """Charts that ask for Jinja2 get it."""
    allowed_registries: tuple[str, ...] = ()
    """Patterns of the registries and repositories that users may name; none: all."""
    allow_local_registries: bool = False
    """Also those at addresses of this machine and its link."""
    log_level: str = "info"
    grace: float = 20.0
    """How long steps under way may take to end after SIGTERM."""
    silence: float = 300.0
    """How long a watch may be silent before /healthz fails."""
