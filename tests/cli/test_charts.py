"""Charts on disk: folders with links, ignored files and surprises; files that are no archive; the cache."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from steersman.cli.cache import CompiledCharts
from steersman.cli.charts import LocatedChart, OpenedChart, open_chart
from steersman.core.chart.errors import ChartError
from steersman.core.render.capabilities import default_capabilities
from steersman.core.render.engine import render
from steersman.core.render.model import ReleaseInfo, Rendered, RenderRequest
from steersman.core.template.environment import Environment
from steersman.core.template.runtime import Effects

ENVIRONMENT = Environment()


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> CompiledCharts:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    return CompiledCharts()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    chart = tmp_path / "app"
    (chart / "templates").mkdir(parents=True)
    (chart / "Chart.yaml").write_text("apiVersion: v2\nname: app\nversion: 1.0.0\n")
    (chart / "templates" / "x.yaml").write_text("kind: A\n")
    return chart


def opened(path: Path, cache: CompiledCharts, log: list[str] | None = None) -> OpenedChart:
    return open_chart(LocatedChart(str(path)), ENVIRONMENT, cache, (log if log is not None else []).append)


def rendered(chart: OpenedChart) -> Rendered:
    request = RenderRequest("", {}, ReleaseInfo("rel", "ns"), default_capabilities())
    return render(chart.chart, request, chart.compiled, Effects())


def test_ignored_files_and_folders_stay_out(folder: Path, cache: CompiledCharts) -> None:
    (folder / ".helmignore").write_text("secret/\n*.bak\n")
    (folder / "secret").mkdir()
    (folder / "secret" / "key").write_text("k")
    (folder / "x.bak").write_text("old")
    assert [file.name for file in opened(folder, cache).chart.files] == [".helmignore"]


def test_links_are_followed_and_logged(folder: Path, cache: CompiledCharts, tmp_path: Path) -> None:
    (tmp_path / "outside.txt").write_text("text")
    (folder / "link.txt").symlink_to(tmp_path / "outside.txt")
    log: list[str] = []
    assert [(file.name, file.data) for file in opened(folder, cache, log).chart.files] == [("link.txt", b"text")]
    assert log[0].startswith('level=INFO msg="found symbolic link in path.')


def test_a_link_that_leads_back_is_refused(folder: Path, cache: CompiledCharts) -> None:
    (folder / "loop").symlink_to(folder)
    with pytest.raises(ChartError, match="leads back"):
        opened(folder, cache)


def test_a_link_to_nowhere(folder: Path, cache: CompiledCharts) -> None:
    (folder / "gone").symlink_to(folder / "nothing")
    with pytest.raises(ChartError, match=r"evaluating symlink .*/gone: lstat .*/nothing: no such file or directory"):
        opened(folder, cache)


def test_links_in_a_circle(folder: Path, cache: CompiledCharts) -> None:
    (folder / "a").symlink_to(folder / "b")
    (folder / "b").symlink_to(folder / "a")
    with pytest.raises(ChartError, match=r"error evaluating symlink .*/a: EvalSymlinks: too many links"):
        opened(folder, cache)


def test_irregular_files_are_refused(folder: Path, cache: CompiledCharts) -> None:
    os.mkfifo(folder / "pipe")
    with pytest.raises(ChartError, match="cannot load irregular file"):
        opened(folder, cache)


@pytest.mark.parametrize(
    ("name", "message"),
    [
        pytest.param("values.yaml", "seems to be a YAML file, but expected a gzipped archive", id="yaml"),
        pytest.param("chart.tgz", "does not appear to be a gzipped archive", id="other"),
    ],
)
def test_files_that_are_no_archive(name: str, message: str, tmp_path: Path, cache: CompiledCharts) -> None:
    (tmp_path / name).write_text("a: 1\n")
    with pytest.raises(ChartError, match=message):
        opened(tmp_path / name, cache)


def test_a_pulled_archive_that_is_none(cache: CompiledCharts) -> None:
    with pytest.raises(ChartError, match=r"file 'r\.io/app:1\.0\.0' does not appear to be a gzipped archive"):
        open_chart(LocatedChart("r.io/app:1.0.0", b"no archive"), ENVIRONMENT, cache, [].append)


def test_a_chart_is_compiled_once(folder: Path, cache: CompiledCharts) -> None:
    first = opened(folder, cache)
    outcome = rendered(first)
    first.remember(cache)
    second = opened(folder, cache)
    assert rendered(second) == outcome
    assert not second.compiled.grown


def test_a_changed_chart_is_another_chart(folder: Path, cache: CompiledCharts) -> None:
    first = opened(folder, cache)
    rendered(first)
    first.remember(cache)
    (folder / "templates" / "x.yaml").write_text("kind: B\n")
    assert "kind: B" in rendered(opened(folder, cache)).manifest


def test_without_a_cache_folder_charts_still_open(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(folder / "Chart.yaml"))
    unusable = CompiledCharts()
    chart = opened(folder, unusable)
    rendered(chart)
    chart.remember(unusable)
    assert opened(folder, unusable).chart == chart.chart
