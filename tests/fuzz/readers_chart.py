"""Targets: chart archives and the files that describe a chart."""

from __future__ import annotations

from fuzz.archives import Entry, archives, packed, resealed
from fuzz.strategies import as_json, joined, json_like, parts_of, soup
from fuzz.target import Target
from hypothesis import strategies as st

from steersman.core.chart.codec import chart_from_plain, chart_to_plain
from steersman.core.chart.loader import load_archive, load_files
from steersman.core.chart.model import crd_files, walk
from steersman.core.render.engine import RenderOptions, check_chart, prepare
from steersman.core.render.model import Capabilities, ReleaseInfo, RenderRequest
from steersman.rendering.limits import RenderLimits

_RECURSION = RenderLimits().recursion
_GZIP_MAGIC = b"\x1f\x8b"
_REQUEST = RenderRequest("", {"a": {"b": 1.0}}, ReleaseInfo("r", "n"), Capabilities("v1.30.0", ("v1",)))


def _archive(data: bytes) -> None:
    """A tar archive, or a gzip stream as it is."""
    chart = load_archive(data if data.startswith(_GZIP_MAGIC) else packed(resealed(data)))
    list(crd_files(chart))


_DEFAULTS = (b"apiVersion: v2\nname: app\nversion: 1.0.0\n", b"name: b\nversion: 1.2.3\n")


def _chart(data: bytes) -> None:
    """Chart.yaml, requirements.yaml, Chart.lock, values.yaml, a subchart's Chart.yaml; then a render's first steps."""
    chart_yaml, requirements, lock, values, subchart = parts_of(data, 5)
    files = {
        "Chart.yaml": chart_yaml or _DEFAULTS[0], "requirements.yaml": requirements, "Chart.lock": lock,
        "values.yaml": values,
        "charts/b/Chart.yaml": subchart or _DEFAULTS[1], "charts/b/values.yaml": values,
    }  # fmt: skip
    chart = load_files({name: content for name, content in files.items() if content})
    assert chart_from_plain(chart_to_plain(chart)) == chart
    for _, each in walk(chart):
        each.metadata.as_json()
    check_chart(chart)
    prepare(chart, _REQUEST, RenderOptions())


_CHART_KEYS = [
    "apiVersion", "v2", "v1", "name", "app", "b", "version", "1.0.0", ">=1 <3", "kubeVersion", "type", "library",
    "application", "dependencies", "repository", "condition",
    "b.enabled,c", "tags", "enabled", "import-values", "child", "parent", "alias", "maintainers", "email",
    "annotations", "keywords", "sources", "deprecated", "appVersion",
    "digest", "generated", "global", "exports", "data", "@", "file://../b", "Name", "a.b", ".",
]  # fmt: skip
_CHART_WORDS = (
    tuple(f"{word}: ".encode() for word in _CHART_KEYS)
    + tuple(f'"{word}"'.encode() for word in _CHART_KEYS)
    + (b"\n", b"  ", b"- ", b"{", b"}", b"[", b"]", b"null", b"true", b"1.5", b"&a ", b"*a")
)
_fields = st.dictionaries(st.sampled_from(_CHART_KEYS), json_like(_CHART_KEYS), max_size=4)
_dependency = st.dictionaries(
    st.sampled_from(["name", "version", "alias", "condition", "tags", "import-values"]),
    json_like(["b", "1.x", "c", "b.on", "a.b", "data"]),
    max_size=4,
).map(lambda extra: {"name": "b", "version": "1.x", **extra})
_described = st.tuples(_fields, st.lists(_dependency, max_size=2)).map(
    lambda pair: as_json({"apiVersion": "v2", "name": "app", "version": "1.0.0", **pair[0], "dependencies": pair[1]})
)
_text = json_like(_CHART_KEYS).map(as_json) | soup(_CHART_WORDS) | st.just(b"")

TARGETS = (
    Target(
        "archive",
        _archive,
        archives() | archives().map(packed),
        (b"app/charts/b.tgz", b"app/Chart.yaml", b"ustar\x0000", b"\0" * 512, Entry(b"app/n", b"n").blocks()),
        recursion=_RECURSION,
    ),
    Target(
        "chart",
        _chart,
        joined(_described | _text, _text, _text, _text, _described | _text),
        (*_CHART_WORDS, b"\x1e"),
        recursion=_RECURSION,
    ),
)
