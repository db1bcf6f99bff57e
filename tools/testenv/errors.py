"""What can go wrong with the test bench.

TestenvError            shown to people as it is, without a traceback
├── BinariesMissing     nothing was built yet: `python -m testenv build`
├── BuildFailed         the Go toolchain refused; carries the end of its output
├── InstanceInUse       the directory holds something that is not an instance of ours
└── ServerFailed        a server did not come up; carries its name, its log and the end of it
    └── PortTaken       because another process took the port first; starting again with other ports helps
"""

from pathlib import Path


class TestenvError(Exception):
    """Root of the errors of the test bench."""

    __test__ = False  # pytest would take the name for a test class


class BinariesMissing(TestenvError):
    """Some programs or stage files are neither in KUBEBUILDER_ASSETS nor in the cache."""

    def __init__(self, missing: tuple[str, ...]) -> None:
        super().__init__(
            f"the test bench has no {', '.join(missing)} yet: run `make testenv-build` "
            "(the first time takes 12 to 25 minutes on 2 cores), or point KUBEBUILDER_ASSETS at a folder with them"
        )
        self.missing = missing


class BuildFailed(TestenvError):
    """A step of the build ended with an error."""


class InstanceInUse(TestenvError):
    """The directory cannot be taken over safely."""


class ServerFailed(TestenvError):
    """A server ended, or did not become ready in time."""

    def __init__(self, server: str, problem: str, log: Path) -> None:
        super().__init__(f"{server} {problem}; its log {log} ends with:\n{tail(log)}")
        self.server = server
        self.log = log


class PortTaken(ServerFailed):
    """The port chosen for a server was taken by another process before the server could bind it."""


def tail(log: Path, lines: int = 15) -> str:
    """The end of a log, indented for a message."""
    if not log.exists():
        return "    (nothing was written)"
    kept = log.read_text(errors="replace").splitlines()[-lines:]
    return "\n".join(f"    {line[:500]}" for line in kept) or "    (nothing was written)"
