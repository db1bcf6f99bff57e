"""The engine as the worker drives it: a chart that an earlier worker compiled is not unpacked again."""

from __future__ import annotations

import pytest
from packing import packed

from steersman.core.chart.gunzip import NotGzip
from steersman.core.render.model import Capabilities, ReleaseInfo, RenderRequest
from steersman.rendering.engine import CoreEngine

FILES = {
    "Chart.yaml": "apiVersion: v2\nname: web\nversion: 1.2.3\n",
    "values.yaml": "size: 1\n",
    "templates/config.yaml": (
        "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: {{ .Release.Name }}\n"
        "data:\n  size: {{ .Values.size | quote }}\n"
    ),
}
NO_ARCHIVE = b"no archive"


def no_lookup(api_version: str, kind: str, namespace: str, name: str) -> dict[str, object]:
    raise AssertionError("nothing asks for it")


REQUEST = RenderRequest(
    chart_digest="",
    values={"size": 2},
    release=ReleaseInfo("shop", "demo"),
    capabilities=Capabilities("v1.36.0", ("v1",)),
)


def test_compiled_bytes_hold_the_chart() -> None:
    first = CoreEngine()
    chart = first.load(packed(FILES), None)
    rendered = first.render(chart, REQUEST, no_lookup)
    compiled = first.compiled(chart)
    assert compiled is not None
    assert first.compiled(chart) is None, "handed out already"
    another = CoreEngine()
    loaded = another.load(NO_ARCHIVE, compiled)
    assert another.render(loaded, REQUEST, no_lookup) == rendered
    assert another.compiled(loaded) is None, "nothing new"


def test_junk_in_place_of_compiled_bytes_is_not_relied_upon() -> None:
    engine = CoreEngine()
    assert engine.load(packed(FILES), b"junk").chart.metadata.name == "web"
    with pytest.raises(NotGzip):
        engine.load(NO_ARCHIVE, b"junk")
