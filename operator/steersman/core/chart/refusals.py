"""Why a chart archive is refused: a class of fault with a name, the entry that shows it, and what to do.

Raised by `archive`, `gunzip` and `tar`. Where Helm refuses too, the message is Helm's and the hint says the rest; what
Helm lets pass and we do not is listed in docs/differences.md.
"""

from __future__ import annotations

from enum import StrEnum

from steersman.core.chart.errors import ChartError
from steersman.core.golang.quote import quote

_SHOWN = 200


class ArchiveFault(StrEnum):
    """The classes. Their values are words for people and for logs, and stable."""

    DAMAGED = "damaged archive"
    """Cut, corrupt, or no tar archive."""
    TRAVERSAL = "path traversal"
    """A path that leads out of the chart."""
    NAME = "absurd name"
    LINK = "link"
    DEVICE = "device"
    """Devices and fifos."""
    UNKNOWN_TYPE = "entry of unknown type"
    SPARSE = "sparse file"
    DUPLICATE = "duplicate name"
    SIZE = "size"
    COUNT = "number of entries"
    RATIO = "compression ratio"
    NESTING = "nesting"
    MEMBERS = "gzip members"
    HEADERS = "header size"
    """Extended headers (PAX, GNU long names) beyond reason."""
    TRAILING = "trailing data"
    """Bytes after the end, which some readers see and others do not."""


_REPACK = "pack the chart again with `helm package`"
_HINTS = {
    ArchiveFault.DAMAGED: f"the file is cut or damaged: fetch it again, or {_REPACK}",
    ArchiveFault.TRAVERSAL: f"every entry must lie in the chart's folder: {_REPACK}",
    ArchiveFault.LINK: f"{_REPACK}, which stores what links point at",
    ArchiveFault.DUPLICATE: f"which of them is meant cannot be known: {_REPACK}",
    ArchiveFault.SIZE: "leave out files that are no part of the chart, with .helmignore",
    ArchiveFault.COUNT: "leave out files that are no part of the chart, with .helmignore",
    ArchiveFault.RATIO: "it looks like a decompression bomb: do not use it, or leave such files out of the chart",
    ArchiveFault.NESTING: "vendor charts into charts/ of the chart that you install, not into each other",
}


class ArchiveRefused(ChartError):
    """An archive that is not used, nor any part of it. `entry` is the name in the archive, where one shows the fault;
    below an archive in `charts/`, with that archive's name before it."""

    def __init__(self, fault: ArchiveFault, message: str, *, entry: str = "", hint: str = "") -> None:
        super().__init__(message, hint=hint or _hint(fault, entry))
        self.fault = fault
        self.entry = entry

    def inside(self, outer: str, message: str) -> ArchiveRefused:
        """The same of the archive around it."""
        entry = f"{outer}: {self.entry}" if self.entry else outer
        return ArchiveRefused(self.fault, message, entry=entry, hint=_hint(self.fault, entry))


class BrokenArchive(ArchiveRefused):
    """A gzip stream that is cut, damaged, or holds no tar archive; the message is Go's reason alone."""

    def __init__(self, message: str, fault: ArchiveFault = ArchiveFault.DAMAGED) -> None:
        super().__init__(fault, message)


def refused(fault: ArchiveFault, problem: str, *, entry: str = "") -> ArchiveRefused:
    """A refusal that Helm has no words for."""
    where = f"{shown(entry)} " if entry else ""
    message = f"chart archive refused ({fault}): {where}{problem}"
    return ArchiveRefused(fault, message, entry=entry, hint=_HINTS.get(fault, _REPACK))


def shown(name: str) -> str:
    """A name from an archive, fit for a message."""
    return quote(name if len(name) <= _SHOWN else f"{name[:_SHOWN]}…")


def _hint(fault: ArchiveFault, entry: str) -> str:
    advice = _HINTS.get(fault, _REPACK)
    return f"{fault}, entry {shown(entry)}: {advice}" if entry else advice
