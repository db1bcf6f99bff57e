"""Tar archives as bytes, broken on purpose: what Python's tarfile would not write.

Damage to a header is found by its checksum before anything else is looked at, so checksums are made right again
(`resealed`): then sizes, types and names are what is tested.
"""

from __future__ import annotations

import gzip
from dataclasses import dataclass

from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

BLOCK = 512
_CHECKSUM = slice(148, 156)


@dataclass(frozen=True)
class Entry:
    """A file of an archive. `size` is what its header declares (None: the truth), in the header's own form."""

    name: bytes
    data: bytes
    kind: bytes = b"0"
    size: bytes | None = None
    magic: bytes = b"ustar\x0000"

    def blocks(self) -> bytes:
        """Header and content."""
        size = b"%011o\0" % len(self.data) if self.size is None else self.size
        fields = (
            (0, self.name[:100]), (100, b"0000644\0"), (108, b"0000000\0"), (116, b"0000000\0"), (124, size[:12]),
            (136, b"00000000000\0"), (156, self.kind), (257, self.magic),
        )  # fmt: skip
        header = bytearray(BLOCK)
        for start, value in fields:
            header[start : start + len(value)] = value
        return seal(header) + self.data + b"\0" * (-len(self.data) % BLOCK)


def seal(header: bytearray) -> bytes:
    """The header with its checksum."""
    header[_CHECKSUM] = b" " * 8
    header[_CHECKSUM] = b"%06o\0 " % sum(header)
    return bytes(header)


def resealed(tar: bytes) -> bytes:
    """The archive with every block that looks like a header sealed again."""
    blocks = [bytearray(tar[start : start + BLOCK]) for start in range(0, len(tar), BLOCK)]
    return b"".join([seal(block) if len(block) == BLOCK and block[257:262] == b"ustar" else block for block in blocks])


def packed(tar: bytes) -> bytes:
    """As a chart archive."""
    return gzip.compress(tar, 1, mtime=0)


_NAMES = (
    b"app/Chart.yaml", b"app/values.yaml", b"app/templates/a.yaml", b"app/charts/b.tgz", b"app/charts/b/Chart.yaml",
    b"app/charts/_x", b"app/x.prov",
    b"app/../x", b"/app/x", b"app//x", b"app/", b"app", b"Chart.yaml", b"a\\b\\c", b"app/c:/x", b"app/.", b"\xff/\xfe",
    b"", b"app/" + b"d/" * 40, b"app/values.schema.json",
)  # fmt: skip
_CONTENTS = (
    b"apiVersion: v2\nname: app\nversion: 1.0.0\n", b"apiVersion: v1\nname: b\nversion: 1.0.0\n", b"a: 1\n",
    b"\xef\xbb\xbfa: 1", b"", b"{{ .Values.a }}", b"x" * 600,
    b"27 path=app/templates/p.yaml\n", b"22 size=99999999999999\n", b"9 size=-1\n", b"18 GNU.sparse.map=0\n",
    b"9999999 path=x\n", b"22 GNU.sparse.major=1\n22 GNU.sparse.minor=0\n",
)  # fmt: skip
_KINDS = (b"0", b"\0", b"1", b"2", b"3", b"5", b"6", b"7", b"x", b"g", b"L", b"K", b"S", b"D", b"V", b"Z")
_SIZES = (
    None, None, None, None, b"77777777777\0", b"-0000000001\0", b"00000000000\0",
    b"\x80" + b"\0" * 6 + b"\x7f" + b"\xff" * 4, b"\xff" * 12, b"\x80" + b"\xff" * 11,
    b"            ", b"zzz\0", b"10000000000\0",
)  # fmt: skip


def archives() -> SearchStrategy[bytes]:
    """Tar archives with right and wrong entries, archives among them."""

    def entries(content: SearchStrategy[bytes]) -> SearchStrategy[bytes]:
        entry = st.builds(Entry, st.sampled_from(_NAMES), content, st.sampled_from(_KINDS), st.sampled_from(_SIZES))
        good = st.builds(Entry, st.sampled_from(_NAMES), content)
        magic = st.builds(
            Entry, st.sampled_from(_NAMES), content, magic=st.sampled_from([b"ustar  \0", b"", b"ustar\0zz"])
        )
        head = Entry(_NAMES[0], _CONTENTS[0])
        listed = st.lists(good | entry | good | magic, max_size=5).map(lambda found: [head, *found])
        return st.tuples(listed, st.sampled_from([b"\0" * 2 * BLOCK, b"", b"\0" * BLOCK, b"junk"])).map(
            lambda pair: b"".join([each.blocks() for each in pair[0]]) + pair[1]
        )

    content = st.sampled_from(_CONTENTS) | st.binary(max_size=40)
    return st.recursive(entries(content), lambda inner: entries(content | inner.map(packed)), max_leaves=4)


def streams() -> SearchStrategy[bytes]:
    """Archives as gzip streams of one member or several, with something behind them or nothing."""
    cuts = st.lists(st.integers(0, 4000), max_size=4).map(sorted)
    behind = st.sampled_from([b"", b"\0" * 9, b"junk", packed(b""), packed(bytes(BLOCK)), b"\x1f\x8b"])
    return st.tuples(archives(), cuts, behind).map(lambda parts: _members(parts[0], parts[1]) + parts[2])


def _members(tar: bytes, cuts: list[int]) -> bytes:
    ends = [*cuts, len(tar)]
    return b"".join([packed(tar[start:end]) for start, end in zip([0, *cuts], ends, strict=True)])
