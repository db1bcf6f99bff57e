"""Tar archives, header by header: what is read, and what is refused where Go refuses it."""

from __future__ import annotations

import io
import tarfile

import pytest

from steersman.core.chart.refusals import ArchiveFault, ArchiveRefused, BrokenArchive
from steersman.core.chart.tar import BLOCK, MAX_RECORDS, MAX_SPECIALS, entries

LONG = "app/" + "d/" * 70 + "x.yaml"


def header(
    name: bytes = b"app/x", size: bytes = b"00000000003\0", kind: bytes = b"0", magic: bytes = b"ustar\x0000"
) -> bytes:
    """A header with its checksum."""
    block = bytearray(BLOCK)
    for start, value in ((0, name), (124, size), (148, b" " * 8), (156, kind), (257, magic)):
        block[start : start + len(value)] = value
    block[148:156] = b"%06o\0 " % sum(block)
    return bytes(block)


def content(data: bytes) -> bytes:
    return data + b"\0" * (-len(data) % BLOCK)


PAX_SIZE = header(kind=b"x", size=b"12") + content(b"10 size=3\n")


def read(archive: bytes) -> dict[str, bytes]:
    return {entry.name: entry.read() for entry in entries(io.BytesIO(archive))}


@pytest.mark.parametrize("form", [tarfile.USTAR_FORMAT, tarfile.GNU_FORMAT, tarfile.PAX_FORMAT])
@pytest.mark.parametrize("name", ["app/x.yaml", LONG, "app/é.yaml"], ids=["short", "long", "no-ascii"])
def test_what_pythons_tarfile_writes(form: int, name: str) -> None:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w", format=form) as tar:
        for path, data in ((name, b"a: 1"), ("app/y", b"y" * 700)):
            info = tarfile.TarInfo(path)
            info.size = len(data)
            tar.addfile(info, io.BytesIO(data))
    assert read(buffer.getvalue()) == {name: b"a: 1", "app/y": b"y" * 700}


@pytest.mark.parametrize(
    "archive",
    [
        pytest.param(header() + content(b"abc") + bytes(2 * BLOCK), id="two-blocks-of-zeros"),
        pytest.param(header() + content(b"abc") + bytes(BLOCK), id="one"),
        pytest.param(header() + content(b"abc"), id="none"),
        pytest.param(header() + b"abc", id="no-padding"),
        pytest.param(header(size=b"\x80" + b"\0" * 10 + b"\3") + b"abc", id="size-in-binary"),
        pytest.param(header(size=b"3 ") + b"abc", id="size-with-a-blank"),
        pytest.param(header(magic=b"") + b"abc", id="old-format"),
        pytest.param(
            header(kind=b"x", size=b"12") + content(b"10 size=3\n") + header(size=b"0") + b"abc", id="pax-size"
        ),
        pytest.param(header(kind=b"g", size=b"7") + content(b"7 a=bc\n") + header() + b"abc", id="global-pax"),
        pytest.param(header(b"app/l", b"5", b"L") + content(b"app/x") + header(b"cut") + b"abc", id="gnu-long-name"),
    ],
)
def test_forms_of_one_file(archive: bytes) -> None:
    assert read(archive) == {"app/x": b"abc"}


def test_folders_have_no_content() -> None:
    first, second = entries(io.BytesIO(header(kind=b"5", size=b"7") + header(b"app/y") + b"abc"))
    assert (first.is_folder, first.size, second.name) == (True, 0, "app/y")


def test_content_that_nobody_reads_is_passed_over() -> None:
    archive = header() + content(b"abc") + header(b"app/y") + b"abc"
    assert [entry.name for entry in entries(io.BytesIO(archive))] == ["app/x", "app/y"]


@pytest.mark.parametrize(
    ("kind", "fault"),
    [
        pytest.param(b"1", ArchiveFault.LINK, id="hard-link"),
        pytest.param(b"2", ArchiveFault.LINK, id="symbolic-link"),
        pytest.param(b"3", ArchiveFault.DEVICE, id="character-device"),
        pytest.param(b"4", ArchiveFault.DEVICE, id="block-device"),
        pytest.param(b"6", ArchiveFault.DEVICE, id="fifo"),
        pytest.param(b"S", ArchiveFault.SPARSE, id="sparse"),
        pytest.param(b"V", ArchiveFault.UNKNOWN_TYPE, id="label-of-a-volume"),
    ],
)
def test_what_is_no_file_is_refused_by_name(kind: bytes, fault: ArchiveFault) -> None:
    with pytest.raises(ArchiveRefused) as caught:
        read(header(kind=kind, size=b"3") + content(b"abc"))
    assert (caught.value.fault, caught.value.entry) == (fault, "app/x")


def pax(records: bytes) -> bytes:
    return header(kind=b"x", size=b"%o" % len(records)) + content(records)


@pytest.mark.parametrize(
    ("archive", "fault"),
    [
        pytest.param(pax(b"22 GNU.sparse.major=1\n"), ArchiveFault.SPARSE, id="sparse-by-pax"),
        pytest.param(PAX_SIZE * (MAX_SPECIALS + 1), ArchiveFault.HEADERS, id="headers-in-a-row"),
        pytest.param(
            pax(b"".join(b"11 k%04d=v\n" % n for n in range(MAX_RECORDS + 1))), ArchiveFault.HEADERS, id="many-records"
        ),
        pytest.param(
            header(kind=b"x", size=b"4000001") + bytes(2**20 + 1), ArchiveFault.HEADERS, id="pax-of-a-mebibyte"
        ),
    ],
)
def test_absurd_headers_are_refused_by_name(archive: bytes, fault: ArchiveFault) -> None:
    with pytest.raises(ArchiveRefused) as caught:
        read(archive + header() + content(b"abc"))
    assert caught.value.fault is fault


@pytest.mark.parametrize(
    ("archive", "message"),
    [
        pytest.param(b"x" * BLOCK, "invalid tar header", id="no-checksum"),
        pytest.param(header()[:-1], "unexpected EOF", id="cut-header"),
        pytest.param(header() + b"ab", "unexpected EOF", id="cut-content"),
        pytest.param(header(size=b"77777777777\0"), "unexpected EOF", id="size-beyond-the-end"),
        pytest.param(bytes(BLOCK) + header() + b"abc", "invalid tar header", id="zeros-between"),
        pytest.param(header(size=b"\xff" * 12), "invalid tar header", id="negative-size"),
        pytest.param(header(size=b"\x80" + b"\x7f" * 11), "invalid tar header", id="size-beyond-int64"),
        pytest.param(header(size=b"-1"), "invalid tar header", id="size-with-a-sign"),
        pytest.param(header(size=b"9"), "invalid tar header", id="size-not-octal"),
        pytest.param(header(kind=b"x", size=b"4000001") + bytes(2**20 + 1), "field too long", id="pax-of-a-mebibyte"),
        pytest.param(header(kind=b"x", size=b"10"), "unexpected EOF", id="pax-cut"),
    ],
)
def test_what_is_no_archive(archive: bytes, message: str) -> None:
    with pytest.raises(BrokenArchive, match=message):
        read(archive)


@pytest.mark.parametrize(
    "records",
    [
        b"x", b"5 a=b", b"9 a=b\n", b"0 a=b\n", b"5 abc\n", b"4 =\n", b"6 \0=b\n", b"12 path=a\0b\n", b"11 size=-1\n",
        b"9999999 a=b\n",
    ],
)  # fmt: skip
def test_pax_records_that_are_none(records: bytes) -> None:
    archive = pax(records) + header() + b"abc"
    with pytest.raises(BrokenArchive, match="invalid tar header"):
        read(archive)


def test_digits_without_end_are_read_once() -> None:
    """Where tarfile searches a header of digits in quadratic time."""
    records = b"1" * 1_000_000
    with pytest.raises(BrokenArchive, match="invalid tar header"):
        read(pax(records))
