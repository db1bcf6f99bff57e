"""Which programs the test bench is made of, and where they are found.

Each comes from KUBEBUILDER_ASSETS, else from the user's cache; build.py fills the cache. The cache is keyed by what
decides the result: the Go module with its checksums, the flags, the pinned toolchain and the platform. The toolchain
that happened to build is not part of the key (any that go.mod admits will do), so running needs no Go at all.
"""

import hashlib
import os
import platform
import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from testenv.errors import BinariesMissing
from testenv.layout import GO_MODULE, GO_REQUIREMENTS, cache_root


@dataclass(frozen=True)
class Program:
    """One program: its name here, the Go package it is built from, and how long that may take the first time."""

    name: str
    package: str
    duration: str


# kube-apiserver first: it compiles most of what the others share, so each of them is quick afterwards.
PROGRAMS = (
    Program("kube-apiserver", "k8s.io/kubernetes/cmd/kube-apiserver", "6 to 12 minutes on 2 cores"),
    Program("kube-controller-manager", "k8s.io/kubernetes/cmd/kube-controller-manager", "1 to 3 minutes"),
    Program("kube-scheduler", "k8s.io/kubernetes/cmd/kube-scheduler", "about a minute"),
    Program("etcd", "go.etcd.io/etcd/server/v3", "about a minute"),
    Program("kubectl", "k8s.io/kubernetes/cmd/kubectl", "1 to 2 minutes"),
    Program("kwok", "sigs.k8s.io/kwok/cmd/kwok", "1 to 2 minutes"),
    Program("registry", "github.com/distribution/distribution/v3/cmd/registry", "1 to 2 minutes"),
    Program("helm", "helm.sh/helm/v4/cmd/helm", "1 to 2 minutes"),
)

# KWOK does nothing by itself: these files of its module say how nodes, pods and volumes go through their lives.
STAGES = "kwok-stages"
STORAGE_CLASS = "volume-storage-class.yaml"


@dataclass(frozen=True)
class Toolbox:
    """Everything an instance runs, found."""

    programs: dict[str, Path]
    stages: Path

    def __getitem__(self, name: str) -> Path:
        return self.programs[name]

    @property
    def stage_files(self) -> tuple[Path, ...]:
        """The Stage objects for KWOK; the StorageClass beside them is an object for the API server."""
        return tuple(sorted(path for path in self.stages.glob("*.yaml") if path.name != STORAGE_CLASS))

    @property
    def storage_class(self) -> Path:
        return self.stages / STORAGE_CLASS


def locate() -> Toolbox:
    """All programs and stage files, or BinariesMissing with what is not there."""
    found = {name: path for name in _names() if (path := _find(name)) is not None}
    missing = tuple(name for name in _names() if name not in found)
    if missing:
        raise BinariesMissing(missing)
    stages = found.pop(STAGES)
    return Toolbox(found, stages)


def locate_program(name: str) -> Path:
    """One program alone, for those who need no control plane (helm as an oracle, a registry)."""
    path = _find(name)
    if path is None:
        raise BinariesMissing((name,))
    return path


def missing() -> tuple[str, ...]:
    """What build.py has to make."""
    return tuple(name for name in _names() if _find(name) is None)


def bin_folder() -> Path:
    """The folder in the user's cache that the programs of this checkout belong in."""
    return cache_root() / cache_key() / "bin"


@cache
def cache_key() -> str:
    """A short digest of everything that decides what is built."""
    digest = hashlib.sha256()
    for path in (GO_MODULE / "go.mod", GO_MODULE / "go.sum", GO_REQUIREMENTS):
        digest.update(path.read_bytes())
    digest.update("\0".join((*build_flags(), platform.system(), platform.machine())).encode())
    return digest.hexdigest()[:16]


@cache
def build_flags() -> tuple[str, ...]:
    """The flags of `go build`.

    Without the version the API server calls itself v0.0.0-master, and clients refuse to talk to that.
    """
    version = module_version("k8s.io/kubernetes")
    major, minor, _ = version.removeprefix("v").split(".", 2)
    stamp = {"gitVersion": version, "gitMajor": major, "gitMinor": minor}
    linked = " ".join(f"-X k8s.io/component-base/version.{field}={value}" for field, value in stamp.items())
    return ("-trimpath", "-ldflags", f"-s -w {linked}")


def module_version(module: str) -> str:
    """The version go.mod requires of a module."""
    text = (GO_MODULE / "go.mod").read_text()
    match = re.search(rf"^\s*{re.escape(module)} (v\S+)", text, re.MULTILINE)
    if match is None:
        raise LookupError(f"{GO_MODULE / 'go.mod'} requires no {module}")
    return match.group(1)


def required_go() -> tuple[int, int]:
    """The language version go.mod asks of the toolchain."""
    text = (GO_MODULE / "go.mod").read_text()
    match = re.search(r"^go (\d+)\.(\d+)", text, re.MULTILINE)
    if match is None:
        raise LookupError(f"{GO_MODULE / 'go.mod'} has no go line")
    return int(match.group(1)), int(match.group(2))


def _names() -> tuple[str, ...]:
    return (*(program.name for program in PROGRAMS), STAGES)


def _find(name: str) -> Path | None:
    assets = os.environ.get("KUBEBUILDER_ASSETS")
    folders = ([Path(assets)] if assets else []) + [bin_folder()]
    return next((folder / name for folder in folders if (folder / name).exists()), None)
