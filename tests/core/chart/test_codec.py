"""A chart taken apart for a cache comes back as it was."""

import marshal

from steersman.core.chart.codec import chart_from_plain, chart_to_plain
from steersman.core.chart.loader import load_files

CHART = {
    "Chart.yaml": b"apiVersion: v2\nname: app\nversion: 1.0.0\nannotations: {a: b}\nmaintainers: [{name: m}]\n"
    b"dependencies: [{name: sub, version: 1.x, tags: [t], import-values: [x, {child: a, parent: b}]}]\n",
    "Chart.lock": b"digest: d",
    "values.yaml": b"a: 1\nb: [x, null, {c: 2.5}]\n",
    "values.schema.json": b"{}",
    "templates/x.yaml": b"\xff",
    "README.md": b"r",
    "charts/sub/Chart.yaml": b"name: sub\nversion: 1.2.3\n",
}


def test_round_trip_through_marshal() -> None:
    chart = load_files(CHART)
    assert chart_from_plain(marshal.loads(marshal.dumps(chart_to_plain(chart)))) == chart
