"""What a chart argument means: paths, and what is refused before any request."""

from __future__ import annotations

from pathlib import Path

import pytest

from steersman.cli.chartflags import ChartFlags
from steersman.cli.sources import is_object_file, locate
from steersman.core.chart.errors import ChartError
from steersman.errors import SteersmanError


@pytest.fixture
def archive(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "app").mkdir()
    path = tmp_path / "app-1.0.0.tgz"
    path.write_bytes(b"")
    return path


@pytest.mark.parametrize("reference", ["app", "./app", " app-1.0.0.tgz "])
def test_what_exists_is_meant(archive: Path, reference: str) -> None:
    assert locate(reference, ChartFlags(version="9.9.9")).place == reference.strip()


@pytest.mark.parametrize(
    ("reference", "message"),
    [
        pytest.param("./none", 'path "./none" not found', id="path"),
        pytest.param("none", "non-absolute URLs should be in form of repo_name/path_to_chart, got: none", id="name"),
        pytest.param("", "non-absolute URLs should be in form of repo_name/path_to_chart, got: ", id="empty"),
        pytest.param("some/chart", "repo some not found", id="repository"),
        pytest.param("ftp://some/chart", 'scheme "ftp" not supported', id="scheme"),
    ],
)
def test_charts_that_are_not_there(archive: Path, reference: str, message: str) -> None:
    with pytest.raises(ChartError) as caught:
        locate(reference, ChartFlags())
    assert caught.value.message == message


@pytest.mark.parametrize("reference", ["none", "some/chart"])
def test_helms_words_for_a_mistyped_path_get_a_hint(archive: Path, reference: str) -> None:
    with pytest.raises(ChartError) as caught:
        locate(reference, ChartFlags())
    assert caught.value.hint.startswith("no file or folder has this name here")


@pytest.mark.parametrize(
    ("reference", "flags", "message"),
    [
        pytest.param("app", {"verify": True}, "unpacked charts cannot be verified", id="folder"),
        pytest.param("other.tar", {"verify": True}, "chart must be a tgz file", id="suffix"),
        pytest.param("app-1.0.0.tgz", {"verify": True}, "could not load provenance file", id="no-provenance"),
        pytest.param(
            "app",
            {"ca_file": "/none"},
            "missing registry client: can't create TLS config for client: can't read CA file: \"/none\": open /none: "
            "no such file or directory",
            id="ca-file",
        ),
        pytest.param(
            "app",
            {"ca_file": "signed.tgz", "cert_file": "signed.tgz"},
            'missing registry client: can\'t create TLS config for client: unable to read key file: "": open : no such',
            id="no-key",
        ),
        pytest.param(
            "app",
            {"ca_file": "signed.tgz"},
            "missing registry client: can't create TLS config for client: failed to append certificates from pem block",
            id="no-certificates",
        ),
        pytest.param(
            "app",
            {"cert_file": "signed.tgz", "key_file": "signed.tgz"},
            "missing registry client: can't create TLS config for client: unable to load cert from key pair",
            id="no-pair",
        ),
    ],
)
def test_what_flags_refuse(archive: Path, reference: str, flags: dict[str, str], message: str) -> None:
    for name in ("other.tar", "signed.tgz", "signed.tgz.prov"):
        Path(name).write_bytes(b"neither archive nor PEM")
    with pytest.raises(SteersmanError) as caught:
        locate(reference, ChartFlags(**flags))
    assert message in caught.value.message


def test_files_that_may_hold_objects(archive: Path) -> None:
    Path("release.yaml").write_text("")
    Path("folder.yaml").mkdir()
    references = ["-", "release.yaml", "folder.yaml", "none.yaml", "app-1.0.0.tgz"]
    assert [reference for reference in references if is_object_file(reference)] == ["-", "release.yaml"]
