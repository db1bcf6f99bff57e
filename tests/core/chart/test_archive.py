"""Archives are hostile input: what is refused, what is an empty file, and what a good one holds."""

import gzip
import io
import tarfile

import pytest

from steersman.core.chart.archive import Budget, archive_file, archive_files
from steersman.core.chart.errors import ChartError
from steersman.core.chart.gunzip import MAX_MEMBERS, NotGzip
from steersman.core.chart.refusals import ArchiveFault, ArchiveRefused

Entry = tuple[str, bytes]


def archive(*entries: Entry, kind: bytes = tarfile.REGTYPE) -> bytes:
    """A .tgz of these files; with another `kind`, of entries of that type."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:gz") as tar:
        for name, data in entries:
            info = tarfile.TarInfo(name)
            info.type = kind
            info.linkname = "/etc/passwd"
            info.size = len(data) if kind == tarfile.REGTYPE else 0
            tar.addfile(info, io.BytesIO(data))
    return buffer.getvalue()


def test_the_first_path_element_is_dropped() -> None:
    data = archive(("app/Chart.yaml", b"name: app"), ("app/templates/x.yaml", b"x"))
    assert archive_files(data, Budget()) == {"Chart.yaml": b"name: app", "templates/x.yaml": b"x"}


def test_backslashes_and_byte_order_marks_of_windows() -> None:
    assert archive_files(archive(("app\\templates\\x.yaml", b"\xef\xbb\xbfx")), Budget()) == {"templates/x.yaml": b"x"}


def test_gzip_members_follow_one_another() -> None:
    whole = gzip.decompress(archive(("app/a", b"1")))
    data = gzip.compress(whole[:100]) + gzip.compress(whole[100:])
    assert archive_files(data, Budget()) == {"a": b"1"}


@pytest.mark.parametrize(
    ("name", "message"),
    [
        pytest.param("app//etc/passwd", "chart illegally contains absolute paths", id="absolute"),
        pytest.param("app/../../x", "chart illegally references parent directory", id="parent"),
        pytest.param("app/a/../../x", "chart illegally references parent directory", id="parent-after-folder"),
        pytest.param("app/c:/x", "chart contains illegally named files", id="drive"),
        pytest.param("lonely", 'chart illegally contains content outside the base directory: "lonely"', id="no-base"),
        pytest.param("Chart.yaml/x", "chart yaml not in base directory", id="chart-yaml-as-base"),
    ],
)
def test_paths_that_lead_elsewhere_are_refused(name: str, message: str) -> None:
    with pytest.raises(ChartError) as caught:
        archive_files(archive((name, b"x")), Budget())
    assert caught.value.message == message


@pytest.mark.parametrize("kind", [tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.CHRTYPE, tarfile.FIFOTYPE])
def test_links_and_devices_are_refused(kind: bytes) -> None:
    with pytest.raises(ArchiveRefused, match=r'chart archive refused \((link|device)\): "app/x" is a '):
        archive_files(archive(("app/x", b""), kind=kind), Budget())


def test_a_name_stands_for_one_file() -> None:
    with pytest.raises(ArchiveRefused, match=r'"other/./a" is there more than once') as caught:
        archive_files(archive(("app/a", b"1"), ("other/./a", b"2")), Budget())
    assert (caught.value.fault, caught.value.entry) == (ArchiveFault.DUPLICATE, "other/./a")


def test_one_file_is_read_without_what_follows() -> None:
    data = archive(("app/Chart.yaml", b"name: app"), ("app/x", bytes(2_000_000)))
    assert archive_file(data[:200], "Chart.yaml") == b"name: app"
    assert archive_file(data, "y") is None


@pytest.mark.parametrize(
    ("data", "message"),
    [
        pytest.param(b"name: appl", "gzip: invalid header", id="no-gzip"),
        pytest.param(b"name: app", "unexpected EOF", id="short"),
        pytest.param(b"", "EOF", id="nothing"),
        pytest.param(archive(), "no files in chart archive", id="empty"),
        pytest.param(archive(("app/x", b"x" * 5000))[:-20], "unexpected EOF", id="cut"),
        pytest.param(gzip.compress(b"x" * 2000), "archive/tar: invalid tar header", id="no-tar"),
        pytest.param(gzip.compress(b"x" * 20), "unexpected EOF", id="short-tar"),
    ],
)
def test_what_is_no_archive(data: bytes, message: str) -> None:
    with pytest.raises(ChartError) as caught:
        archive_files(data, Budget())
    assert caught.value.message == message


def test_no_gzip_is_told_apart() -> None:
    with pytest.raises(NotGzip):
        archive_files(b"\x1f\x8c", Budget())


def test_files_may_not_exceed_the_budget() -> None:
    data = archive(("app/a", b"x" * 600), ("app/b", b"x" * 600))
    with pytest.raises(ChartError, match="larger than the maximum size 1000"):
        archive_files(data, Budget(1000))


def test_there_may_not_be_thousands_of_gzip_members() -> None:
    with pytest.raises(ArchiveRefused, match=f"more than {MAX_MEMBERS} gzip members"):
        archive_files(gzip.compress(b"", mtime=0) * 100_000, Budget())


def test_zeros_may_follow() -> None:
    tar = gzip.decompress(archive(("app/a", b"1")))
    data = gzip.compress(tar + bytes(100_000)) + gzip.compress(bytes(512)) + bytes(64)
    assert archive_files(data, Budget()) == {"a": b"1"}
