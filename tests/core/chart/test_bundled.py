"""The charts that a chart brings with it."""

from __future__ import annotations

import hashlib
import marshal

from packing import packed

from steersman.core.chart.bundled import MOST, BundledChart, bundled
from steersman.core.chart.codec import chart_from_plain, chart_to_plain
from steersman.core.chart.loader import load_archive

LIB = packed({"Chart.yaml": "apiVersion: v2\nname: lib\nversion: 1.2.3\n"}, "lib")
FILES = {
    "Chart.yaml": "apiVersion: v2\nname: app\nversion: 1.0.0\ndependencies: [{name: lib, version: ^1, alias: x}]\n",
    "charts/lib-1.2.3.tgz": LIB,
    "charts/folder/Chart.yaml": "apiVersion: v2\nname: unpacked\nversion: 0.1.0\n",
}


def test_archives_have_a_digest_and_folders_none() -> None:
    chart = load_archive(packed(FILES, "app"))
    found = (
        BundledChart("unpacked", "0.1.0"),
        BundledChart("lib", "1.2.3", f"sha256:{hashlib.sha256(LIB).hexdigest()}"),
    )
    assert bundled(chart) == found
    assert bundled(chart_from_plain(marshal.loads(marshal.dumps(chart_to_plain(chart))))) == found


def test_a_bounded_number_of_bounded_texts() -> None:
    many = {
        f"charts/{index:03}/Chart.yaml": f"apiVersion: v2\nname: {'n' * 300}{index}\nversion: 1.0.0\n"
        for index in range(MOST + 8)
    }
    found = bundled(load_archive(packed({"Chart.yaml": FILES["Chart.yaml"], **many}, "app")))
    assert len(found) == MOST
    assert {len(each.name) for each in found} == {253}
