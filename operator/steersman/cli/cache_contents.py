"""What lies in a cache folder, in words: manifests, charts, indexes and compiled charts, of the operator or of a user.

Called by `caches`. Files are looked into, but nothing is marked as used.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import msgspec

from steersman.core.chart.archive import archive_file
from steersman.core.chart.chartfile import decode_chart_file
from steersman.core.chart.errors import ChartError
from steersman.disk import BoundedFolder, Entry
from steersman.registry.cache import CHARTS, NAMED

_LAYOUT = re.compile(r"([a-z]+)-v[0-9]+")
_KINDS = {"cli": "compiled", "indexes": "index"}
_HEAD = 64 * 1024  # Chart.yaml mostly comes first
_GZIP_MAGIC = b"\x1f\x8b"
_TITLE = "org.opencontainers.image.title"
_VERSION = "org.opencontainers.image.version"


class Item(NamedTuple):
    """An entry of the cache. `key` is a digest (`sha256:…`) for what came from elsewhere, else a key of ours."""

    key: str
    kind: str
    chart: str
    version: str
    entry: Entry

    def plain(self) -> dict[str, Any]:
        """For JSON and YAML."""
        used = dt.datetime.fromtimestamp(self.entry.used, dt.UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
        return {
            "digest": self.key,
            "kind": self.kind,
            "chart": self.chart,
            "version": self.version,
            "size": self.entry.size,
            "lastUsed": used,
            "path": str(self.entry.path),
        }


class _Manifest(msgspec.Struct):
    annotations: dict[str, str] = {}


def contents(root: Path) -> list[Item]:
    """All entries below a cache folder, what was used last first."""
    items = [_item(folder, entry) for folder in _folders(root) for entry in bounded(folder).entries()]
    return sorted(items, key=lambda item: (-item.entry.used, item.key))


def bounded(folder: Path) -> BoundedFolder:
    """One of the folders below, whatever its bound."""
    return BoundedFolder(folder, max_bytes=0)


def _folders(root: Path) -> Iterator[Path]:
    if root.is_dir():
        yield from (folder for folder in sorted(root.iterdir()) if _LAYOUT.fullmatch(folder.name) and folder.is_dir())


def _item(folder: Path, entry: Entry) -> Item:
    key = entry.path.name
    if folder.name == CHARTS and key.startswith(NAMED):
        return Item(key.removeprefix(NAMED), "signature", "", "", entry)
    if folder.name == CHARTS:
        kind, chart, version = _what(entry.path)
        return Item(f"sha256:{key}", kind, _printable(chart), _printable(version), entry)
    layout = _LAYOUT.fullmatch(folder.name)
    assert layout is not None
    return Item(key, _KINDS.get(layout[1], layout[1]), "", "", entry)


def _what(path: Path) -> tuple[str, str, str]:
    """Kind, chart and version of a file of the chart cache."""
    try:
        with path.open("rb") as file:
            head = file.read(_HEAD)
            if head.startswith(_GZIP_MAGIC):
                return ("chart", *(_name_in(head) or _name_in(head + file.read()) or ("", "")))
            return _of_text(head + file.read())
    except OSError:  # evicted meanwhile, or somebody else's
        return "other", "", ""


def _name_in(archive: bytes) -> tuple[str, str] | None:
    """Name and version in the Chart.yaml of an archive, None where it cannot be read (so far)."""
    try:
        found = archive_file(archive, "Chart.yaml")
        fields = {} if found is None else decode_chart_file(found)
    except ChartError:
        return None
    return str(fields.get("name", "")), str(fields.get("version", ""))


def _of_text(data: bytes) -> tuple[str, str, str]:
    if data.startswith(b"-----BEGIN PGP"):
        return "provenance", "", ""
    try:
        annotations = msgspec.json.decode(data, type=_Manifest).annotations
    except msgspec.DecodeError:
        return "other", "", ""
    return "manifest", annotations.get(_TITLE, ""), annotations.get(_VERSION, "")


def _printable(text: str) -> str:
    """Names are the chart's to choose, and go to a terminal."""
    return "".join(character for character in text if character.isprintable())
