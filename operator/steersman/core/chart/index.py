"""The index of an HTTP repository: which versions of which charts it serves, and where.

`indexfile` makes it from an index.yaml, in whatever process that runs; the sources and the CLI ask it. An index of tens
of megabytes is a few here, because each chart's versions stay packed until somebody asks for that chart, and only what
somebody asks for is kept. Which version is meant is Helm's decision, rule by rule (`repo.IndexFile.Get`).
"""

from __future__ import annotations

import zlib
from collections.abc import Iterable, Iterator, Mapping
from typing import Final

import msgspec

from steersman.core.chart.versions import parse_filter, parse_range, parsed_version
from steersman.core.manifest.log import log_line

_FORMAT: Final = 1
_LEVEL: Final = 3


class ChartVersion(msgspec.Struct, frozen=True, array_like=True):
    """One version of a chart, as the index describes it. `digest` is of the .tgz, in whatever form it was written."""

    name: str
    version: str
    urls: tuple[str, ...] = ()
    digest: str = ""
    created: str = ""
    app_version: str = ""
    description: str = ""
    type: str = ""
    deprecated: bool = False
    keywords: tuple[str, ...] = ()


class Skipped(msgspec.Struct, frozen=True, array_like=True):
    """An entry that Helm skips: the chart's name in the index, the version and what is wrong ("": it is empty)."""

    name: str
    version: str = ""
    problem: str = ""

    def log_line(self, source: str) -> str:
        """The line that Helm logs."""
        if not self.problem:
            return log_line(
                "WARN", "skipping loading invalid entry for chart: empty entry", name=self.name, source=source
            )
        return log_line(
            "WARN",
            "skipping loading invalid entry for chart",
            name=self.name,
            version=self.version,
            source=source,
            error=self.problem,
        )


class _Packed(msgspec.Struct, frozen=True, array_like=True):
    format: int
    skipped: tuple[Skipped, ...]
    charts: dict[str, bytes]


class Index:
    """What a repository serves. `skipped` are some of the entries that are no charts."""

    def __init__(self, charts: Mapping[str, bytes], skipped: tuple[Skipped, ...] = ()) -> None:
        self._charts = charts
        self.skipped = skipped

    @classmethod
    def of(cls, charts: Mapping[str, Iterable[ChartVersion]]) -> Index:
        """An index of these versions, which are sorted already."""
        return cls({name: pack(versions) for name, versions in charts.items()})

    @classmethod
    def from_bytes(cls, data: bytes) -> Index | None:
        """What `to_bytes` wrote, None where another version of this program did."""
        try:
            packed = msgspec.msgpack.decode(data, type=_Packed)
        except (msgspec.DecodeError, UnicodeDecodeError):
            return None
        return cls(packed.charts, packed.skipped) if packed.format == _FORMAT else None

    def to_bytes(self) -> bytes:
        """The index in the form that is kept on disk and passed between processes."""
        return msgspec.msgpack.encode(_Packed(_FORMAT, self.skipped, dict(self._charts)))

    def __contains__(self, name: object) -> bool:
        return name in self._charts

    def __iter__(self) -> Iterator[str]:
        """The names of the charts, sorted."""
        return iter(sorted(self._charts))

    def __len__(self) -> int:
        return len(self._charts)

    def versions(self, name: str) -> tuple[ChartVersion, ...]:
        """All versions of a chart, the newest first; none where there is no such chart."""
        packed = self._charts.get(name)
        return () if packed is None else _unpack(packed)

    def get(self, name: str, version: str = "", version_filter: str = "") -> ChartVersion | None:
        """The version that Helm would take: the one written exactly so, else the newest in the range ("": stable ones)
        whose text passes the filter. None where there is none. Raises InvalidVersion."""
        constraint = parse_range(version)
        passes = parse_filter(version_filter)
        versions = self.versions(name)
        if version:
            for entry in versions:
                if entry.version == version:
                    return entry
        for entry in versions:
            parsed = parsed_version(entry.version)
            if parsed is not None and passes(entry.version) and constraint.check(parsed):
                return entry
        return None


def pack(versions: Iterable[ChartVersion]) -> bytes:
    """The versions of one chart in the form that an `Index` holds."""
    return zlib.compress(msgspec.msgpack.encode(list(versions)), _LEVEL)


def _unpack(packed: bytes) -> tuple[ChartVersion, ...]:
    return msgspec.msgpack.decode(zlib.decompress(packed), type=tuple[ChartVersion, ...])
