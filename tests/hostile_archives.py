"""Chart archives with one fault each, hidden at a random place of an otherwise good one.

`FAULTS` has a generator for every class (`ArchiveFault`): from random numbers to an archive, and the name of the entry
that shows the fault ("" where none does).
"""

from __future__ import annotations

import gzip
from collections.abc import Callable
from random import Random
from typing import NamedTuple

from fuzz.archives import BLOCK, Entry

from steersman.core.chart.archive import MAX_CHART_BYTES, MAX_ENTRIES, MAX_NAME
from steersman.core.chart.gunzip import MAX_MEMBERS
from steersman.core.chart.refusals import ArchiveFault
from steersman.core.chart.tar import MAX_RECORDS, MAX_SPECIALS

_END = bytes(2 * BLOCK)
_MIB = 1024 * 1024


class Hostile(NamedTuple):
    archive: bytes
    entry: str = ""


def good_entries(rng: Random) -> list[Entry]:
    """The files of a chart that loads, Chart.yaml at any place."""
    chart = Entry(b"web/Chart.yaml", b"apiVersion: v2\nname: web\nversion: 1.2.3\n")
    values = Entry(b"web/values.yaml", f"size: {rng.randrange(1000)}\n".encode())
    templates = [
        Entry(f"web/templates/t{number}.yaml".encode(), b"# " + rng.randbytes(rng.randrange(900)).hex().encode())
        for number in range(rng.randrange(1, 12))
    ]
    found = [chart, values, *templates]
    rng.shuffle(found)
    return found


def packed(*blocks: bytes) -> bytes:
    return gzip.compress(b"".join(blocks), 1, mtime=0)


def good(rng: Random) -> bytes:
    return packed(*(entry.blocks() for entry in good_entries(rng)), _END)


def nested(rng: Random, inner: Hostile) -> Hostile:
    """The hostile archive as a chart in `charts/` of a good one."""
    archive = hidden(rng, Entry(b"web/charts/inner.tgz", inner.archive).blocks())
    return Hostile(archive, f"charts/inner.tgz: {inner.entry}" if inner.entry else "charts/inner.tgz")


def hidden(rng: Random, *blocks: bytes) -> bytes:
    """A good archive with these blocks among its entries."""
    found = [entry.blocks() for entry in good_entries(rng)]
    at = rng.randrange(len(found) + 1)
    return packed(*found[:at], *blocks, *found[at:], _END)


def pax(*records: tuple[bytes, bytes], kind: bytes = b"x") -> bytes:
    return Entry(b"pax", b"".join(_record(key, value) for key, value in records), kind).blocks()


def _record(key: bytes, value: bytes) -> bytes:
    rest = len(key) + len(value) + 3
    size = rest + len(str(rest))
    size += len(str(size)) - len(str(rest))
    return b"%d %s=%s\n" % (size, key, value)


def _name(rng: Random) -> str:
    return f"web/templates/hidden-{rng.randrange(10_000)}.yaml"


def _traversal(rng: Random) -> Hostile:
    name = rng.choice([
        "web/../../etc/passwd", "web//etc/passwd", "web/a/../../x", "web/c:/x", "lonely", "Chart.yaml/x", "../../x",
        "web\\..\\..\\x", "web/templates\\..\\..\\x", "web/./../..", "web/..", "web/.",
    ])  # fmt: skip
    entry = Entry(name.encode(), b"x").blocks()
    by_pax = pax((b"path", name.encode())) + Entry(b"web/harmless", b"x").blocks()
    by_gnu = Entry(b"long", name.encode(), b"L").blocks() + Entry(b"web/harmless", b"x").blocks()
    return Hostile(hidden(rng, rng.choice([entry, by_pax, by_gnu])), name)


def _absurd_name(rng: Random) -> Hostile:
    name = "web/" + rng.choice(["x", "d/", "é"]) * rng.randrange(MAX_NAME, 10 * MAX_NAME)
    by_pax = pax((b"path", name.encode()))
    by_gnu = Entry(b"long", name.encode(), b"L").blocks()
    return Hostile(hidden(rng, rng.choice([by_pax, by_gnu]), Entry(b"web/harmless", b"x").blocks()), name)


def _of_kind(*kinds: bytes) -> Callable[[Random], Hostile]:
    def make(rng: Random) -> Hostile:
        name = rng.choice([_name(rng), "web/Chart.lock", "web/charts/x", "web/values.schema.json"])
        entry = Entry(name.encode(), b"", rng.choice(kinds)).blocks()
        target = pax((b"linkpath", b"/etc/passwd")) if rng.random() < 0.3 else b""
        return Hostile(hidden(rng, target + entry), name)

    return make


def _sparse(rng: Random) -> Hostile:
    name = _name(rng)
    if rng.random() < 0.5:
        return Hostile(hidden(rng, Entry(name.encode(), b"x" * 600, b"S").blocks()), name)
    header = pax((b"GNU.sparse.major", b"1"), (b"GNU.sparse.minor", b"0"), (b"GNU.sparse.realsize", b"9" * 12))
    return Hostile(hidden(rng, header, Entry(name.encode(), b"x").blocks()))


def _duplicate(rng: Random) -> Hostile:
    name = rng.choice(
        ["web/values.yaml", "web/Chart.yaml", "other/values.yaml", "web/./values.yaml", "web/a/../values.yaml"]
    )
    found = [entry.blocks() for entry in good_entries(rng)]
    found.insert(rng.randrange(len(found) + 1), Entry(name.encode(), b"a: 1\n").blocks())
    return Hostile(packed(*found, _END))


def _size(rng: Random) -> Hostile:
    """Announced only: nobody may try to read it."""
    name = _name(rng)
    size = rng.randrange(MAX_CHART_BYTES, 8 * 1024**3)
    by_header = Entry(name.encode(), b"x" * 1000, size=b"%011o\0" % size).blocks()
    by_pax = pax((b"size", str(size).encode())) + Entry(name.encode(), b"x" * 1000).blocks()
    in_base_256 = Entry(name.encode(), b"x", size=b"\x80" + size.to_bytes(11, "big")).blocks()
    return Hostile(hidden(rng, rng.choice([by_header, by_pax, in_base_256])), name)


def _count(rng: Random) -> Hostile:
    folder = Entry(b"web/n/", b"", b"5").blocks()
    files = [Entry(b"web/n/%d" % number, b"").blocks() for number in range(rng.randrange(1000))]
    return Hostile(hidden(rng, *files, folder * (MAX_ENTRIES + 1 - len(files))))


def _ratio(rng: Random) -> Hostile:
    unit = rng.choice([b"\0", b" ", b"# nothing\n"])
    size = rng.randrange(24, 96) * _MIB
    name = _name(rng)
    return Hostile(hidden(rng, Entry(name.encode(), unit * (size // len(unit))).blocks()))


def _nesting(rng: Random) -> Hostile:
    """Archives in archives, or folders in folders."""
    depth = rng.randrange(33, 50)
    if rng.random() < 0.5:
        path = "web/" + "charts/web/" * depth
        chart = b"apiVersion: v2\nname: web\nversion: 1.2.3\n"
        steps = ("web/" + "charts/web/" * level + "Chart.yaml" for level in range(1, depth))
        entries = [Entry(b"l", step.encode(), b"L").blocks() + Entry(b"x", chart).blocks() for step in steps]
        last = Entry(b"l", f"{path}Chart.yaml".encode(), b"L").blocks() + Entry(b"x", chart).blocks()
        return Hostile(hidden(rng, *entries, last))
    archive = good(rng)
    for _ in range(depth):
        archive = hidden(rng, Entry(b"web/charts/web.tgz", archive).blocks())
    return Hostile(archive)


def _members(rng: Random) -> Hostile:
    """The archive in many pieces, or empty ones between."""
    tar = gzip.decompress(good(rng))
    if rng.random() < 0.5:
        cuts = sorted(rng.sample(range(len(tar)), MAX_MEMBERS))
        pieces = [tar[start:end] for start, end in zip([0, *cuts], [*cuts, len(tar)], strict=True)]
    else:
        at = rng.randrange(len(tar))
        pieces = [tar[:at], *[b""] * rng.randrange(MAX_MEMBERS, 50_000), tar[at:]]
    empty = gzip.compress(b"", mtime=0)
    return Hostile(b"".join([gzip.compress(piece, mtime=0) if piece else empty for piece in pieces]))


def _headers(rng: Random) -> Hostile:
    kind = rng.choice([b"x", b"g"])
    blocks = rng.choice([
        lambda: pax((b"comment", b"x" * rng.randrange(_MIB, 3 * _MIB)), kind=kind),
        lambda: Entry(b"long", b"web/" + b"x" * rng.randrange(_MIB, 3 * _MIB), b"L").blocks(),
        lambda: pax((b"comment", b"x"), kind=kind) * rng.randrange(MAX_SPECIALS + 1, 1000),
        lambda: pax(*((b"k%d" % number, b"v") for number in range(MAX_RECORDS + 1)), kind=kind),
    ])  # fmt: skip
    return Hostile(hidden(rng, blocks(), Entry(b"web/harmless", b"x").blocks()))


def _trailing(rng: Random) -> Hostile:
    archive = good(rng)
    junk = b"!" + rng.randbytes(rng.randrange(2000))
    return Hostile(rng.choice([
        lambda: archive + bytes(rng.randrange(600)) + junk,
        lambda: archive + good(rng),
        lambda: packed(gzip.decompress(archive), bytes(BLOCK * rng.randrange(3)), gzip.decompress(good(rng))),
        lambda: packed(gzip.decompress(archive), bytes(rng.randrange(2 * _MIB, 8 * _MIB))),
    ])())  # fmt: skip


def _damaged(rng: Random) -> Hostile:
    archive = good(rng)
    flipped = bytearray(archive)
    flipped[rng.randrange(10, len(archive))] ^= 1 << rng.randrange(8)
    return Hostile(rng.choice([archive[: rng.randrange(12, len(archive) - 1)], bytes(flipped)]))


FAULTS: dict[ArchiveFault, Callable[[Random], Hostile]] = {
    ArchiveFault.DAMAGED: _damaged,
    ArchiveFault.TRAVERSAL: _traversal,
    ArchiveFault.NAME: _absurd_name,
    ArchiveFault.LINK: _of_kind(b"1", b"2"),
    ArchiveFault.DEVICE: _of_kind(b"3", b"4", b"6"),
    ArchiveFault.UNKNOWN_TYPE: _of_kind(b"D", b"M", b"N", b"V", b"Z", b"\xff"),
    ArchiveFault.SPARSE: _sparse,
    ArchiveFault.DUPLICATE: _duplicate,
    ArchiveFault.SIZE: _size,
    ArchiveFault.COUNT: _count,
    ArchiveFault.RATIO: _ratio,
    ArchiveFault.NESTING: _nesting,
    ArchiveFault.MEMBERS: _members,
    ArchiveFault.HEADERS: _headers,
    ArchiveFault.TRAILING: _trailing,
}
