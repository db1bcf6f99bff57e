"""Targets: chart archives and the files that describe a chart."""

from __future__ import annotations

import io

from fuzz.archives import Entry, archives, packed, resealed, streams
from fuzz.strategies import as_json, joined, json_like, parts_of, soup
from fuzz.target import Target
from hypothesis import strategies as st

from steersman.core.chart.chartfile import decode_lock
from steersman.core.chart.codec import chart_from_plain, chart_to_plain
from steersman.core.chart.dependency_lock import Lock, lock_digest
from steersman.core.chart.index import ChartVersion, Index
from steersman.core.chart.indexfile import index_from_bytes, read_exactly, read_stream
from steersman.core.chart.indexstream import NotCovered
from steersman.core.chart.loader import load_archive, load_files
from steersman.core.chart.model import crd_files, walk
from steersman.core.chart.package import pack
from steersman.core.render.engine import RenderOptions, check_chart, prepare
from steersman.core.render.model import Capabilities, ReleaseInfo, RenderRequest
from steersman.core.yaml.errors import YAMLError
from steersman.core.yaml.writer import dump
from steersman.registry.access import Access
from steersman.registry.repository_charts import choose
from steersman.registry.targets import Target as Asked
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
    chart_yaml, requirements, lock_file, values, subchart = parts_of(data, 5)
    files = {
        "Chart.yaml": chart_yaml or _DEFAULTS[0], "requirements.yaml": requirements, "Chart.lock": lock_file,
        "values.yaml": values,
        "charts/b/Chart.yaml": subchart or _DEFAULTS[1], "charts/b/values.yaml": values,
    }  # fmt: skip
    chart = load_files({name: content for name, content in files.items() if content})
    assert chart_from_plain(chart_to_plain(chart)) == chart
    for _, each in walk(chart):
        each.metadata.as_json()
    lock = Lock.from_fields(chart.lock or {})
    lock_digest(chart.metadata.dependencies, lock.dependencies)
    reread = Lock.from_fields(decode_lock(lock.text().encode(), "Chart.lock") or {})
    assert (reread.digest, reread.dependencies) == (lock.digest, lock.dependencies)
    again = load_archive(pack(chart))
    # As with Helm: of v1 they are in requirements.yaml alone, and an empty list is not written.
    kept = chart.metadata.dependencies or None if chart.metadata.api_version != "v1" else again.metadata.dependencies
    assert (again.metadata, again.files) == (chart.metadata._replace(dependencies=kept), chart.files)
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


def _index(data: bytes) -> None:
    """index.yaml: what the fast way covers, the exact one reads alike; then what is asked of an index."""
    try:
        fast = read_stream(io.BytesIO(data))
    except NotCovered:
        pass
    else:
        assert fast.to_bytes() == read_exactly(data).to_bytes()
    index = index_from_bytes(data)
    assert Index.from_bytes(index.to_bytes()) is not None
    for name in index:
        for entry in index.versions(name):
            assert index.get(name, entry.version) is not None
        index.get(name)
    [skipped.log_line("source") for skipped in index.skipped]


_INDEX_KEYS = [
    *_CHART_KEYS, "entries", "Entries", "urls", "created", "removed", "checksum", "engine", "tillerVersion", "url",
    "publicKeys", "serverInfo", "2026-01-02T03:04:05Z", "2026-02-30T03:04:05.1+01:00", "sha256:ab", "1.0.0-rc.1",
]  # fmt: skip
_INDEX_WORDS = (
    *_CHART_WORDS, b"apiVersion: v1\n", b"entries:\n", b"  app:\n", b"  - ", b"    ", b"urls:\n", b"created: ",
    b"version: 1.2.3\n", b"name: app\n", b"? ", b"<<: ", b"!!str ", b"|-\n", b">\n", b"# ", b"---\n", b"...\n", b"'",
    b"\\/",
)  # fmt: skip
_entry = st.dictionaries(st.sampled_from(_INDEX_KEYS), json_like(_INDEX_KEYS), max_size=5).map(
    lambda extra: {"name": "app", "version": "1.0.0", "urls": ["u"], **extra}
)
_entries = st.dictionaries(st.sampled_from(["app", "b", "yes", "1.5", "~"]), st.lists(_entry, max_size=3), max_size=3)
_indexes = st.tuples(_fields, _entries).map(lambda pair: {"apiVersion": "v1", **pair[0], "entries": pair[1]})


def _as_yaml(value: object) -> bytes:
    """In the form that programs write, where it can hold the texts."""
    try:
        return dump(value).encode()
    except (YAMLError, UnicodeEncodeError):
        return as_json(value)


def _chart_url(data: bytes) -> None:
    """What an index says a chart's URL is, in a repository."""
    base, reference = (part.decode("utf-8", "replace") for part in parts_of(data, 2))
    found = choose(Index.of({"a": [ChartVersion("a", "1.0.0", (reference,))]}), base, "a")
    target = Asked.of(found.url, Access(home=base))
    assert target.url.text.startswith(("http://", "https://"))
    assert "@" not in target.url.host


_URL_WORDS = (
    b"https://", b"http://", b"//", b"h.example", b":443", b":0", b"[::1]", b"[", b"/charts", b"/", b"..", b"a.tgz",
    b"?", b"sig=x", b"#", b"@", b"user:pass@", b"%2F", b"%", b"\\", b" ", b"\n", b"oci://", b"\x1e", b";", b"&",
    b"\xe2\x84\xab",
)  # fmt: skip

TARGETS = (
    Target("chart-url", _chart_url, joined(soup(_URL_WORDS), soup(_URL_WORDS)), _URL_WORDS),
    Target(
        "index",
        _index,
        _indexes.map(as_json) | _indexes.map(_as_yaml) | soup(_INDEX_WORDS),
        _INDEX_WORDS,
    ),
    Target(
        "archive",
        _archive,
        archives() | archives().map(packed) | streams(),
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
