"""Where everything of the test bench lies on disk: the cache of binaries, and the folder of one instance."""

import os
from dataclasses import dataclass
from pathlib import Path

PACKAGE = Path(__file__).resolve().parent
REPOSITORY = PACKAGE.parents[1]
GO_MODULE = PACKAGE / "gomod"
GO_REQUIREMENTS = REPOSITORY / "requirements" / "go.txt"


def cache_root() -> Path:
    """The user's cache for this test bench; shared by all checkouts of the repository."""
    base = os.environ.get("XDG_CACHE_HOME")
    return (Path(base) if base else Path.home() / ".cache") / "steersman" / "testenv"


def instances_root() -> Path:
    """The folder of the instances that were given no folder of their own."""
    return cache_root() / "instances"


def shared_material() -> Path | None:
    """The charts and vectors the conformance tests compare with: `$STEERSMAN_SHARED`, or `../shared`; None without."""
    named = os.environ.get("STEERSMAN_SHARED")
    folder = Path(named) if named else REPOSITORY.parent / "shared"
    return folder.resolve() if folder.is_dir() else None


@dataclass(frozen=True)
class Layout:
    """The files of one instance. Secrets and data live in `root`; `logs` may lie elsewhere, to outlive the instance."""

    root: Path
    logs: Path

    @property
    def state(self) -> Path:
        return self.root / "instance.json"

    @property
    def lock(self) -> Path:
        return self.root.with_name(self.root.name + ".lock")

    @property
    def ca_file(self) -> Path:
        return self.root / "ca.crt"

    @property
    def tls_cert(self) -> Path:
        return self.root / "tls.crt"

    @property
    def tls_key(self) -> Path:
        return self.root / "tls.key"

    @property
    def account_key(self) -> Path:
        return self.root / "service-account.key"

    @property
    def tokens(self) -> Path:
        return self.root / "tokens.csv"

    @property
    def kubeconfig(self) -> Path:
        return self.root / "kubeconfig"

    @property
    def pod_log(self) -> Path:
        return self.root / "pod.log"

    @property
    def audit_log(self) -> Path:
        return self.logs / "audit.jsonl"

    @property
    def registry_log(self) -> Path:
        return self.logs / "registry-access.log"

    def config(self, name: str) -> Path:
        """A configuration file written for one server."""
        return self.root / "config" / name

    def data(self, server: str) -> Path:
        """The folder a server keeps its data in."""
        return self.root / "data" / server

    def log(self, server: str) -> Path:
        """What a server says."""
        return self.logs / f"{server}.log"
